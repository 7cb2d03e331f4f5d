"""What a page of a list costs in a database of a million versions and reports: part of `make bench`.

For SQLite and PostgreSQL one after the other: a fresh database is filled by the database itself, then each address
is asked for in this process. The figures are milliseconds of the server's own time (sign-in, view, database, JSON),
medians of REPEATS, without a network; with `--processor-time` only what this process's thread worked, which other load
on the machine disturbs less: SQLite's share is in it, PostgreSQL's is not. Page 9,000 is reached by the cursor that its
predecessor's `next` would hold. The goal was set where a page of history took DRF 11 to 13 ms and its bare rows 2.4 to
2.9; both are measured again beside it, since machines differ.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.processes import CONFIGURATION
from tests.support.servers import leave_postgres_server, postgres_server

REPEATS, WARM_UPS = 21, 3
Clock = Callable[[], float]
PATIENTS = 5_000
ON_THE_WARDS = 1_000  # of them; the others are discharged
USERS = 200
KEY = "key-of-the-benchmark"
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
    Asked("patients", ""),
    Asked("patients", "ordering=last_name"),
    Asked("patients", "search=7&limit=100", is_long=False),
    Asked("patients", "search=byron+4711&limit=50", is_long=False),
    Asked("patients", "status=active&limit=1000", is_long=False),
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
        yield postgres_server()
        leave_postgres_server()
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
    print(f"{'list':<58}{'page 1':>9}{f'page {far_row(ASKED[0], rows=rows) // PAGE_SIZE + 1:,}':>12}   ms")
    for name, page_of_history in (
        ("a page of history by DRF's serializer", _stock_page),
        ("its bare rows, values() and orjson", _bare_page),
    ):
        print(f"{name:<58}{reference_ms(page_of_history, clock=clock):>9.1f}")
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
    """A patient and a report by the services; then copies of them, made by the database."""
    from django.contrib.auth.models import User
    from django.db import connection, transaction
    from django.db.models import F

    from patients import clock
    from patients.models import Patient, Report, SignIn
    from patients.selectors import HistoricalReport
    from patients.services.sign_ins import hash_key
    from tests.factories import make_patient, make_report, make_user

    lead = make_user("lead", username="lead")
    SignIn.objects.create(
        user=lead,
        token_hash=hash_key(KEY),
        auth_hash=lead.get_session_auth_hash(),
        expires_at=clock.now() + timedelta(days=1),
    )
    User.objects.bulk_create(User(username=f"nurse-{number}") for number in range(USERS))
    with transaction.atomic():
        first = make_patient(by=lead, now=FIRST_AT, admission_date=FIRST_AT)
        report = make_report(first, by=lead, now=FIRST_AT)
    assert (first.pk, report.pk) == (1, 1), "the database is not empty"
    _copy_row(
        Patient,
        rows=PATIENTS,
        made={
            "last_name": "'Byron ' || i",
            "dismissal_date": f"CASE WHEN i > {ON_THE_WARDS} THEN {_instant('i')} END",
            "next_due_at": f"CASE WHEN i <= {ON_THE_WARDS} THEN {_instant('i')} END",
            "last_report_id": "NULL",
            "last_scored_id": "NULL",
        },
    )
    observed = {
        "patient_id": f"1 + i % {PATIENTS}",
        "datetime": _instant("i"),
        "history_date": _instant("i"),
        "status": f"CASE {' '.join(_when(status) for status in STATUS_EVERY)} ELSE '' END",
    }
    for model in (Report, HistoricalReport):
        _copy_row(model, rows=rows, made={**observed, "id": "i", "history_relation_id": "i"})
    # A report of the newest each, as far apart on the disk as theirs are.
    newest = F("id") + max(0, rows - PATIENTS - 1)
    Patient.objects.filter(pk__lte=rows).update(last_report=newest, last_scored=newest)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # the copies brought their numbers along
            for table, key, last in (
                ("patients_patient", "id", PATIENTS),
                ("patients_report", "id", rows),
                ("patients_historicalreport", "history_id", rows),
            ):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), {last})")
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _copy_row(model: Any, *, rows: int, made: dict[str, str]) -> None:
    """The row 1 copied as 2 to `rows`; what differs is in `made`, as SQL in which `i` is the copy's number."""
    from django.db import connection

    series = (
        f"SELECT i FROM generate_series(2, {rows}) AS i"
        if connection.vendor == "postgresql"
        else f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n"
    )
    made = {**made, model._meta.pk.column: "i"}
    columns = [field.column for field in model._meta.concrete_fields]
    quoted = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(made.get(column, f'template."{column}"') for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({quoted}) SELECT {values} FROM "{table}" AS template, ({series}) AS numbers'
            f' WHERE template."{model._meta.pk.column}" = 1'
        )


def _instant(number: str) -> str:
    """As SQL: the instant of the report with this number."""
    from django.db import connection

    seconds = f"{int(FIRST_AT.timestamp())} + {number} * {SECONDS_APART}"
    if connection.vendor == "postgresql":
        return f"to_timestamp({seconds})"
    return f"strftime('%Y-%m-%d %H:%M:%S', {seconds}, 'unixepoch')"


def _when(status: str) -> str:
    return f"WHEN i % {STATUS_EVERY[status]} = 0 THEN '{status}'"


# ---------------------------------------------------------------- asking


def query_of(asked: Asked, *, rows: int) -> str:
    week_ends = FIRST_AT.timestamp() + rows * SECONDS_APART / 2
    week_begins = week_ends - 7 * 86_400
    week = f"since={_text(week_begins)}&until={_text(week_ends)}"
    return asked.query.format(week=week, all=f"since={_text(FIRST_AT.timestamp())}")


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def far_row(asked: Asked, *, rows: int) -> int:
    there = PATIENTS if asked.subject == "patients" else rows
    return min((FAR_PAGE - 1) * PAGE_SIZE, there * 9 // 10)


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
    row = queryset.get(pk=keys[far_row(asked, rows=rows)])
    return f"{query}&cursor={pagination.write_cursor(row, terms=terms, is_backward=False)}"


def median_ms(subject: str, query: str, *, clock: Clock) -> float:
    return _median(lambda: _ask(f"/api/{subject}/?{query}", clock=clock))


def _median(measured: Callable[[], float]) -> float:
    return statistics.median([measured() for _ in range(REPEATS + WARM_UPS)][WARM_UPS:])


def patient_page_ms(*, clock: Clock) -> float:
    paths = (
        "/api/patients/7/",
        "/api/reports/?patient=7&limit=100",
        "/api/notifications/?patient=7",
        "/api/patients/7/pauses/",
    )
    return _median(lambda: sum(_ask(path, clock=clock) for path in paths))


def _ask(path: str, *, clock: Clock) -> float:
    """Milliseconds that one GET takes in this process, from the resolved view to the encoded body."""
    from django.urls import resolve
    from rest_framework.test import APIRequestFactory

    request = APIRequestFactory().get(
        path, SERVER_NAME="localhost", headers={"Authorization": f"Token {KEY}"}
    )
    match = resolve(request.path_info)
    started = clock()
    response = match.func(request, *match.args, **match.kwargs).render()
    taken = clock() - started
    assert response.status_code == 200, response.content
    return taken * 1000


# ---------------------------------------------------------------- what the goal was set by


def reference_ms(page_of_history: Callable[[], bytes], *, clock: Clock) -> float:
    def measured() -> float:
        started = clock()
        page_of_history()
        return (clock() - started) * 1000

    return _median(measured)


def _stock_page() -> bytes:
    """100 versions as DRF does it; nobody is checked, filtered or counted for it."""
    from rest_framework.renderers import JSONRenderer
    from rest_framework.serializers import ModelSerializer

    from patients.selectors import HistoricalReport

    class VersionSerializer(ModelSerializer):
        class Meta:
            model = HistoricalReport
            fields = "__all__"

    rows = HistoricalReport.objects.order_by("-history_id")[:PAGE_SIZE]
    encoded: bytes = JSONRenderer().render(VersionSerializer(rows, many=True).data)
    return encoded


def _bare_page() -> bytes:
    """The columns of the same 100, as the database's driver gives them."""
    import orjson

    from patients.selectors import HistoricalReport

    return orjson.dumps(list(HistoricalReport.objects.order_by("-history_id").values()[:PAGE_SIZE]))


if __name__ == "__main__":
    sys.exit(main())
