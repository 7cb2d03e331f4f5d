"""One mapping from what went wrong to what the client is told, for REST and for the sockets' replies.

The shape is DRF's: `{"field": ["message"]}` or `{"detail": "message"}`. What nobody foresaw is logged with
its traceback and answered with a bare 500: a traceback may hold a patient's name.
"""

import logging
import re
from typing import Any, Final

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response

from .. import storage
from ..models import Notification, Patient, Report
from ..representations import represent_history, represent_notification, represent_patient, represent_report
from ..selectors import HistoricalReport
from ..services import errors as service_errors

logger = logging.getLogger("wardlight.api")

API_LANGUAGE: Final = "en"
LARGEST_BODY_TEXT: Final = "1 MiB"

SECONDS_TO_RETRY: Final = 5
NOT_KNOWN: Final = (
    "It is not known whether this was stored; send it again: the same Idempotency-Key gives the first answer."
)
BROKEN: Final = "Something went wrong on the server. It has been logged. "
DATABASE_AWAY: Final = "The database does not answer. "
DISK_FULL: Final = "A disk of the server is full: tell whoever keeps it. "

_UNIQUE_HOSPITAL_NUMBER: Final = "Another patient has this hospital number."
# Constraint -> the field to blame and what to say. The services ask first, the database has the last word.
_CONSTRAINTS: Final = {
    "patient_spo2_scale_1_or_2": ("spo2_scale", "The SpO2 scale is 1 or 2."),
    "patient_interval_5_to_1440": ("monitoring_interval", "The interval must be between 5 and 1440 minutes."),
    "patient_hematocrit_baseline_possible": (
        "hematocrit_baseline",
        "The baseline haematocrit must be between 5 and 80 %.",
    ),
    "patient_dismissed_after_admission": (
        "dismissal_date",
        "The dismissal must not be before the admission.",
    ),
    "report_diastolic_below_systolic": (
        "bp_dia",
        "Diastolic pressure must be below systolic pressure unless both are 0.",
    ),
    "report_interval_5_to_1440": ("monitoring_interval", "The interval must be between 5 and 1440 minutes."),
}
_REPORT_RANGE: Final = re.compile(r"\breport_(\w+)_possible\b")


def answer_of(error: BaseException) -> tuple[int, Any]:
    """The status and the body that tell a client about `error`; 500 for what nobody foresaw; it is logged.

    From 500 on it is not known whether anything was stored: a connection may be lost between a COMMIT and its answer.
    """
    known = _answer_of_service_error(error) or _answer_of_framework_error(error)
    if known is not None:
        return known
    if storage.is_full(error):
        logger.error("A disk is full", exc_info=error)
        return 507, {"detail": DISK_FULL + NOT_KNOWN}
    if isinstance(error, DatabaseError | InterfaceError):
        logger.error("The database does not answer", exc_info=error)
        return 503, {"detail": DATABASE_AWAY + NOT_KNOWN}
    logger.error("Unforeseen error", exc_info=error)
    return 500, {"detail": BROKEN + NOT_KNOWN}


def _answer_of_service_error(error: BaseException) -> tuple[int, Any] | None:
    match error:
        case service_errors.Refused():
            return 400, error.errors
        case service_errors.NotAllowed():
            return 403, error.errors
        case service_errors.Stale():
            return 409, represent_current(error.current)
        case service_errors.Conflict():
            return 409, {"detail": str(error)}
        case service_errors.KeyReused():
            return 422, {"detail": str(error)}
        case service_errors.Gone():
            return 410, {"detail": str(error)}
    return None


def _answer_of_framework_error(error: BaseException) -> tuple[int, Any] | None:
    match error:
        case exceptions.APIException():
            detail = error.detail
            return error.status_code, detail if isinstance(detail, dict | list) else {"detail": detail}
        case ObjectDoesNotExist() | Http404():
            return 404, {"detail": "Not found."}
        case PermissionDenied():
            return 403, {"detail": "Your role does not allow this."}
        case ModelValidationError():
            return 400, error.message_dict if hasattr(error, "error_dict") else {
                "detail": " ".join(error.messages)
            }
        case IntegrityError():
            return 400, _blame_constraint(error)
        case DataError():
            return 400, {"detail": "The database cannot hold one of these values."}
        case RequestDataTooBig():
            return 413, {"detail": f"The body is larger than {LARGEST_BODY_TEXT}."}
        case RecursionError():
            return 400, {"detail": "The body is nested too deep."}
        case SuspiciousOperation() | UnreadablePostError() | MultiPartParserError():
            return 400, {"detail": "The request could not be read."}
    return None


def represent_current(current: Any) -> Any:
    """The object as it stands, for the answer to a stale write."""
    match current:
        case Patient():
            return represent_patient(current)
        case Report():
            return represent_report(current)
        case HistoricalReport():
            return represent_history(current)
        case Notification():
            return represent_notification(current)
    return current


def _blame_constraint(error: IntegrityError) -> dict[str, Any]:
    message = str(error)
    if "hospital_number" in message:
        return {"hospital_number": [_UNIQUE_HOSPITAL_NUMBER]}
    for name, (field, explanation) in _CONSTRAINTS.items():
        if name in message:
            return {field: [explanation]}
    if found := _REPORT_RANGE.search(message):
        return {found[1]: ["This value is not possible (see /api/ranges/)."]}
    logger.warning("A constraint without a message of its own", exc_info=error)
    return {"detail": "These values contradict what is stored."}


def exception_handler(error: Exception, context: Any) -> Response:
    """DRF's hook: the answer above, with the headers that belong to a refused sign-in or a throttle."""
    status, body = answer_of(error)
    headers = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if wait := getattr(error, "wait", SECONDS_TO_RETRY if status in (503, 507) else None):
        headers["Retry-After"] = str(int(wait))
    return Response(body, status=status, headers=headers)
