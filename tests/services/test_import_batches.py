"""An import holds up nobody: it stores in short transactions, and derives and tells with the last one of a patient."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError

from patients import clock, events
from patients.models import Notification, Patient, Report
from patients.services import imported_reports
from patients.services.import_rows import Row
from patients.services.intake import take_in
from patients.services.patients import admit_patient, change_patient
from patients.services.plans import settle_run_out
from patients.services.reports import record_report
from patients.services.unsettled import UNTIL_CUT_OFF
from tests.services.builders import at, causes, fresh, told, total
from tests.services.test_intake import ILL, NORMAL, NUMBER, PATIENT, report_row

pytestmark = pytest.mark.django_db

STAY = [report_row(2 + hour, hour, NORMAL) for hour in range(1, 5)]
GETS_ILL = [*STAY, report_row(7, 5, ILL)]


@pytest.fixture(autouse=True)
def _two_rows_in_one(monkeypatch):
    monkeypatch.setattr(imported_reports, "MOST_IN_ONE", 2)


@pytest.fixture
def take(lead):
    return lambda rows: take_in([Row(2, PATIENT)], rows, by=lead, now=at(12))


@pytest.fixture
def cut_off(monkeypatch, take):
    """Import these rows, and lose the database before the third transaction of reports."""

    def cut_off(rows):
        insert, calls = imported_reports._insert, []

        def insert_twice(*args, **options):
            calls.append(args)
            if len(calls) == 3:
                raise OperationalError("the process is killed")
            return insert(*args, **options)

        with monkeypatch.context() as broken:
            broken.setattr(imported_reports, "_insert", insert_twice)
            with pytest.raises(OperationalError):
                take(rows)

    return cut_off


def derived(patient):
    return (
        patient.current_risk,
        patient.next_due_at,
        patient.last_report_id,
        patient.last_scored_id,
        patient.reminder_at,
        patient.resettle_at,
        patient.unsettled_from,
    )


def test_no_transaction_holds_more_rows_than_others_can_wait_for(take, monkeypatch):
    sizes, write = [], events._write
    monkeypatch.setattr(
        events,
        "_write",
        lambda notes: sizes.append(sum(note.stream == "reports" for note in notes)) or write(notes),
    )
    _, of_reports = take(GETS_ILL)
    assert sizes == [0, 2, 2, 1], "the admission, then the reports"
    assert (of_reports.reports, of_reports.rejects) == (5, [])


def test_nothing_is_derived_or_told_before_the_last_row_is_stored(cut_off):
    cut_off(GETS_ILL)
    patient = Patient.objects.get()
    assert Report.objects.count() == 4
    assert derived(patient)[:5] == (None, None, None, None, None)
    assert not Notification.objects.exists()
    assert settle_run_out(now=clock.now()) == 0, "the import may still be at work"


def test_the_worker_settles_what_a_killed_import_left(cut_off, take):
    cut_off([*STAY[:3], report_row(5, 4, ILL), report_row(6, 5, NORMAL)])
    later = clock.now() + UNTIL_CUT_OFF + timedelta(seconds=1)
    assert [settle_run_out(now=later), settle_run_out(now=later)] == [1, 0]
    patient = Patient.objects.get()
    newest = Report.objects.latest("datetime")
    assert (patient.last_scored, patient.current_risk) == (newest, newest.news2["risk"])
    assert patient.next_due_at == newest.due_at
    (raised,) = told(patient)
    assert "single_three:pulse" in causes(raised)
    assert (raised.report, raised.history_id) == (newest, newest.history.get().history_id)
    # A second run takes in the rest, and nothing twice.
    _, of_reports = take([*STAY[:3], report_row(5, 4, ILL), report_row(6, 5, NORMAL)])
    assert (of_reports.reports, of_reports.known) == (1, 4)
    assert derived(fresh(patient))[-2:] == (None, None)


def test_a_killed_import_for_a_patient_who_is_there_leaves_what_was_derived_until_then(cut_off, lead):
    patient = admit_patient(
        by=lead, now=at(0), hospital_number=NUMBER, first_name="Ada", last_name="Byron", admission_date=at(0)
    )
    record_report(patient_id=patient.pk, by=lead, now=at(0.5), **total(0))
    before = derived(fresh(patient))[:5]
    cut_off(GETS_ILL)
    assert derived(fresh(patient))[:5] == before
    settle_run_out(now=clock.now() + UNTIL_CUT_OFF)
    assert fresh(patient).last_report.datetime == at(4)


def test_a_nurses_set_amid_an_import_is_judged_at_once_and_the_import_ends_as_ever(take, monkeypatch, nurse):
    insert, recorded = imported_reports._insert, []

    def insert_and_record(patient, *args, **options):
        insert(patient, *args, **options)
        if not recorded:
            recorded.append(patient.pk)

    def look_again(seen, look=imported_reports._Seen.look_again):
        if recorded == [seen._patient_id]:
            report = record_report(patient_id=recorded[0], by=nurse, now=at(11), **total(0))
            recorded.append(report.pk)
        look(seen)

    monkeypatch.setattr(imported_reports, "_insert", insert_and_record)
    monkeypatch.setattr(imported_reports._Seen, "look_again", look_again)
    _, of_reports = take(GETS_ILL)
    patient = Patient.objects.get()
    assert (of_reports.reports, len(recorded)) == (5, 2)
    assert patient.last_scored_id == recorded[1]
    assert derived(patient)[-2:] == (None, None)


def test_what_was_scored_by_is_compared_again_under_the_lock(take, monkeypatch, lead):
    changed = []

    @contextmanager
    def change_before():
        for patient in Patient.objects.filter(last_report=None, pregnant=False):
            if Report.objects.count() == 2:
                changed.append(change_patient(patient.pk, by=lead, now=at(12), changes={"pregnant": True}))
        yield

    monkeypatch.setattr(imported_reports, "with_a_break", change_before)
    _, of_reports = take([*GETS_ILL, report_row(8, 6, {"pulse": "9999"})])
    assert (of_reports.reports, len(of_reports.rejects), of_reports.known) == (5, 1, 0)
    newer = Report.objects.filter(datetime__gte=at(3))
    assert {report.news2["not_scored_because"] for report in newer} == {"pregnant"}
    assert len(changed) == 1


def test_what_somebody_else_stored_since_it_was_checked_is_known(take, monkeypatch, nurse):
    stored, lock = [], imported_reports.lock_patient

    def store_and_lock(patient_id):
        if not stored:
            row = {"pulse": 71, "datetime": at(1)}
            stored.append(record_report(patient_id=patient_id, by=nurse, now=at(12), **row))
        return lock(patient_id)

    monkeypatch.setattr(imported_reports, "lock_patient", store_and_lock)
    _, of_reports = take([report_row(2, 1, {"pulse": "71"}), report_row(3, 2, {"pulse": "72"})])
    assert (of_reports.reports, of_reports.known) == (1, 1)
    assert Report.objects.count() == 2


def test_a_patient_whose_reports_are_all_refused_is_settled_all_the_same(take):
    _, of_reports = take([report_row(2, 1, {"pulse": "9999"})])
    assert len(of_reports.rejects) == 1
    patient = Patient.objects.get()
    assert (patient.next_due_at, *derived(patient)[-2:]) == (at(12.25), None, None)
