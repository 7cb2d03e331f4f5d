"""A record put right scores again what it judged, whichever door it is put right at."""

import json
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Event, Notification, Report
from tests.api.test_admin import form_of
from tests.factories import client_of, make_patient, make_report, make_user
from tests.observations import ILL

pytestmark = pytest.mark.django_db

CHILD, ADULT = date(2018, 5, 1), "1958-05-01"


def patch(patient):
    body = {"date_of_birth": ADULT}
    assert client_of("lead").patch(f"/api/patients/{patient.pk}/", body).status_code == 200


def put(patient):
    client = client_of("lead")
    body = {**client.get(f"/api/patients/{patient.pk}/").json(), "date_of_birth": ADULT}
    assert client.put(f"/api/patients/{patient.pk}/", body).status_code == 200


def save_in_the_admin_site(patient):
    client = Client()
    client.force_login(make_user("superuser"))
    address = reverse("admin:patients_patient_change", args=[patient.pk])
    assert client.post(address, form_of(client, address, date_of_birth=ADULT)).status_code == 302


@pytest.mark.parametrize("put_right", [patch, put, save_in_the_admin_site])
def test_every_door_scores_again_and_tells(put_right):
    patient = make_patient(date_of_birth=CHILD)
    report = make_report(patient, **ILL)
    assert report.news2["not_scored_because"] == "under_16"
    put_right(patient)
    client = client_of("viewer")
    found = client.get(f"/api/reports/{report.pk}/").json()
    assert (found["news2"]["score"], found["version"]) == (12, 2)
    versions = client.get(f"/api/history/?report={report.pk}").json()["results"]
    assert [(one["news2"]["score"], one["version"]) for one in versions] == [(12, 2), (None, 1)]
    assert versions[0]["history_change_reason"] == "scored again: date of birth corrected"
    assert versions[0]["due_because"] == found["due_because"] == {
        "code": "pathway",
        "values": {
            "interval": 15, "since": found["datetime"], "pathway": "news2", "score": 12, "risk": "high",
        },
    }  # fmt: skip
    raised = Notification.objects.get(kind="deterioration")
    assert (raised.severity, raised.report_id, raised.history_id) == (
        "high", report.pk, versions[0]["history_id"],
    )  # fmt: skip
    pushed = [json.loads(frame) for frame in Event.objects.values_list("frame", flat=True)]
    of_report = [frame["payload"]["data"] for frame in pushed if frame["stream"] == "reports"]
    assert of_report[-1] == found


def test_who_edits_the_set_as_it_was_before_is_told_that_it_is_another_by_now():
    patient = make_patient(date_of_birth=CHILD)
    report = make_report(patient, **ILL)
    nurse, address = client_of("nurse"), f"/api/reports/{report.pk}/"
    tag = nurse.get(address).headers["ETag"]
    patch(patient)
    refused = nurse.patch(address, {"pulse": 70}, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["news2"]["score"]) == (409, 12)
    assert Report.objects.get().pulse == ILL["pulse"]
    again = nurse.patch(address, {"pulse": 70}, headers={"If-Match": nurse.get(address).headers["ETag"]})
    assert (again.status_code, again.json()["news2"]["score"], again.json()["version"]) == (200, 10, 3)


def test_a_doctor_may_put_right_what_doctors_set():
    patient = make_patient(pregnant=True)
    report = make_report(patient, **ILL)
    doctor = client_of("doctor")
    assert doctor.patch(f"/api/patients/{patient.pk}/", {"pregnant": False}).status_code == 200
    versions = doctor.get(f"/api/history/?report={report.pk}").json()["results"]
    assert versions[0]["history_user"]["name"].startswith("doctor")
    assert versions[0]["history_change_reason"] == "scored again: pregnancy corrected"
