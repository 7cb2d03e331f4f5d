"""Amending and retiring versions: the version, its report, what follows, and what the ledger keeps."""

import pytest

from patients.models import Amendment, Notification, Report
from patients.representations import (
    represent_amendment,
    represent_history,
    represent_patient,
    represent_report,
)
from patients.services.errors import Refused, Stale
from patients.services.history import amend_version, retire_version
from patients.services.ledger import newest_version_of
from patients.services.notifications import BECAUSE_AMENDED, BECAUSE_IN_ERROR
from patients.services.reports import correct_report, delete_report
from tests.rules.builders import NORMAL
from tests.services.builders import (
    at,
    change,
    frames,
    fresh,
    last_number,
    record,
    told,
    told_since,
    total,
)

pytestmark = pytest.mark.django_db

Version = Report.history.model


def versions_of(report):
    """Oldest first, the retired ones too."""
    return list(Version.objects.filter(id=report.pk).order_by("history_id"))


def entries_of(version):
    return [represent_amendment(entry) for entry in Amendment.objects.filter(history_id=version.pk)]


def agrees(report):
    """Whether the newest version shown and the report say the same, field by field."""
    report, version = Report.objects.get(pk=report.pk), newest_version_of(report)
    shown = represent_history(version)
    return represent_report(report) == {name: shown[name] for name in represent_report(report)} and all(
        getattr(report, field.attname) == getattr(version, field.attname) for field in Report._meta.fields
    )


def represent_of(patient):
    return represent_patient(fresh(patient))


@pytest.fixture
def corrected(patient, nurse):
    """A report of two versions: a total of 5, then of 3."""
    report = record(patient, total(5), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(1.5), changes={"pulse": 70}, reason="read wrongly")
    return fresh(report)


# ---------------------------------------------------------------- amending the newest version


def test_amending_the_newest_version_corrects_it_and_the_report_and_makes_no_new_one(corrected, lead, nurse):
    first, newest = versions_of(corrected)
    amend_version(newest.pk, by=lead, now=at(2), changes={"respiration": 30}, reason="the decimal slipped")
    assert [version.pk for version in versions_of(corrected)] == [first.pk, newest.pk]
    after = fresh(newest)
    assert (after.respiration, after.amendments, after.version, after.updated_at) == (30, 1, 3, at(2))
    assert (after.history_user, after.history_date, after.history_type) == (nurse, at(1.5), "~")
    assert after.history_change_reason == "the decimal slipped"
    assert agrees(corrected)
    assert fresh(corrected).version == 3
    assert represent_history(fresh(first)) == represent_history(first)


def test_score_and_due_time_follow_an_amendment_of_the_newest_version(patient, nurse, lead):
    report = record(patient, total(0), when=at(1), by=nurse)
    assert fresh(patient).next_due_at == at(13)
    amend_version(versions_of(report)[0].pk, by=lead, now=at(2), changes=total(5), reason="another's")
    after = fresh(patient)
    assert (fresh(report).news2["score"], after.current_risk) == (5, "medium")
    assert (after.next_due_at, fresh(report).due_at) == (at(2), at(2))
    assert agrees(report)


def test_a_notification_raised_on_a_wrong_value_closes_as_amended(patient, nurse, lead):
    report = record(patient, total(7), when=at(1), by=nurse)
    (notification,) = told(patient, kind="deterioration")
    assert fresh(patient).open_notifications == 1
    amend_version(versions_of(report)[0].pk, by=lead, now=at(1.1), changes=NORMAL, reason="another's values")
    notification.refresh_from_db()
    assert (notification.status, notification.resolved_because) == ("resolved", BECAUSE_AMENDED)
    assert fresh(patient).open_notifications == 0


def test_an_amendment_to_something_worse_raises_what_it_shows(patient, nurse, lead):
    report = record(patient, total(0), when=at(1), by=nurse)
    (version,) = versions_of(report)
    amend_version(version.pk, by=lead, now=at(1.1), changes=total(7), reason="another's values")
    (notification,) = told(patient, kind="deterioration")
    assert (notification.report_id, notification.history_id) == (report.pk, version.pk)


def test_an_amendment_is_told_once_on_each_stream_as_committed(corrected, lead):
    newest, number = versions_of(corrected)[-1], last_number()
    amend_version(newest.pk, by=lead, now=at(2), changes={"diet": "soft"}, reason="forgotten")
    assert sorted(told_since(number)) == [
        ("history", "update"),
        ("patients", "update"),
        ("reports", "update"),
    ]
    data = {frame["stream"]: frame["payload"]["data"] for frame in frames(after=number)}
    assert data["history"] == represent_history(fresh(newest))
    assert data["reports"] == represent_report(fresh(corrected))


def test_the_patients_row_is_told_where_only_the_score_it_shows_changed(patient, nurse, lead):
    report = record(patient, total(1), when=at(1), by=nurse)
    number, before = last_number(), fresh(patient)
    amend_version(versions_of(report)[0].pk, by=lead, now=at(1.1), changes=total(3), reason="wrong")
    assert (fresh(patient).next_due_at, fresh(patient).current_risk) == (before.next_due_at, "low")
    (told_patient,) = [frame for frame in frames(after=number) if frame["stream"] == "patients"]
    assert told_patient["payload"]["data"]["last_scored"]["score"] == 3


def test_an_amendment_keeps_the_scale_that_the_version_was_scored_on(patient, nurse, doctor, lead):
    report = record(patient, {**NORMAL, "o2sat": 90.0}, when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), spo2_scale=2)
    amend_version(versions_of(report)[0].pk, by=lead, now=at(3), changes={"o2sat": 91.0}, reason="wrong")
    assert (fresh(report).news2["spo2_scale"], fresh(report).news2["parts"]["o2sat"]) == (1, 3)


# ---------------------------------------------------------------- amending an older one


def test_an_older_version_changes_alone_and_keeps_its_number(corrected, patient, lead):
    first, newest = versions_of(corrected)
    patient_before, number = represent_of(patient), last_number()
    amend_version(first.pk, by=lead, now=at(2), changes={"respiration": 30}, reason="read wrongly")
    after = fresh(first)
    assert (after.respiration, after.news2["score"], after.amendments) == (30, 6, 1)
    assert (after.version, after.updated_at, after.due_at) == (1, first.updated_at, first.due_at)
    assert represent_history(fresh(newest)) == represent_history(newest)
    assert represent_report(fresh(corrected)) == represent_report(corrected)
    assert represent_of(patient) == patient_before
    assert told_since(number) == [("history", "update")]


def test_the_versions_of_a_deleted_report_change_alone(corrected, patient, lead):
    delete_report(corrected.pk, by=lead, now=at(2), reason="wrong patient")
    first, newest, _ = versions_of(corrected)
    amend_version(newest.pk, by=lead, now=at(3), changes={"respiration": 30}, reason="read wrongly")
    retire_version(first.pk, by=lead, now=at(3), reason="never happened")
    assert not Report.objects.filter(pk=corrected.pk).exists()
    assert (fresh(newest).respiration, fresh(newest).version, fresh(first).is_retired) == (30, 2, True)


def test_a_row_that_tells_of_a_deletion_takes_neither(corrected, lead):
    delete_report(corrected.pk, by=lead, now=at(2), reason="wrong patient")
    last = versions_of(corrected)[-1]
    assert last.history_type == "-"
    with pytest.raises(Refused, match="deleted"):
        amend_version(last.pk, by=lead, now=at(3), changes={"pulse": 71}, reason="wrong")
    with pytest.raises(Refused, match="deleted"):
        retire_version(last.pk, by=lead, now=at(3), reason="wrong")
    assert not Amendment.objects.exists()


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_amended_or_retired_without_a_reason(corrected, lead, reason):
    newest = versions_of(corrected)[-1]
    with pytest.raises(Refused) as refused:
        amend_version(newest.pk, by=lead, now=at(2), changes={"pulse": 71}, reason=reason)
    assert list(refused.value.errors) == ["history_change_reason"]
    with pytest.raises(Refused):
        retire_version(newest.pk, by=lead, now=at(2), reason=reason)
    assert (fresh(newest).pulse, fresh(newest).is_retired) == (70, False)


@pytest.mark.parametrize(
    "changes,field",
    [({"bp_dia": 200}, "bp_dia"), ({"datetime": at(-1)}, "datetime"), ({"datetime": at(9)}, "datetime")],
    ids=str,
)
def test_values_that_are_not_possible_are_refused_and_nothing_is_stored(corrected, lead, changes, field):
    for version in versions_of(corrected):
        with pytest.raises(Refused) as refused:
            amend_version(version.pk, by=lead, now=at(2), changes=changes, reason="wrong")
        assert list(refused.value.errors) == [field]
        assert represent_history(fresh(version)) == represent_history(version)
    assert not Amendment.objects.exists()


def test_an_amendment_of_another_number_is_stale_and_says_how_the_version_stands(corrected, lead):
    newest = versions_of(corrected)[-1]
    with pytest.raises(Stale) as stale:
        amend_version(
            newest.pk, by=lead, now=at(2), changes={"pulse": 71}, reason="wrong", expected_version=1
        )
    assert (stale.value.current.pk, stale.value.current.version) == (newest.pk, 2)
    with pytest.raises(Stale):
        retire_version(newest.pk, by=lead, now=at(2), reason="wrong", expected_version=1)
    assert not Amendment.objects.exists()


def test_values_that_are_what_they_were_leave_no_entry_and_tell_nothing(corrected, lead):
    newest, number = versions_of(corrected)[-1], last_number()
    same = amend_version(newest.pk, by=lead, now=at(2), changes={"pulse": 70}, reason="looked again")
    assert represent_history(same) == represent_history(newest)
    assert (Amendment.objects.count(), last_number()) == (0, number)


# ---------------------------------------------------------------- retiring


def test_retiring_the_newest_version_takes_the_report_back_to_the_one_before(corrected, patient, lead):
    first, newest = versions_of(corrected)
    retire_version(newest.pk, by=lead, now=at(1.6), reason="the first was right")
    report = fresh(corrected)
    assert (report.pulse, report.news2["score"], report.version, report.updated_at) == (120, 5, 3, at(1.6))
    assert agrees(corrected)
    assert newest_version_of(corrected) == first
    assert (fresh(first).version, fresh(first).amendments, fresh(newest).is_retired) == (3, 0, True)
    after = fresh(patient)
    assert (after.current_risk, after.next_due_at, report.due_at) == ("medium", at(2), at(2))


def test_retiring_is_told_as_a_deletion_of_the_version_with_its_key_and_the_reports(corrected, lead):
    first, newest = versions_of(corrected)
    number = last_number()
    retire_version(newest.pk, by=lead, now=at(1.6), reason="the first was right")
    pushed = {
        (frame["stream"], frame["payload"].get("action")): frame["payload"]["data"]
        for frame in frames(after=number)
    }
    assert pushed["history", "delete"] == {"history_id": newest.pk, "id": corrected.pk}
    assert pushed["history", "update"] == represent_history(fresh(first))
    assert pushed["reports", "update"] == represent_report(fresh(corrected))


def test_retiring_an_older_version_changes_nothing_else(corrected, patient, lead):
    first = versions_of(corrected)[0]
    before, number = represent_of(patient), last_number()
    retire_version(first.pk, by=lead, now=at(2), reason="never happened")
    assert fresh(first).is_retired
    assert represent_report(fresh(corrected)) == represent_report(corrected)
    assert represent_of(patient) == before
    assert told_since(number) == [("history", "delete")]


def test_retiring_the_only_version_deletes_the_report_with_a_row_that_says_so(patient, nurse, lead):
    report = record(patient, total(7), when=at(1), by=nurse)
    (only,) = versions_of(report)
    retire_version(only.pk, by=lead, now=at(1.1), reason="wrong patient")
    assert not Report.objects.filter(pk=report.pk).exists()
    _, last = versions_of(report)
    assert (last.history_type, last.history_user, last.history_change_reason) == ("-", lead, "wrong patient")
    assert (fresh(patient).last_report, fresh(patient).next_due_at) == (None, at(0, minutes=15))
    (notification,) = told(patient, kind="deterioration")
    assert notification.resolved_because == BECAUSE_IN_ERROR


def test_the_version_before_is_the_newest_that_is_not_retired(corrected, nurse, lead):
    correct_report(corrected.pk, by=nurse, now=at(2), changes={"pulse": 75})
    first, second, third = versions_of(corrected)
    retire_version(second.pk, by=lead, now=at(3), reason="one")
    retire_version(third.pk, by=lead, now=at(3), reason="two")
    assert (fresh(corrected).pulse, newest_version_of(corrected)) == (120, first)
    retire_version(first.pk, by=lead, now=at(3), reason="three")
    assert not Report.objects.filter(pk=corrected.pk).exists()


def test_a_retired_version_can_neither_be_amended_nor_retired_again(corrected, lead):
    first = versions_of(corrected)[0]
    retire_version(first.pk, by=lead, now=at(2), reason="never happened")
    with pytest.raises(Version.DoesNotExist):
        retire_version(first.pk, by=lead, now=at(2), reason="never happened")
    with pytest.raises(Version.DoesNotExist):
        amend_version(first.pk, by=lead, now=at(2), changes={"pulse": 71}, reason="never happened")


def test_a_number_is_never_given_twice_to_different_values(corrected, nurse, lead):
    """Else a client that read the retired version 2 could write over another version 2 without noticing."""
    newest = versions_of(corrected)[-1]
    retire_version(newest.pk, by=lead, now=at(1.6), reason="the first was right")
    with pytest.raises(Stale):
        correct_report(corrected.pk, by=nurse, now=at(2), changes={"diet": "soft"}, expected_version=2)


def test_a_reminder_resolved_by_a_set_that_is_retired_is_due_again(patient, nurse, lead):
    """Retiring the newest report recomputes from the newest left (contract.md, "Notifications")."""
    record(patient, total(5), when=at(1), by=nurse)
    wrong = record(patient, total(0), when=at(1.5), by=nurse, monitoring_interval=720)
    assert fresh(patient).next_due_at == at(13.5)
    retire_version(versions_of(wrong)[0].pk, by=lead, now=at(1.75), reason="another patient's")
    assert fresh(patient).next_due_at == at(2)
    assert Notification.objects.filter(patient=patient, status="open", kind="deterioration").count() == 1


# ---------------------------------------------------------------- the ledger


def test_the_ledger_says_what_was_there_what_is_there_who_when_and_why(corrected, lead):
    newest = versions_of(corrected)[-1]
    before = represent_history(newest)
    amend_version(newest.pk, by=lead, now=at(2), changes={"pulse": 71, "additional": "asleep"}, reason="slip")
    (entry,) = entries_of(newest)
    assert entry["before"] == before
    assert entry["after"] == represent_history(fresh(newest))
    assert (entry["kind"], entry["reason"], entry["history_id"]) == ("amended", "slip", newest.pk)
    assert (entry["report"], entry["amended_by"]["id"]) == (corrected.pk, lead.pk)
    assert entry["amended_at"] == "2024-03-01T10:00:00Z"


def test_the_ledger_says_which_version_a_report_fell_back_to_and_what_of_it_changed(corrected, lead):
    first, newest = versions_of(corrected)
    retire_version(newest.pk, by=lead, now=at(1.6), reason="the first was right")
    (entry,) = entries_of(newest)
    assert (entry["kind"], entry["after"], entry["before"]) == ("retired", None, represent_history(newest))
    before, after = represent_history(first), represent_history(fresh(first))
    assert entry["restored"]["history_id"] == first.pk
    assert {**after, **entry["restored"]["before"]} == before
    assert {**before, **entry["restored"]["after"]} == after
    assert entries_of(first) == []


def test_where_the_ledger_cannot_be_written_nothing_is(corrected, lead, monkeypatch):
    newest, number = versions_of(corrected)[-1], last_number()

    def fail(*_args, **_named):
        raise OSError("the disk is full")

    monkeypatch.setattr("patients.services.history.settle", fail)
    with pytest.raises(OSError, match="disk"):
        amend_version(newest.pk, by=lead, now=at(2), changes={"pulse": 71}, reason="slip")
    with pytest.raises(OSError, match="disk"):
        retire_version(newest.pk, by=lead, now=at(2), reason="slip")
    assert represent_history(fresh(newest)) == represent_history(newest)
    assert represent_report(fresh(corrected)) == represent_report(corrected)
    assert (Amendment.objects.count(), last_number(), fresh(newest).is_retired) == (0, number, False)
