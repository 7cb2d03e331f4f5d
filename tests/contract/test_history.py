"""contract.md, "History": versions, amendments, retirement, the ledger."""

from typing import Any

import pytest

from tests.contract.outside import Outside, ago
from tests.contract.test_reports import FIELDS
from tests.observations import ILL, WELL

OF_A_VERSION = {
    "history_id",
    "history_date",
    "history_type",
    "history_user",
    "history_change_reason",
    "amendments",
}


@pytest.fixture
def report(outside: Outside, patient: int) -> dict[str, Any]:
    """A report that a nurse corrected once."""
    first = outside.record(patient, **WELL)
    corrected = outside.client("nurse").patch(
        f"/api/reports/{first['id']}/", {"pulse": 80, "history_change_reason": "typed wrongly"}
    )
    assert corrected.status_code == 200
    return dict(corrected.json())


def address(version: dict[str, Any], below: str = "") -> str:
    return f"/api/history/{version['history_id']}/{below}"


@pytest.mark.smoke
def test_a_version_has_the_reports_fields_and_who_when_why(outside: Outside, report: dict[str, Any]) -> None:
    """`history_id, history_date, history_type (+|~|-), history_user, history_change_reason, id (the report)`"""
    newest, first = outside.versions(report["id"])
    assert set(newest) == FIELDS | OF_A_VERSION
    assert [newest["history_type"], first["history_type"]] == ["~", "+"]
    assert (newest["history_change_reason"], newest["history_user"]["name"]) == (
        "typed wrongly",
        "Nurse Test",
    )
    assert {name: newest[name] for name in FIELDS} == report
    assert (newest["id"], newest["amendments"]) == (report["id"], 0)
    assert outside.client("viewer").read(address(newest)) == newest


def test_there_is_no_post(outside: Outside) -> None:
    """no POST"""
    assert outside.client().post("/api/history/", {}).status_code == 405


@pytest.mark.parametrize("method", ["put", "patch"])
def test_an_amendment_needs_a_reason(outside: Outside, report: dict[str, Any], method: str) -> None:
    """PUT and PATCH need `history_change_reason`"""
    newest, _ = outside.versions(report["id"])
    answer = getattr(outside.client(), method)(address(newest), {"pulse": 90})
    assert (answer.status_code, list(answer.json())) == (400, ["history_change_reason"])


@pytest.mark.smoke
def test_amending_the_newest_corrects_version_and_report(outside: Outside, report: dict[str, Any]) -> None:
    """correct that version itself, making no new one; where it is the newest … the report with it (its `version` rises,
    the row takes it), and score, due time and notifications follow"""
    newest, first = outside.versions(report["id"])
    answer = outside.client().patch(address(newest), {**ILL, "history_change_reason": "another patient's"})
    amended = answer.json()
    assert (answer.status_code, amended["amendments"], amended["version"]) == (200, 1, report["version"] + 1)
    assert outside.versions(report["id"]) == [amended, first]
    now = outside.client("viewer").read(f"/api/reports/{report['id']}/")
    assert now == {name: amended[name] for name in FIELDS}
    assert now["news2"]["score"] == 12
    (raised,) = outside.deteriorations(report["patient"])
    assert (raised["kind"], raised["status"]) == ("deterioration", "open")
    back = outside.client().patch(address(newest), {**WELL, "history_change_reason": "it was this one's"})
    assert back.json()["amendments"] == 2
    (raised,) = outside.deteriorations(report["patient"])
    assert (raised["status"], raised["resolved_because"]) == ("resolved", "based on amended observation")


def test_an_older_version_changes_alone(outside: Outside, report: dict[str, Any]) -> None:
    """an older version changes alone and keeps its number"""
    newest, first = outside.versions(report["id"])
    amended = outside.client().patch(address(first), {"pulse": 66, "history_change_reason": "slip"}).json()
    assert (amended["pulse"], amended["version"], amended["amendments"]) == (66, first["version"], 1)
    assert outside.versions(report["id"]) == [newest, amended]
    assert outside.client("viewer").read(f"/api/reports/{report['id']}/") == report


@pytest.mark.smoke
def test_retiring_the_newest_lets_the_report_fall_back(outside: Outside, report: dict[str, Any]) -> None:
    """DELETE … retires the version: it leaves the lists (404), its amendments stay readable, and the report falls back
    to the version before"""
    newest, first = outside.versions(report["id"])
    assert outside.client().delete(address(newest)).status_code == 400
    retired = outside.client().delete(address(newest), {"history_change_reason": "the first was right"})
    assert retired.status_code == 204
    assert outside.client("viewer").get(address(newest)).status_code == 404
    (left,) = outside.versions(report["id"])
    assert (left["history_id"], left["pulse"], left["version"]) == (
        first["history_id"],
        72,
        report["version"] + 1,
    )
    assert outside.client("viewer").read(f"/api/reports/{report['id']}/") == {
        name: left[name] for name in FIELDS
    }
    (entry,) = outside.client("viewer").read(address(newest, "amendments/"))["results"]
    assert (entry["kind"], entry["reason"], entry["before"]) == ("retired", "the first was right", newest)


def test_retiring_the_only_version_deletes_the_report(outside: Outside, patient: int) -> None:
    """retiring the only one deletes the report. `-` rows take neither (400)"""
    report = outside.record(patient)
    (only,) = outside.versions(report["id"])
    assert (
        outside.client().send("DELETE", address(only), params={"reason": "wrong patient"}).status_code == 204
    )
    assert outside.client("viewer").get(f"/api/reports/{report['id']}/").status_code == 404
    (row,) = outside.versions(report["id"])
    assert (row["history_type"], row["history_change_reason"]) == ("-", "wrong patient")
    reason = {"history_change_reason": "slip"}
    assert outside.client().patch(address(row), {"pulse": 1, **reason}).status_code == 400
    assert outside.client().put(address(row), reason).status_code == 400
    assert outside.client().delete(address(row), reason).status_code == 400


@pytest.mark.smoke
def test_what_was_there_before_stays_in_the_ledger(outside: Outside, report: dict[str, Any]) -> None:
    """What was there before stays in an append-only ledger, at `/api/history/<history_id>/amendments/`"""
    newest, _ = outside.versions(report["id"])
    seen = [newest]
    for pulse in (81, 82):
        body = {"pulse": pulse, "history_change_reason": f"to {pulse}"}
        seen.append(outside.client().patch(address(newest), body).json())
    ledger = address(newest, "amendments/")
    later, earlier = outside.client("viewer").read(ledger)["results"]
    assert (earlier["before"], earlier["after"], later["after"]) == (seen[0], seen[1], seen[2])
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert outside.client("superuser").send(method, ledger, json={}).status_code == 405
    assert outside.client("viewer").read(f"/api/reports/{report['id']}/amendments/")["results"] == [
        later,
        earlier,
    ]


def test_deleting_the_newest_set_recomputes_from_the_newest_left(outside: Outside, patient: int) -> None:
    """Deleting or retiring the newest report recomputes from the newest left"""
    outside.record(patient, datetime=ago(minutes=30))
    before = outside.client("viewer").read(f"/api/patients/{patient}/")
    ill = outside.record(patient, **ILL)
    assert outside.client().delete(f"/api/reports/{ill['id']}/").status_code == 204
    after = outside.client("viewer").read(f"/api/patients/{patient}/")
    for field in ("next_due_at", "current_risk", "last_scored", "last_report", "open_notifications"):
        assert after[field] == before[field], field


def test_writes_of_a_report_take_an_optional_reason(outside: Outside, report: dict[str, Any]) -> None:
    """PUT, PATCH and DELETE of a *report* take an optional `history_change_reason` (DELETE: body or `?reason=`)"""
    lead, path = outside.client(), f"/api/reports/{report['id']}/"
    lead.put(path, {**report, "pulse": 61, "history_change_reason": "by put"})
    lead.patch(path, {"pulse": 62})
    assert lead.send("DELETE", path, params={"reason": "by query"}).status_code == 204
    reasons = [version["history_change_reason"] for version in outside.versions(report["id"])]
    assert reasons == ["by query", "", "by put", "typed wrongly", ""]
