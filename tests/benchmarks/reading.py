"""What a page of a list costs in a database of a million versions and reports: part of `make bench`.

For SQLite and PostgreSQL one after the other: a fresh database is filled by the database itself, then each address
is asked for in this process. The figures are milliseconds of the server's own time (the view, the database, the JSON),
medians of REPEATS, without a network; with `--processor-time` only what this process's thread worked, which other load
on the machine disturbs less: SQLite's share is in it, PostgreSQL's is not. Page 9,000 is reached by the cursor that its
predecessor's `next` would hold.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.processes import CONFIGURATION
from tests.support.servers import postgres_server

REPEATS, WARM_UPS = 21, 3
Clock = Callable[[], float]
PATIENTS = 300
SECONDS_APART = 30  # from one report to the next, over all patients: a million take 347 days
FIRST_AT = datetime(2025, 1, 1, tzinfo=UTC)
FAR_PAGE = 9_000
PAGE_SIZE = 100
WANTED_MS = 4.0
# Every status is rare: nearly all reports have none.
STATUS_EVERY = {"febrile": 200, "critical": 1_000}


@dataclass(frozen=True)
class Asked:
    """One address of a list: near its beginning and, where `is_long`, far behind it."""

    subject: str
    query: str
    is_long: bool = True


ASKED = (
    *(Asked("history", f"ordering={sign}{name}") for name in ("history_id", "history_date", "datetime", "id")
      for sign in ("-", "")),
    *(Asked("reports", f"ordering={sign}{name}") for name in ("datetime", "id") for sign in ("-", "")),
    Asked("history", "patient=7", is_long=False),
    Asked("history", "patient=7&ordering=-datetime", is_long=False),
    Asked("history", "report=70000", is_long=False),
    Asked("history", "status=critical", is_long=False),
    Asked("history", "status=febrile&ordering=-datetime", is_long=False),
    Asked("history", "{week}", is_long=False),
    Asked("history", "{week}&ordering=datetime", is_long=False),
    Asked("history", "{all}"),
    Asked("history", "{week}&patient=7&ordering=-datetime", is_long=False),
    Asked("reports", "patient=7", is_long=False),
    Asked("reports", "patient=7&ordering=-id", is_long=False),
    Asked("reports", "{week}", is_long=False),
    Asked("reports", "status=critical", is_long=False),
    Asked("patients", "status=active&limit=1000", is_long=False),
    Asked("patients", "search=7&limit=100", is_long=False),
    Asked("notifications", "patient=7", is_long=False),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many reports, and as many versions")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), help="one only; both where not given")
    parser.add_argument(
        "--processor-time", action="store_true", help="of the thread, in place of elapsed time"
    )
    parser.add_argument(
        "--measure", help=argparse.SUPPRESS
    )  # in the process that has the database's settings
    options = parser.parse_args()
    if options.measure:
        clock = time.thread_time if options.processor_time else time.perf_counter
        measure(options.measure, rows=options.rows, clock=clock)
        return 0
    for engine in [options.engine] if options.engine else ["sqlite", "postgres"]:
        with database_of(engine) as url:
            command = [sys.executable, "-m", "tests.benchmarks.reading", "--measure", engine]
            command += ["--processor-time"] if options.processor_time else []
            environment = {**os.environ, **CONFIGURATION, "DATABASE_URL": url}
            subprocess.run([*command, f"--rows={options.rows}"], env=environment, check=True)
    return 0


@contextmanager
def database_of(engine: str) -> Iterator[str]:
    if engine == "postgres":
        with postgres_server() as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'reading.sqlite3'}"


def measure(engine: str, *, rows: int, clock: Clock) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    started = time.monotonic()
    fill(rows)
    print(f"\n{engine}: {rows:,} reports and versions, filled in {time.monotonic() - started:.0f} s")
    print(f"{'list':<58}{'page 1':>9}{f'page {min(FAR_PAGE, far_row(rows) // PAGE_SIZE):,}':>12}   ms")
    slow = 0
    for asked in ASKED:
        figures = [median_ms(asked.subject, query_of(asked, rows=rows), clock=clock)]
        if asked.is_long:
            figures.append(median_ms(asked.subject, far_query(asked, rows=rows), clock=clock))
        slow += sum(figure > WANTED_MS for figure in figures if "limit=1000" not in asked.query)
        text = "".join(f"{figure:>{width}.1f}" for figure, width in zip(figures, (9, 12), strict=False))
        print(f"{asked.subject + '?' + query_of(asked, rows=rows):<58.57}{text}")
    print(
        f"{'the page of a patient: patient, 100 reports, told, plan':<58}{patient_page_ms(clock=clock):>9.1f}"
    )
    print(f"over {WANTED_MS} ms: {slow}")


# ---------------------------------------------------------------- filling


def fill(rows: int) -> None:
    """Patients and a first report of each by the services; then copies of it, made by the database."""
    from django.db import connection, transaction

    from patients.models import Patient, Report
    from patients.selectors import HistoricalReport
    from tests.factories import make_patient, make_report, make_user

    lead = make_user("lead", username="lead")
    with transaction.atomic():
        first = make_patient(by=lead, now=FIRST_AT, admission_date=FIRST_AT)
        report = make_report(first, by=lead, now=FIRST_AT)
        for _ in range(PATIENTS - 1):
            make_patient(by=lead, now=FIRST_AT, admission_date=FIRST_AT)
    assert (first.pk, report.pk) == (1, 1), "the database is not empty"
    assert Patient.objects.count() == PATIENTS
    for model in (Report, HistoricalReport):
        _copy_row(model, rows=rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # the copies brought their numbers along
            for table, key in (("patients_report", "id"), ("patients_historicalreport", "history_id")):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), {rows})")
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _copy_row(model: Any, *, rows: int) -> None:
    from django.db import connection

    is_postgres = connection.vendor == "postgresql"
    series = (
        f"SELECT i FROM generate_series(2, {rows}) AS i"
        if is_postgres
        else f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n"
    )
    seconds = f"{int(FIRST_AT.timestamp())} + i * {SECONDS_APART}"
    instant = (
        f"to_timestamp({seconds})"
        if is_postgres
        else f"strftime('%Y-%m-%d %H:%M:%S', {seconds}, 'unixepoch')"
    )
    statuses = "".join(f"WHEN i % {every} = 0 THEN '{name}' " for name, every in STATUS_EVERY.items())
    made = {
        model._meta.pk.column: "i",
        "id": "i",
        "history_relation_id": "i",
        "patient_id": f"1 + i % {PATIENTS}",
        "datetime": instant,
        "history_date": instant,
        "status": f"CASE {statuses}ELSE '' END",
    }
    columns = [field.column for field in model._meta.concrete_fields]
    quoted = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(made.get(column, f'template."{column}"') for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({quoted}) SELECT {values} FROM "{table}" AS template, ({series}) AS numbers'
            f' WHERE template."{model._meta.pk.column}" = 1'
        )


# ---------------------------------------------------------------- asking


def query_of(asked: Asked, *, rows: int) -> str:
    week_ends = FIRST_AT.timestamp() + rows * SECONDS_APART / 2
    week_begins = week_ends - 7 * 86_400
    week = f"since={_text(week_begins)}&until={_text(week_ends)}"
    return asked.query.format(week=week, all=f"since={_text(FIRST_AT.timestamp())}")


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def far_row(rows: int) -> int:
    return min((FAR_PAGE - 1) * PAGE_SIZE, rows * 9 // 10)


def far_query(asked: Asked, *, rows: int) -> str:
    """The query with the cursor that leads on from the row before the far page."""
    from patients.api import pagination
    from patients.api.listing import RESOURCES

    resource = RESOURCES[asked.subject]
    query = query_of(asked, rows=rows)
    ordering = next((part[9:] for part in query.split("&") if part.startswith("ordering=")), None)
    queryset = resource.rows()
    default = (resource.ordering_in_period if "since=" in query else None) or resource.default_ordering
    terms = pagination.read_ordering(
        ordering, allowed=resource.orderings, default=default, model=queryset.model
    )
    keys = queryset.order_by(*(term.order_by() for term in terms)).values_list("pk", flat=True)
    row = queryset.get(pk=keys[far_row(rows)])
    return f"{query}&cursor={pagination.write_cursor(row, terms=terms, is_backward=False)}"


def median_ms(subject: str, query: str, *, clock: Clock) -> float:
    taken = [_ask(f"/api/{subject}/?{query}", clock=clock) for _ in range(REPEATS + WARM_UPS)]
    return statistics.median(taken[WARM_UPS:])


def patient_page_ms(*, clock: Clock) -> float:
    paths = (
        "/api/patients/7/",
        "/api/reports/?patient=7&limit=100",
        "/api/notifications/?patient=7",
        "/api/patients/7/pauses/",
    )
    return statistics.median(sum(_ask(path, clock=clock) for path in paths) for _ in range(REPEATS))


def _ask(path: str, *, clock: Clock) -> float:
    """Milliseconds that one GET takes in this process, from the resolved view to the encoded body."""
    from django.contrib.auth.models import User
    from django.urls import resolve
    from rest_framework.test import APIRequestFactory, force_authenticate

    request = APIRequestFactory().get(path, SERVER_NAME="localhost")
    force_authenticate(request, User.objects.get(username="lead"))
    match = resolve(request.path_info)
    started = clock()
    response = match.func(request, *match.args, **match.kwargs).render()
    taken = clock() - started
    assert response.status_code == 200, response.content
    return taken * 1000


if __name__ == "__main__":
    sys.exit(main())
