"""contract.md, "Rules of every write"."""

import json
from typing import Any

import pytest
import requests

from tests.contract.outside import Outside, ago, aside
from tests.observations import WELL


def send_raw(outside: Outside, body: bytes | str, path: str = "/api/reports/") -> requests.Response:
    return outside.client("nurse").send("POST", path, data=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("kind", ["patients", "reports", "history"])
def test_what_get_gave_can_be_put_back_and_changes_nothing(outside: Outside, patient: int, kind: str) -> None:
    """Read-only fields in a body are ignored, so what GET gave can be PUT back"""
    report = outside.record(patient, **WELL, additional="asleep", warning_signs=[])
    number = {
        "patients": patient, "reports": report["id"], "history": outside.versions(report["id"])[0]["history_id"],
    }[kind]  # fmt: skip
    path = f"/api/{kind}/{number}/"
    before = outside.client().read(path)
    back = outside.client().put(
        path, {**before, "history_change_reason": "Test"} if kind == "history" else before
    )
    assert (back.status_code, back.json()) == (200, before)


@pytest.mark.parametrize("path", ["/api/patients/", "/api/reports/", "/api/reports/preview/"])
def test_unknown_fields_are_refused_by_name(outside: Outside, patient: int, path: str) -> None:
    """unknown ones are refused by name"""
    body = {"patient": patient} if "reports" in path else {"first_name": "A", "last_name": "B"}
    answer = outside.client().post(path, {**body, "puls": 70})
    assert (answer.status_code, list(answer.json())) == (400, ["puls"])


def test_a_patient_is_deleted_only_without_reports_and_history(outside: Outside, patient: int) -> None:
    """DELETE of a patient is 409 while any report or history of theirs exists (discharge instead)."""
    lead, path = outside.client(), f"/api/patients/{patient}/"
    report = outside.record(patient)
    assert lead.delete(path).status_code == 409
    assert lead.delete(f"/api/reports/{report['id']}/").status_code == 204
    refused = lead.delete(path)
    assert (refused.status_code, list(refused.json())) == (409, ["detail"])
    other = outside.admit()["id"]
    assert lead.delete(f"/api/patients/{other}/").status_code == 204
    assert lead.get(f"/api/patients/{other}/").status_code == 404


def test_a_deleted_report_leaves_its_history(outside: Outside, patient: int) -> None:
    """DELETE of a report takes it off the lists and leaves its history, with a `-` row"""
    report = outside.record(patient)
    assert outside.client().delete(f"/api/reports/{report['id']}/").status_code == 204
    assert outside.client("viewer").read("/api/reports/", patient=patient)["results"] == []
    assert [version["history_type"] for version in outside.versions(report["id"])] == ["-", "+"]


@pytest.mark.smoke
@pytest.mark.parametrize("door", ["body", "header"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_stale_version_is_409_with_the_current_object(
    outside: Outside, patient: int, method: str, door: str
) -> None:
    """A PUT or PATCH may carry `version` (body) or `If-Match` (header): where it is not the current one, 409 with the
    current object in the body, and nothing is changed."""
    nurse, report = outside.client("nurse"), outside.record(patient)
    path = f"/api/reports/{report['id']}/"
    current = nurse.patch(path, {"pulse": 80}).json()
    assert current["version"] == 2
    change = {"pulse": 90} if door == "header" else {"pulse": 90, "version": 1}
    stale = getattr(nurse, method)(path, change, **({"If-Match": '"1"'} if door == "header" else {}))
    assert (stale.status_code, stale.json()) == (409, current)
    assert nurse.read(path) == current
    fresh = {"pulse": 90} if door == "header" else {"pulse": 90, "version": 2}
    done = getattr(nurse, method)(path, fresh, **({"If-Match": '"2"'} if door == "header" else {}))
    assert (done.status_code, done.json()["version"]) == (200, 3)


def test_what_is_derived_changes_without_the_version(outside: Outside, patient: int) -> None:
    """`version` goes up with each edit of the object's own fields; what is derived changes without it."""
    before = outside.client("viewer").read(f"/api/patients/{patient}/")
    outside.record(patient)
    after = outside.client("viewer").read(f"/api/patients/{patient}/")
    assert (after["version"], after["next_due_at"] == before["next_due_at"]) == (1, False)
    assert outside.client().patch(f"/api/patients/{patient}/", {"bed": "4"}).json()["version"] == 2


@pytest.mark.smoke
async def test_an_idempotency_key_creates_once_at_both_doors(outside: Outside, patient: int) -> None:
    """the same key from the same user within 24 h returns the first answer and creates nothing; with another body
    422"""
    nurse, body = outside.client("nurse"), {"patient": patient, "pulse": 77}
    key = f"key-{patient}"
    headers = {"Idempotency-Key": key}
    first = await aside(nurse.create, "/api/reports/", body, **headers)
    again = await aside(nurse.post, "/api/reports/", body, **headers)
    assert (again.status_code, again.json()) == (201, first)
    other = await aside(nurse.post, "/api/reports/", {**body, "pulse": 78}, **headers)
    assert other.status_code == 422
    async with await outside.open(nurse) as socket:
        reply = await socket.request("reports", "create", data=body, idempotency_key=key)
        assert (reply["response_status"], reply["data"]) == (201, first)
        reply = await socket.request("reports", "create", data={**body, "pulse": 79}, idempotency_key=key)
        assert reply["response_status"] == 422
    by_somebody_else = await aside(outside.client("doctor").create, "/api/reports/", body, **headers)
    assert by_somebody_else["id"] != first["id"]
    rows = (await aside(nurse.read, "/api/reports/", patient=patient))["results"]
    assert len(rows) == 2


@pytest.mark.parametrize(
    "body,status",
    [
        ("", 400), ("{", 400), ("[]", 400), ("null", 400), ('"x"', 400), (b"\xff\xfe", 400), ("{'a': 1}", 400),
        ('{"patient": 1, "additional": "\\ud800"}', 400), ('{"patient": 1, "additional": "\\u0000"}', 400),
        ("[" * 60_000, 400), ('{"a":' * 3000 + "1" + "}" * 3000, 400),
        (json.dumps({"patient": 1, "additional": "x" * 1_200_000}), 413),
    ],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/reports/", "/rest-auth/login/"])
def test_a_body_that_cannot_be_read_is_400_or_413(
    outside: Outside, path: str, body: Any, status: int
) -> None:
    """A body that is not JSON, over 1 MiB or too deep: 400 or 413, never 500."""
    answer = send_raw(outside, body, path)
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize(
    "path",
    [
        "/api/patients/999999/",
        "/api/reports/999999/",
        "/api/history/999999/",
        "/api/nothing/",
        "/api/patients/x/",
    ],
)
def test_errors_have_drfs_shape(outside: Outside, path: str) -> None:
    """`{"field": ["message"]}` or `{"detail": "message"}`"""
    answer = outside.client().get(path)
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_every_wrong_field_is_named_at_once(outside: Outside) -> None:
    """`{"field": ["message"]}`"""
    body = {"first_name": "", "sex": "x", "admission_date": "never", "spo2_scale": 9}
    answer = outside.client().post("/api/patients/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"first_name", "last_name", "sex", "admission_date", "spo2_scale"}
    assert all(isinstance(message, str) for messages in answer.json().values() for message in messages)


def test_put_empties_what_is_left_out_and_keeps_when_it_was(outside: Outside, patient: int) -> None:
    """PUT (what a user of Django REST Framework expects)"""
    report = outside.record(patient, **{**WELL, "datetime": ago(minutes=9)})
    emptied = (
        outside.client("nurse").put(f"/api/reports/{report['id']}/", {"patient": patient, "pulse": 70}).json()
    )
    assert (emptied["pulse"], emptied["temperature"], emptied["datetime"]) == (70, None, report["datetime"])
