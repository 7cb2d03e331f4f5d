"""What is taken away after its time, by a background task; and that the log keeps its day."""

from datetime import timedelta

import pytest
from background_task.models import CompletedTask, Task

from patients import clock
from patients.events import oldest_number, read_log
from patients.models import Event, IdempotencyKey, SignIn, SignInFailure
from patients.services import housekeeping
from patients.services.housekeeping import TASK_NAME, clear_expired
from patients.services.sign_ins import KEEP_ENDED
from patients.worker import HOUSEKEEPING_INTERVAL, Worker
from tests.factories import make_user
from tests.services.builders import at

DAY, MOMENT = timedelta(hours=24), timedelta(seconds=1)


@pytest.fixture
def set_clock(monkeypatch):
    """Sets the clock to an instant, where it stands still."""
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)


def log(*instants):
    """A log of events that were committed at these instants, in this order."""
    Event.objects.all().delete()
    return [
        Event.objects.create(number=number, stream="patients", frame="{}", created_at=instant).number
        for number, instant in enumerate(instants, start=1)
    ]


def complete_tasks(*instants):
    """Tasks that were completed, of these times."""
    for instant in instants:
        CompletedTask.objects.create(
            task_name="tests.done", task_params="[[], {}]", task_hash="", run_at=instant
        )


def numbers():
    return [entry.number for entry in read_log(after=0)]


@pytest.mark.django_db
def test_events_are_kept_for_24_hours_and_then_taken_away():
    now = at(48)
    expired, kept = now - DAY - MOMENT, now - DAY
    log(expired, expired, kept, now)
    assert clear_expired(now=now) is False
    assert numbers() == [3, 4]
    assert oldest_number() == 3


@pytest.mark.django_db
def test_a_clock_that_was_set_back_makes_no_hole_in_the_log():
    now = at(48)
    log(now, now - 2 * DAY, now)
    clear_expired(now=now)
    assert numbers() == [1, 2, 3]


@pytest.mark.django_db
def test_what_is_taken_away_at_once_is_bounded_and_the_next_portion_is_asked_for(monkeypatch):
    monkeypatch.setattr(housekeeping, "MOST_AT_ONCE", 2)
    log(*[at(0)] * 5)
    assert [clear_expired(now=at(48)) for _ in range(3)] == [True, True, False]
    assert numbers() == []


@pytest.mark.django_db
def test_completed_tasks_are_kept_for_a_week():
    now = at(24 * 30)
    complete_tasks(now - timedelta(days=7) - MOMENT, now - timedelta(days=7), now)
    assert clear_expired(now=now) is False
    assert [task.run_at for task in CompletedTask.objects.order_by("run_at")] == [
        now - timedelta(days=7), now,
    ]  # fmt: skip


@pytest.mark.django_db
def test_of_completed_tasks_too_a_portion_is_taken_away_at_once(monkeypatch):
    monkeypatch.setattr(housekeeping, "MOST_AT_ONCE", 2)
    log(at(48))
    complete_tasks(*[at(0)] * 3)
    assert [(clear_expired(now=at(24 * 8)), CompletedTask.objects.count()) for _ in range(2)] == [
        (True, 1), (False, 0),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_worker_clears_at_its_start_and_every_hour_in_as_many_portions_as_it_takes(
    set_clock, monkeypatch
):
    monkeypatch.setattr(housekeeping, "MOST_AT_ONCE", 2)
    start = clock.now()
    user, long_ago = make_user(), start - timedelta(days=2)
    last = log(*[long_ago] * 5, start)[-1]
    IdempotencyKey.objects.create(user=user, key="old", request_hash="", response="{}", created_at=long_ago)
    SignInFailure.objects.create(username="old", at=long_ago)
    ended_at = start - KEEP_ENDED - MOMENT
    SignIn.objects.create(user=user, token_hash="old", expires_at=ended_at, ended_at=ended_at)
    worker = Worker()
    set_clock(start)
    worker.run_due()
    assert numbers() == [last]
    assert not IdempotencyKey.objects.exists()
    assert not SignInFailure.objects.exists()
    assert not SignIn.objects.exists()
    SignInFailure.objects.create(username="old", at=long_ago)
    set_clock(start + HOUSEKEEPING_INTERVAL - MOMENT)
    worker.run_due()
    assert SignInFailure.objects.exists()
    set_clock(start + HOUSEKEEPING_INTERVAL)
    worker.run_due()
    assert not SignInFailure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_task_that_waits_is_not_planned_again_and_one_that_vanished_is(background_tasks_stand_still):
    Worker().run_due()
    Worker().run_due()
    assert Task.objects.filter(task_name=TASK_NAME).count() == 1
    Task.objects.all().delete()
    Worker().run_due()
    assert Task.objects.filter(task_name=TASK_NAME).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_was_set_back_does_not_put_it_off(background_tasks_stand_still, set_clock):
    worker = Worker()
    set_clock(at(24 * 300))
    worker.run_due()
    Task.objects.all().delete()
    set_clock(at(0))
    worker.run_due()
    assert Task.objects.filter(task_name=TASK_NAME).exists()


@pytest.fixture
def background_tasks_stand_still(monkeypatch):
    monkeypatch.setattr(Worker, "_run_next_task", lambda self: False)
