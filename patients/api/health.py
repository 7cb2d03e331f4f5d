"""Whether this process lives, and whether it should be sent requests. Neither asks who is there."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import clock, storage
from ..selectors import newest_beat

REDIS_TIMEOUT: Final = 1.0  # seconds


@dataclass
class State:
    """Set by the server: a process that serves is ready unless it says otherwise."""

    is_ready: bool = True
    is_stopping: bool = False
    requests_in_flight: int = 0
    has_all_migrations: bool = False  # once applied they stay so: looking takes a tenth of a second


state = State()


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 while this process can serve, or 503 with the names of what is missing for it.

    What all processes lack alike, a worker or Redis, only degrades it: a proxy that asks must not take all away.
    """
    health = look()
    return _answer(health, is_well=not health.missing)


@never_cache
@require_safe
def full(request: HttpRequest) -> JsonResponse:
    """200 while nothing at all is missing, or 503: for whoever waits until a ward runs as it should."""
    health = look()
    return _answer(health, is_well=not health.missing and not health.degraded)


class Health(NamedTuple):
    """What keeps this process from serving, and what it serves without."""

    missing: list[str]
    degraded: list[str]


def look() -> Health:
    """How this process is. Nothing is written to find out."""
    missing, degraded = _look_at_database()
    if state.is_stopping:
        missing.insert(0, "shutting down")
    elif not state.is_ready:
        missing.insert(0, "starting")
    if settings.REDIS_URL and not _redis_answers():
        degraded.append("redis")
    return Health(missing, degraded)


def _answer(health: Health, *, is_well: bool) -> JsonResponse:
    if is_well:
        return JsonResponse({"status": "ready", "degraded": health.degraded})
    answer = JsonResponse({"status": "not ready", **health._asdict()}, status=503)
    # Who waits asks again and again: an answer, and not an error that Django logs.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _look_at_database() -> Health:
    now = clock.now()
    try:
        connection.ensure_connection()
        if not _migrations_are_applied():
            return Health(["migrations"], [])
        beat_at = newest_beat(now=now)
    except (DatabaseError, InterfaceError):
        return Health(["database"], [])
    return Health(
        [] if storage.takes_writes(now=now, newest_beat=beat_at) else ["database"],
        [] if beat_at is not None else ["worker"],
    )


def _migrations_are_applied() -> bool:
    if not state.has_all_migrations:
        executor = MigrationExecutor(connection)
        state.has_all_migrations = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return state.has_all_migrations


def _redis_answers() -> bool:
    try:
        return bool(_redis(settings.REDIS_URL).ping())
    except redis.RedisError:
        return False


@lru_cache(maxsize=1)
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)
