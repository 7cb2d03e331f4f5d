"""Plans and pauses as clients send them; they live below their patient (`/api/patients/<id>/plan/`, `pauses/`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rest_framework import serializers
from rest_framework.exceptions import NotFound

from .. import clock, selectors
from ..models import Patient, Pause, Plan
from ..representations import represent_pause, represent_running_plan
from ..rules.news2 import MAXIMUM_TOTAL
from ..rules.plan import SCORE, THRESHOLD_FIELDS
from ..services import plans as plan_services
from ..services.idempotency import answer_once
from .fields import InstantField, TextField, WholeNumberField, measured_field, show
from .outputs import UserReferenceSerializer
from .serializers import (
    LONGEST_INTERVAL,
    LONGEST_REASON,
    SHORTEST_INTERVAL,
    ResourceSerializer,
    acting_user,
)
from .writing import read_pk

MOST_STEPS: Final = 20
LONGEST_STEP: Final = 43_200  # minutes: 30 days
_BOUNDS: Final = ("below", "above")


class StepSerializer(ResourceSerializer):
    """One phase of a plan: a set each `every` minutes, `for` so many minutes; null: to the end of the plan."""

    every = WholeNumberField(
        min_value=SHORTEST_INTERVAL,
        max_value=LONGEST_INTERVAL,
        help_text=f"minutes, {SHORTEST_INTERVAL} to {LONGEST_INTERVAL}",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        lasts = WholeNumberField(
            min_value=1,
            max_value=LONGEST_STEP,
            allow_null=True,
            default=None,
            help_text="minutes; null, for the last step only: to the end of the plan",
        )
        return {**super().get_fields(), "for": lasts}


class CallAtField(serializers.Field):
    """`{"score": 7, "respiration": {"below": 8, "above": 30}}`: what to be called at."""

    is_json_object: Final = True  # for /swagger
    default_error_messages = {
        "not_an_object": 'An object such as {{"score": 7, "pulse": {{"above": 130}}}} is needed; {input} was given.',
        "no_such_field": f"No such threshold. There are: {', '.join((SCORE, *THRESHOLD_FIELDS))}.",
        "no_bounds": 'An object such as {{"below": 8, "above": 30}} is needed; {input} was given.',
        "crossed": "`below` must be lower than `above`.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("not_an_object", input=show(data))
        thresholds: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, value in data.items():
            try:
                thresholds[name] = self._read(name, value)
            except serializers.ValidationError as error:
                errors[show(name)] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return thresholds

    def _read(self, name: Any, value: Any) -> Any:
        if name == SCORE:
            return WholeNumberField(min_value=1, max_value=MAXIMUM_TOTAL).run_validation(value)
        if name not in THRESHOLD_FIELDS:
            self.fail("no_such_field")
        is_bounds = isinstance(value, Mapping) and value and set(value) <= set(_BOUNDS)
        if not is_bounds or all(bound is None for bound in value.values()):
            self.fail("no_bounds", input=show(value))
        bounds = {bound: self._read_bound(name, value.get(bound)) for bound in _BOUNDS}
        if None not in bounds.values() and bounds["below"] >= bounds["above"]:
            self.fail("crossed")
        return bounds

    def _read_bound(self, name: str, value: Any) -> Any:
        field = measured_field(name)
        field.source = name
        return None if value is None else field.run_validation(value)

    def to_representation(self, value: Any) -> Any:
        return value


class PlanSerializer(ResourceSerializer):
    """How often to observe and at which values to call, for a while, instead of what patient and pathway say."""

    steps = StepSerializer(many=True, allow_empty=False)
    call_at = CallAtField(
        allow_null=True,
        default=dict,
        help_text=f"{SCORE}: NEWS2 from which to call; {', '.join(THRESHOLD_FIELDS)}: {{below, above}}",
    )
    until = InstantField(help_text="when the plan ends by itself")
    reason = TextField(max_length=LONGEST_REASON)
    by = UserReferenceSerializer(read_only=True, allow_null=True)
    since = serializers.DateTimeField(read_only=True, help_text="when it was set; the steps run from then")
    suppressed_count = serializers.IntegerField(
        read_only=True, help_text="how many sets it kept from alerting, their score being below call_at.score"
    )

    def validate_steps(self, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(steps) > MOST_STEPS:
            raise serializers.ValidationError(f"{MOST_STEPS} steps at most; {len(steps)} were given.")
        endless = [number for number, step in enumerate(steps[:-1], start=1) if step["for"] is None]
        if endless:
            raise serializers.ValidationError(
                f"Only the last step may go on to the end; step {endless[0]} needs `for`, in minutes."
            )
        return [{"every": step["every"], "for": step["for"]} for step in steps]

    def validate_call_at(self, call_at: dict[str, Any] | None) -> dict[str, Any]:
        return call_at or {}


class PauseSerializer(ResourceSerializer):
    """A time in which nobody is reminded of a patient, who is off the ward."""

    id = serializers.IntegerField(read_only=True)
    since = InstantField(required=False, help_text="now where not given")
    until = InstantField(help_text="24 hours after `since` at most; by who may not change the plan 4 hours")
    reason = TextField(max_length=LONGEST_REASON)
    by = UserReferenceSerializer(read_only=True, allow_null=True)
    by_nurse = serializers.BooleanField(
        read_only=True, help_text="set by somebody who may not change the plan: 4 hours at most"
    )

    def to_representation(self, instance: Pause) -> dict[str, Any]:
        return represent_pause(instance)


def read_plan(patient: Patient, *, now: datetime) -> dict[str, Any]:
    """The running plan. Raises NotFound (404) where none runs."""
    plan = represent_running_plan(patient)
    if plan is None or datetime.fromisoformat(plan["until"]) <= now:
        raise NotFound("No plan runs for this patient.")
    return plan


def set_plan(patient_id: int, *, data: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """Let the plan in `data` run from now on, and give it as clients see it. Raises what errors.py can tell."""
    values = _read(PlanSerializer(data=data, context=dict(context)))
    now = clock.now()
    patient = plan_services.set_plan(patient_id, by=acting_user(context), now=now, **values)
    return read_plan(patient, now=now)


def end_plan(patient_id: int, *, context: Mapping[str, Any]) -> None:
    """End the running plan. Raises NotFound (404) where none runs."""
    try:
        plan_services.end_plan(patient_id, by=acting_user(context), now=clock.now())
    except Plan.DoesNotExist as error:
        raise NotFound("No plan runs for this patient.") from error


def add_pause(
    patient_id: int, *, data: Any, context: Mapping[str, Any], idempotency_key: Any = None
) -> dict[str, Any]:
    """Pause the reminders and give the pause as clients see it. Raises what errors.py can tell."""

    def add() -> dict[str, Any]:
        now = clock.now()
        values = {"since": now, **_read(PauseSerializer(data=data, context=dict(context)))}
        return represent_pause(
            plan_services.add_pause(patient_id, by=acting_user(context), now=now, **values)
        )

    if idempotency_key is None:
        return add()
    return answer_once(
        user=acting_user(context),
        key=idempotency_key,
        body={"create": f"patients/{patient_id}/pauses", "data": data},
        now=clock.now(),
        perform=add,
    )


def change_pause(pause: Pause, *, data: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is sent of a pause, and give it as it then stands. Raises what errors.py can tell."""
    changes = _read(PauseSerializer(pause, data=data, partial=True, context=dict(context)))
    changed = plan_services.change_pause(pause.pk, by=acting_user(context), now=clock.now(), changes=changes)
    return represent_pause(changed)


def end_pause(pause: Pause, *, context: Mapping[str, Any]) -> None:
    """End a pause now, or take it back where it has not begun. Raises Conflict (409) where it is over."""
    plan_services.end_pause(pause.pk, by=acting_user(context), now=clock.now())


def find_pause(patient_id: int, pause_id: str) -> Pause:
    """The pause of this patient. Raises NotFound (404)."""
    pauses = selectors.pauses_with_setter().filter(patient_id=patient_id)
    pause = pauses.filter(pk=read_pk(pause_id)).first()
    if pause is None:
        raise NotFound("There is no such pause.")
    return pause


def _read(serializer: ResourceSerializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
