"""`/health/live` and `/health/ready`: who asks, and what is named as missing."""

from datetime import timedelta

import pytest
import redis
from django.db import OperationalError

from patients import clock
from patients.api import health
from patients.models import WorkerHeartbeat


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch, settings):
    """A process that has not looked yet, without Redis."""
    monkeypatch.setattr(health, "state", health.State())
    settings.REDIS_URL = ""


@pytest.fixture
def worker(db, at) -> WorkerHeartbeat:
    """It beat just now, however long the test takes."""
    at(clock.now())
    return WorkerHeartbeat.objects.create(name="worker-1", beat_at=clock.now())


def missing(client) -> list[str]:
    response = client.get("/health/ready")
    assert response.status_code == 503
    return response.json()["missing"]


def test_live_asks_nobody_and_nothing(client):
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_ready_while_everything_is_there_without_signing_in(client, worker):
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert "no-store" in response["Cache-Control"]


def test_looking_again_is_cheap(client, worker, django_assert_max_num_queries):
    client.get("/health/ready")
    with django_assert_max_num_queries(1):
        client.get("/health/ready")


@pytest.mark.django_db
def test_not_ready_before_any_worker(client):
    assert missing(client) == ["worker"]


def test_not_ready_with_a_worker_silent_for_more_than_ten_seconds(client, worker, at):
    at(worker.beat_at + timedelta(seconds=10))
    assert client.get("/health/ready").status_code == 200
    at(worker.beat_at + timedelta(seconds=11))
    assert missing(client) == ["worker"]
    WorkerHeartbeat.objects.create(name="worker-2", beat_at=clock.now())
    assert client.get("/health/ready").status_code == 200


def test_not_ready_while_starting_and_shutting_down(client, worker):
    health.state.is_ready = False
    assert missing(client) == ["starting"]
    health.state.is_stopping = True
    assert missing(client) == ["shutting down"]


@pytest.mark.django_db
def test_not_ready_with_migrations_to_apply(client, monkeypatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: ["0002"])
    assert missing(client) == ["migrations"]


def test_not_ready_without_the_database(client, monkeypatch):
    def fail():
        raise OperationalError("connection refused at 10.0.0.1")

    monkeypatch.setattr(health.connection, "ensure_connection", fail)
    assert missing(client) == ["database"]


def test_not_ready_without_redis_where_it_is_set(client, worker, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert missing(client) == ["redis"]
    monkeypatch.setattr(redis.Redis, "ping", lambda _self: True)
    assert client.get("/health/ready").status_code == 200


def test_health_is_only_read(client):
    assert client.post("/health/live").status_code == 405
