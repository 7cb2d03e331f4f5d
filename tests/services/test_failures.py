"""Where the last step of a service fails, nothing of it is left behind: one transaction each."""

import pytest
from background_task.models import Task

from patients import events
from patients.models import Event, EventCounter, Notification, Patient, Report
from patients.services import demo, imported_reports, intake, reminders
from patients.services.import_rows import Row
from patients.services.notifications import acknowledge, acknowledge_all, unacknowledge
from patients.services.patients import admit_patient, change_patient, delete_patient
from patients.services.reports import correct_report, delete_report, record_report
from tests import factories
from tests.services.builders import SINGLE_THREE, at, record, told, total

pytestmark = pytest.mark.django_db

TABLES = (Patient, Patient.history, Report, Report.history, Notification, Task, Event, EventCounter)


class LastStepFailed(Exception):
    """The events cannot be written."""


def everything():
    """Every row of every table that a service writes."""
    return {
        getattr(table, "model", table).__name__: list(
            getattr(table, "objects", table).order_by("pk").values()
        )
        for table in TABLES
    }


@pytest.fixture
def ward(patient, lead, nurse):
    """A patient with an open deterioration, and one of whom nothing was recorded."""
    record(patient, total(0), when=at(1), by=nurse)
    ill = record(patient, SINGLE_THREE, when=at(2), by=nurse)
    empty = factories.make_patient(by=lead, now=at(2), admission_date=at(2), hospital_number="H2")
    other = factories.make_patient(by=lead, now=at(2), admission_date=at(2))
    record(other, SINGLE_THREE, when=at(2), by=nurse)
    taken = acknowledge(told(other)[0].pk, by=nurse, now=at(3))
    return {"patient": patient, "ill": ill, "empty": empty, "taken": taken, "lead": lead, "nurse": nurse}


ROWS = [Row(2, {"hospital_number": "H2", "datetime": "2024-03-01T10:30:00Z", "pulse": "140"})]

SERVICES = {
    "admit": lambda ward: admit_patient(by=ward["lead"], now=at(3), first_name="Eve", last_name="King"),
    "discharge": lambda ward: change_patient(
        ward["patient"].pk, by=ward["lead"], now=at(3), changes={"dismissal_date": at(3)}
    ),
    "change the plan": lambda ward: change_patient(
        ward["patient"].pk, by=ward["lead"], now=at(3), changes={"monitoring_interval": 300}
    ),
    "remove": lambda ward: delete_patient(ward["empty"].pk, by=ward["lead"], now=at(3)),
    "record": lambda ward: record_report(
        patient_id=ward["patient"].pk, by=ward["nurse"], now=at(3), **total(7)
    ),
    "correct": lambda ward: correct_report(
        ward["ill"].pk, by=ward["nurse"], now=at(3), changes={"respiration": 16}
    ),
    "delete": lambda ward: delete_report(ward["ill"].pk, by=ward["lead"], now=at(3)),
    "acknowledge": lambda ward: acknowledge(told(ward["patient"])[0].pk, by=ward["nurse"], now=at(3)),
    "acknowledge all": lambda ward: acknowledge_all(ward["patient"].pk, by=ward["nurse"], now=at(3)),
    "unacknowledge": lambda ward: unacknowledge(ward["taken"].pk, by=ward["nurse"], now=at(3)),
    "remind": lambda ward: reminders.send_due(now=at(4)),
    "remind that it is overdue": lambda ward: reminders.send_due(now=at(40)),
    "import": lambda ward: take_in_or_fail(ROWS, by=ward["lead"]),
}


def take_in_or_fail(rows, *, by):
    """What an import cannot store is a reject of its row."""
    _, of_reports = intake.take_in([], rows, by=by, now=at(3))
    if of_reports.rejects:
        assert (of_reports.reports, len(of_reports.rejects)) == (0, len(rows))
        raise LastStepFailed


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())
def test_a_service_whose_events_cannot_be_written_leaves_nothing_behind(ward, service, monkeypatch):
    before = everything()

    def fail(*args, **kwargs):
        raise LastStepFailed

    with monkeypatch.context() as broken:
        broken.setattr(events, "_insert", fail)
        with pytest.raises(LastStepFailed):
            service(ward)
    assert everything() == before
    # The same call, unbroken, does change something: the test above could have failed.
    service(ward)
    assert everything() != before


def test_a_demo_that_fails_half_way_leaves_nothing_behind(db, monkeypatch):
    before = everything()

    def fail(*args, **kwargs):
        raise LastStepFailed

    monkeypatch.setattr(imported_reports, "_insert", fail)
    with pytest.raises(ValueError, match="could not be stored"):
        demo.load_demo(now=at(3))
    assert everything() == before


def test_a_failed_service_leaves_no_unit_open(patient, nurse, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(events, "_insert", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            record(patient, total(0), when=at(1), by=nurse)
    assert events._units() == []
    record(patient, total(0), when=at(1), by=nurse)
    assert Event.objects.filter(stream="reports").count() == 1
