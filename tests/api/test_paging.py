"""Pages: limit, offset, cursors, count and the event (contract.md, "Resources")."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import clock
from patients.api import pagination
from patients.api.listing import RESOURCES, list_objects, retrieve_object
from patients.events import log_state
from patients.models import Notification, Patient, Report
from patients.selectors import HistoricalReport
from tests.factories import client_of, make_patient, make_report, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return client_of("viewer")


def store_patients(count, **fields):
    """Rows only: what is paged need not have come about by the services."""
    return Patient.objects.bulk_create(
        Patient(
            first_name=f"P{number}", last_name="Q", **{name: make(number) for name, make in fields.items()}
        )
        for number in range(count)
    )


def walk(client, address, *, way="next"):
    """Every page from `address` on, by following `next` or `previous`."""
    pages = []
    while address is not None:
        response = client.get(address)
        assert response.status_code == 200, response.content
        pages.append(response.json())
        address = pages[-1][way]
        assert len(pages) < 100
    return pages


def ids_of(page):
    return [row["id"] for row in page["results"]]


def test_a_short_list_is_one_page(viewer):
    make_patient()
    page = viewer.get("/api/patients/").json()
    assert list(page) == ["count", "next", "previous", "results"]
    assert (page["count"], page["next"], page["previous"]) == (1, None, None)


def test_a_page_has_100_rows_unless_said_and_1000_at_most(viewer):
    store_patients(1101)
    assert len(viewer.get("/api/patients/").json()["results"]) == 100
    assert len(viewer.get("/api/patients/?limit=7").json()["results"]) == 7
    assert len(viewer.get("/api/patients/?limit=5000").json()["results"]) == 1000
    assert viewer.get("/api/patients/?limit=7").json()["count"] == 1101


def test_following_next_shows_every_row_once_in_order(viewer):
    expected = [patient.pk for patient in store_patients(25)]
    pages = walk(viewer, "/api/patients/?limit=10")
    assert [ids_of(page) for page in pages] == [expected[:10], expected[10:20], expected[20:]]
    assert [page["count"] for page in pages] == [25, 25, 25]
    assert pages[0]["previous"] is None


def test_following_previous_leads_back_to_the_first_page(viewer):
    store_patients(25)
    forward = walk(viewer, "/api/patients/?limit=10")
    backward = walk(viewer, forward[-1]["previous"], way="previous")
    assert [ids_of(page) for page in backward] == [ids_of(forward[1]), ids_of(forward[0])]
    assert backward[0]["next"] is not None


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", sorted({*RESOURCES["patients"].orderings} - {*pagination.RANKED}))
def test_every_order_pages_through_ties_and_nulls_both_ways(viewer, name, descending):
    now = clock.now()
    store_patients(
        23,
        ward=lambda number: "ABC"[number % 3],
        bed=lambda number: str(number % 2),
        hospital_number=lambda number: f"H{number}" if number % 2 else None,
        date_of_birth=lambda number: now.date() - timedelta(days=number // 4) if number % 5 else None,
        dismissal_date=lambda number: now + timedelta(hours=1 + number // 3) if number % 3 else None,
        next_due_at=lambda number: (
            now + timedelta(seconds=number // 3, microseconds=5) if number % 4 else None
        ),
    )
    ordering = f"-{name}" if descending else name
    forward = walk(viewer, f"/api/patients/?limit=4&ordering={ordering}")
    seen = [row for page in forward for row in page["results"]]
    assert len({row["id"] for row in seen}) == len(seen) == 23
    values = [row[name] for row in seen]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=descending)
    assert values == known + [None] * (23 - len(known)), "nulls come last either way, on both databases"
    backward = walk(viewer, forward[-1]["previous"], way="previous")
    assert [row["id"] for page in reversed(backward) for row in page["results"]] == [
        row["id"] for page in forward[:-1] for row in page["results"]
    ]


def test_several_orders_at_once(viewer):
    store_patients(9, ward=lambda number: "AB"[number % 2], bed=lambda number: str(number))
    pages = walk(viewer, "/api/patients/?limit=2&ordering=ward,-bed")
    seen = [(row["ward"], row["bed"]) for page in pages for row in page["results"]]
    assert seen == sorted(sorted(seen, key=lambda row: row[1], reverse=True), key=lambda row: row[0])


def test_reports_of_one_moment_page_by_their_ids(viewer):
    patient, moment = make_patient(), clock.now()
    Report.objects.bulk_create(Report(patient=patient, datetime=moment, news2={}) for _ in range(7))
    pages = walk(viewer, "/api/reports/?limit=3")
    ids = [row["id"] for page in pages for row in page["results"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 7


def test_filters_and_limit_stay_in_the_links(viewer):
    store_patients(10, ward=lambda number: "AB"[number % 2])
    pages = walk(viewer, "/api/patients/?ward=B&limit=2&ordering=-id")
    assert [len(page["results"]) for page in pages] == [2, 2, 1]
    assert {row["ward"] for page in pages for row in page["results"]} == {"B"}


def test_an_offset_leads_on_by_cursors(viewer):
    expected = [patient.pk for patient in store_patients(25)]
    page = viewer.get("/api/patients/?limit=10&offset=5").json()
    assert ids_of(page) == expected[5:15]
    assert "offset" not in page["next"]
    assert ids_of(viewer.get(page["next"]).json()) == expected[15:]
    assert ids_of(viewer.get(page["previous"]).json()) == expected[:5]


def test_an_offset_behind_the_end_is_an_empty_page(viewer):
    store_patients(2)
    page = viewer.get("/api/patients/?offset=10000").json()
    assert (page["count"], page["next"], page["results"]) == (2, None, [])


def test_a_row_that_comes_in_between_moves_no_page(viewer):
    expected = [patient.pk for patient in store_patients(6)]
    first = viewer.get("/api/patients/?limit=3&ordering=-id").json()
    store_patients(1)
    assert ids_of(viewer.get(first["next"]).json()) == expected[:3][::-1]


def test_the_count_is_exact_up_to_the_limit_and_null_above(viewer, monkeypatch):
    monkeypatch.setattr(pagination, "COUNTED_AT_MOST", 5)
    store_patients(5)
    assert viewer.get("/api/patients/?limit=2").json()["count"] == 5
    store_patients(1)
    assert viewer.get("/api/patients/?limit=2").json()["count"] is None
    assert viewer.get("/api/patients/?limit=2&search=P1").json()["count"] == 1


# ---------------------------------------------------------------- cursors that are made up
def cursor_of(*members):
    import base64

    import orjson

    return base64.urlsafe_b64encode(orjson.dumps(list(members))).decode().rstrip("=")


@pytest.mark.parametrize(
    "ordering,cursor",
    [
        ("id", "%%%"),
        ("id", "x" * 3000),
        ("id", cursor_of()),
        ("id", cursor_of(False, "id")),
        ("id", cursor_of(False, "-id", [1])),
        ("id", cursor_of(1, "id", [1])),
        ("id", cursor_of(False, "id", [])),
        ("id", cursor_of(False, "id", [1, 2])),
        ("id", cursor_of(False, "id", [None])),
        ("id", cursor_of(False, "id", ["one"])),
        ("id", cursor_of(False, "id", [True])),
        ("id", cursor_of(False, "id", [2**63])),
        ("id", cursor_of(False, "id", 3)),
        ("ward", cursor_of(False, "ward,id", ["a\x00b", 1])),
        ("next_due_at", cursor_of(False, "next_due_at,id", ["0001-01-01T00:00:00+14:00", 1])),
        ("next_due_at", cursor_of(False, "next_due_at,id", [5, 1])),
        ("date_of_birth", cursor_of(False, "date_of_birth,id", ["the first of May", 1])),
        ("date_of_birth", cursor_of(False, "date_of_birth,id", [[1], 1])),
    ],
)
def test_a_cursor_that_is_made_up_is_refused(viewer, ordering, cursor):
    response = viewer.get("/api/patients/", {"ordering": ordering, "cursor": cursor})
    assert response.status_code == 400
    assert set(response.json()) == {"cursor"}


def test_a_cursor_of_another_order_is_refused(viewer):
    store_patients(3)
    link = viewer.get("/api/patients/?limit=1").json()["next"]
    assert viewer.get(f"{link}&ordering=-ward").status_code == 400


def test_a_cursor_and_an_offset_exclude_each_other(viewer):
    store_patients(3)
    link = viewer.get("/api/patients/?limit=1").json()["next"]
    assert viewer.get(f"{link}&offset=1").status_code == 400


# ---------------------------------------------------------------- the event
@pytest.mark.parametrize("path", ["patients", "reports", "history", "notifications"])
def test_every_list_says_which_event_it_is_true_as_of(viewer, path):
    make_report(make_patient())
    assert viewer.get(f"/api/{path}/").headers["X-Event"] == str(log_state().last)


@pytest.mark.parametrize("subject", ["patients", "reports", "history", "notifications"])
def test_the_event_is_read_before_the_rows(subject):
    """Read after them, a change in between would be in no row and yet be said to be."""
    with CaptureQueriesContext(connection) as queries:
        list_objects(subject)
    tables = [
        next(table for table in ("eventcounter", "patients_") if table in query["sql"]) for query in queries
    ]
    assert tables[0] == "eventcounter"
    assert "eventcounter" not in tables[1:]
    patient = make_patient()
    with CaptureQueriesContext(connection) as queries:
        retrieve_object("patients", patient.pk)
    assert "eventcounter" in queries[0]["sql"]


# ---------------------------------------------------------------- queries
@pytest.mark.parametrize("subject", ["patients", "reports", "history", "notifications", "patient_history"])
def test_a_page_costs_the_same_queries_however_many_rows_it_has(subject, django_assert_num_queries):
    def record_one():
        patient = make_patient()
        make_report(patient, by=make_user("nurse"), pulse=150)

    record_one()
    with CaptureQueriesContext(connection) as one:
        assert len(list_objects(subject).results) >= 1
    for _ in range(4):
        record_one()
    with CaptureQueriesContext(connection) as five:
        assert len(list_objects(subject).results) >= 5
    assert len(five) == len(one) == 2, "the event and the rows"


@pytest.mark.parametrize("subject", ["patients", "reports", "history", "notifications"])
def test_an_object_costs_two_queries(subject, django_assert_num_queries):
    make_report(make_patient(), pulse=150)
    (found,) = list_objects(subject).results
    with django_assert_num_queries(2):
        retrieve_object(subject, found.get("history_id", found["id"]))


@pytest.mark.django_db
@pytest.mark.parametrize("ordering", ["-datetime", "datetime", "-id"])
def test_pages_of_a_whole_list_composed_once_follow_what_changes(ordering):
    """The statement is kept from one request to the next, in each order and size; its rows are not."""
    patient = make_patient()
    for round_ in range(2):
        for hours in range(5):
            make_report(patient, datetime=clock.now() - timedelta(hours=hours + 10 * round_))
        plain = list(
            Report.objects.order_by(ordering, *(["-id"] if ordering == "-datetime" else ["id"])).values_list(
                "id", flat=True
            )
        )
        for limit in (2, 3):
            seen, cursor = [], None
            while True:
                page = list_objects("reports", ordering=ordering, cursor=cursor, limit=limit)
                assert page.count == len(plain)
                seen.append([row["id"] for row in page.results])
                if page.previous_cursor is not None:
                    before = list_objects(
                        "reports", ordering=ordering, cursor=page.previous_cursor, limit=limit
                    )
                    assert [row["id"] for row in before.results] == seen[-2]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert [each for page in seen for each in page] == plain


@pytest.mark.django_db
@pytest.mark.parametrize("ordering", ["due_at", "-due_at", "due_at,-id", "-due_at,id"])
def test_notifications_without_a_due_time_come_last_and_each_is_on_one_page(ordering):
    moment = clock.now()
    patient = make_patient()
    for place, hours in enumerate([None, 2, 1, None, 2, None, 3]):
        Notification.objects.create(
            patient=patient,
            kind="observation_due" if hours else "deterioration",
            severity="low",
            created_at=moment,
            due_at=moment + timedelta(hours=hours) if hours else None,
            report=make_report(patient, datetime=moment - timedelta(hours=place)),
            status="resolved",
        )
    first, _, last = ordering.partition(",")
    reverse = first.startswith("-")
    is_id_reversed = last.startswith("-") if last else reverse
    everything = sorted(Notification.objects.all(), key=lambda each: each.id, reverse=is_id_reversed)
    timed = sorted(
        (each for each in everything if each.due_at), key=lambda each: each.due_at, reverse=reverse
    )
    plain = [each.id for each in [*timed, *(each for each in everything if each.due_at is None)]]
    for limit in (1, 2, 3, 100):
        pages, cursor = [], None
        while True:
            page = list_objects("notifications", ordering=ordering, cursor=cursor, limit=limit)
            pages.append([row["id"] for row in page.results])
            if page.previous_cursor is not None:
                before = list_objects(
                    "notifications", ordering=ordering, cursor=page.previous_cursor, limit=limit
                )
                assert [row["id"] for row in before.results] == pages[-2]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert [each for page in pages for each in page] == plain


@pytest.mark.django_db
@pytest.mark.parametrize("ordering", ["-history_id", "history_date", "-id", "datetime"])
def test_a_period_is_paged_in_any_order(ordering):
    patient = make_patient()
    for hours in (5, 3, 9, 1, 7, 3):
        make_report(patient, datetime=clock.now() - timedelta(hours=hours))
    filters = {"since": (clock.now() - timedelta(hours=8)).isoformat()}
    whole = [row["history_id"] for row in list_objects("history", filters=filters, ordering=ordering).results]
    found = HistoricalReport.objects.filter(datetime__gte=filters["since"])
    tie = "-history_id" if ordering.startswith("-") else "history_id"
    assert whole == list(found.order_by(ordering, tie).values_list("history_id", flat=True))
    paged, cursor = [], None
    while True:
        page = list_objects("history", filters=filters, ordering=ordering, cursor=cursor, limit=2)
        assert page.count == 5
        paged += [row["history_id"] for row in page.results]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert paged == whole
