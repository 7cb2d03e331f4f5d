"""/api/notifications/ (contract.md, "Notification")."""

from datetime import timedelta

import pytest

from patients import clock
from patients.api.outputs import NotificationSerializer, ReasonSerializer
from patients.models import Event, Notification
from tests.factories import client_of, make_patient, make_report
from tests.observations import ILL, WELL

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse():
    return client_of("nurse")


@pytest.fixture
def notification():
    make_report(make_patient(), **ILL)
    return Notification.objects.get()


def test_a_deterioration_is_listed_with_its_reasons(nurse, notification):
    (listed,) = nurse.get("/api/notifications/").json()["results"]
    assert (listed["kind"], listed["severity"], listed["status"]) == ("deterioration", "high", "open")
    assert listed["reasons"]
    assert listed["acknowledged_by"] is listed["acknowledged_at"] is listed["due_at"] is None
    retrieved = nurse.get(f"/api/notifications/{notification.pk}/")
    assert retrieved.json() == listed
    assert "X-Event" in retrieved.headers


def test_acknowledging_names_who_did_it(nurse, notification):
    response = nurse.post(f"/api/notifications/{notification.pk}/acknowledge/")
    assert response.status_code == 200, response.content
    assert response.json()["status"] == "acknowledged"
    assert response.json()["acknowledged_by"]["name"].startswith("nurse")
    assert nurse.get(f"/api/notifications/{notification.pk}/").json() == response.json()
    assert nurse.get(f"/api/patients/{notification.patient_id}/").json()["open_notifications"] == 0


def test_acknowledging_again_changes_nothing_and_keeps_the_first_name(nurse, notification):
    first = nurse.post(f"/api/notifications/{notification.pk}/acknowledge/").json()
    doctor = client_of("doctor")
    events = Event.objects.count()
    again = doctor.post(f"/api/notifications/{notification.pk}/acknowledge/")
    assert again.status_code == 200
    assert again.json() == first
    assert Event.objects.count() == events


def test_a_resolved_one_cannot_be_acknowledged(nurse, notification):
    make_report(notification.patient, **WELL)
    response = nurse.post(f"/api/notifications/{notification.pk}/acknowledge/")
    assert response.status_code == 409
    assert set(response.json()) == {"detail"}


def test_a_viewer_may_not_acknowledge(notification):
    viewer = client_of("viewer")
    assert viewer.post(f"/api/notifications/{notification.pk}/acknowledge/").status_code == 403
    assert viewer.get("/api/notifications/").status_code == 200


# ---------------------------------------------------------------- all of a patient at once, and back


@pytest.fixture
def address(notification):
    return f"/api/patients/{notification.patient_id}/acknowledge/"


def test_all_that_wait_are_answered_as_they_then_stand(nurse, notification, address):
    response = nurse.post(address)
    assert response.status_code == 200, response.content
    assert response.json() == {"results": [nurse.get(f"/api/notifications/{notification.pk}/").json()]}
    assert response.json()["results"][0]["status"] == "acknowledged"
    assert nurse.post(address, {}).json() == {"results": []}
    named = nurse.post(address, {"ids": [notification.pk, str(notification.pk)]})
    assert [one["id"] for one in named.json()["results"]] == [notification.pk]


@pytest.mark.parametrize(
    "ids,words",
    [
        ([], "Name one at least"),
        (None, "A list of ids is needed; null"),
        (7, "A list of ids is needed; 7"),
        ("7", "A list of ids is needed; 7"),
        ({"7": 7}, "A list of ids is needed"),
        (["x"], "An id is a whole number; x"),
        ([1.5], "An id is a whole number; 1.5"),
        ([True], "An id is a whole number; True"),
        ([None], "An id is a whole number; None"),
        ([[1]], "An id is a whole number; [1]"),
        ([10**30], "An id is a whole number; 1e+30"),
        (["١"], "An id is a whole number"),
        ([10**18], "This patient has no such notification: 1000000000000000000."),
        ([-1], "This patient has no such notification: -1."),
        (list(range(1, 1002)), "1000 ids at most; 1001"),
    ],
)
def test_ids_that_name_nothing_are_refused_and_nothing_is_acknowledged(
    nurse, notification, address, ids, words
):
    response = nurse.post(address, {"ids": ids})
    assert (response.status_code, list(response.json())) == (400, ["ids"]), response.content
    assert response.json()["ids"][0].startswith(words)
    notification.refresh_from_db()
    assert notification.status == "open"


@pytest.mark.parametrize("body,named", [({"id": [1]}, "id"), ([1], "non_field_errors")])
def test_another_body_does_not_mean_all(nurse, notification, address, body, named):
    response = nurse.post(address, body)
    assert (response.status_code, list(response.json())) == (400, [named]), response.content
    notification.refresh_from_db()
    assert notification.status == "open"


def test_of_a_patient_who_is_unknown_or_by_a_viewer_nothing_is_acknowledged(nurse, notification, address):
    assert nurse.post("/api/patients/999999/acknowledge/").status_code == 404
    assert client_of("viewer").post(address).status_code == 403
    assert client_of("viewer").post(f"/api/notifications/{notification.pk}/unacknowledge/").status_code == 403
    assert nurse.get(address).status_code == 405
    notification.refresh_from_db()
    assert notification.status == "open"


def test_it_is_taken_back_within_ten_seconds_and_then_no_more(nurse, notification, monkeypatch):
    path = f"/api/notifications/{notification.pk}/"
    before = nurse.get(path).json()
    assert nurse.post(f"{path}unacknowledge/").status_code == 409
    nurse.post(f"{path}acknowledge/")
    assert client_of("doctor").post(f"{path}unacknowledge/").status_code == 403
    response = nurse.post(f"{path}unacknowledge/")
    assert (response.status_code, response.json()) == (200, before)
    nurse.post(f"{path}acknowledge/")
    later = clock.now() + timedelta(seconds=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    response = nurse.post(f"{path}unacknowledge/")
    assert (response.status_code, list(response.json())) == (409, ["detail"])
    assert nurse.post("/api/notifications/999/unacknowledge/").status_code == 404


def test_with_a_key_a_request_that_comes_late_does_not_acknowledge_again(nurse, notification, address):
    """Acknowledged, taken back, and the first request repeated by a network that was slow."""
    for path, body in (
        (f"/api/notifications/{notification.pk}/acknowledge/", None),
        (address, {"ids": [notification.pk]}),
    ):
        header = {"Idempotency-Key": f"key of {path}"}
        first = nurse.post(path, body, headers=header)
        back = nurse.post(
            f"/api/notifications/{notification.pk}/unacknowledge/",
            headers={"Idempotency-Key": f"undo {path}"},
        )
        assert (first.status_code, back.status_code) == (200, 200)
        assert nurse.post(path, body, headers=header).json() == first.json()
        again = nurse.post(
            f"/api/notifications/{notification.pk}/unacknowledge/",
            headers={"Idempotency-Key": f"undo {path}"},
        )
        assert (again.status_code, again.json()) == (200, back.json()), "the undo too can be repeated"
        notification.refresh_from_db()
        assert notification.status == "open"
    assert nurse.post(address, {}, headers={"Idempotency-Key": f"key of {address}"}).status_code == 422


def test_an_unknown_notification_is_404(nurse):
    assert nurse.post("/api/notifications/999/acknowledge/").status_code == 404
    assert nurse.get("/api/notifications/999/").status_code == 404


@pytest.mark.parametrize(
    "query,count",
    [
        ("status=open", 1),
        ("status=open,escalated", 1),
        ("status=resolved", 0),
        ("kind=deterioration", 1),
        ("kind=observation_due,observation_overdue", 0),
        ("patient=999", 0),
        ("status=", 1),
    ],
)
def test_notifications_are_filtered(nurse, notification, query, count):
    assert nurse.get(f"/api/notifications/?{query}").json()["count"] == count


def test_notifications_are_not_written_directly(nurse, notification):
    assert nurse.post("/api/notifications/", {}).status_code == 405
    assert nurse.patch(f"/api/notifications/{notification.pk}/", {"status": "resolved"}).status_code == 405
    assert nurse.delete(f"/api/notifications/{notification.pk}/").status_code == 405


def test_the_declared_fields_are_those_that_are_sent(nurse, notification):
    sent = nurse.get(f"/api/notifications/{notification.pk}/").json()
    assert set(sent) == set(NotificationSerializer().fields)
    assert all(set(reason) == set(ReasonSerializer().fields) for reason in sent["reasons"])
