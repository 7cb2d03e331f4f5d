"""What was entered in error is taken back: by its author for an hour, by doctor and lead always."""

from datetime import date

import pytest

from patients.models import Report
from patients.services.errors import NotAllowed, Refused
from patients.services.history import amend_version
from patients.services.reports import correct_report, delete_report
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, fresh, record, told, total

pytestmark = pytest.mark.django_db

WHY = "wrong patient"


def strike(report, *, by, now, reason=WHY):
    delete_report(report.pk, by=by, now=now, reason=reason)


def assert_is_refused(report, *, by, now, words):
    with pytest.raises(NotAllowed) as refused:
        strike(report, by=by, now=now)
    assert words in refused.value.errors["detail"]
    assert Report.objects.filter(pk=report.pk).exists()


@pytest.mark.parametrize("role", ["nurse", "service", "doctor", "lead"])
def test_who_recorded_it_takes_it_back_within_an_hour(patient, role):
    author = factories.make_user(role)
    report = record(patient, total(7), when=at(1), by=author)
    pk = report.pk
    strike(report, by=author, now=at(2))
    assert not Report.objects.filter(pk=pk).exists()
    last = Report.history.filter(id=pk).latest("history_id")
    assert (last.history_type, last.history_user, last.history_change_reason) == ("-", author, WHY)


def test_after_an_hour_a_nurse_does_not(patient, nurse):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    assert_is_refused(report, by=nurse, now=at(2, minutes=0.1), words="60 minutes")


def test_the_hour_counts_from_the_entry_and_not_from_when_it_was_taken(patient, nurse):
    report = record(patient, NORMAL, when=at(1), by=nurse, now=at(9))
    strike(report, by=nurse, now=at(9, minutes=59))


def test_another_nurses_set_is_not_ones_own(patient, nurse):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    assert_is_refused(
        report, by=factories.make_user("nurse"), now=at(1, minutes=5), words="Somebody else recorded"
    )


def test_a_doctor_and_a_lead_take_back_anybodys_at_any_time(patient, nurse, doctor, lead):
    for by in (doctor, lead):
        strike(record(patient, NORMAL, when=at(1), by=nurse), by=by, now=at(30), reason="")


def test_a_role_that_may_no_longer_record_takes_nothing_back(patient, nurse):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    nurse.groups.clear()
    nurse = type(nurse).objects.get(pk=nurse.pk)
    assert_is_refused(report, by=nurse, now=at(1, minutes=5), words="Your role")


@pytest.mark.parametrize("reason", ["", "  "])
def test_ones_own_needs_a_reason(patient, nurse, reason):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    with pytest.raises(Refused) as refused:
        strike(report, by=nurse, now=at(1, minutes=5), reason=reason)
    assert list(refused.value.errors) == ["history_change_reason"]
    assert Report.objects.filter(pk=report.pk).exists()


# ---------------------------------------------------------------- changed by somebody else


def test_a_correction_of_ones_own_keeps_the_right_and_anothers_ends_it(patient, nurse, doctor):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(1, minutes=1), changes={"pulse": 71})
    strike(report, by=nurse, now=at(1, minutes=2))
    other = record(patient, NORMAL, when=at(1), by=nurse)
    correct_report(other.pk, by=doctor, now=at(1, minutes=1), changes={"pulse": 71})
    correct_report(other.pk, by=nurse, now=at(1, minutes=2), changes={"pulse": 70})
    assert_is_refused(other, by=nurse, now=at(1, minutes=3), words="Somebody else has changed")


def test_an_amended_version_ends_it(patient, nurse, lead):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    version = Report.history.get(id=report.pk)
    amend_version(version.pk, by=lead, now=at(1, minutes=1), changes={"pulse": 71}, reason="typed wrong")
    assert_is_refused(report, by=nurse, now=at(1, minutes=3), words="Somebody else has changed")


def test_that_it_was_scored_again_is_no_change(patient, nurse, lead):
    child = change(patient, by=lead, now=at(0.5), date_of_birth=date(2018, 1, 1))
    report = record(child, total(7), when=at(1), by=nurse)
    change(child, by=lead, now=at(1, minutes=5), date_of_birth=date(1958, 1, 1))
    assert (fresh(report).version, fresh(report).news2["score"]) == (2, 7)
    strike(report, by=nurse, now=at(1, minutes=6))


# ---------------------------------------------------------------- what follows


@pytest.mark.parametrize("who", ["nurse", "lead"])
def test_its_alerts_end_as_entered_in_error_and_scores_are_without_it(patient, nurse, lead, who):
    before = record(patient, NORMAL, when=at(1), by=nurse)
    slip = record(patient, total(8), when=at(2), by=nurse)
    (raised,) = told(patient, kind="deterioration")
    assert fresh(patient).current_risk == "high"
    strike(slip, by={"nurse": nurse, "lead": lead}[who], now=at(2, minutes=5))
    raised.refresh_from_db()
    assert (raised.status, raised.resolved_because) == ("resolved", "entered in error")
    after = fresh(patient)
    assert (after.current_risk, after.last_scored, after.open_notifications) == ("low", before, 0)


def test_what_a_slip_had_ended_is_told_again(patient, nurse):
    """A set of somebody else, better than the patient is, must not silence an alert."""
    record(patient, total(8), when=at(1), by=nurse)
    slip = record(patient, NORMAL, when=at(2), by=nurse)
    (raised,) = told(patient, kind="deterioration")
    assert raised.status == "resolved"
    strike(slip, by=nurse, now=at(2, minutes=5))
    assert "open" in [one.status for one in told(patient, kind="deterioration")]
    assert fresh(patient).open_notifications == 1
