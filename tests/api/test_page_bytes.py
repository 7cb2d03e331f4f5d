"""Pages for slow lines: no larger than asked for, the most urgent first, and of reports the numbers alone."""

import base64
from datetime import timedelta
from typing import Any

import orjson
import pytest
from rest_framework.exceptions import ValidationError

from patients import clock
from patients.api.listing import list_objects
from patients.models import Patient
from patients.realtime.consumer import list_page
from tests.factories import make_patient, make_report
from tests.observations import ILL, WELL

pytestmark = pytest.mark.django_db

RISKS = [None, "low", "high", "medium", "low-medium"]


def pages_of(subject: str, **asked: Any) -> list[Any]:
    """All pages, by their cursors."""
    pages, cursor = [], None
    while True:
        page = list_objects(subject, cursor=cursor, **asked)
        pages.append(page)
        cursor = page.next_cursor
        if cursor is None:
            return pages
        assert len(pages) < 100


def store_patients(count: int) -> None:
    """Rows only: every risk, every third without a due time, and texts of different lengths."""
    now = clock.now()
    Patient.objects.bulk_create(
        Patient(
            last_name=f"P{number}",
            diagnosis="x" * (37 * number % 400),
            current_risk=RISKS[number % 5],
            next_due_at=now + timedelta(minutes=7 * number % 11) if number % 3 else None,
        )
        for number in range(count)
    )


@pytest.mark.parametrize("most", [2_000, 5_000])
def test_a_page_ends_before_its_bytes_do_and_no_row_is_lost(most: int) -> None:
    store_patients(30)
    pages = pages_of("patients", max_bytes=most, limit=20)
    sizes = [len(orjson.dumps(page.results)) for page in pages]
    assert max(sizes) <= most
    assert min(sizes[:-1]) > most - 1_200, "and is filled as far as it goes"
    seen = [row["id"] for page in pages for row in page.results]
    assert seen == list(Patient.objects.order_by("id").values_list("id", flat=True))
    assert {page.count for page in pages} == {30}
    back = list_objects("patients", cursor=pages[1].previous_cursor, max_bytes=most, limit=20)
    assert back.results == pages[0].results


def test_the_browsers_pages_of_a_house_stay_under_64_kb() -> None:
    """With all that stands around the objects. What the browser asks for: vue_frontend/src/realtime/pages.ts."""
    store_patients(300)
    asked = {"filters": {"ordering": "urgency,next_due_at"}, "limit": 100, "max_bytes": 63_000}
    seen, cursor = 0, None
    while True:
        page = list_page("patients", {**asked, "cursor": cursor})
        reply = {"action": "list", "request_id": "r1234567", "response_status": 200, "errors": []}
        frame = {"stream": "patients", "payload": {**reply, "data": page.data, "event": page.event}}
        assert len(orjson.dumps(frame)) <= 64_000
        seen, cursor = seen + len(page.data["results"]), page.data["next"]
        if cursor is None:
            break
        assert len(orjson.dumps(frame)) > 60_000
    assert seen == 300


def test_an_object_that_is_larger_than_a_page_is_one() -> None:
    store_patients(3)
    assert [len(page.results) for page in pages_of("patients", max_bytes=1)] == [1, 1, 1]


@pytest.mark.parametrize("value", [0, -1, "x", 1.5, [1], True])
def test_bytes_that_cannot_be_read_are_refused_by_name(value: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        list_objects("patients", max_bytes=value)
    assert set(refusal.value.detail) == {"max_bytes"}


@pytest.mark.parametrize("descending", [False, True])
def test_the_most_urgent_come_first_and_each_is_on_one_page(descending: bool) -> None:
    store_patients(23)
    rank = {"high": 0, "medium": 1, "low-medium": 2, "low": 3, None: 3}
    sign = "-" if descending else ""
    for ordering in (f"{sign}urgency", f"{sign}urgency,next_due_at", f"{sign}urgency,-id"):
        whole = list_objects("patients", ordering=ordering).results
        for limit in (1, 3, 4):
            pages = pages_of("patients", ordering=ordering, limit=limit)
            assert [row for page in pages for row in page.results] == whole, (ordering, limit)
            back = list_objects("patients", ordering=ordering, limit=limit, cursor=pages[-1].previous_cursor)
            assert back.results == pages[-2].results
        ranks = [rank[row["current_risk"]] for row in whole]
        assert ranks == sorted(ranks, reverse=descending)
    by_due = list_objects("patients", ordering="urgency,next_due_at").results
    due = [row["next_due_at"] or "9" for row in by_due if rank[row["current_risk"]] == 3]
    assert due == sorted(due), "without a due time last"


@pytest.mark.parametrize("rank", [-1, 4, True, "high", None])
def test_a_cursor_with_a_rank_that_there_is_not_is_refused(rank: Any) -> None:
    store_patients(4)
    packed = orjson.dumps([False, "current_risk,id", [rank, 1]])
    made = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    with pytest.raises(ValidationError) as refusal:
        list_objects("patients", ordering="urgency", cursor=made)
    assert set(refusal.value.detail) == {"cursor"}


def test_totals_are_the_numbers_that_a_trend_is_drawn_from() -> None:
    patient = make_patient()
    moment = clock.now().replace(microsecond=123_999) - timedelta(hours=1)
    scored = make_report(patient, datetime=moment, **ILL)
    partial = make_report(patient, datetime=moment - timedelta(hours=1), pulse=80)
    old = make_report(patient, datetime=moment - timedelta(hours=30), **WELL)
    since = {"since": (moment - timedelta(hours=24)).isoformat()}
    page = list_objects("totals", filters=since)
    at = int(moment.replace(microsecond=0).timestamp()) * 1000 + 123
    assert page.results == [
        [scored.pk, patient.pk, at, scored.news2["score"], ILL["supplemental_oxygen"]],
        [partial.pk, patient.pk, at - 3_600_000, None, None],
    ]
    assert [row[0] for page in pages_of("totals", limit=1) for row in page.results] == [
        scored.pk,
        partial.pk,
        old.pk,
    ]
