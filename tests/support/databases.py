"""Databases for tests: migrated once in a run, copied for every stack and for Django's own tests."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from psycopg2 import sql

from tests.support.people import MAKE_PEOPLE
from tests.support.processes import manage
from tests.support.run_folder import locked, run_folder
from tests.support.servers import databases_of, fresh_database, postgres_server, run_on_server

EMPTY = "wardlight_template_empty"
WITH_PEOPLE = "wardlight_template_people"
MAKING = "wardlight_template_in_the_making"


@contextmanager
def database(
    engine: str, *, folder: Path, has_people: bool = True, server: str | None = None
) -> Iterator[str]:
    """The URL of a fresh database with schema and roles, gone afterwards.

    Args:
        engine: `sqlite` or `postgres`.
        folder: where the file of an SQLite database goes.
        has_people: with the users of people.py and their sign-ins.
        server: another PostgreSQL server than the one that the run shares.
    """
    name = WITH_PEOPLE if has_people else EMPTY
    if engine == "postgres":
        server = server or postgres_server()
        with locked("postgres-template"):
            _make_on_postgres(server)
        with fresh_database(server, template=_on(server, name)) as url:
            yield url
    else:
        with locked("sqlite-template"):
            _make_files()
        path = folder / "wardlight.sqlite3"
        shutil.copyfile(_file(name), path)
        yield f"sqlite:///{path}"


def _make_on_postgres(server: str) -> None:
    """Each template gets its name when it is whole: of one whose maker was killed nothing is used."""
    there = databases_of(server)
    for name, template in ((EMPTY, None), (WITH_PEOPLE, EMPTY)):
        if name in there:
            continue
        run_on_server(server, sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(MAKING)))
        source = sql.Identifier(template or "template1")
        run_on_server(
            server, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(MAKING), source)
        )
        _fill(_on(server, MAKING), name=name)
        run_on_server(
            server,
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(MAKING), sql.Identifier(name)),
        )


def _make_files() -> None:
    for name, template in ((EMPTY, None), (WITH_PEOPLE, EMPTY)):
        if _file(name).exists():
            continue
        making = _file(MAKING)
        making.unlink(missing_ok=True)
        if template is not None:
            shutil.copyfile(_file(template), making)
        _fill(f"sqlite:///{making}", name=name)
        with closing(sqlite3.connect(making)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        making.rename(_file(name))


def _fill(url: str, *, name: str) -> None:
    configuration = {"DATABASE_URL": url}
    if name == EMPTY:
        manage("migrate", "--verbosity", "0", configuration=configuration)
    else:
        manage("shell", "--verbosity", "0", "--command", MAKE_PEOPLE, configuration=configuration)


def _file(name: str) -> Path:
    return run_folder() / f"{name}.sqlite3"


def _on(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
