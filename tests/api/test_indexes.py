"""Every list is read in an index's order from where the page begins: no sorting, no row that is not shown.

With few rows PostgreSQL would read the whole table; without its sequential scans it shows whether it could do
otherwise. How long that takes with a million rows: `make bench` (tests/benchmarks/reading.py).
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import clock
from patients.api import pagination
from patients.api.listing import RESOURCES, list_objects
from patients.models import Report
from tests.factories import make_patient, make_report, make_user
from tests.observations import WELL

pytestmark = pytest.mark.django_db

PRIMARY_KEY = None  # its order needs no index beside it on SQLite, and has another name on PostgreSQL

# simple-history's own indexes on one column, which on SQLite hold the row id and so the order as well.
LIBRARYS = {
    "version_of_patient": "patients_historicalreport_patient_id_",
    "version_of_report": "patients_historicalreport_id_",
}

LISTS = [
    ("history", "-history_id", {}, PRIMARY_KEY),
    ("history", "-history_date", {}, "version_by_date"),
    ("history", "history_date", {}, "version_by_date"),
    ("history", "-datetime", {}, "version_by_time"),
    ("history", "datetime", {"since": "2020-01-01T00:00:00Z"}, "version_by_time"),
    ("history", None, {"since": "2020-01-01T00:00:00Z"}, "version_by_time"),
    ("history", "-id", {}, "version_of_report"),
    ("history", "-history_id", {"patient": 1}, "version_of_patient"),
    ("history", "-datetime", {"patient": 1}, "version_of_patient_by_time"),
    (
        "history",
        "datetime",
        {"patient": 1, "since": "2020-01-01T00:00:00Z"},
        "version_of_patient_by_time",
    ),
    ("history", "-history_id", {"report": 1}, "version_of_report"),
    ("history", "-history_id", {"history_type": "-"}, "version_by_type"),
    ("history", "-history_id", {"status": "febrile"}, "version_by_status"),
    ("history", "-datetime", {"status": "febrile"}, "version_by_status_and_time"),
    ("history", None, {"status": "febrile", "since": "2020-01-01T00:00:00Z"}, "version_by_status_and_time"),
    ("reports", "-datetime", {}, "report_by_time"),
    ("reports", "datetime", {"since": "2020-01-01T00:00:00Z"}, "report_by_time"),
    ("reports", "-id", {}, PRIMARY_KEY),
    ("reports", "-created_at", {}, "report_by_creation"),
    ("reports", "-datetime", {"patient": 1}, "report_of_patient_by_time"),
    ("reports", "-id", {"patient": 1}, "report_of_patient"),
    ("reports", "-datetime", {"status": "febrile"}, "report_by_status"),
    ("notifications", "-id", {}, PRIMARY_KEY),
    ("notifications", "-created_at", {}, "notification_by_time"),
    ("notifications", "-id", {"status": "open"}, "notification_by_status"),
    ("notifications", "-id", {"patient": 1}, "notification_of_patient_by_id"),
    ("notifications", "due_at", {}, "notification_by_due_time"),
    ("notifications", "-due_at", {}, "notification_by_due_time"),
]


@pytest.fixture
def rows():
    """A few rows of everything, and what a cursor can stand at."""
    patient, nurse = make_patient(), make_user("nurse")
    for hours in range(4):
        make_report(
            patient, by=nurse, datetime=clock.now() - timedelta(hours=hours), **{**WELL, "pulse": 150}
        )


def plan_of(sql):
    """The database's plan, one step a line; the smaller ways of PostgreSQL for small tables are shut."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute(f"EXPLAIN {sql}")
            return "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(row[3] for row in cursor.fetchall())


def rows_queries(queries):
    """One; two where nulls of the first column follow."""
    return [
        query["sql"] for query in queries if "ORDER BY" in query["sql"] and "eventcounter" not in query["sql"]
    ]


def rows_query(queries):
    (sql,) = rows_queries(queries)
    return sql


def cursor_of(subject, ordering):
    resource = RESOURCES[subject]
    queryset = resource.rows()
    terms = pagination.read_ordering(
        ordering, allowed=resource.orderings, default=resource.default_ordering, model=queryset.model
    )
    return pagination.write_cursor(queryset.first(), terms=terms, is_backward=False)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "later page"])
@pytest.mark.parametrize("subject,ordering,filters,index", LISTS)
def test_a_page_is_read_in_the_order_of_an_index(subject, ordering, filters, index, is_first):
    cursor = None if is_first else cursor_of(subject, ordering or "-datetime")
    with CaptureQueriesContext(connection) as queries:
        list_objects(subject, filters=filters, ordering=ordering, cursor=cursor, limit=2)
    for sql in rows_queries(queries):
        plan = plan_of(sql)
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
        if "IS NULL" in sql:
            continue  # among rows that are null there the order is the key's, which serves as well
        if index is not PRIMARY_KEY:
            serving = {index, LIBRARYS.get(index, index)}
            assert any(f" {name}" in plan for name in serving), plan


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("ordering", ["-history_id", "history_date", "-id"])
def test_another_order_than_by_time_sorts_only_the_keys_of_a_period(ordering):
    """No index has it; sorting the rows themselves took half a minute for a million."""
    with CaptureQueriesContext(connection) as queries:
        list_objects("history", filters={"since": "2020-01-01T00:00:00Z"}, ordering=ordering, limit=2)
    sql = rows_query(queries)
    keys = sql[sql.index(" IN (SELECT") : sql.rindex("LIMIT 3")]
    assert "temperature" not in keys
    assert "LIMIT 3" in keys


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("subject", ["history", "reports"])
def test_a_later_page_begins_in_the_index_where_the_one_before_ended(subject):
    """On PostgreSQL also where many rows share one time; SQLite, whose row id is no column, goes to that time."""
    cursor = cursor_of(subject, "-datetime")
    with CaptureQueriesContext(connection) as queries:
        list_objects(subject, ordering="-datetime", cursor=cursor, limit=2)
    plan = plan_of(rows_query(queries))
    assert ("(datetime<" if connection.vendor == "sqlite" else "(ROW(datetime") in plan, plan


@pytest.mark.usefixtures("rows")
def test_a_count_reads_an_index_and_ten_thousand_and_one_of_its_rows_at_most():
    for subject in ("history", "reports"):
        with CaptureQueriesContext(connection) as queries:
            list_objects(subject, limit=2)
        sql = next(query["sql"] for query in queries if "COUNT(" in query["sql"])
        assert f"LIMIT {pagination.COUNTED_AT_MOST + 1}" in sql
        plan = plan_of(sql)
        assert "COVERING INDEX" in plan or "Index Only Scan" in plan, plan


@pytest.mark.usefixtures("rows")
def test_reports_of_one_moment_are_each_on_one_page():
    moment = clock.now() - timedelta(hours=1)
    Report.objects.update(datetime=moment)
    for ordering in ("-datetime", "datetime"):
        seen, cursor = [], None
        while True:
            page = list_objects("reports", ordering=ordering, cursor=cursor, limit=1)
            seen += [row["id"] for row in page.results]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == sorted(seen, reverse=ordering == "-datetime")
        assert len(seen) == 4
