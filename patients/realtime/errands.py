"""What a request or an action needs a thread for: who asks, whether it writes or reads much, and on which lane."""

import hashlib
from typing import Any, Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import parse_cookie

from ..api.pages import API_PATHS
from .threads import FILES, IMPORTS, PASSWORDS, Errand, Lane

MANY_ROWS: Final = 100  # as many as a list has where nobody asks for more
READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

IMPORT_PATHS: Final = ("/api/patients/import/",)
LIVE_PATH: Final = "/health/live"
# All else that is read is a file or the application's shell.
DATABASE_PATHS: Final = frozenset({*API_PATHS, "admin"})

# Where a password is hashed: a wrong one and an unknown user's take as long as a right one.
PASSWORD_PATHS: Final = (
    "/rest-auth/login/",
    "/rest-auth/password/change/",
    "/admin/login/",
    "/admin/password_change/",
    "/admin/auth/user/",
)


def errand_of_request(scope: dict[str, Any]) -> Errand:
    """By the credentials that an HTTP request shows, true or not; without any by its address."""
    return Errand(
        asker=_asker_of(scope),
        writes=scope["method"] not in READING_METHODS,
        is_heavy=scope["method"] == "GET" and _asks_for_much(scope.get("query_string", b"")),
    )


def lane_of_request(scope: dict[str, Any]) -> Lane | None:
    """The threads that an HTTP request runs on; None: those that all share."""
    if scope["method"] == "POST":
        if scope["path"].startswith(IMPORT_PATHS):
            return IMPORTS
        if scope["path"].startswith(PASSWORD_PATHS):
            return PASSWORDS
    elif scope["path"] == LIVE_PATH or scope["path"].lstrip("/").partition("/")[0] not in DATABASE_PATHS:
        return FILES
    return None


def errand_of_action(user_id: int, payload: dict[str, Any], *, reading: frozenset[str]) -> Errand:
    """By the payload of a socket's frame, whatever it holds; `reading`: the actions that write nothing."""
    name, limit = payload.get("action"), payload.get("limit")
    return Errand(
        asker=("user", user_id),
        writes=not isinstance(name, str) or name not in reading,
        is_heavy=isinstance(limit, int) and limit > MANY_ROWS,
    )


def _asker_of(scope: dict[str, Any]) -> Any:
    cookies = []
    for name, value in scope.get("headers", ()):
        if name == b"authorization":
            return ("key", hashlib.sha256(value).digest())
        if name == b"cookie":
            cookies.append(value.decode("latin-1"))
    session_key = parse_cookie("; ".join(cookies)).get(settings.SESSION_COOKIE_NAME)
    if session_key:
        return ("session", hashlib.sha256(session_key.encode()).digest())
    client = scope.get("client")
    return ("address", client[0] if client else "")


def _asks_for_much(query_string: bytes) -> bool:
    query = dict(parse_qsl(query_string.decode("latin-1")))
    limit = query.get("limit", "")
    return query.get("format") == "csv" or (limit.isdecimal() and int(limit[:9]) > MANY_ROWS)
