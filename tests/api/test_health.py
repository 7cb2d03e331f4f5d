"""`/health/live`, `/health/ready` and `/health/full`: who asks, and what is named as missing."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from patients import clock, storage
from patients.api import health
from patients.api.errors import answer_of
from patients.models import WorkerHeartbeat
from tests.factories import client_of

pytestmark = pytest.mark.home("sqlite")


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch, settings):
    """A process that has not looked yet, without Redis."""
    monkeypatch.setattr(health, "state", health.State())
    monkeypatch.setattr(storage, "_failed_at", None)
    settings.REDIS_URL = ""


@pytest.fixture
def worker(db, at) -> WorkerHeartbeat:
    """It beat just now, however long the test takes."""
    at(clock.now())
    return WorkerHeartbeat.objects.create(name="worker-1", beat_at=clock.now())


def missing(client) -> list[str]:
    """What keeps it from serving, of which nothing is only degraded."""
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert client.get("/health/full").status_code == 503
    return response.json()["missing"]


def degraded(client) -> list[str]:
    """What it serves without, all the same."""
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    full = client.get("/health/full")
    assert (full.status_code, full.json()["missing"]) == (503, [])
    assert full.json()["degraded"] == response.json()["degraded"]
    return response.json()["degraded"]


def test_live_asks_nobody_and_nothing(client):
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


@pytest.mark.parametrize("path", ["/health/ready", "/health/full"])
def test_ready_while_everything_is_there_without_signing_in(client, worker, path):
    response = client.get(path)
    assert (response.status_code, response.json()) == (200, {"status": "ready", "degraded": []})
    assert "no-store" in response["Cache-Control"]


def test_looking_again_is_cheap(client, worker, django_assert_max_num_queries):
    client.get("/health/ready")
    with django_assert_max_num_queries(1):
        client.get("/health/ready")


@pytest.mark.django_db
def test_degraded_before_any_worker(client):
    assert degraded(client) == ["worker"]


@pytest.mark.django_db
def test_who_waits_for_it_leaves_no_errors_in_the_log(client, caplog):
    assert client.get("/health/full").status_code == 503
    assert caplog.records == []


def test_degraded_with_a_worker_silent_for_more_than_ten_seconds(client, worker, at):
    at(worker.beat_at + timedelta(seconds=10))
    assert client.get("/health/full").status_code == 200
    at(worker.beat_at + timedelta(seconds=11))
    assert degraded(client) == ["worker"]
    WorkerHeartbeat.objects.create(name="worker-2", beat_at=clock.now())
    assert client.get("/health/full").status_code == 200


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


def test_degraded_without_redis_where_it_is_set(client, worker, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert degraded(client) == ["redis"]
    worker.delete()
    assert degraded(client) == ["worker", "redis"]
    worker.save()
    monkeypatch.setattr(redis.Redis, "ping", lambda _self: True)
    assert client.get("/health/full").status_code == 200


# ---------------------------------------------------------------- a full disk
@contextmanager
def full_database() -> Iterator[None]:
    """No row is taken any more: SQLite may not grow, PostgreSQL answers as with a full disk."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}")
        else:
            cursor.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END$$"
            )
            cursor.execute(
                "CREATE TRIGGER full_disk BEFORE INSERT ON patients_patient EXECUTE FUNCTION full_disk()"
            )
        yield
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA max_page_count = 1073741823")
        else:
            cursor.execute("DROP TRIGGER full_disk ON patients_patient")
            cursor.execute("DROP FUNCTION full_disk")


def admit_until_refused(lead) -> Any:
    """The first answer that is not 201: on SQLite a few pages have room left."""
    for _ in range(200):
        response = lead.post("/api/patients/", {"first_name": "Ada", "diagnosis": "x" * 200})
        if response.status_code != 201:
            return response
    raise AssertionError("the database takes everything")


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_said_on_saving_and_the_process_is_not_ready_until_a_write_is_kept(client, worker):
    lead = client_of("lead")
    with full_database():
        response = admit_until_refused(lead)
        assert response.status_code == 507
        assert "disk of the server is full" in response.json()["detail"]
        assert "not known whether this was stored" in response.json()["detail"]
        assert response["Retry-After"] == "5"
        assert missing(client) == ["database"]
        assert client.get("/health/ready").json()["degraded"] == []
    assert missing(client) == ["database"], "nobody has seen that there is room"
    assert lead.post("/api/patients/", {"first_name": "Ada"}).status_code == 201
    assert client.get("/health/full").status_code == 200


def test_writes_are_taken_again_when_a_worker_wrote_or_half_a_minute_is_over():
    now = clock.now()
    error = OperationalError("database or disk is full")
    error.__cause__ = sqlite3.OperationalError()
    error.__cause__.sqlite_errorcode = sqlite3.SQLITE_FULL
    storage.note_failed(error, now=now)

    def takes(*, seconds: int, beat: int | None = None) -> bool:
        at = now + timedelta(seconds=seconds)
        return storage.takes_writes(
            now=at, newest_beat=None if beat is None else now + timedelta(seconds=beat)
        )

    assert [takes(seconds=seconds) for seconds in (0, 30, 31)] == [False, False, True]
    assert [takes(seconds=5, beat=beat) for beat in (-1, 0, 1)] == [False, False, True]


@pytest.mark.parametrize(
    "error", [OperationalError("server closed the connection"), DatabaseError(), InterfaceError()], ids=repr
)
def test_an_error_that_says_nothing_of_the_disk_is_none_of_it(error):
    storage.note_failed(error, now=clock.now())
    assert storage.takes_writes(now=clock.now(), newest_beat=None)


def test_too_little_free_space_beside_an_sqlite_file_keeps_from_serving(client, worker, monkeypatch):
    usage = shutil.disk_usage("/")
    for free, is_ready in (
        (storage.LEAST_FREE, True),
        (storage.LEAST_FREE - 1, connection.vendor != "sqlite"),
    ):
        monkeypatch.setattr(storage.shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert (client.get("/health/ready").status_code == 200) is is_ready


def test_asking_writes_nothing(client, worker, django_assert_max_num_queries):
    client.get("/health/full")
    with CaptureQueriesContext(connection) as queries:
        client.get("/health/ready")
        client.get("/health/full")
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_is_full_where_files_are_put_aside_is_507(number, caplog):
    status, body = answer_of(OSError(number, "/tmp/x"))
    assert status == 507
    assert "/tmp" not in body["detail"]


def test_health_is_only_read(client):
    assert client.post("/health/live").status_code == 405
