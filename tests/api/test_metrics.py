"""`/metrics`: figures of the machinery for staff or this machine, and nothing of a patient."""

from datetime import timedelta

import pytest

from patients import clock
from patients.models import Notification, Patient, WorkerHeartbeat
from patients.services.sign_ins import start_sign_in
from tests.factories import make_patient, make_report, make_user

pytestmark = pytest.mark.django_db


def values_of(response) -> dict[str, float]:
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_this_machine_reads_the_figures_of_the_ward(client):
    patient = make_patient(last_name="Winterbottom")
    make_report(patient, pulse=150)
    WorkerHeartbeat.objects.create(name="worker", beat_at=clock.now() - timedelta(seconds=4))
    Patient.objects.filter(pk=patient.pk).update(reminder_at=clock.now() - timedelta(seconds=30))
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    figures = values_of(response)
    assert figures["wardlight_database_up"] == 1
    assert figures["wardlight_patients"] == 1
    assert figures["wardlight_last_event"] == figures["wardlight_kept_events"] > 0
    assert figures["wardlight_worker_heartbeat_age_seconds"] >= 4
    assert figures["wardlight_reminder_waiting_seconds"] >= 30
    assert figures['wardlight_unresolved_notifications{status="open"}'] == 1
    assert "wardlight_fan_out_seconds_count" in figures
    assert any(name.startswith("django_http_requests_total_by_method") for name in figures)
    assert "Winterbottom" not in response.content.decode()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"])
def test_a_request_that_a_proxy_passed_on_is_not_from_this_machine(client, header):
    response = client.get("/metrics", headers={header: "127.0.0.1"})
    assert response.status_code == 403
    assert "detail" in response.json()


@pytest.mark.parametrize("address", ["10.0.0.7", "", "127.0.0.1, 10.0.0.7"])
def test_other_machines_are_refused(client, address):
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 403


@pytest.mark.parametrize("is_staff, status", [(True, 200), (False, 403)])
def test_staff_read_them_from_anywhere(client, is_staff, status):
    user = make_user("lead")
    user.is_staff = is_staff
    user.save()
    client.force_login(user)
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == status


@pytest.mark.parametrize("is_staff, status", [(True, 200), (False, 403)])
def test_a_monitoring_system_reads_them_with_the_token_of_staff(client, is_staff, status):
    user = make_user("service", is_staff=is_staff)
    _, key = start_sign_in(user, now=clock.now())
    headers = {"Authorization": f"Token {key}", "X-Forwarded-For": "10.0.0.7"}
    assert client.get("/metrics", headers=headers).status_code == status


def test_a_token_that_is_none_is_refused(client):
    headers = {"Authorization": "Token made-up", "X-Forwarded-For": "10.0.0.7"}
    assert client.get("/metrics", headers=headers).status_code == 403


def test_without_its_database_the_process_still_answers(client, monkeypatch):
    from django.db import OperationalError

    from patients import metrics

    def fail():
        raise OperationalError

    monkeypatch.setattr(metrics, "_of_the_database", fail)
    figures = values_of(client.get("/metrics"))
    assert figures["wardlight_database_up"] == 0


def test_a_set_that_was_told_late_counts_by_what_was_told_of_it_first(client):
    """After an outage that is the overdue one; where the due one came in time it is not."""
    now = clock.now()
    in_time = make_patient()
    for kind, minutes in (("observation_due", 30), ("observation_overdue", 15)):
        Notification.objects.create(
            patient=in_time, kind=kind, severity="low", due_at=now - timedelta(minutes=30),
            created_at=now - timedelta(minutes=minutes),
        )  # fmt: skip
    assert values_of(client.get("/metrics"))["wardlight_reminder_lateness_seconds"] == 0
    Notification.objects.create(
        patient=make_patient(), kind="observation_overdue", severity="low", due_at=now - timedelta(hours=2),
        created_at=now - timedelta(minutes=5),
    )  # fmt: skip
    assert values_of(client.get("/metrics"))["wardlight_reminder_lateness_seconds"] == 115 * 60
