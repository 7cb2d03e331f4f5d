"""Lists and single objects as both doors show them: REST's views and the sockets' consumers call these two.

Default orders: patients by id; reports, versions and notifications, which grow without end, newest first
(reports by `datetime`, then id; versions by `history_id`, in a period by `datetime`; notifications by id).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import django_filters
import orjson
from django.db.models import QuerySet, Value
from rest_framework.exceptions import NotFound, ValidationError

from .. import selectors
from ..events import log_state
from ..prepared import Hole, PreparedCount, PreparedQuery
from ..representations import (
    represent_amendment,
    represent_history,
    represent_notification,
    represent_patient,
    represent_patient_version,
    represent_pause,
    represent_report,
    represent_total,
)
from ..rows import without_models
from . import pagination
from .fields import read_whole
from .filters import (
    AmendmentFilters,
    HistoryFilters,
    NotificationFilters,
    PatientFilters,
    PatientHistoryFilters,
    PauseFilters,
    ReportFilters,
    apply_filters,
)


@dataclass(frozen=True, slots=True)
class Resource:
    """How one kind of object is read: its rows, what they may be filtered and ordered by, how they look."""

    rows: Callable[[], QuerySet[Any]]
    represent: Callable[[Any], Any]
    filter_set: type[django_filters.FilterSet]
    orderings: tuple[str, ...]
    default_ordering: str
    name: str
    # Where `since` or `until` is given and no order is: the one that their index has. A million rows would have to be
    # sorted in any other, half a minute on SQLite.
    ordering_in_period: str | None = None


RESOURCES: Final[dict[str, Resource]] = {
    "patients": Resource(
        rows=selectors.patients_with_last_reports,
        represent=represent_patient,
        filter_set=PatientFilters,
        orderings=(
            "id", "last_name", "first_name", "ward", "bed", "hospital_number", "date_of_birth",
            "admission_date", "dismissal_date", "next_due_at", "created_at", "updated_at", "urgency",
        ),
        default_ordering="id",
        name="patient",
    ),
    "reports": Resource(
        rows=selectors.reports_with_recorder,
        represent=represent_report,
        filter_set=ReportFilters,
        orderings=("id", "datetime", "created_at"),
        default_ordering="-datetime",
        name="report",
    ),
    "totals": Resource(
        rows=selectors.totals,
        represent=represent_total,
        filter_set=ReportFilters,
        orderings=("datetime",),
        default_ordering="-datetime",
        name="total",
    ),
    "history": Resource(
        rows=selectors.versions_with_users,
        represent=represent_history,
        filter_set=HistoryFilters,
        orderings=("history_id", "history_date", "id", "datetime"),
        default_ordering="-history_id",
        name="version",
        ordering_in_period="-datetime",
    ),
    "notifications": Resource(
        rows=selectors.notifications_with_acknowledger,
        represent=represent_notification,
        filter_set=NotificationFilters,
        orderings=("id", "created_at", "due_at", "severity"),
        default_ordering="-id",
        name="notification",
    ),
    "amendments": Resource(
        rows=selectors.amendments_with_users,
        represent=represent_amendment,
        filter_set=AmendmentFilters,
        orderings=("id",),
        default_ordering="-id",
        name="amendment",
    ),
    "patient_history": Resource(
        rows=selectors.patient_versions_with_users,
        represent=represent_patient_version,
        filter_set=PatientHistoryFilters,
        orderings=("history_id",),
        default_ordering="-history_id",
        name="version",
    ),
    "pauses": Resource(
        rows=selectors.pauses_with_setter,
        represent=represent_pause,
        filter_set=PauseFilters,
        orderings=("since",),
        default_ordering="-since",
        name="pause",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `count` is None above 10,000; a cursor is None where the list ends.

    `event` was read before the rows, so everything up to that event is in them.
    """

    count: int | None
    results: list[Any]
    next_cursor: str | None
    previous_cursor: str | None
    event: int


def list_objects(
    subject: str,
    *,
    filters: Mapping[str, Any] | None = None,
    ordering: Any = None,
    limit: Any = None,
    offset: Any = None,
    cursor: Any = None,
    max_bytes: Any = None,
) -> Page:
    """One page of `subject` (a key of RESOURCES). All arguments are taken as a client sent them.

    `max_bytes`: the page ends before its objects come to more than that as JSON; one at least is in it.

    Raises ValidationError (400) naming the argument that is unknown or cannot be read.
    """
    resource = RESOURCES[subject]
    event = log_state().last
    rows = resource.rows()
    model = rows.model
    if filters is None:
        filters = {}
    if not isinstance(filters, Mapping):
        raise ValidationError({"filters": ['An object such as {"patient": 1} is needed.']})
    if cursor not in (None, "") and offset not in (None, ""):
        raise ValidationError({"offset": ["A cursor and an offset exclude each other."]})
    if ordering is None and "ordering" in filters:  # a socket's request has no other place for it
        filters = {**filters}
        ordering = filters.pop("ordering")
    restricted = apply_filters(resource.filter_set, values=filters, rows=rows)
    asked = _Asked(
        subject,
        rows=restricted,
        is_whole=restricted is rows,
        is_period=is_period(filters),
        terms=pagination.read_ordering(
            ordering, allowed=resource.orderings, default=default_ordering(resource, filters), model=model
        ),
        size=pagination.read_limit(limit),
        max_bytes=pagination.read_max_bytes(max_bytes),
        event=event,
    )
    if cursor in (None, ""):
        return _page_by_offset(asked, offset=pagination.read_offset(offset))
    is_backward, values = pagination.read_cursor(cursor, terms=asked.terms)
    return _page_by_cursor(asked, is_backward=is_backward, values=values)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page that was asked for. `is_whole`: nothing restricts the list; `is_period`: `since` or `until` does."""

    subject: str
    rows: QuerySet[Any]
    is_whole: bool
    is_period: bool
    terms: tuple[pagination.Term, ...]
    size: int
    max_bytes: int | None
    event: int

    def count(self) -> int | None:
        if self.is_whole:
            return pagination.tell_count(_count_of_whole(self.subject).get())
        return pagination.tell_count(pagination.counted_rows(self.rows).count())

    def read(self, *, terms: tuple[pagination.Term, ...], values: list[Any] | None) -> list[Any]:
        """One row more than the page, which tells whether another follows; behind `values` where given."""
        is_one_query = values is None or pagination.are_comparable(terms)
        if self.is_whole and is_one_query and not terms[0].is_nullable:
            query = _page_of_whole(self.subject, terms, size=self.size, is_first=values is None)
            return query.all(**_by_field(terms, values or ()))
        found: list[Any] = []
        for part, order in pagination.parts_of(terms, values):
            rows = self.rows if part is None else self.rows.filter(part)
            wanted = self.size + 1 - len(found)
            if self.is_period and terms[0].field != "datetime":
                # No index has this order within a period. The keys alone are sorted, not whole rows.
                keys = rows.order_by(*(term.order_by() for term in order)).values("pk")[:wanted]
                rows = RESOURCES[self.subject].rows().filter(pk__in=keys)
            found += _in_order(rows, order)[:wanted]
            if len(found) > self.size:
                break
        return found


def _in_order(rows: QuerySet[Any], terms: tuple[pagination.Term, ...]) -> QuerySet[Any]:
    return without_models(rows).order_by(*(term.order_by() for term in terms))


def _by_field(terms: tuple[pagination.Term, ...], values: Sequence[Any]) -> dict[str, Any]:
    return {term.field: value for term, value in zip(terms, values, strict=bool(values))}


# Composing the statement of a page takes as long as reading its rows; a whole list has few different ones.
@lru_cache(maxsize=200)
def _page_of_whole(
    subject: str, terms: tuple[pagination.Term, ...], *, size: int, is_first: bool
) -> PreparedQuery:
    def compose() -> QuerySet[Any]:
        rows = RESOURCES[subject].rows()
        if not is_first:
            holes = [Hole(term.field, field=term.column) for term in terms]
            rows = rows.filter(pagination.RowComparison(terms, holes))
        return _in_order(rows, terms)[: size + 1]

    return PreparedQuery(compose)


@lru_cache
def _count_of_whole(subject: str) -> PreparedCount:
    # Without the key, too, SQLite takes a third less time; Django's own count() cannot do without a column.
    return PreparedCount(lambda: pagination.counted_rows(RESOURCES[subject].rows()).values_list(Value(1)))


def default_ordering(resource: Resource, filters: Mapping[str, Any]) -> str:
    """The order of a list that was asked for without one."""
    return (resource.ordering_in_period if is_period(filters) else None) or resource.default_ordering


def is_period(filters: Mapping[str, Any]) -> bool:
    return any(filters.get(name) for name in ("since", "until"))


def _page_by_offset(asked: _Asked, *, offset: int) -> Page:
    if offset == 0:
        found = asked.read(terms=asked.terms, values=None)
    else:
        found = list(_in_order(asked.rows, asked.terms)[offset : offset + asked.size + 1])
    has_more = len(found) > asked.size
    found = found[: asked.size]
    is_all = offset == 0 and not has_more
    count = len(found) if is_all else asked.count()
    shown = _represented(asked, found)
    return _page(
        asked,
        found=found[: len(shown)],
        shown=shown,
        has_next=has_more or len(shown) < len(found),
        has_previous=offset > 0,
        count=count,
    )


def _page_by_cursor(asked: _Asked, *, is_backward: bool, values: list[Any]) -> Page:
    towards = tuple(term.reversed() for term in asked.terms) if is_backward else asked.terms
    found = asked.read(terms=towards, values=values)
    has_more = len(found) > asked.size
    found = found[: asked.size]
    shown = _represented(asked, found)
    has_more = has_more or len(shown) < len(found)
    found = found[: len(shown)]
    if is_backward:
        found.reverse()
        shown.reverse()
    return _page(
        asked,
        found=found,
        shown=shown,
        has_next=is_backward or has_more,  # the page we came from lies there
        has_previous=has_more or not is_backward,
        count=asked.count(),
    )


def _represented(asked: _Asked, found: list[Any]) -> list[Any]:
    """The objects of these rows, up to where the page's bytes end."""
    represent = RESOURCES[asked.subject].represent
    if asked.max_bytes is None:
        return [represent(row) for row in found]
    shown: list[Any] = []
    left = asked.max_bytes - len("[]")
    for row in found:
        one = represent(row)
        left -= len(orjson.dumps(one)) + len(",")
        if left < 0 and shown:
            break
        shown.append(one)
    return shown


def _page(
    asked: _Asked,
    *,
    found: list[Any],
    shown: list[Any],
    has_next: bool,
    has_previous: bool,
    count: int | None,
) -> Page:
    return Page(
        count=count,
        results=shown,
        next_cursor=pagination.write_cursor(found[-1], terms=asked.terms, is_backward=False)
        if found and has_next
        else None,
        previous_cursor=pagination.write_cursor(found[0], terms=asked.terms, is_backward=True)
        if found and has_previous
        else None,
        event=asked.event,
    )


def retrieve_object(subject: str, pk: Any) -> tuple[dict[str, Any], int]:
    """One object as clients see it, and the event it is true as of. Raises NotFound (404)."""
    event = log_state().last
    return RESOURCES[subject].represent(find_object(subject, pk)), event


def find_object(subject: str, pk: Any) -> Any:
    """The row behind `pk`, with what its representation needs. NotFound (404) also where `pk` is none."""
    resource = RESOURCES[subject]
    number = read_whole(pk)
    row = None if number is None else resource.rows().filter(pk=number).first()
    if row is None:
        raise NotFound(f"There is no such {resource.name}.")
    return row
