"""The streams' consumers: an observer each, and the actions, performed by the functions that REST's views call.

No rules and no queries of their own. An observer notes every change of its model, however it was made, also in
workers and commands: importing this module connects it (apps.py).
"""

from typing import Any

from djangochannelsrestframework.decorators import action
from rest_framework.exceptions import ValidationError

from .api import acknowledgements, swaps, writing
from .api.serializers import ReportSerializer
from .models import Notification, Patient, Report
from .realtime.consumer import ReadingMixin, Snapshot, StreamConsumer, list_page, needed_data, needed_pk
from .realtime.observer import ChangeObserver
from .realtime.resume import needed_since, replay
from .representations import (
    represent_history,
    represent_notification,
    represent_patient,
    represent_report,
)


class ChangingMixin:
    """`update`, `patch` and `delete`."""

    subject: str
    scope: dict[str, Any]

    @action()
    def update(self, **request: Any) -> tuple[writing.Written, int]:
        return self._change(request, is_partial=False)

    @action()
    def patch(self, **request: Any) -> tuple[writing.Written, int]:
        return self._change(request, is_partial=True)

    @action()
    def delete(self, **request: Any) -> tuple[None, int]:
        writing.delete_object(
            self.subject, needed_pk(request), data=request.get("data"), context=self._context()
        )
        return None, 204

    def _change(self, request: dict[str, Any], *, is_partial: bool) -> tuple[writing.Written, int]:
        changed = writing.update_object(
            self.subject,
            needed_pk(request),
            data=needed_data(request),
            is_partial=is_partial,
            context=self._context(),
        )
        return changed, 200

    def _context(self) -> dict[str, Any]:
        return {"user": self.scope["user"]}


class CreatingMixin:
    """`create`."""

    subject: str
    scope: dict[str, Any]

    @action()
    def create(self, **request: Any) -> tuple[writing.Written, int]:
        created = writing.create_object(
            self.subject,
            data=needed_data(request),
            context={"user": self.scope["user"]},
            idempotency_key=request.get("idempotency_key"),
        )
        return created, 201


class WritingMixin(CreatingMixin, ChangingMixin):
    """`create`, `update`, `patch` and `delete`."""


class PatientConsumer(WritingMixin, ReadingMixin, StreamConsumer):
    """Stream `patients`."""

    subject = "patients"
    changed = ChangeObserver(Patient, stream="patients", represent=represent_patient)

    @action()
    def swap_bed(self, **request: Any) -> tuple[writing.Written, int]:
        swapped = swaps.swap_bed(
            needed_pk(request),
            data=needed_data(request),
            context=self._context(),
            idempotency_key=request.get("idempotency_key"),
        )
        return swapped, 200


class ReportConsumer(WritingMixin, ReadingMixin, StreamConsumer):
    """Stream `reports`."""

    subject = "reports"
    changed = ChangeObserver(Report, stream="reports", represent=represent_report)

    @action()
    def totals(self, **request: Any) -> tuple[Snapshot, int]:
        """As `list`, of each report the numbers alone that a trend is drawn from (representations.py)."""
        return list_page("totals", request), 200

    @action()
    def preview(self, **request: Any) -> tuple[dict[str, Any], int]:
        serializer = ReportSerializer(data=needed_data(request), context=self._context())
        serializer.is_valid(raise_exception=True)
        return serializer.preview(), 200


class HistoryConsumer(ChangingMixin, ReadingMixin, StreamConsumer):
    """Stream `history`: every version of every report."""

    subject = "history"
    changed = ChangeObserver(
        Report.history.model,
        stream="history",
        represent=represent_history,
        identify=lambda version: {"history_id": version.history_id, "id": version.id},
        is_gone=lambda version: version.is_retired,
    )


class NotificationConsumer(ReadingMixin, StreamConsumer):
    """Stream `notifications`."""

    subject = "notifications"
    changed = ChangeObserver(Notification, stream="notifications", represent=represent_notification)

    @action()
    def acknowledge(self, **request: Any) -> tuple[dict[str, Any], int]:
        return acknowledgements.acknowledge(needed_pk(request), **self._acting(request)), 200

    @action()
    def unacknowledge(self, **request: Any) -> tuple[dict[str, Any], int]:
        return acknowledgements.unacknowledge(needed_pk(request), **self._acting(request)), 200

    @action()
    def acknowledge_all(self, **request: Any) -> tuple[dict[str, Any], int]:
        """`pk` is the patient's; `ids` stand beside it. Within `data` they are taken as well: who named some must not
        silence all."""
        named = request if "ids" in request else request.get("data")
        data = {"ids": named["ids"]} if isinstance(named, dict) and "ids" in named else {}
        return acknowledgements.acknowledge_all(needed_pk(request), data=data, **self._acting(request)), 200

    def _acting(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "context": {"user": self.scope["user"]},
            "idempotency_key": request.get("idempotency_key"),
        }


class EventConsumer(StreamConsumer):
    """Stream `events`: greeting and heartbeat come from the hub; here is what was missed while away."""

    subject = "events"
    holds_thread = False

    @action()
    async def resume(self, **request: Any) -> tuple[dict[str, Any], int]:
        try:
            since = needed_since(request)
        except ValueError as error:
            raise ValidationError({"since": [str(error)]}) from error
        epoch = request.get("epoch")
        if epoch is not None and not isinstance(epoch, str):
            raise ValidationError({"epoch": ["A text is needed: the greeting's epoch."]})
        return {"last": await replay(self.connection, self.hub, since=since, epoch=epoch)}, 200

    @action()
    async def ping(self, **request: Any) -> tuple[dict[str, Any], int]:
        """Whether the line lives. While another request is under way it is answered before it (realtime/pings.py)."""
        return {}, 200
