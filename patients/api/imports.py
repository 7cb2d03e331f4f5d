"""Patients and their reports from CSV files over REST: as `manage.py import_csv`, with the rejects in the answer."""

import threading
from datetime import datetime
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.request import Request

from ..services.csv_rows import UnreadableFile, columns_of, rows_of
from ..services.import_rows import LINK, Outcome, Remark, Row
from ..services.intake import BODY_COLUMNS, take_in
from .fields import show
from .serializers import PatientSerializer, ReportSerializer

LARGEST_IMPORT: Final = 10 * 1024 * 1024  # bytes, the whole body
# Both files together: half a minute, and over a whole one on a busy machine. More: another request, or the command.
MOST_ROWS: Final = 2000
SECONDS_TO_WAIT: Final = 10  # until the next file may be sent

_at_work = threading.Lock()

PARTS: Final = ("patients", "reports")


class BodyTooLarge(APIException):
    """413."""

    status_code = 413
    default_detail = f"The body is larger than {LARGEST_IMPORT // 1024 // 1024} MiB."


def take_in_files(request: Request, *, now: datetime) -> dict[str, Any]:
    """Import the files of a multipart request; what became of their rows.

    One at a time in a process: Throttled for the next. Raises BodyTooLarge, and ValidationError naming the part that is
    missing, unknown, no CSV file, of other columns or too long: then nothing was imported.
    """
    if not _at_work.acquire(blocking=False):
        raise Throttled(
            SECONDS_TO_WAIT, detail="Another file is being imported. Nothing of this one was stored."
        )
    try:
        return _import_files(request, now=now)
    finally:
        _at_work.release()


def _import_files(request: Request, *, now: datetime) -> dict[str, Any]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_IMPORT:
        raise BodyTooLarge
    rows = _read_parts(request)
    outcomes = take_in(rows["patients"], rows["reports"], by=request.user, now=now, is_taken_over=False)
    return represent_import(*outcomes)


def represent_import(of_patients: Outcome, of_reports: Outcome) -> dict[str, Any]:
    """What became of the rows of both files, and each reject and warning with where it stands."""
    return {
        "patients": _represent_outcome(of_patients, added=of_patients.patients),
        "reports": _represent_outcome(of_reports, added=of_reports.reports),
        "rejects": _represent_remarks(patients=of_patients.rejects, reports=of_reports.rejects),
        "warnings": _represent_remarks(patients=of_patients.warnings, reports=of_reports.warnings),
    }


def _represent_remarks(**remarks: list[Remark]) -> list[dict[str, Any]]:
    """By file, then line."""
    return [
        {"file": name, "line": remark.row.line, "field": remark.field, "reason": remark.reason}
        for name, of_file in remarks.items()
        for remark in sorted(of_file, key=lambda remark: remark.row.line)
    ]


def _represent_outcome(outcome: Outcome, *, added: int) -> dict[str, int]:
    return {"added": added, "unchanged": outcome.known, "rejected": len(outcome.rejected_rows)}


def _read_parts(request: Request) -> dict[str, list[Row]]:
    # A QueryDict, since only multipart/form-data is parsed; of no body at all DRF makes a plain one.
    sent: Any = request.data or QueryDict()
    errors: dict[str, list[str]] = {show(name): ["No such part."] for name in sent if name not in PARTS}
    rows: dict[str, list[Row]] = {name: [] for name in PARTS}
    for name in PARTS:
        parts = sent.getlist(name)
        try:
            if parts or name == "patients":
                rows[name] = _read_part(name, parts)
        except UnreadableFile as error:
            errors[name] = [str(error)]
    if not errors and sum(map(len, rows.values())) > MOST_ROWS:
        errors["detail"] = [f"Both files have over {MOST_ROWS} rows together. Send them in parts."]
    if errors:
        raise ValidationError(errors)
    return rows


def _read_part(name: str, parts: list[Any]) -> list[Row]:
    if len(parts) != 1 or not isinstance(parts[0], UploadedFile):
        raise UnreadableFile("Send one CSV file.")
    rows = rows_of(parts[0].read())
    unknown = columns_of(rows) - _known_columns(name)
    if unknown:
        raise UnreadableFile(f"No such column: {', '.join(sorted(map(show, unknown)))}.")
    return rows


def _known_columns(name: str) -> set[str]:
    if name == "reports":
        return {LINK, *ReportSerializer().fields} - {"patient"}
    return {*PatientSerializer().fields, *BODY_COLUMNS}
