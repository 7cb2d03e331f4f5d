"""contract.md, "Notification", "Plan", "Pauses", "Notifications: when". Reminders: tests/tasks, on both stacks too."""

from typing import Any

import pytest

from tests.contract.outside import Outside, ago, ahead, instant
from tests.observations import ILL, WELL

FIELDS = {
    "id", "kind", "severity", "patient", "report", "history", "reasons", "status", "created_at", "due_at",
    "acknowledged_by", "acknowledged_at", "escalated_at", "escalated_to", "resolved_at", "resolved_because",
    "suppressed_count",
    "escalations",  # beyond the contract: each step of the cascade, of which `escalated_to` names the last
}  # fmt: skip


def shown(outside: Outside, patient: int) -> dict[str, Any]:
    return dict(outside.client("viewer").read(f"/api/patients/{patient}/"))


@pytest.mark.smoke
def test_one_evaluation_raises_one_deterioration_with_every_finding(outside: Outside, patient: int) -> None:
    """One evaluation raises at most one `deterioration`, holding every new finding as a reason, with the highest
    severity. `reasons [{rule, message, values}]`"""
    report = outside.record(patient, **ILL)
    (raised,) = outside.deteriorations(patient)
    assert set(raised) == FIELDS
    assert (raised["kind"], raised["severity"], raised["status"]) == ("deterioration", "high", "open")
    assert (raised["patient"], raised["report"]) == (patient, report["id"])
    assert raised["history"] == outside.versions(report["id"])[0]["history_id"]
    assert len(raised["reasons"]) > 1
    assert all(set(reason) >= {"rule", "message", "values"} for reason in raised["reasons"])
    assert outside.client("viewer").read(f"/api/notifications/{raised['id']}/") == raised


@pytest.mark.smoke
def test_what_is_not_new_is_counted_on_the_one_that_holds_it(outside: Outside, patient: int) -> None:
    """clinical.md 3: What was not new is counted on the notification that holds it (`suppressed_count`)."""
    better = {**WELL, "respiration": 26, "o2sat": 91}  # medium, and what was a 3 still is
    for minutes, values in ((40, WELL), (30, ILL), (20, better), (10, ILL)):
        outside.record(patient, **{**values, "datetime": ago(minutes=minutes)})
    (raised,) = outside.deteriorations(patient)
    assert (raised["status"], raised["suppressed_count"]) == ("open", 1)


def test_a_later_complete_set_that_shows_none_of_it_resolves(outside: Outside, patient: int) -> None:
    """clinical.md 3: It resolves when a later *complete* set shows none of its causes … never by an incomplete set."""
    outside.record(patient, **{**ILL, "datetime": ago(minutes=20)})
    outside.record(patient, temperature=37.0, datetime=ago(minutes=10))
    assert outside.deteriorations(patient)[0]["status"] == "open"
    outside.record(patient, **WELL)
    (raised,) = outside.deteriorations(patient)
    assert raised["status"] == "resolved"
    assert raised["resolved_at"] is not None


def test_a_back_dated_report_raises_nothing_by_itself(outside: Outside, patient: int) -> None:
    """clinical.md 3: A back-dated report … is scored and charted, … and raises nothing by itself"""
    outside.record(patient)
    outside.record(patient, **{**ILL, "datetime": ago(hours=2)})
    assert outside.deteriorations(patient) == []


@pytest.mark.smoke
def test_acknowledging_says_who_and_when_and_again_changes_nothing(outside: Outside, patient: int) -> None:
    """`/api/notifications/<id>/acknowledge/`; `acknowledged_by` … `{id, name}`"""
    outside.record(patient, **ILL)
    (raised,) = outside.deteriorations(patient)
    path = f"/api/notifications/{raised['id']}/acknowledge/"
    first = outside.client("nurse").post(path)
    assert (first.status_code, first.json()["status"]) == (200, "acknowledged")
    assert set(first.json()["acknowledged_by"]) == {"id", "name"}
    assert outside.client("doctor").post(path).json() == first.json()
    assert outside.client("nurse").post("/api/notifications/999999/acknowledge/").status_code == 404


def test_statistics_count_what_was_raised(outside: Outside) -> None:
    """`/api/notifications/statistics/`"""
    ward = outside.own_ward()
    outside.record(outside.admit(ward=ward)["id"], **ILL)
    found = outside.client("viewer").read("/api/notifications/statistics/", ward=ward)
    (of_ward,) = found["by_ward"]
    assert of_ward["ward"] == ward
    assert 1 in of_ward.values()


# ---------------------------------------------------------------- plan
@pytest.mark.smoke
def test_a_plan_decides_when_the_next_set_is_due(outside: Outside, patient: int) -> None:
    """**Plan** (GET, PUT, DELETE): `{steps: [{every, for}], call_at {…}, until, reason, by}`"""
    doctor, path = outside.client("doctor"), f"/api/patients/{patient}/plan/"
    assert doctor.get(path).status_code == 404
    report = outside.record(patient)
    body = {
        "steps": [{"every": 15, "for": 120}, {"every": 60, "for": None}],
        "call_at": {"score": 7},
        "until": ahead(days=1),
        "reason": "after theatre",
    }
    put = doctor.put(path, body)
    assert put.status_code == 200, put.text
    assert set(put.json()) >= {"steps", "call_at", "until", "reason", "by"}
    assert put.json()["steps"] == body["steps"]
    assert outside.client("viewer").read(path) == put.json()
    due = instant(shown(outside, patient)["next_due_at"]) - instant(report["datetime"])
    assert due.total_seconds() == 15 * 60
    assert doctor.put(path, put.json()).status_code == 200, "what GET gave can be PUT back"
    assert doctor.delete(path).status_code == 204
    assert doctor.get(path).status_code == 404
    after = instant(shown(outside, patient)["next_due_at"]) - instant(report["datetime"])
    assert after.total_seconds() == 12 * 3600


@pytest.mark.parametrize("body", [{}, {"steps": []}, {"steps": [{"every": 4}]}])
def test_a_plan_that_cannot_be_is_refused_by_name(
    outside: Outside, patient: int, body: dict[str, Any]
) -> None:
    """Errors are DRF's shape: `{"field": ["message"]}`"""
    whole = {"until": ahead(days=1), "reason": "r", **body}
    answer = outside.client("doctor").put(f"/api/patients/{patient}/plan/", whole)
    assert (answer.status_code, list(answer.json())) == (400, ["steps"])


# ---------------------------------------------------------------- pauses
@pytest.mark.smoke
def test_a_pause_moves_the_due_time_to_its_end(outside: Outside, patient: int) -> None:
    """**Pauses**: `{since, until, reason}`. clinical.md 7: Paused: at the pause's end, or where it stood if that is
    later."""
    doctor, path = outside.client("doctor"), f"/api/patients/{patient}/pauses/"
    outside.record(patient, **ILL)
    before = shown(outside, patient)["next_due_at"]
    pause = doctor.create(path, {"until": ahead(hours=2), "reason": "CT"})
    assert set(pause) >= {"since", "until", "reason"}
    assert shown(outside, patient)["next_due_at"] == pause["until"]
    assert outside.client("viewer").read(path)["results"] == [pause]
    assert doctor.delete(f"{path}{pause['id']}/").status_code == 204
    assert shown(outside, patient)["next_due_at"] <= max(before, ahead(seconds=1))
    refused = doctor.post(path, {"until": ago(hours=1), "reason": "CT"})
    assert (refused.status_code, list(refused.json())) == (400, ["until"])


def test_what_the_due_time_depends_on(outside: Outside, patient: int) -> None:
    """clinical.md 7: its own `monitoring_interval`, else … the patient's interval, else the pathway's. Editing other
    things (a name, a bed) never moves it."""
    own = outside.record(patient, **{**WELL, "monitoring_interval": 30, "datetime": ago(minutes=3)})
    assert (instant(own["due_at"]) - instant(own["datetime"])).total_seconds() == 30 * 60
    assert shown(outside, patient)["next_due_at"] == own["due_at"]
    outside.client().patch(f"/api/patients/{patient}/", {"bed": "12", "last_name": "Moved"})
    assert shown(outside, patient)["next_due_at"] == own["due_at"]
    plain = outside.record(patient)
    assert (instant(plain["due_at"]) - instant(plain["datetime"])).total_seconds() == 12 * 3600
    outside.client("doctor").patch(f"/api/patients/{patient}/", {"monitoring_interval": 60})
    due = instant(shown(outside, patient)["next_due_at"]) - instant(plain["datetime"])
    assert due.total_seconds() == 3600
    outside.client("doctor").patch(
        f"/api/patients/{patient}/", {"monitoring_interval": None, "pathway": "none"}
    )
    assert shown(outside, patient)["next_due_at"] is None
