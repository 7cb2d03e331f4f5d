"""Whose name a version carries, at every door: the person's who wrote it, else the system's, never nobody's."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import transaction
from django.db.models import ProtectedError
from django.test import Client

from config.asgi import streams
from patients import clock
from patients.events import unit_of_work
from patients.models import Patient, Pause, Report
from patients.services import plans, reminders
from patients.services.system import SYSTEM_USERNAME
from tests.factories import make_patient, make_report, make_user, signed_in
from tests.observations import WELL
from tests.support.signing_in import make_member, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]


def writers(*, of: Any, after: int = 0) -> list[tuple[str, str | None]]:
    """Kind and writer of each version of this model, oldest first, from that number on."""
    versions = of.history.filter(history_id__gt=after).order_by("history_id")
    return list(versions.values_list("history_type", "history_user__username"))


# ---------------------------------------------------------------- people
def test_over_rest_it_is_who_sent_the_request():
    client = signed_in(make_user("lead", username="lea"))
    patient = client.post("/api/patients/", {"first_name": "Ada", "last_name": "Byron"}).json()
    client.patch(f"/api/patients/{patient['id']}/", {"bed": "4"})
    report = client.post("/api/reports/", {"patient": patient["id"], **WELL}).json()
    client.patch(f"/api/reports/{report['id']}/", {"pulse": 80})
    client.delete(f"/api/reports/{report['id']}/")
    until = clock.now() + timedelta(hours=1)
    pauses = f"/api/patients/{patient['id']}/pauses/"
    pause = client.post(pauses, {"until": until, "reason": "In radiology."}).json()
    client.delete(f"{pauses}{pause['id']}/")
    assert writers(of=Patient) == [("+", "lea"), ("~", "lea")]
    assert writers(of=Report) == [("+", "lea"), ("~", "lea"), ("-", "lea")]
    assert writers(of=Pause) == [("+", "lea"), ("~", "lea")]


def test_over_rest_an_unneeded_patients_last_version_names_who_deleted():
    client = signed_in(make_user("lead", username="lea"))
    patient = make_patient(by=make_user("service", username="laboratory"))
    assert client.delete(f"/api/patients/{patient.pk}/").status_code == 204
    assert writers(of=Patient) == [("+", "laboratory"), ("-", "lea")]


def test_over_the_socket_it_is_who_is_connected(monkeypatch):
    # Channels closes a connection that is within a transaction: here all actions are within the test's own.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    scope = {"user": make_user("lead", username="lea")}

    def ask(stream: str, action: str, **members: Any) -> Any:
        replies: list[dict[str, Any]] = []
        consumer = streams._consumers[stream](scope=scope, send=replies.append)
        async_to_sync(consumer.receive_json)({"action": action, "request_id": 1, **members})
        assert replies[0]["response_status"] in (200, 201, 204), replies
        return replies[0]["data"]

    patient = ask("patients", "create", data={"first_name": "Ada", "last_name": "Byron"})
    ask("patients", "patch", pk=patient["id"], data={"bed": "4"})
    report = ask("reports", "create", data={"patient": patient["id"], **WELL})
    ask("reports", "patch", pk=report["id"], data={"pulse": 80})
    ask("reports", "delete", pk=report["id"])
    assert writers(of=Patient) == [("+", "lea"), ("~", "lea")]
    assert writers(of=Report) == [("+", "lea"), ("~", "lea"), ("-", "lea")]


def test_in_the_admin_site_it_is_who_is_signed_in_there():
    make_member("superuser", "root")
    browser = Client()
    sign_in(browser, "root")
    report = make_report(make_patient(by=make_user("lead", username="lea")), by=make_user(username="nadia"))
    form = {
        "first_name": "Bo", "last_name": "Byron", "sex": "female", "pathway": "news2", "spo2_scale": "1",
        "admission_date_0": "2026-01-01", "admission_date_1": "08:00:00",
    }  # fmt: skip
    assert browser.post("/admin/patients/patient/add/", form).status_code == 302
    assert browser.post(f"/admin/patients/report/{report.pk}/delete/", {"post": "yes"}).status_code == 302
    assert writers(of=Patient) == [("+", "lea"), ("+", "root")]
    assert writers(of=Report) == [("+", "nadia"), ("-", "root")]


# ---------------------------------------------------------------- the system
def write_csv(path: Path, rows: list[dict[str, Any]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_by_import_csv_it_is_the_system(tmp_path):
    person = {"hospital_number": "H1", "first_name": "Ada", "last_name": "Byron", "height": "170"}
    stay = {"admission_date": "2026-01-01T08:00:00Z"}
    patients = write_csv(tmp_path / "patients.csv", [{**person, **stay}])
    report = {"hospital_number": "H1", "datetime": "2026-01-01T09:00:00Z", "pulse": "70"}
    call_command("import_csv", patients, write_csv(tmp_path / "reports.csv", [report]))
    assert set(writers(of=Patient)) == {("+", SYSTEM_USERNAME)}
    assert writers(of=Report) == [("+", SYSTEM_USERNAME)] * 2  # the body at admission, and the set


def test_by_anonymise_patient_it_is_the_system_and_who_wrote_the_reports_stays():
    patient = make_patient(by=make_user("lead", username="lea"))
    make_report(patient, by=make_user(username="nadia"), additional="Ada's aunt called.", **WELL)
    signed_in(make_user("lead", username="liam")).patch(
        f"/api/patients/{patient.pk}/", {"dismissal_date": clock.now()}
    )
    call_command("anonymise_patient", str(patient.pk))
    assert writers(of=Patient) == [("+", "lea"), ("~", "liam"), ("~", SYSTEM_USERNAME)]
    assert writers(of=Report) == [("+", "nadia")]


def test_the_workers_rounds_write_no_version_in_anybodys_name():
    patient = make_patient(by=make_user("lead", username="lea"))
    make_report(patient, by=make_user(username="nadia"))
    plans.add_pause(
        patient.pk,
        by=make_user("doctor", username="dora"),
        now=clock.now(),
        since=clock.now(),
        until=clock.now() + timedelta(hours=1),
        reason="In radiology.",
    )
    later = clock.now() + timedelta(days=2)
    assert plans.settle_run_out(now=later) == 1
    assert reminders.send_due(now=later) > 0
    assert writers(of=Patient) == [("+", "lea")]
    assert writers(of=Report) == [("+", "nadia")]
    assert writers(of=Pause) == [("+", "dora")]


@pytest.mark.parametrize("way", ["says nobody", "does not say"])
def test_what_nobody_signs_is_the_systems(way):
    """A shell, a command of an extension, a task: who writes without a name, writes as the system."""
    patient = make_patient(by=make_user("lead", username="lea"))
    report = make_report(patient, by=make_user(username="nadia"))
    now = clock.now()
    pause = plans.add_pause(
        patient.pk, by=None, now=now, since=now, until=now + timedelta(hours=1), reason="In radiology."
    )
    for model, pk in ((Patient, patient.pk), (Report, report.pk), (Pause, pause.pk)):
        stored = model.objects.get(pk=pk)
        if way == "says nobody":
            stored._history_user = None
        with unit_of_work(), transaction.atomic():
            stored.save()
    assert writers(of=Patient)[-1] == ("~", SYSTEM_USERNAME)
    assert writers(of=Report)[-1] == ("~", SYSTEM_USERNAME)
    assert writers(of=Pause) == [("+", SYSTEM_USERNAME), ("~", SYSTEM_USERNAME)]


def test_who_wrote_the_version_of_a_pause_cannot_be_deleted():
    """Its name would be taken out of the history. The pause itself is gone: only its versions hold on to the user."""
    dora = make_user("doctor", username="dora")
    patient, now = make_patient(by=make_user("lead", username="lea")), clock.now()
    pause = plans.add_pause(
        patient.pk, by=dora, now=now, since=now, until=now + timedelta(hours=1), reason="In radiology."
    )
    Pause.objects.filter(pk=pause.pk).delete()
    with pytest.raises(ProtectedError):
        dora.delete()
    assert writers(of=Pause)[0] == ("+", "dora")
