"""The sentences of refusals that the browser says in its own language stand in its test as the server writes them."""

from datetime import UTC, datetime

import pytest
from django.conf import settings

from tests.factories import client_of, make_patient

pytestmark = pytest.mark.django_db

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
