"""Acknowledging and taking it back, as both doors do it: REST's views and the sockets' consumers call these."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from rest_framework import serializers

from .. import clock
from ..representations import represent_notification
from ..services import notifications
from ..services.idempotency import answer_once
from .fields import read_whole, show
from .outputs import NotificationSerializer
from .schemas import answer_of
from .serializers import ResourceSerializer, acting_user
from .writing import read_pk

MOST_IDS: Final = 1000


class IdsField(serializers.ListField):
    """A list of ids, none of them twice in what comes of it. An empty one is refused: it does not mean all."""

    default_error_messages = {
        "not_a_list": "A list of ids is needed; {input} was given. Leave `ids` out for all that wait.",
        "empty": "Name one at least, or leave `ids` out for all that wait.",
        "too_many": "{most} ids at most; {number} were given.",
        "no_id": "An id is a whole number; {input} was given.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.IntegerField(min_value=1), **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is None:
            self.fail("not_a_list", input="null")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> list[int]:
        if not isinstance(data, list):
            self.fail("not_a_list", input=show(data))
        if not data:
            self.fail("empty")
        if len(data) > MOST_IDS:
            self.fail("too_many", most=MOST_IDS, number=len(data))
        ids = dict.fromkeys(read_whole(value) for value in data)
        if None in ids:
            self.fail("no_id", input=show(next(value for value in data if read_whole(value) is None)))
        return [number for number in ids if number is not None]


class AcknowledgementSerializer(ResourceSerializer):
    """Which of a patient's notifications to acknowledge."""

    ids = IdsField(required=False, help_text="all that wait where not given")


class AcknowledgedSerializer(serializers.Serializer):
    """What was named, or waited, as it then stands."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"results": answer_of(NotificationSerializer)(many=True)}


def acknowledge(pk: Any, *, context: Mapping[str, Any], idempotency_key: Any = None) -> dict[str, Any]:
    """Acknowledge one and give it as clients see it. Raises what errors.py can tell."""

    def act(by: Any, now: datetime) -> dict[str, Any]:
        return represent_notification(notifications.acknowledge(read_pk(pk), by=by, now=now))

    return _once(act, body={"acknowledge": str(pk)}, context=context, key=idempotency_key)


def unacknowledge(pk: Any, *, context: Mapping[str, Any], idempotency_key: Any = None) -> dict[str, Any]:
    """Take one's own back and give the notification as it then stands. Raises what errors.py can tell."""

    def act(by: Any, now: datetime) -> dict[str, Any]:
        return represent_notification(notifications.unacknowledge(read_pk(pk), by=by, now=now))

    return _once(act, body={"unacknowledge": str(pk)}, context=context, key=idempotency_key)


def acknowledge_all(
    patient_pk: Any, *, data: Any, context: Mapping[str, Any], idempotency_key: Any = None
) -> dict[str, Any]:
    """Acknowledge in one act what waits of a patient, or of that the `ids` in `data`; `{results}` as they then stand.

    Raises what errors.py can tell.
    """

    def act(by: Any, now: datetime) -> dict[str, Any]:
        serializer = AcknowledgementSerializer(data=data, context=dict(context))
        serializer.is_valid(raise_exception=True)
        ids = serializer.validated_data.get("ids")
        acknowledged = notifications.acknowledge_all(read_pk(patient_pk), by=by, now=now, ids=ids)
        return {"results": [represent_notification(notification) for notification in acknowledged]}

    body = {"acknowledge_all": str(patient_pk), "data": data}
    return _once(act, body=body, context=context, key=idempotency_key)


def _once(
    act: Callable[[Any, datetime], dict[str, Any]], *, body: Any, context: Mapping[str, Any], key: Any
) -> dict[str, Any]:
    """Act as the user of `context`, now; with a `key` that was sent before the first answer again.

    So an acknowledgement that was taken back is not made again by a request that comes late.
    """
    by, now = acting_user(context), clock.now()
    if key is None:
        return act(by, now)
    return answer_once(user=by, key=key, body=body, now=now, perform=lambda: act(by, now))
