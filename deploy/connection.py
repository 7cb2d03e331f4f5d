"""Which database Wardlight is configured for: what deploy/backup and deploy/restore share."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


def set_up() -> dict[str, Any]:
    """Load Wardlight's settings, in its own environment, and give the database's. What is written is the owner's."""
    os.umask(0o077)
    python = PROJECT / ".venv" / "bin" / "python"
    try:
        import django
    except ImportError:
        if not python.exists():
            raise
        os.execv(python, [str(python), *sys.argv])  # started by the system's Python
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings

    database: dict[str, Any] = settings.DATABASES["default"]
    return database


def is_sqlite(database: dict[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


def postgres_address() -> str:
    """Where PostgreSQL is, as its tools take it for --dbname; the password is in `postgres_environment`."""
    from psycopg2.extensions import make_dsn

    return str(make_dsn(**{name: value for name, value in _parameters().items() if name != "password"}))


def postgres_environment() -> dict[str, str]:
    """With the password: in the arguments it would stand in the list of processes."""
    password = _parameters().get("password")
    return {**os.environ, "PGPASSWORD": str(password)} if password else dict(os.environ)


def run_postgres_tool(*command: str) -> int:
    """Run pg_dump or pg_restore, which say themselves what went wrong; their exit code. SystemExit without them."""
    try:
        return subprocess.run(command, env=postgres_environment(), check=False).returncode
    except FileNotFoundError:
        needed = f"{command[0]} is needed, of the server's version or newer (on Debian: postgresql-client)."
        raise SystemExit(needed) from None


def _parameters() -> dict[str, str]:
    from django.db import connection

    given = connection.get_connection_params()
    return {name: str(value) for name, value in given.items() if isinstance(value, str | int) and value != ""}
