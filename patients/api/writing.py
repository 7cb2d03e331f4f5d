"""Creating and changing as both doors do it: REST's views and the sockets' consumers call these."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rest_framework.exceptions import NotFound, ValidationError

from .. import clock, selectors
from ..models import Patient, Report
from ..services import history as history_services
from ..services import patients as patient_services
from ..services import reports as report_services
from ..services.idempotency import answer_once
from .fields import TextField, read_whole
from .serializers import (
    LONGEST_REASON,
    HistorySerializer,
    PatientSerializer,
    ReportSerializer,
    ResourceSerializer,
    acting_user,
)

SERIALIZERS: Final[dict[str, type[ResourceSerializer]]] = {
    "patients": PatientSerializer,
    "reports": ReportSerializer,
    "history": HistorySerializer,
}
ROWS: Final[dict[str, Callable[[], Any]]] = {
    "patients": Patient.objects.all,
    "reports": Report.objects.all,
    "history": selectors.versions_with_users,
}
_KEPT_WARNINGS: Final = "warnings"  # beside the fields of an answer that is kept with its key


class Written(NamedTuple):
    """An object as clients see it, and what of the write is to be looked at: `[{field, reason}]`."""

    object: Any
    warnings: list[dict[str, str]]


def create_object(
    subject: str, *, data: Any, context: Mapping[str, Any], idempotency_key: Any = None
) -> Written:
    """Store a new object of `subject` ("patients", "reports") and give it as clients see it.

    With an `idempotency_key` sent before by the same user, the first answer again, and nothing is created.
    Raises what answer_of (errors.py) can tell.
    """

    def create() -> Written:
        serializer = SERIALIZERS[subject](data=data, context=dict(context))
        serializer.is_valid(raise_exception=True)
        return _written(serializer)

    if idempotency_key is None:
        return create()
    return write_once(
        create,
        body={"create": subject, "data": data},
        context=context,
        idempotency_key=idempotency_key,
    )


def write_once(
    write: Callable[[], Written], *, body: Any, context: Mapping[str, Any], idempotency_key: Any
) -> Written:
    """What `write` gives; the first time's again, warnings too, where the same user sent the key before."""

    def perform() -> dict[str, Any]:
        written = write()
        return {**written.object, _KEPT_WARNINGS: written.warnings}

    answer = answer_once(
        user=acting_user(context), key=idempotency_key, body=body, now=clock.now(), perform=perform
    )
    return Written(answer, answer.pop(_KEPT_WARNINGS, []))


def update_object(
    subject: str, pk: Any, *, data: Any, is_partial: bool, context: Mapping[str, Any]
) -> Written:
    """Replace (PUT) or change in part (PATCH, `is_partial`) an object and give it as it then stands.

    Raises NotFound for an unknown `pk`, and what answer_of (errors.py) can tell.
    """
    instance = ROWS[subject]().filter(pk=read_pk(pk)).first()
    if instance is None:
        raise NotFound
    serializer = SERIALIZERS[subject](instance, data=data, partial=is_partial, context=dict(context))
    serializer.is_valid(raise_exception=True)
    return _written(serializer)


def _written(serializer: ResourceSerializer) -> Written:
    saved = serializer.save()
    return Written(serializer.to_representation(saved), represent_warnings(saved))


def represent_warnings(saved: Any) -> list[dict[str, str]]:
    """What of a write is to be looked at, in the shape of an import's rejects."""
    warnings: Mapping[str, list[str]] = getattr(saved, "warnings", {})
    return [{"field": field, "reason": reason} for field, reasons in warnings.items() for reason in reasons]


def delete_object(subject: str, pk: Any, *, data: Any = None, context: Mapping[str, Any]) -> None:
    """Delete a patient or report, or retire a version.

    `data` may give a `history_change_reason` (`reason` does as well), which a version needs; the rest is ignored.

    Raises NotFound, and what answer_of (errors.py) can tell.
    """
    by, now, expected_version = acting_user(context), clock.now(), context.get("expected_version")
    if subject == "patients":
        patient_services.delete_patient(read_pk(pk), by=by, now=now, expected_version=expected_version)
        return
    remove = history_services.retire_version if subject == "history" else report_services.delete_report
    remove(read_pk(pk), by=by, now=now, reason=read_reason(data), expected_version=expected_version)


def read_pk(pk: Any) -> int:
    """The primary key that `pk` is. Raises NotFound where it can be none."""
    number = read_whole(pk)
    if number is None:
        raise NotFound
    return number


def read_reason(data: Any) -> str:
    """The `history_change_reason` (or `reason`) in `data`, "" where there is none. Raises ValidationError (400)."""
    if not isinstance(data, Mapping):
        return ""
    given = data.get("history_change_reason", data.get("reason"))
    if given is None:
        return ""
    field = TextField(max_length=LONGEST_REASON, allow_blank=True)
    try:
        reason: str = field.run_validation(given)
    except ValidationError as error:
        raise ValidationError({"history_change_reason": error.detail}) from error
    return reason
