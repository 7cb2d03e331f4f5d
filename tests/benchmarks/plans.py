"""How both databases carry out every hot query, as a table: `python -m tests.benchmarks.plans`.

docs/performance.md holds what it prints. A database of each kind is filled as for reading.py, so that the planners
decide as they would in a hospital; the queries are taken from real requests, a save's from a POST.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.benchmarks.reading import ASKED, database_of, far_query, fill, query_of
from tests.support.processes import CONFIGURATION

# What a plan of PostgreSQL says about costs.
NOISE = re.compile(r"\s+\(cost=.*?\)| using")
# The people who wrote, what is joined a second time, and the frames of joins and limits around what is told.
UNINTERESTING = re.compile(
    r".*auth_user|(SCAN|SEARCH) (T\d|subquery|counted)|CO-ROUTINE|LIST SUBQUERY"
    r"|Limit|Nested Loop|Aggregate|Subquery Scan|Memoize|LockRows|Update|Materialize"
)
TABLES = re.compile(r"patients_(historical)?")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="how many reports, and as many versions")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), help="one only; both where not given")
    parser.add_argument("--print", help=argparse.SUPPRESS)  # in the process that has the database's settings
    options = parser.parse_args()
    if options.print:
        print_plans(options.print, rows=options.rows)
        return 0
    for engine in [options.engine] if options.engine else ["sqlite", "postgres"]:
        with database_of(engine) as url:
            command = [sys.executable, "-m", "tests.benchmarks.plans", "--print", engine, "--rows"]
            environment = {**os.environ, **CONFIGURATION, "DATABASE_URL": url}
            subprocess.run([*command, str(options.rows)], env=environment, check=True)
    return 0


def print_plans(engine: str, *, rows: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(rows)
    print(f"\n**{'SQLite' if engine == 'sqlite' else 'PostgreSQL'}**\n\n| asked | plan |\n|---|---|")
    for asked in ASKED:
        if re.fullmatch(r"ordering=[a-z_]+", asked.query):
            continue  # the same index as the other way
        query = query_of(asked, rows=rows)
        # A week's limits say as much as their instants.
        shown = re.sub(r"(since|until)=[^&]+", r"\1=…", f"{asked.subject}?{query}")
        show_plans(f"`{shown}`", request_of(asked.subject, query))
        if asked.is_long:
            show_plans("… far page", request_of(asked.subject, far_query(asked, rows=rows)))
    show_plans("the board: `patients?status=active`", request_of("patients", "status=active"))
    show_plans("a save: `POST /api/reports/`", save)


def request_of(subject: str, query: str) -> Callable[[], Any]:
    from tests.benchmarks.reading import _ask

    return lambda: _ask(f"/api/{subject}/?{query}", clock=lambda: 0.0)


def save() -> None:
    from django.contrib.auth.models import User

    from tests.factories import signed_in

    answer = signed_in(User.objects.get(username="lead")).post(
        "/api/reports/", {"patient": 7, "pulse": 71}, format="json", SERVER_NAME="localhost"
    )
    assert answer.status_code == 201, answer.content


def show_plans(title: str, ask: Callable[[], Any]) -> None:
    """One line for each different statement that reads or changes rows of ours; not who asks, and the counter."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        ask()
    seen: dict[str, None] = {}
    for query in queries:
        sql = query["sql"]
        if (
            re.match(r"SELECT|UPDATE|WITH", sql)
            and "patients_" in sql
            and not re.search("eventcounter|signin", sql)
        ):
            seen[plan_of(sql)] = None
    print(f"| {title} | {'<br>'.join(plan for plan in seen if plan)} |", flush=True)


def plan_of(sql: str) -> str:
    """A plan in one line: the steps from the outermost in."""
    from django.db import connection

    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'' if is_postgres else 'QUERY PLAN '}{sql}")
        lines = [row[0] if is_postgres else row[3] for row in cursor.fetchall()]
    if is_postgres:
        lines = [line for line in lines if "(cost=" in line]
    steps = [line.replace("->", "").strip() for line in lines]
    steps = [NOISE.sub("", step).strip() for step in steps if not UNINTERESTING.match(step)]
    text = TABLES.sub("", "; ".join(dict.fromkeys(steps)))
    return f"count: {text}" if "COUNT(*)" in sql else text


if __name__ == "__main__":
    sys.exit(main())
