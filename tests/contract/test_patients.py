"""contract.md, "Patient"."""

from typing import Any

import pytest

from tests.contract.outside import Outside, ago, ahead, instant, shown_as
from tests.observations import ILL

FIELDS = {
    "id", "hospital_number", "first_name", "last_name", "date_of_birth",
    "date_of_birth_precision", "sex", "pregnant", "ward", "bed", "allergies",
    "allergy_status",
    "diagnosis", "admission_date", "dismissal_date", "pathway", "spo2_scale", "fever_onset_at", "hematocrit_baseline",
    "monitoring_interval", "created_at", "updated_at", "version", "last_report", "last_scored", "current_risk",
    "next_due_at", "open_notifications",
}  # fmt: skip


def change(outside: Outside, patient: int, **values: Any) -> dict[str, Any]:
    answer = outside.client().patch(f"/api/patients/{patient}/", values)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refusal(outside: Outside, patient: int, **values: Any) -> list[str]:
    answer = outside.client().patch(f"/api/patients/{patient}/", values)
    assert answer.status_code == 400, answer.text
    return list(answer.json())


def shown(outside: Outside, patient: int) -> dict[str, Any]:
    return dict(outside.client("viewer").read(f"/api/patients/{patient}/"))


@pytest.mark.smoke
def test_a_patient_has_the_fields_and_their_defaults(outside: Outside) -> None:
    """**Patient**: `id, hospital_number (unique when given), …`"""
    created = outside.client().create("/api/patients/", {"first_name": "Ada", "last_name": "Byron"})
    assert set(created) >= FIELDS
    defaults = {
        name: created[name] for name in ("pregnant", "pathway", "spo2_scale", "monitoring_interval", "sex")
    }
    assert defaults == {
        "pregnant": False, "pathway": "news2", "spo2_scale": 1, "monitoring_interval": None, "sex": "unknown",
    }  # fmt: skip
    assert (created["version"], created["last_report"], created["last_scored"]) == (1, None, None)
    assert abs((instant(created["admission_date"]) - instant(created["created_at"])).total_seconds()) < 1


@pytest.mark.parametrize("missing", ["first_name", "last_name"])
def test_a_patient_needs_one_name(outside: Outside, missing: str) -> None:
    """POST needs `first_name` or `last_name` (one is enough)."""
    body = {"first_name": "Ada", "last_name": "Byron"}
    del body[missing]
    answer = outside.client().post("/api/patients/", body)
    assert (answer.status_code, answer.json()[missing]) == (201, "")
    answer = outside.client().post("/api/patients/", {})
    assert (answer.status_code, set(answer.json())) == (400, {"first_name", "last_name"})


def test_a_hospital_number_is_unique_when_given(outside: Outside) -> None:
    """`hospital_number (unique when given)`"""
    number = f"U-{outside.own_ward()}"
    outside.admit(hospital_number=number)
    answer = outside.client().post(
        "/api/patients/", {"first_name": "A", "last_name": "B", "hospital_number": number}
    )
    assert (answer.status_code, list(answer.json())) == (400, ["hospital_number"])
    for nothing in (None, ""):
        assert outside.admit(hospital_number=nothing)["hospital_number"] is None


@pytest.mark.parametrize(
    "field,value",
    [("sex", "x"), ("pathway", "other"), ("spo2_scale", 3), ("monitoring_interval", 4), ("monitoring_interval", 1441),
     ("date_of_birth", "2026-02-30"), ("admission_date", "yesterday")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(outside: Outside, patient: int, field: str, value: Any) -> None:
    """`sex (male|female|other|unknown)`, …"""
    assert refusal(outside, patient, **{field: value}) == [field]


def test_nobody_is_discharged_ahead_of_time(outside: Outside, patient: int) -> None:
    """`dismissal_date` set (not over 5 minutes ahead)"""
    assert refusal(outside, patient, dismissal_date=ahead(minutes=10)) == ["dismissal_date"]


@pytest.mark.smoke
def test_last_report_and_last_scored(outside: Outside, patient: int) -> None:
    """`last_report {id, datetime, news2}`, `last_scored {id, datetime, score, risk, spo2_scale}`"""
    complete = outside.record(patient, datetime=ago(minutes=30))
    thin = outside.record(patient, temperature=39.5)
    now = shown(outside, patient)
    assert now["last_report"] == {name: thin[name] for name in ("id", "datetime", "news2")}
    assert now["last_scored"] == {
        "id": complete["id"], "datetime": complete["datetime"], "score": 0, "risk": "low", "spo2_scale": 1,
    }  # fmt: skip
    assert now["current_risk"] == "low"


@pytest.mark.smoke
def test_the_risk_is_the_worse_of_the_last_score_and_newer_lower_bounds(
    outside: Outside, patient: int
) -> None:
    """`current_risk` (the worse of that and the lower bounds of newer sets)"""
    outside.record(patient, datetime=ago(minutes=30))
    outside.record(patient, pulse=135, respiration=27)
    assert shown(outside, patient)["current_risk"] == "medium"
    outside.record(patient, temperature=37.0)
    assert shown(outside, patient)["current_risk"] == "medium", "an incomplete set makes nothing look better"


def test_a_birth_that_is_put_right_scores_again_what_was_judged_by_it(outside: Outside, patient: int) -> None:
    """when birth, pregnancy or pathway change during a stay, the newest complete set and all newer ones are scored
    again, each as a new version with the reason, and all that follows is settled; older sets keep theirs"""
    change(outside, patient, date_of_birth="2018-05-01")
    older = outside.record(patient, **{**ILL, "datetime": ago(minutes=40)})
    newest = outside.record(patient, **{**ILL, "datetime": ago(minutes=30)})
    assert (newest["news2"]["score"], newest["news2"]["not_scored_because"]) == (None, "under_16")
    after = change(outside, patient, date_of_birth="1958-05-01")
    assert (after["current_risk"], after["last_scored"]["score"], after["open_notifications"]) == (
        "high",
        12,
        1,
    )
    assert after["last_report"]["news2"]["not_scored_because"] is None
    assert (instant(after["next_due_at"]) - instant(newest["datetime"])).total_seconds() == 15 * 60
    viewer = outside.client("viewer")
    assert shown_as(viewer, f"/api/reports/{newest['id']}/")["version"] == 2
    assert shown_as(viewer, f"/api/reports/{older['id']}/") == older
    version = viewer.read("/api/history/", report=newest["id"])["results"][0]
    assert version["history_change_reason"] == "scored again: date of birth corrected"
    (raised,) = outside.deteriorations(patient)
    assert (raised["severity"], raised["report"], raised["history"]) == (
        "high", newest["id"], version["history_id"],
    )  # fmt: skip
    change(outside, patient, date_of_birth="2018-05-01")
    (ended,) = outside.deteriorations(patient)
    assert (ended["status"], ended["resolved_because"]) == ("resolved", "date of birth corrected")


def test_a_discharge_ends_reminders_and_notifications(outside: Outside, patient: int) -> None:
    """`dismissal_date` set means discharged: no reminders, open notifications resolved"""
    outside.record(patient, **ILL)
    before = shown(outside, patient)
    assert (before["open_notifications"], before["next_due_at"] is None) == (1, False)
    after = change(outside, patient, dismissal_date=ago())
    assert (after["open_notifications"], after["next_due_at"]) == (0, None)
    assert {one["status"] for one in outside.deteriorations(patient)} == {"resolved"}


def test_after_a_discharge_late_entries_are_taken_and_later_reports_are_not(
    outside: Outside, patient: int
) -> None:
    """reports dated after it are 400, late entries before it allowed"""
    change(outside, patient, dismissal_date=ago(hours=2))
    late = outside.client("nurse").post(
        "/api/reports/", {"patient": patient, "pulse": 70, "datetime": ago(hours=1)}
    )
    assert (late.status_code, list(late.json())) == (400, ["datetime"])
    outside.record(patient, pulse=70, datetime=ago(hours=3))


@pytest.mark.smoke
def test_after_a_readmission_only_the_new_stay_counts(outside: Outside, patient: int) -> None:
    """Readmission: `dismissal_date` null and a new `admission_date`; rules, baselines and due time then see reports
    since `admission_date` only"""
    outside.record(patient, **{**ILL, "datetime": ago(hours=5)})
    change(outside, patient, dismissal_date=ago(hours=4))
    back = change(outside, patient, dismissal_date=None, admission_date=ago(minutes=5))
    assert (back["current_risk"], back["last_scored"], back["last_report"]) == (None, None, None)
    # clinical.md 7: 15 minutes after the later of `admission_date` and `created_at`
    begins = max(instant(back["admission_date"]), instant(back["created_at"]))
    assert (instant(back["next_due_at"]) - begins).total_seconds() == 15 * 60


def test_the_admission_is_not_moved_past_a_report_of_the_running_stay(outside: Outside, patient: int) -> None:
    """moving it past a report of the running stay is 400"""
    outside.record(patient, datetime=ago(hours=5))
    assert refusal(outside, patient, admission_date=ago(hours=4)) == ["admission_date"]
    change(outside, patient, admission_date=ago(hours=6))


def test_versions_of_a_patient_and_fluids_lie_below_it(outside: Outside, patient: int) -> None:
    """(also `history/`, `fluids/?since=&until=`, `plan/`, `pauses/` below it)"""
    change(outside, patient, bed="9")
    outside.record(patient, fi_oral=200, fo_urine=150)
    viewer = outside.client("viewer")
    versions = viewer.read(f"/api/patients/{patient}/history/")["results"]
    assert [version["history_type"] for version in versions] == ["~", "+"]
    balance = viewer.read(f"/api/patients/{patient}/fluids/", since=ago(hours=24), until=ahead(minutes=1))
    assert balance["last_24_hours"]["intake"] == 200
    assert balance["last_24_hours"]["balance"] == 50
