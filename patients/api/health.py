"""Whether this process lives, and whether it should be sent requests. Neither asks who is there."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import clock
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
    """200, or 503 with the names of what is missing."""
    missing = find_missing()
    if missing:
        return JsonResponse({"status": "not ready", "missing": missing}, status=503)
    return JsonResponse({"status": "ready"})


def find_missing() -> list[str]:
    """What keeps this process from serving; an empty list where nothing does."""
    missing = []
    if state.is_stopping:
        missing.append("shutting down")
    elif not state.is_ready:
        missing.append("starting")
    missing += _missing_of_database()
    if settings.REDIS_URL and not _redis_answers():
        missing.append("redis")
    return missing


def _missing_of_database() -> list[str]:
    try:
        connection.ensure_connection()
        if not _migrations_are_applied():
            return ["migrations"]
        is_worked = newest_beat(now=clock.now()) is not None
    except DatabaseError:
        return ["database"]
    return [] if is_worked else ["worker"]


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
