"""/api/notifications/ (contract.md, "Notification")."""

import pytest

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
