"""The read-only parts of the objects, declared for /swagger. What is sent is built by `representations`."""

from typing import Any

from rest_framework import serializers

from ..models import Amendment, Notification
from ..representations import represent_amendment, represent_notification
from ..rules.due_limit import CODES as DUE_CODES
from ..rules.news2 import SCORED_FIELDS


class UserReferenceSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class News2PartsSerializer(serializers.Serializer):
    """0 to 3 for each scored field; null where it was not measured, and of an SpO2 on scale 2 from 93 % up where
    neither supplemental_oxygen nor a flow tells of oxygen: it has 0 points on air, 1 to 3 on oxygen."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: serializers.IntegerField(allow_null=True) for name in SCORED_FIELDS}


class News2Serializer(serializers.Serializer):
    score = serializers.IntegerField(allow_null=True, help_text="0 to 20; null where the set is not complete")
    risk = serializers.CharField(allow_null=True, help_text="low, low-medium, medium or high")
    parts = News2PartsSerializer()
    complete = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    lower_bound = serializers.IntegerField(
        allow_null=True,
        help_text="the score is at least this; an oxygen flow without supplemental_oxygen counts its 2 points here",
    )
    not_scored_because = serializers.CharField(
        allow_null=True, help_text="under_16, pregnant or pathway_none"
    )
    spo2_scale = serializers.IntegerField()


class LastReportSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    datetime = serializers.DateTimeField()
    news2 = News2Serializer()


class LastScoredSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    datetime = serializers.DateTimeField()
    score = serializers.IntegerField()
    risk = serializers.CharField()
    spo2_scale = serializers.IntegerField()


class PlanStepSerializer(serializers.Serializer):
    """One phase of a plan, in minutes; `for` null: to the end of the plan."""

    every = serializers.IntegerField()

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "for": serializers.IntegerField(allow_null=True)}


class RunningPlanSerializer(serializers.Serializer):
    """The plan that runs, as at `plan/` below the patient; null: none runs."""

    steps = PlanStepSerializer(many=True)
    call_at = serializers.JSONField(help_text="{score, respiration: {below, above}, …}")
    until = serializers.DateTimeField()
    reason = serializers.CharField()
    by = UserReferenceSerializer(allow_null=True)
    since = serializers.DateTimeField()
    suppressed_count = serializers.IntegerField()


class ResponseSerializer(serializers.Serializer):
    """What NEWS2 asks for at this score."""

    key = serializers.CharField()
    text = serializers.CharField()


class DueBecauseSerializer(serializers.Serializer):
    """Why `due_at` is what it is; null in what a version of Wardlight stored that did not say."""

    code = serializers.ChoiceField(choices=DUE_CODES)
    values = serializers.JSONField(
        help_text="`interval` in minutes and `since`; score, risk, lower_bound, high_at, … as the code has them"
    )


class PreviewSerializer(serializers.Serializer):
    """What saving a report would compute; `unusual` asks for confirmation, field by field."""

    news2 = News2Serializer()
    map = serializers.FloatField(allow_null=True)
    pulse_pressure = serializers.IntegerField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    due_because = DueBecauseSerializer()
    response = ResponseSerializer(allow_null=True)
    unusual = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class RestoredSerializer(serializers.Serializer):
    """What changed of the version that a report fell back to: its number and times."""

    history_id = serializers.IntegerField()
    before = serializers.JSONField()
    after = serializers.JSONField()


class AmendmentSerializer(serializers.Serializer):
    """One entry of the append-only ledger: what was done to a version of a report, by whom and why."""

    id = serializers.IntegerField()
    history_id = serializers.IntegerField()
    report = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Amendment.Kind.values)
    amended_at = serializers.DateTimeField()
    amended_by = UserReferenceSerializer()
    reason = serializers.CharField()
    before = serializers.JSONField(help_text="the version as it was")
    after = serializers.JSONField(allow_null=True, help_text="as it was then; null where it was retired")
    restored = RestoredSerializer(allow_null=True)

    def to_representation(self, instance: Amendment) -> dict[str, Any]:
        return represent_amendment(instance)


class ImportedSerializer(serializers.Serializer):
    """What became of the rows of a file."""

    added = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="were there already")
    rejected = serializers.IntegerField(help_text="were not imported, or not all of them: `rejects` says why")


class RejectSerializer(serializers.Serializer):
    """Why a row was not imported; one for each field to blame."""

    file = serializers.ChoiceField(choices=("patients", "reports"))
    line = serializers.IntegerField(help_text="on which the row begins; the header is line 1")
    field = serializers.CharField(help_text="empty where the row as a whole is to blame")
    reason = serializers.CharField()


class ImportWarningSerializer(RejectSerializer):
    """What was imported and is to be looked at: possible, but improbable."""


class ImportSerializer(serializers.Serializer):
    """What became of the files."""

    patients = ImportedSerializer()
    reports = ImportedSerializer(help_text="with the first reports, of `height` and `weight` of a patient")
    rejects = RejectSerializer(many=True)
    warnings = ImportWarningSerializer(many=True)


class ReasonSerializer(serializers.Serializer):
    rule = serializers.CharField()
    message = serializers.CharField()
    values = serializers.JSONField(help_text="what the rule saw; its members depend on the rule")


class EscalationSerializer(serializers.Serializer):
    """One step of the cascade."""

    to = serializers.CharField(help_text="doctor or lead")
    at = serializers.DateTimeField()


class NotificationSerializer(serializers.Serializer):
    """Something everybody was told, and what became of it."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notification.Kind.values)
    severity = serializers.ChoiceField(choices=Notification.Severity.values)
    patient = serializers.IntegerField()
    report = serializers.IntegerField(allow_null=True)
    history = serializers.IntegerField(allow_null=True)
    reasons = ReasonSerializer(many=True)
    status = serializers.ChoiceField(choices=Notification.Status.values)
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = UserReferenceSerializer(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    escalated_at = serializers.DateTimeField(allow_null=True)
    escalated_to = serializers.CharField()
    escalations = EscalationSerializer(many=True, help_text="every step, the oldest first")
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_because = serializers.CharField()
    suppressed_count = serializers.IntegerField()

    def to_representation(self, instance: Notification) -> dict[str, Any]:
        return represent_notification(instance)


class FluidBalanceSerializer(serializers.Serializer):
    shift = serializers.CharField(allow_null=True, help_text="D, E or N; null for the last 24 hours")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    intake = serializers.FloatField(allow_null=True, help_text="ml; null: nothing was recorded")
    output = serializers.FloatField(allow_null=True)
    balance = serializers.FloatField(allow_null=True)
    amounts = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        help_text="ml by field; null where nothing was recorded",
    )


class FluidsSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    shifts = FluidBalanceSerializer(many=True)
    last_24_hours = FluidBalanceSerializer()


class TimeToAcknowledgeSerializer(serializers.Serializer):
    median = serializers.FloatField(allow_null=True, help_text="seconds; null: none was acknowledged")
    p90 = serializers.FloatField(allow_null=True)


class CountsSerializer(serializers.Serializer):
    volume = serializers.IntegerField(help_text="how many notifications were raised")
    acknowledged = serializers.IntegerField()
    time_to_acknowledge = TimeToAcknowledgeSerializer()
    due = serializers.IntegerField(help_text="how many observations fell due")
    overdue = serializers.IntegerField(help_text="how many of these became overdue")
    overdue_share = serializers.FloatField(allow_null=True, help_text="0 to 1; null: none fell due")


class CountsByWardSerializer(CountsSerializer):
    ward = serializers.CharField(allow_blank=True)


class CountsByHourSerializer(CountsSerializer):
    hour = serializers.IntegerField(help_text="0 to 23, ward time")


class CountsBySeveritySerializer(CountsSerializer):
    severity = serializers.ChoiceField(choices=Notification.Severity.values)


class CountsByKindSerializer(CountsSerializer):
    kind = serializers.ChoiceField(choices=Notification.Kind.values)


class CountsByStepSerializer(CountsSerializer):
    escalated_to = serializers.CharField(
        allow_blank=True, help_text="who was told last, doctor or lead; empty: nobody further"
    )


class StatisticsSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    ward = serializers.CharField(allow_null=True)
    total = CountsSerializer()
    by_ward = CountsByWardSerializer(many=True)
    by_hour = CountsByHourSerializer(many=True)
    by_severity = CountsBySeveritySerializer(many=True)
    by_kind = CountsByKindSerializer(many=True)
    by_escalated_to = CountsByStepSerializer(many=True)


class RangeSerializer(serializers.Serializer):
    unit = serializers.CharField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    soft_low = serializers.FloatField(allow_null=True)
    soft_high = serializers.FloatField(allow_null=True)
    whole = serializers.BooleanField()
