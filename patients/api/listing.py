"""Lists and single objects as both doors show them: REST's views and the sockets' consumers call these two.

Default orders: patients by id; reports, versions and notifications, which grow without end, newest first
(reports by `datetime`, then id; versions by `history_id`, in a period by `datetime`; notifications by id).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError

from .. import selectors
from ..events import log_state
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
from .representations import (
    represent_amendment,
    represent_history,
    represent_notification,
    represent_patient,
    represent_patient_version,
    represent_pause,
    represent_report,
)


@dataclass(frozen=True, slots=True)
class Resource:
    """How one kind of object is read: its rows, what they may be filtered and ordered by, how they look."""

    rows: Callable[[], QuerySet[Any]]
    represent: Callable[[Any], dict[str, Any]]
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
            "admission_date", "dismissal_date", "next_due_at", "created_at", "updated_at",
        ),
        default_ordering="id",
        name="patient",
    ),
    "reports": Resource(
        rows=selectors.reports_with_recorder,
        represent=represent_report,
        filter_set=ReportFilters,
        orderings=("id", "datetime"),
        default_ordering="-datetime",
        name="report",
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
        orderings=("id", "created_at", "due_at"),
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
    results: list[dict[str, Any]]
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
) -> Page:
    """One page of `subject` (a key of RESOURCES). All arguments are taken as a client sent them.

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
    terms = pagination.read_ordering(
        ordering, allowed=resource.orderings, default=default_ordering(resource, filters), model=model
    )
    size = pagination.read_limit(limit)
    if cursor in (None, ""):
        return _page_by_offset(
            resource,
            rows=restricted,
            terms=terms,
            size=size,
            offset=pagination.read_offset(offset),
            event=event,
        )
    is_backward, values = pagination.read_cursor(cursor, terms=terms)
    return _page_by_cursor(
        resource, rows=restricted, terms=terms, size=size, is_backward=is_backward, values=values, event=event
    )


def default_ordering(resource: Resource, filters: Mapping[str, Any]) -> str:
    """The order of a list that was asked for without one."""
    is_period = any(filters.get(name) for name in ("since", "until"))
    return (resource.ordering_in_period if is_period else None) or resource.default_ordering


def _page_by_offset(
    resource: Resource,
    *,
    rows: QuerySet[Any],
    terms: tuple[pagination.Term, ...],
    size: int,
    offset: int,
    event: int,
) -> Page:
    # One row more than the page tells whether another follows.
    ordered = without_models(rows).order_by(*(term.order_by() for term in terms))
    found = list(ordered[offset : offset + size + 1])
    has_more = len(found) > size
    found = found[:size]
    is_all = offset == 0 and not has_more
    return _page(
        resource,
        found=found,
        terms=terms,
        has_next=has_more,
        has_previous=offset > 0,
        count=len(found) if is_all else pagination.count_rows(rows),
        event=event,
    )


def _page_by_cursor(
    resource: Resource,
    *,
    rows: QuerySet[Any],
    terms: tuple[pagination.Term, ...],
    size: int,
    is_backward: bool,
    values: list[Any],
    event: int,
) -> Page:
    towards = tuple(term.reversed() for term in terms) if is_backward else terms
    behind = pagination.rows_after(towards, values)
    found = []
    if behind is not None:
        ordered = without_models(rows).filter(behind).order_by(*(term.order_by() for term in towards))
        found = list(ordered[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    if is_backward:
        found.reverse()
    return _page(
        resource,
        found=found,
        terms=terms,
        has_next=is_backward or has_more,  # the page we came from lies there
        has_previous=has_more or not is_backward,
        count=pagination.count_rows(rows),
        event=event,
    )


def _page(
    resource: Resource,
    *,
    found: list[Any],
    terms: tuple[pagination.Term, ...],
    has_next: bool,
    has_previous: bool,
    count: int | None,
    event: int,
) -> Page:
    return Page(
        count=count,
        results=[resource.represent(row) for row in found],
        next_cursor=pagination.write_cursor(found[-1], terms=terms, is_backward=False)
        if found and has_next
        else None,
        previous_cursor=pagination.write_cursor(found[0], terms=terms, is_backward=True)
        if found and has_previous
        else None,
        event=event,
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
