"""The sentences of refusals that the browser says in its own language stand in its test as the server writes them."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from patients import clock
from patients.models import Patient, Report
from tests.factories import client_of, make_patient, make_report, make_user, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

SENTENCES = settings.BASE_DIR / "vue_frontend" / "src" / "composables" / "useRefusals.test.ts"


@pytest.mark.parametrize(
    "values",
    [
        {"pulse": 301},
        {"pain_score": 11},
        {"pulse": 80.5},
        {"weight": True},
        {"bp_sys": 80, "bp_dia": 90},
        {"datetime": "2199-01-01T00:00:00Z"},
        {"datetime": "2024-11-20T07:00:00Z"},
        {"datetime": "now"},
        {"datetime": "25.10.2026 02:30"},
        {"datetime": "0001-01-01"},
    ],
)
def test_the_browser_knows_what_a_set_is_refused_for(values):
    patient = make_patient(admission_date=datetime(2024, 11, 20, 8, tzinfo=UTC))
    response = client_of("nurse").post("/api/reports/", {"patient": patient.pk, **values})
    assert response.status_code == 400
    [[message]] = response.json().values()
    assert message in SENTENCES.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"first_name": None},
        {"first_name": "Ada", "date_of_birth": "12/31/1958"},
        {"first_name": "Ada", "date_of_birth": "1958-06", "admission_date": "1958-05-31T12:00:00Z"},
        {"first_name": "Ada", "date_of_birth": "1958", "date_of_birth_precision": "day"},
        {"first_name": "Ada", "date_of_birth_precision": "year"},
    ],
)
def test_the_browser_knows_what_a_patient_is_refused_for(values):
    response = client_of("lead").post("/api/patients/", values)
    assert response.status_code == 400
    assert next(iter(response.json().values()))[0] in SENTENCES.read_text(encoding="utf-8")


def test_the_browser_knows_what_of_a_place_is_to_be_looked_at_and_who_pauses_or_strikes_what():
    person = make_user("nurse")
    lead, nurse = client_of("lead"), signed_in(person)
    sentences = SENTENCES.read_text(encoding="utf-8")
    first = lead.post("/api/patients/", {"first_name": "Ada", "last_name": "B", "ward": "9C", "bed": "3"})
    second = lead.post("/api/patients/", {"first_name": "Eve", "last_name": "B", "ward": "9C", "bed": "3"})
    for answer in (first, second):
        [warning] = json.loads(answer.headers["X-Warning"])
        assert re.sub(r"patient \d+", "patient 1", warning["reason"]) in sentences
    patient = first.json()["id"]
    until = (clock.now() + timedelta(hours=9)).isoformat()
    pause = nurse.post(f"/api/patients/{patient}/pauses/", {"until": until, "reason": "CT"})
    assert pause.json()["until"][0] in sentences
    report = make_report(Patient.objects.get(pk=patient))
    own = make_report(Patient.objects.get(pk=patient), by=person)
    refused = [nurse.delete(f"/api/reports/{report.pk}/?reason=x")]
    Report.objects.filter(pk=own.pk).update(created_at=clock.now() - timedelta(hours=2))
    refused.append(nurse.delete(f"/api/reports/{own.pk}/?reason=x"))
    Report.objects.filter(pk=own.pk).update(created_at=clock.now())
    lead.patch(f"/api/reports/{own.pk}/", {"pulse": 91})
    refused.append(nurse.delete(f"/api/reports/{own.pk}/?reason=x"))
    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert len({answer.json()["detail"] for answer in refused}) == 3
    assert all(answer.json()["detail"] in sentences for answer in refused)
