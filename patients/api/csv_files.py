"""Lists as CSV files. Patients and reports in the columns that `import_csv` takes in: out, in and out again gives the
same bytes. Versions with who wrote them when and why, and what was computed: for reading, not for importing.

A value stands as it was recorded, also one that a spreadsheet would take for a formula (`=1+1`): a clinical record is
not altered on its way. Null and "" are an empty cell, `[]` (assessed, none) is not; lists and objects are JSON.
"""

import csv
import io
import json
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import F, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer

from ..events import log_state
from ..models import Patient, Report
from ..realtime.threads import OWN, Errand, lent_thread
from ..representations import RECORDED_FIELDS, represent_history, represent_instant
from ..services.import_rows import LINK
from ..services.intake import BODY_COLUMNS
from . import pagination
from .fields import read_whole, show
from .filters import apply_filters
from .listing import RESOURCES, default_ordering

ROWS_AT_ONCE: Final = 200

_PATIENT_FIELDS: Final = (
    LINK, "last_name", "first_name", "date_of_birth", "sex", "pregnant", "ward", "bed", "allergies",
    "allergy_status", "diagnosis", "admission_date", "dismissal_date", "pathway", "spo2_scale", "fever_onset_at",
    "hematocrit_baseline", "monitoring_interval",
)  # fmt: skip
_BIRTH: Final = _PATIENT_FIELDS.index("date_of_birth")  # 1958 where no more is known: it is written as that
_OF_A_VERSION: Final = ("history_id", "history_date", "history_type", "history_user", "history_change_reason")
_COMPUTED: Final = (
    "news2_score",
    "news2_risk",
    "due_at",
    "due_because",
    "created_at",
    "updated_at",
    "version",
    "amendments",
)
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "patients": (*_PATIENT_FIELDS, *BODY_COLUMNS),
    "reports": (LINK, "datetime", *RECORDED_FIELDS),
    "history": (
        *_OF_A_VERSION,
        "id",
        "patient",
        LINK,
        "datetime",
        "recorded_by",
        *RECORDED_FIELDS,
        *_COMPUTED,
    ),
}


class CSVRenderer(BaseRenderer):
    """Lets `?format=csv` and `Accept: text/csv` be asked for; the view streams the file itself."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        return data


def csv_file(
    subject: str,
    *,
    request: HttpRequest,
    filters: Mapping[str, Any],
    ordering: Any,
    limit: Any,
    has_mark: Any = None,
) -> StreamingHttpResponse:
    """The whole of a list (a key of COLUMNS) as a file, read and sent 200 rows at a time.

    Patients by id, reports by patient, then time, where no `ordering` is given; so a second database, filled from the
    files, gives the same ones. Versions in the list's own order. `limit`: that many rows. `has_mark`: "1" for a byte
    order mark before the first line, by which a spreadsheet knows UTF-8. Raises ValidationError (400) as the list does.
    """
    resource = RESOURCES[subject]
    event = log_state().last
    rows = apply_filters(resource.filter_set, values=filters, rows=resource.rows())
    terms = _read_ordering(subject, ordering, filters=filters)
    at_most = _read_limit(limit)
    chunks = chain(_read_mark(has_mark), _write(subject, rows=rows, terms=terms, at_most=at_most))
    # Django would read the whole of a plain iterator first where it serves asynchronously.
    content: Any = (
        _one_by_one(chunks, errand=request.scope.get("errand", OWN))
        if isinstance(request, ASGIRequest)
        else chunks
    )
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8; header=present")
    response["Content-Disposition"] = f'attachment; filename="{subject}.csv"'
    response["X-Event"] = str(event)
    return response


async def _one_by_one(chunks: Iterator[bytes], *, errand: Errand) -> AsyncIterator[bytes]:
    def read_next() -> bytes | None:
        return next(chunks, None)

    while True:
        async with lent_thread(errand):  # for these rows only: the client may take long to read them
            chunk = await sync_to_async(read_next, thread_sensitive=True)()
        if chunk is None:
            return
        yield chunk


def _read_ordering(subject: str, ordering: Any, *, filters: Mapping[str, Any]) -> tuple[pagination.Term, ...]:
    resource = RESOURCES[subject]
    if subject == "reports" and not ordering:
        return tuple(pagination.Term(pagination.column_of(Report, n)) for n in ("patient", "datetime", "id"))
    return pagination.read_ordering(
        ordering,
        allowed=resource.orderings,
        default=default_ordering(resource, filters),
        model=resource.rows().model,
    )


def _read_mark(value: Any) -> list[bytes]:
    if value in (None, "", "0"):
        return []
    if value != "1":
        raise ValidationError({"bom": [f"0 or 1 is needed; {show(value)} was given."]})
    return [BOM_UTF8]


def _read_limit(limit: Any) -> int | None:
    if limit in (None, ""):
        return None
    at_most = read_whole(limit)
    if at_most is None or at_most < 1:
        raise ValidationError({"limit": [f"A whole number above 0 is needed; {show(limit)} was given."]})
    return at_most


def _write(
    subject: str, *, rows: QuerySet[Any], terms: Sequence[pagination.Term], at_most: int | None
) -> Iterator[bytes]:
    yield _lines([COLUMNS[subject]])
    ordered = rows.order_by(*(term.order_by() for term in terms))
    page: QuerySet[Any] = ordered
    left = at_most
    while left is None or left > 0:
        size = ROWS_AT_ONCE if left is None else min(left, ROWS_AT_ONCE)
        found = list(page[:size])
        if found:
            yield _lines(_CELLS[subject](found))
        if len(found) < size:
            return
        behind = pagination.rows_after(terms, [getattr(found[-1], term.column.attname) for term in terms])
        if behind is None:
            return
        page = ordered.filter(behind)
        left = None if left is None else left - size


def _cells_of_patients(patients: Sequence[Patient]) -> Iterator[list[str]]:
    bodies = _bodies_at_admission(patients)
    for patient in patients:
        body = bodies.get(patient.pk)
        cells = [_text(getattr(patient, field)) for field in _PATIENT_FIELDS]
        cells[_BIRTH] = "" if patient.birth is None else patient.birth.as_text()
        yield [*cells, *(_text(getattr(body, field, None)) for field in BODY_COLUMNS)]


def _bodies_at_admission(patients: Sequence[Patient]) -> dict[int, Report]:
    """The report that `import_csv` makes of a patient's height and weight, where there is just such a one."""
    at_admission = Report.objects.filter(patient__in=patients, datetime=F("patient__admission_date"))
    others = [field for field in RECORDED_FIELDS if field not in BODY_COLUMNS]
    return {
        report.patient_id: report
        for report in at_admission.order_by("-id")
        if all(getattr(report, field) in (None, "", {}) for field in others)
    }


def _cells_of_reports(reports: Sequence[Report]) -> Iterator[list[str]]:
    numbers = _hospital_numbers(reports)
    for report in reports:
        recorded = (_text(getattr(report, field)) for field in ("datetime", *RECORDED_FIELDS))
        yield [_text(numbers[report.patient_id]), *recorded]


def _cells_of_versions(versions: Sequence[Any]) -> Iterator[list[str]]:
    numbers = _hospital_numbers(versions)
    for version in versions:
        shown = represent_history(version)
        values = {
            **{name: shown.get(name) for name in COLUMNS["history"]},
            LINK: numbers[version.patient_id],
            "history_user": (shown["history_user"] or {}).get("name"),
            "recorded_by": (shown["recorded_by"] or {}).get("name"),
            "news2_score": shown["news2"].get("score"),
            "news2_risk": shown["news2"].get("risk"),
        }
        yield [_text(value) for value in values.values()]


def _hospital_numbers(rows: Sequence[Any]) -> dict[int, str | None]:
    """Patient's id -> hospital number, of the patients of these reports or versions."""
    patients = Patient.objects.filter(pk__in={row.patient_id for row in rows})
    return dict(patients.values_list("pk", LINK))


_CELLS: Final[Mapping[str, Callable[[Sequence[Any]], Iterator[list[str]]]]] = {
    "patients": _cells_of_patients,
    "reports": _cells_of_reports,
    "history": _cells_of_versions,
}


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return represent_instant(value) or ""
        case date():
            return value.isoformat()
        case dict():
            return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""
        case list():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def _lines(rows: Iterator[list[str]] | Sequence[Sequence[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()
