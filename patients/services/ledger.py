"""Entries of the append-only ledger. Every function runs in the caller's unit of work.

An entry is written before the change that it tells of: the database refuses the change without it (triggers.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ..models import Amendment, AmendmentText, Report
from ..representations import represent_history

# What people type: it may name the patient, so it is kept apart and goes with the identity.
FREE_TEXTS: Final = ("oxygen_device", "diet", "additional", "medical_advice", "history_change_reason")
# What of a version changes when its report falls back to it.
_RESTORED: Final = ("version", "updated_at", "due_at", "due_because")


def enter_amendment(
    version: Any, *, before: Mapping[str, Any], by: Any, now: datetime, reason: str
) -> Amendment:
    """That `version` (HistoricalReport, as it is about to be stored) was amended; `before`: its representation."""
    return _enter(
        Amendment.Kind.AMENDED,
        version=version,
        before=before,
        after=represent_history(version),
        by=by,
        now=now,
        reason=reason,
    )


def enter_retirement(
    version: Any,
    *,
    by: Any,
    now: datetime,
    reason: str,
    restored: Any = None,
    restored_before: Mapping[str, Any] | None = None,
) -> Amendment:
    """That `version` was retired, and that its report fell back to the version `restored` (None: to none)."""
    restoring: dict[str, Any] = {}
    if restored is not None and restored_before is not None:
        restored_after = represent_history(restored)
        restoring = {
            "restored_history_id": restored.pk,
            "restored_before": {field: restored_before[field] for field in _RESTORED},
            "restored_after": {field: restored_after[field] for field in _RESTORED},
        }
    return _enter(
        Amendment.Kind.RETIRED,
        version=version,
        before=represent_history(version),
        after=None,
        by=by,
        now=now,
        reason=reason,
        **restoring,
    )


def enter_anonymisation(version: Any, *, before: Mapping[str, Any], by: Any, now: datetime) -> Amendment:
    """That the free texts of `version` (as it is about to be stored) were taken away; what they were is not kept."""
    return Amendment.objects.create(
        kind=Amendment.Kind.ANONYMISED,
        history_id=version.pk,
        report_id=version.id,
        amended_at=now,
        amended_by=by,
        before=_without_texts(before),
        after=_without_texts(represent_history(version)),
    )


def newest_version_of(report: Report) -> Any:
    """The newest version of the report that is not retired, with its users; None where there is none."""
    versions = Report.history.model.objects.filter(id=report.pk, is_retired=False)
    return versions.select_related("recorded_by", "history_user").order_by("-history_id").first()


def _enter(
    kind: str,
    *,
    version: Any,
    before: Mapping[str, Any],
    after: Mapping[str, Any] | None,
    by: Any,
    now: datetime,
    reason: str,
    **restoring: Any,
) -> Amendment:
    entry = Amendment.objects.create(
        kind=kind,
        history_id=version.pk,
        report_id=version.id,
        amended_at=now,
        amended_by=by,
        before=_without_texts(before),
        after=None if after is None else _without_texts(after),
        **restoring,
    )
    AmendmentText.objects.create(
        amendment=entry,
        patient_id=version.patient_id,
        reason=reason,
        before=_texts_of(before),
        after=None if after is None else _texts_of(after),
    )
    return entry


def _without_texts(representation: Mapping[str, Any]) -> dict[str, Any]:
    return {field: "" if field in FREE_TEXTS else value for field, value in representation.items()}


def _texts_of(representation: Mapping[str, Any]) -> dict[str, Any]:
    return {field: representation[field] for field in FREE_TEXTS}
