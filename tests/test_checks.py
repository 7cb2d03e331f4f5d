"""`manage.py check`: what it says of configurations that would fail a ward."""

from datetime import timedelta

import pytest

from patients import checks, clock
from patients.models import WorkerHeartbeat


def ids(messages) -> list[str]:
    return [message.id for message in messages]


def test_the_reminders_task_is_registered(monkeypatch):
    from background_task.tasks import tasks

    assert checks.check_tasks(None) == []
    monkeypatch.setattr(tasks, "_tasks", {})
    assert ids(checks.check_tasks(None)) == ["wardlight.E001"]


def test_every_host_is_no_host(settings):
    settings.ALLOWED_HOSTS = ["ward.example.org"]
    assert checks.check_hosts(None) == []
    settings.ALLOWED_HOSTS = ["ward.example.org", "*"]
    assert ids(checks.check_hosts(None)) == ["wardlight.E002"]


@pytest.mark.parametrize(
    "layer, engine, expected",
    [
        ("channels.layers.InMemoryChannelLayer", "sqlite3", ["wardlight.E003"]),
        ("channels_redis.pubsub.RedisPubSubChannelLayer", "postgresql", []),
        (None, "sqlite3", []),
        (None, "postgresql", ["wardlight.W004"]),
    ],
)
def test_processes_need_a_doorbell(settings, monkeypatch, layer, engine, expected):
    settings.CHANNEL_LAYERS = {} if layer is None else {"default": {"BACKEND": layer}}
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", f"django.db.backends.{engine}")
    assert ids(checks.check_doorbell(None)) == expected


@pytest.mark.django_db
def test_a_silent_worker_is_named_where_the_database_is_asked():
    assert checks.check_worker(None) == []
    assert ids(checks.check_worker(None, databases=["default"])) == ["wardlight.W005"]
    worker = WorkerHeartbeat.objects.create(name="worker", beat_at=clock.now())
    assert checks.check_worker(None, databases=["default"]) == []
    worker.beat_at -= timedelta(minutes=1)
    worker.save()
    assert ids(checks.check_worker(None, databases=["default"])) == ["wardlight.W005"]
