"""Who may take a report back as entered in error: doctor and lead always, who recorded it for an hour."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from ..models import Amendment, Report
from ..permissions import may, role_of
from .errors import NotAllowed, Refused

STRUCK_WITHIN: Final = timedelta(
    minutes=60
)  # of `created_at`, by who recorded it. To be confirmed by the ward.


def check_may_strike(report: Report, *, by: Any, now: datetime, reason: str) -> None:
    """Raise NotAllowed where `by` may not delete this report, Refused where their own slip has no reason.

    One's own is deleted within STRUCK_WITHIN of its entry, by a role that may record, while nobody else has changed it.
    That it was scored again, since the patient's record was put right, is no change of it.
    """
    role = role_of(by)
    if may(role, "reports", "delete"):
        return
    if not may(role, "reports", "delete_own"):
        raise NotAllowed({"detail": "Your role does not allow this."})
    minutes = round(STRUCK_WITHIN.total_seconds() / 60)
    if report.recorded_by_id != by.pk:
        raise NotAllowed({"detail": "Somebody else recorded this set. A doctor or lead can take it back."})
    if now - report.created_at > STRUCK_WITHIN:
        message = f"You recorded this set over {minutes} minutes ago. A doctor or lead can take it back."
        raise NotAllowed({"detail": message})
    if _was_changed_by_another(report, by=by):
        raise NotAllowed({"detail": "Somebody else has changed this set. A doctor or lead can take it back."})
    if not reason.strip():
        raise Refused({"history_change_reason": ["Say why: it stays in the history of the set."]})


def _was_changed_by_another(report: Report, *, by: Any) -> bool:
    if Amendment.objects.filter(report_id=report.pk).exclude(amended_by=by).exists():
        return True
    recorded = [field.name for field in Report._meta.fields if field.editable and field.name != "id"]
    versions = list(Report.history.filter(id=report.pk).order_by("history_id"))
    return any(
        version.history_user_id != by.pk
        and any(getattr(version, name) != getattr(before, name) for name in recorded)
        for before, version in pairwise(versions)
    )
