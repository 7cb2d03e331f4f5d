"""People, patients and reports for tests, made by the services, as they come about in life."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from patients import clock
from patients.models import Patient, Report
from patients.services.patients import admit_patient
from patients.services.reports import record_report
from tests.observations import WELL


def make_user(role: str | None = "nurse", *, username: str = "", **fields: Any) -> User:
    """A user in the group of `role`; `superuser` is one, None is in no group.

    Without a password, which takes a third of a second to hash: `password=` where somebody is to sign in.
    """
    number = User.objects.count() + 1
    name = username or f"{role or 'nobody'}-{number}"
    user = User.objects.create_user(name, **fields)
    if role == "superuser":
        user.is_superuser = user.is_staff = True
        user.save()
    elif role is not None:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def make_patient(*, by: User | None = None, now: datetime | None = None, **fields: Any) -> Patient:
    """A patient admitted two days ago, unless said otherwise."""
    now = now or clock.now()
    values = {"first_name": "Ada", "last_name": "Byron", "admission_date": now - timedelta(days=2), **fields}
    return admit_patient(by=by or make_user("superuser"), now=now, **values)


def make_report(
    patient: Patient, *, by: User | None = None, now: datetime | None = None, reason: str = "", **fields: Any
) -> Report:
    """A set of `patient`: complete and well where no values are given."""
    values = fields if set(fields) - {"datetime"} else {**WELL, **fields}
    return record_report(
        patient_id=patient.pk, by=by or make_user("nurse"), now=now or clock.now(), reason=reason, **values
    )


def signed_in(user: User) -> APIClient:
    """A REST client as which `user` is signed in."""
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


def client_of(role: str) -> APIClient:
    """A REST client of somebody with this role."""
    return signed_in(make_user(role))
