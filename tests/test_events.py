"""The unit of work and the event log: what is told, once, in which order, and never what was rolled back."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from patients import events
from patients.events import Entry, log_state, note_access, note_change, read_log, unit_of_work
from patients.models import Event, EventCounter, Patient
from patients.services.reports import record_report
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import at, frames, last_number, told_since

THREADS = 8
SAVES = 40


class Broken(Exception):
    """Something inside a unit fails."""


@pytest.fixture
def published():
    """What is handed to the hub after each commit."""
    handed: list[list[Entry]] = []
    before = events._publisher
    events.set_publisher(handed.append)
    yield handed
    events.set_publisher(before)


@pytest.fixture
def patient(db):
    return factories.make_patient(by=factories.make_user("lead"), now=at(0), admission_date=at(0))


@pytest.fixture
def begun_log(transactional_db):
    """The flush after a transactional test empties the counter too; a migrated database has it."""
    log_state()


def note(stream, action, pk, data=None):
    note_change(stream, action, pk, lambda: data if data is not None else {"id": pk})


# ---------------------------------------------------------------- one unit


@pytest.mark.django_db
def test_a_frame_is_the_whole_text_that_a_client_gets():
    number = log_state().last
    with unit_of_work():
        note("reports", "create", 5, {"id": 5, "text": "36.9 °C"})
    (entry,) = read_log(after=number)
    assert (entry.number, entry.stream) == (number + 1, "reports")
    assert json.loads(entry.frame) == {
        "stream": "reports",
        "payload": {
            "type": "change", "action": "create", "data": {"id": 5, "text": "36.9 °C"}, "event": number + 1,
        },
    }  # fmt: skip


@pytest.mark.django_db
def test_numbers_follow_each_other_and_the_counter_stands_at_the_last():
    number = log_state().last
    for pk in range(3):
        with unit_of_work():
            note("reports", "create", pk)
            note("history", "create", pk)
    assert [entry.number for entry in read_log(after=number)] == list(range(number + 1, number + 7))
    assert log_state().last == number + 6


@pytest.mark.django_db
def test_a_unit_without_changes_takes_no_number():
    number = log_state().last
    with unit_of_work():
        pass
    assert log_state().last == number


def test_an_object_saved_twice_is_told_once_in_its_last_state(patient):
    number = last_number()
    with unit_of_work():
        for bed in ("1", "2", "3"):
            patient.bed = bed
            patient.save()
    (frame,) = frames(after=number)
    assert (frame["payload"]["action"], frame["payload"]["data"]["bed"]) == ("update", "3")


@pytest.mark.django_db
def test_an_object_created_and_saved_again_is_told_once_as_created():
    number = log_state().last
    with unit_of_work():
        patient = Patient.objects.create(first_name="Eve", last_name="King", admission_date=at(0))
        patient.bed = "7"
        patient.save()
    (frame,) = frames(after=number)
    assert (frame["payload"]["action"], frame["payload"]["data"]["bed"]) == ("create", "7")


@pytest.mark.django_db
def test_an_object_created_and_deleted_in_one_unit_is_not_told():
    number = log_state().last
    with unit_of_work():
        Patient.objects.create(first_name="Eve", last_name="King", admission_date=at(0)).delete()
    assert told_since(number) == []
    assert log_state().last == number


def test_an_object_changed_and_deleted_is_told_as_deleted_with_the_key_it_had(patient):
    pk, number = patient.pk, last_number()
    with unit_of_work():
        patient.bed = "9"
        patient.save()
        patient.delete()
    (frame,) = frames(after=number)
    assert (frame["payload"]["action"], frame["payload"]["data"]) == ("delete", {"id": pk})


def test_a_save_outside_every_service_is_told_too(patient):
    number = last_number()
    patient.bed = "4"
    patient.save()
    assert told_since(number) == [("patients", "update")]


@pytest.mark.django_db
def test_a_changed_access_is_noted_for_the_processes():
    number = log_state().last
    with unit_of_work():
        note_access(user_id=3)
        note_access(user_id=3)
        note_access(sign_in_id=4)
    assert [frame["payload"]["data"] for frame in frames(after=number)] == [
        {"sign_in": None, "user": 3}, {"sign_in": 4, "user": None},
    ]  # fmt: skip


# ---------------------------------------------------------------- nested units and rollback


@pytest.mark.django_db
def test_nested_units_are_written_by_the_outermost_in_order():
    number = log_state().last
    with unit_of_work():
        note("patients", "update", 1)
        with unit_of_work():
            note("reports", "create", 2)
        assert read_log(after=number) == []
        note("history", "create", 3)
    assert told_since(number) == [("patients", "update"), ("reports", "create"), ("history", "create")]


def test_a_nested_unit_that_fails_drops_its_own_notes_alone(patient):
    number = last_number()

    @unit_of_work()
    def fail():
        Patient.objects.create(first_name="Eve", last_name="King", admission_date=at(0))
        raise Broken

    with unit_of_work():
        patient.bed = "1"
        patient.save()
        with pytest.raises(Broken):
            fail()
    (frame,) = frames(after=number)
    assert (frame["stream"], frame["payload"]["data"]["bed"]) == ("patients", "1")
    assert Patient.objects.count() == 1
    assert log_state().last == number + 1


def test_a_plain_savepoint_that_is_rolled_back_tells_nothing_of_what_was_in_it(patient):
    number = last_number()

    @transaction.atomic
    def fail():
        Patient.objects.create(first_name="Eve", last_name="King", admission_date=at(0))
        raise Broken

    with unit_of_work():
        patient.bed = "1"
        patient.save()
        with pytest.raises(Broken):
            fail()
    assert told_since(number) == [("patients", "update")]


@pytest.mark.django_db
def test_an_inner_unit_that_deletes_what_the_outer_created_tells_nothing():
    number = log_state().last
    with unit_of_work():
        patient = Patient.objects.create(first_name="Eve", last_name="King", admission_date=at(0))
        with unit_of_work():
            patient.delete()
    assert told_since(number) == []


def test_a_unit_that_fails_writes_nothing_and_leaves_none_open(patient):
    number = log_state().last

    @unit_of_work()
    def fail():
        patient.bed = "1"
        patient.save()
        raise Broken

    with pytest.raises(Broken):
        fail()
    assert (log_state().last, told_since(number), events._units()) == (number, [], [])


def test_a_rolled_back_transaction_around_a_unit_takes_its_events_with_it(patient):
    number = log_state().last

    @transaction.atomic
    def fail():
        patient.bed = "1"
        patient.save()
        assert log_state().last == number + 1
        raise Broken

    with pytest.raises(Broken):
        fail()
    assert (log_state().last, told_since(number)) == (number, [])


# ---------------------------------------------------------------- after the commit


def test_entries_are_published_after_the_commit_and_not_before(begun_log, published):
    with transaction.atomic():
        with unit_of_work():
            note("reports", "create", 1)
        assert published == []
    ((entry,),) = published
    assert [entry] == read_log(after=0)


def test_what_is_rolled_back_is_not_published(begun_log, published):
    @transaction.atomic
    def fail():
        with unit_of_work():
            note("reports", "create", 1)
        raise Broken

    with pytest.raises(Broken):
        fail()
    assert published == []


def test_a_publisher_that_fails_does_not_fail_the_save(begun_log):
    def fail(entries):
        raise Broken

    before = events._publisher
    events.set_publisher(fail)
    try:
        with unit_of_work():
            note("reports", "create", 1)
    finally:
        events.set_publisher(before)
    assert Event.objects.count() == 1


def test_a_database_emptied_by_hand_counts_from_the_start_in_a_new_epoch(begun_log):
    epoch = log_state().epoch
    EventCounter.objects.all().delete()
    with unit_of_work():
        note("reports", "create", 1)
    assert (log_state().last, log_state().epoch == epoch) == (1, False)


# ---------------------------------------------------------------- reading


@pytest.mark.django_db
def test_the_log_is_read_from_and_up_to_a_number_and_in_portions():
    number = log_state().last
    with unit_of_work():
        for pk in range(6):
            note("reports", "create", pk)
    numbers = [entry.number for entry in read_log(after=number + 1, up_to=number + 4)]
    assert numbers == [number + 2, number + 3, number + 4]
    assert [entry.number for entry in read_log(after=number, limit=2)] == [number + 1, number + 2]
    assert read_log(after=number + 6) == []
    assert events.oldest_number() is not None


# ---------------------------------------------------------------- many at once


def in_threads(work, *, count=SAVES):
    """Run `work(number)` for each number on several threads, each with a database connection of its own."""
    start = threading.Barrier(THREADS)

    def share(first):
        start.wait()
        try:
            return [work(number) for number in range(first, count, THREADS)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [answer for answers in pool.map(share, range(THREADS)) for answer in answers]


def test_forty_saves_at_once_get_numbers_without_holes_each_visible_in_its_turn(begun_log):
    lead = factories.make_user("lead")
    patients = [factories.make_patient(by=lead, now=at(0), admission_date=at(0)) for _ in range(5)]
    first = log_state().last
    seen: list[int] = []
    is_done = threading.Event()

    def follow():
        """A reader that asks for what is newer than the last it saw, as every server process does."""
        last = first
        try:
            while not (is_done.is_set() and last == log_state().last):
                for entry in read_log(after=last):
                    seen.append(entry.number)
                    last = entry.number
        finally:
            connection.close()

    reader = threading.Thread(target=follow)
    reader.start()
    try:
        reports = in_threads(
            lambda number: (
                record_report(
                    patient_id=patients[number % 5].pk, by=lead, now=at(1, minutes=number), **NORMAL
                ).pk
            )
        )
    finally:
        is_done.set()
        reader.join()
    assert len(set(reports)) == SAVES
    numbers = list(Event.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, log_state().last + 1))
    assert seen == list(range(first + 1, log_state().last + 1))
    created = [frame["payload"]["data"]["id"] for frame in frames() if frame["payload"].get("action") == "create"
               and frame["stream"] == "reports"]  # fmt: skip
    assert sorted(created) == sorted(reports)


def test_one_patients_writers_come_one_after_the_other(begun_log):
    """Each of them reads the row, counts up and saves: without the lock, some would count up the same number."""
    from patients.services.patients import change_patient

    lead = factories.make_user("lead")
    patient = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
    in_threads(
        lambda number: (
            change_patient(patient.pk, by=lead, now=at(1), changes={"bed": f"bed {number}"}).version
        )
    )
    assert Patient.objects.get(pk=patient.pk).version == SAVES + 1
    versions = [frame["payload"]["data"]["version"] for frame in frames() if frame["stream"] == "patients"]
    assert versions == list(range(1, SAVES + 2))
