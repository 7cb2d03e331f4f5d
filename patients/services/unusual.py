"""What is possible but improbable of a report or a patient: `preview` and an import tell it, nothing is refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..models import Patient, Report
from ..rules.combinations import check_improbable, is_adult, why_pregnancy_is_improbable


def unusual_of_report(
    patient: Patient, *, values: Mapping[str, Any], last_weight: float | None
) -> dict[str, list[str]]:
    """Field to messages; `values` with the `datetime`, `last_weight` in kg as the rules want it."""
    day = timezone.localdate(values["datetime"])
    return check_improbable(
        values, last_weight=last_weight, is_adult=is_adult(date_of_birth=patient.date_of_birth, on=day)
    )


def unusual_of_patient(patient: Patient, *, now: datetime) -> dict[str, list[str]]:
    """Field to messages for the patient as entered; empty where nothing is to be looked at."""
    reasons = why_pregnancy_is_improbable(
        pregnant=patient.pregnant,
        sex=patient.sex,
        date_of_birth=patient.date_of_birth,
        on=timezone.localdate(now),
    )
    return {"pregnant": reasons} if reasons else {}


def last_weight_before(patient: Patient, *, taken_at: datetime) -> float | None:
    """The newest weight of the patient that was taken up to then, in kg; None where there is none."""
    weighed = Report.objects.filter(patient=patient, weight__isnull=False, datetime__lte=taken_at)
    weight: float | None = weighed.order_by("-datetime", "-id").values_list("weight", flat=True).first()
    return weight
