"""The users of a stack, and sign-ins that they have without asking for one: hashing a password takes half a second of
the server's processor time."""

import secrets
import sqlite3
import string
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2

from tests.support.waiting import DEADLINE

PASSWORD = "only for tests"
ROLES = ("viewer", "nurse", "doctor", "lead", "service")
"""One user of each role, named like it, and the superuser `admin`, all with `PASSWORD`."""

KEY = "key-of-the-test-{role}"
"""Of a sign-in that each user with a role has from the start."""

MAKE_PEOPLE = f"""
from datetime import timedelta
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.utils import timezone
from patients.models import SignIn
from patients.services.sign_ins import hash_key
password = make_password({PASSWORD!r})
for role in {ROLES!r}:
    user = User.objects.create(username=role, first_name=role.title(), last_name="Test", password=password)
    user.groups.add(Group.objects.get(name=role))
    token_hash, expires_at = hash_key({KEY!r}.format(role=role)), timezone.now() + timedelta(days=7)
    SignIn.objects.create(
        user=user, token_hash=token_hash, auth_hash=user.get_session_auth_hash(), expires_at=expires_at
    )
User.objects.create(username="admin", password=password, is_staff=True, is_superuser=True)
"""


def new_session(database_url: str, *, username: str) -> str:
    """The key of a browser session, signed in as one of the roles' users on a device of its own: a cookie's value.

    Written past the application, as signing in through the page would have written it.
    """
    from django.contrib.sessions.backends.db import SessionStore

    from patients.services.sign_ins import hash_key

    key = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(32))
    now = datetime.now(UTC)
    begun, ends = (f"{instant:%Y-%m-%d %H:%M:%S.%f}" for instant in (now, now + timedelta(days=7)))
    _write(
        database_url,
        {
            "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (?, ?, ?)": (
                key,
                SessionStore().encode({}),
                ends,
            ),
            "INSERT INTO patients_signin"
            " (token_hash, session_hash, device, created_at, last_used_at, expires_at, user_id, auth_hash)"
            " SELECT ?, ?, ?, ?, ?, ?, auth_user.id, MAX(auth_hash) FROM auth_user"
            " JOIN patients_signin ON user_id = auth_user.id WHERE username = ? GROUP BY auth_user.id": (
                secrets.token_hex(32),
                hash_key(key),
                "Mozilla/5.0 (of a test)",
                begun,
                begun,
                ends,
                username,
            ),
        },
    )
    return key


def _write(database_url: str, statements: dict[str, tuple[str, ...]]) -> None:
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=DEADLINE)) as connection, connection:
            for statement, values in statements.items():
                connection.execute(statement, values)
        return
    with (
        closing(psycopg2.connect(database_url, options="-c timezone=UTC")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        for statement, values in statements.items():
            cursor.execute(statement.replace("?", "%s"), values)
