"""The limit of the due time over a stay: what is corrected, removed, entered late, and what is not read for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Report
from patients.services.history import amend_version, retire_version
from patients.services.ledger import newest_version_of
from patients.services.patients import admit_patient
from patients.services.plans import end_plan, set_plan
from patients.services.reports import correct_report, delete_report, preview_report
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, fresh, record, total

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

UNTIL_HIGH = {name: value for name, value in total(10).items() if name != "consciousness"}  # at least 10


def why(patient, *, now=None):
    """When the next set is due, and the code of the newest report's reason."""
    newest = Report.objects.filter(patient=patient).latest("id")
    return fresh(patient).next_due_at, newest.due_because["code"]


def test_one_set_of_0_after_a_day_between_9_and_3_is_looked_at_soon(patient, nurse):
    for hours, points in ((1, 9), (1.25, 6), (2, 5), (3, 9), (3.25, 3)):
        record(patient, total(points), when=at(hours), by=nurse)
    assert fresh(patient).last_high_at == at(3)
    preview = preview_report(patient_id=patient.pk, now=at(7), **total(0), datetime=at(7))
    record(patient, total(0), when=at(7), by=nurse)
    assert why(patient) == (at(11), "fall"), "3 to 0: every 4 h, as the 3 was"
    newest = Report.objects.latest("id")
    assert newest.due_because == preview["due_because"]
    assert newest.due_because["values"] == {
        "interval": 240, "since": "2024-03-01T15:00:00Z", "score": 0, "score_before": 3, "risk_before": "low",
    }  # fmt: skip
    record(patient, total(0), when=at(11), by=nurse)
    assert why(patient) == (at(15), "after_high")
    record(patient, total(0), when=at(26.9), by=nurse)
    assert why(patient) == (at(30.9), "after_high")
    record(patient, total(0), when=at(27), by=nurse)
    assert why(patient) == (at(39), "pathway"), "24 h after the 9"


def test_the_patients_interval_does_not_go_before_it_but_a_plans_step_does(patient, nurse, doctor):
    change(patient, by=doctor, now=at(0.5), monitoring_interval=480)
    record(patient, total(6), when=at(1), by=nurse)
    record(patient, total(0), when=at(2), by=nurse)
    assert why(patient) == (at(3), "fall")
    set_plan(
        patient.pk, by=doctor, now=at(2.1), steps=[{"every": 360, "for": None}], call_at={}, until=at(99), reason="x"
    )  # fmt: skip
    assert fresh(patient).next_due_at == at(8)
    end_plan(patient.pk, by=doctor, now=at(2.2))
    assert fresh(patient).next_due_at == at(3)
    change(patient, by=doctor, now=at(2.3), monitoring_interval=600)
    assert fresh(patient).next_due_at == at(3)


def test_a_report_entered_behind_changes_nothing_now_and_counts_for_the_next_set(patient, nurse):
    newest = record(patient, total(0), when=at(5), by=nurse)
    record(patient, total(9), when=at(3), now=at(6), by=nurse)
    assert fresh(patient).next_due_at == at(17)
    record(patient, {"fi_oral": 100.0}, when=at(6.5), by=nurse)
    assert why(patient) == (at(17), "pathway"), "nor does it later, at the next that is recorded"
    for corrected in (Report.objects.get(datetime=at(3)), newest):
        correct_report(corrected.pk, by=nurse, now=at(6.6), changes={"diet": "soft"})
        assert fresh(patient).next_due_at == at(17)
    record(patient, total(0), when=at(16), by=nurse)
    assert why(patient) == (at(20), "after_high"), "by when it was taken"


def test_a_time_put_right_makes_a_set_the_one_after_the_high_one(patient, nurse):
    misdated = record(patient, total(0), when=at(1), by=nurse)
    record(patient, total(9), when=at(2), by=nurse)
    correct_report(misdated.pk, by=nurse, now=at(3), changes={"datetime": at(2.9)})
    assert fresh(patient).next_due_at == at(2.9, minutes=15)
    assert fresh(misdated).due_because["code"] == "fall"


@pytest.mark.parametrize("undo", ["correct", "amend", "delete", "retire"])
def test_a_high_set_that_was_a_mistake_limits_nothing_any_more(patient, nurse, lead, undo):
    record(patient, total(1), when=at(0.5), by=nurse)
    mistake = record(patient, total(9), when=at(1), by=nurse)
    record(patient, total(0), when=at(2), by=nurse)
    assert (fresh(patient).next_due_at, fresh(patient).last_high_at) == (at(2.25), at(1))
    version = newest_version_of(mistake)
    if undo == "correct":
        correct_report(mistake.pk, by=nurse, now=at(2.1), changes=total(2))
    elif undo == "amend":
        amend_version(version.pk, by=lead, now=at(2.1), changes=total(2), reason="slip")
    elif undo == "delete":
        delete_report(mistake.pk, by=lead, now=at(2.1))
    else:
        retire_version(version.pk, by=lead, now=at(2.1), reason="slip")
    assert (fresh(patient).next_due_at, fresh(patient).last_high_at) == (at(14), None)
    record(patient, {"fi_oral": 100.0}, when=at(3), by=nurse)
    assert why(patient) == (at(14), "pathway")


@pytest.mark.parametrize("undo", ["correct", "retire"])
def test_a_set_that_is_put_right_to_high_limits_what_came_after(patient, nurse, lead, undo):
    older = record(patient, total(9), when=at(1), by=nurse)
    correct_report(older.pk, by=nurse, now=at(1.1), changes=total(1))
    record(patient, total(0), when=at(2), by=nurse)
    assert (fresh(patient).next_due_at, fresh(patient).last_high_at) == (at(14), None)
    if undo == "correct":
        correct_report(older.pk, by=nurse, now=at(3), changes=total(9))
    else:
        retire_version(newest_version_of(older).pk, by=lead, now=at(3), reason="it was high")
    assert (fresh(patient).next_due_at, fresh(patient).last_high_at) == (at(2.25), at(1))


def test_deleting_the_newest_set_gives_back_the_limit_of_the_one_before(patient, nurse, lead):
    for hours, points in ((1, 6), (2, 0)):
        record(patient, total(points), when=at(hours), by=nurse)
    wrong = record(patient, total(0), when=at(2.5), by=nurse)
    assert fresh(patient).next_due_at == at(14.5)
    delete_report(wrong.pk, by=lead, now=at(2.6))
    assert fresh(patient).next_due_at == at(3)


def test_an_older_high_set_counts_again_where_the_newest_is_gone(patient, nurse, lead):
    record(patient, total(9), when=at(1), by=nurse)
    second = record(patient, total(7), when=at(20), by=nurse)
    for hours in (21, 23):
        record(patient, total(0), when=at(hours), by=nurse)
    assert fresh(patient).last_high_at == at(20)
    delete_report(second.pk, by=lead, now=at(23.1))
    assert (fresh(patient).last_high_at, fresh(patient).next_due_at) == (at(1), at(27))


def test_a_new_stay_begins_without_it_and_taking_a_discharge_back_keeps_it(patient, nurse, lead):
    record(patient, total(9), when=at(1), by=nurse)
    record(patient, total(0), when=at(2), by=nurse)
    change(patient, by=lead, now=at(2.1), dismissal_date=at(2.1))
    assert fresh(patient).next_due_at is None
    change(patient, by=lead, now=at(2.2), dismissal_date=None)
    assert (fresh(patient).last_high_at, fresh(patient).next_due_at) == (at(1), at(2.25))
    change(patient, by=lead, now=at(2.3), dismissal_date=at(2.3))
    change(patient, by=lead, now=at(9), dismissal_date=None, admission_date=at(9))
    record(patient, total(0), when=at(10), by=nurse)
    assert (fresh(patient).last_high_at, fresh(patient).next_due_at) == (None, at(22))


def test_an_admission_put_right_takes_in_a_high_set_of_before(patient, nurse, lead):
    record(patient, total(9), when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(5), dismissal_date=None, admission_date=at(5))
    record(patient, total(0), when=at(6), by=nurse)
    assert fresh(patient).next_due_at == at(18)
    change(patient, by=lead, now=at(7), admission_date=at(0))
    assert (fresh(patient).last_high_at, fresh(patient).next_due_at) == (at(1), at(6.25))


def test_an_incomplete_set_that_is_at_least_high_counts(patient, nurse):
    record(patient, UNTIL_HIGH, when=at(1), by=nurse)
    record(patient, total(0), when=at(2), by=nurse)
    assert (fresh(patient).last_high_at, why(patient)) == (at(1), (at(6), "after_high"))


def test_sets_of_one_import_limit_each_other_in_their_order(patient, nurse, lead):
    from patients.services.import_rows import Row
    from patients.services.intake import take_in

    change(patient, by=lead, now=at(0.1), hospital_number="A1")

    def row(line, hours, values):
        cells = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in values.items()
        }
        return Row(line, {"hospital_number": "A1", "datetime": at(hours).isoformat(), **cells})

    rows = [row(2, 9, total(0)), row(3, 1, total(9)), row(4, 2, total(0)), row(5, 1.5, total(6))]
    assert take_in([], rows, by=lead, now=at(10))[1].rejects == []
    reports = list(Report.objects.order_by("datetime"))
    assert [report.due_because["code"] for report in reports] == ["pathway", "fall", "fall", "after_high"]
    assert [report.due_at for report in reports] == [at(1.25), at(1.75), at(3), at(13)]
    assert (fresh(patient).last_high_at, fresh(patient).next_due_at) == (at(1), at(13))


def test_a_patient_without_a_set_is_due_for_the_first(lead, nurse):
    patient = admit_patient(by=lead, now=at(0), first_name="Ada", last_name="Byron", admission_date=at(0))
    fluids = record(patient, {"fi_oral": 100.0}, when=at(0.1), by=nurse)
    assert fluids.due_because == {
        "code": "first_set", "values": {"interval": 15, "since": "2024-03-01T08:00:00Z"},
    }  # fmt: skip


def queries_of_a_save(patient, *, when, by):
    with CaptureQueriesContext(connection) as queries:
        record(patient, NORMAL, when=when, by=by)
    return len(queries)


def test_a_save_in_the_day_after_a_high_set_reads_no_more_than_one_without(patient, nurse, lead):
    record(patient, total(0), when=at(0.1), by=nurse)
    record(patient, total(0), when=at(0.2), by=nurse)
    without = queries_of_a_save(patient, when=at(0.3), by=nurse)
    record(patient, total(9), when=at(1), by=nurse)
    for number in range(30):
        record(patient, {"pulse": 71}, when=at(1.1, minutes=number), by=nurse)
    record(patient, total(0), when=at(2), by=nurse)
    record(patient, total(0), when=at(2.1), by=nurse)
    assert queries_of_a_save(patient, when=at(3), by=nurse) <= without
    assert why(patient) == (at(7), "after_high")
