"""What a client may send and how it is read; each `save` calls one service.

Used by REST's views and by the sockets' consumers alike, so the context needs no request:
`{"user": <who writes>, "expected_version": <from If-Match, or None>}`. A socket's `{"scope": {"user": …}}`
and a view's `{"request": …}` do as well. Output is built by `representations`; the read-only fields declared
here say what a body may carry without effect, and describe the answers in /swagger.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rest_framework import serializers
from rest_framework.fields import empty

from .. import clock
from ..models import Patient, Report
from ..representations import (
    represent_history,
    represent_patient,
    represent_patient_version,
    represent_report,
)
from ..rules.birth import Birth
from ..rules.dengue import WARNING_SIGNS
from ..rules.names import trimmed
from ..rules.news2 import NOT_MEASURED_REASONS
from ..services import history as history_services
from ..services import patients as patient_services
from ..services import reports as report_services
from ..services.errors import Refused
from .fields import (
    BirthDateField,
    ChoiceField,
    CodesField,
    DecimalNumberField,
    InstantField,
    MeasuredDecimalField,
    NotMeasuredField,
    TextField,
    TruthField,
    WholeNumberField,
    measured_field,
    show,
)
from .outputs import (
    DueBecauseSerializer,
    LastReportSerializer,
    LastScoredSerializer,
    News2Serializer,
    RunningPlanSerializer,
    UserReferenceSerializer,
)

SHORTEST_INTERVAL: Final = 5  # minutes
LONGEST_INTERVAL: Final = 1440
LONGEST_FEVER: Final = 365  # days
LONGEST_REASON: Final = 1000


def acting_user(context: Mapping[str, Any]) -> Any:
    """Who writes: the view's, the consumer's or the caller's user."""
    if "user" in context:
        return context["user"]
    return context["request"].user if "request" in context else context["scope"]["user"]


_kept = threading.local()


class ResourceSerializer(serializers.Serializer):
    """Refuses unknown fields by name and takes the version that the client believes to be editing."""

    def run_validation(self, data: Any = empty) -> Any:
        with self._borrowed_fields():
            return super().run_validation(data)

    @contextmanager
    def _borrowed_fields(self) -> Iterator[None]:
        """Within, `fields` are a set that this thread keeps for serializers of this kind.

        DRF copies every declared field for every serializer, which takes longer than reading a body with them.
        """
        if "fields" in vars(self):
            yield
            return
        kept: dict[Any, list[Any]] = vars(_kept).setdefault("sets", {})
        spare = kept.setdefault((type(self), self.instance is None), [])
        fields = spare.pop() if spare else self.fields
        for field in fields.values():
            field.parent = self
        vars(self)["fields"] = fields
        try:
            yield
        finally:
            del vars(self)["fields"]
            spare.append(fields)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        values: dict[str, Any] = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as refusal:
            if not isinstance(data, Mapping):
                raise
            errors.update(dict(refusal.detail))  # type: ignore[arg-type]
        errors.update({show(name): ["No such field."] for name in data if name not in self.fields})
        try:
            self.expected_version = self._read_expected_version(data)
        except serializers.ValidationError as refusal:
            errors["version"] = refusal.detail
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _read_expected_version(self, data: Mapping[str, Any]) -> int | None:
        """The version in the body or in If-Match, else None. A new object has none: there it is ignored."""
        in_header: int | None = self.context.get("expected_version")
        if self.instance is None or "version" not in data:
            return in_header
        in_body = WholeNumberField().run_validation(data["version"])
        if in_header is not None and in_header != in_body:
            raise serializers.ValidationError(
                [f"If-Match says {in_header}, the body says {in_body}. Send one of them."]
            )
        return in_body


class PatientSerializer(ResourceSerializer):
    """A patient and the stay."""

    id = serializers.IntegerField(read_only=True)
    hospital_number = TextField(
        max_length=40, allow_null=True, allow_blank=True, default=None, help_text="unique where given"
    )
    first_name = TextField(
        max_length=100, allow_blank=True, default="", help_text="one of the two names is enough"
    )
    last_name = TextField(
        max_length=100, allow_blank=True, default="", help_text="one of the two names is enough"
    )
    date_of_birth = BirthDateField(
        allow_null=True,
        default=None,
        help_text="1958-06 or 1958 where no more is known: the middle of it is stored and answered",
    )
    # No default: the date says it, and a whole date without it is of the day.
    date_of_birth_precision = ChoiceField(
        choices=Patient.BirthPrecision.values,
        required=False,
        help_text="how exactly the date of birth is known; not given: as the date is written",
    )
    sex = ChoiceField(choices=Patient.Sex.values, default=Patient.Sex.UNKNOWN.value)
    pregnant = TruthField(default=False)
    ward = TextField(max_length=40, allow_blank=True, default="")
    bed = TextField(max_length=40, allow_blank=True, default="")
    allergies = TextField(max_length=2000, allow_blank=True, default="")
    # No default: a text that comes without a status is known.
    allergy_status = ChoiceField(
        choices=Patient.AllergyStatus.values,
        required=False,
        help_text="known goes with a text, the others without; not given: known where there is a text",
    )
    diagnosis = TextField(max_length=2000, allow_blank=True, default="")
    # No default: a PUT without it must not move the admission to the moment of the PUT.
    admission_date = InstantField(required=False, help_text="now where not given")
    dismissal_date = InstantField(allow_null=True, default=None, help_text="set: discharged")
    pathway = ChoiceField(choices=Patient.Pathway.values, default=Patient.Pathway.NEWS2.value)
    spo2_scale = ChoiceField(choices=(1, 2), default=1)
    fever_onset_at = InstantField(allow_null=True, default=None)
    hematocrit_baseline = DecimalNumberField(allow_null=True, default=None, help_text="%, 5 to 80")
    monitoring_interval = WholeNumberField(
        min_value=SHORTEST_INTERVAL,
        max_value=LONGEST_INTERVAL,
        allow_null=True,
        default=None,
        help_text="minutes, 5 to 1440; null: the pathway decides",
    )
    history_change_reason = TextField(
        max_length=LONGEST_REASON,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="why it is changed, such as the SpO2 scale; kept with the version",
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    version = serializers.IntegerField(
        read_only=True, help_text="In PUT and PATCH: the version that is edited."
    )
    last_report = LastReportSerializer(read_only=True, allow_null=True)
    last_scored = LastScoredSerializer(read_only=True, allow_null=True)
    current_risk = serializers.CharField(
        read_only=True, allow_null=True, help_text="low, low-medium, medium, high; null before the first set"
    )
    next_due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    open_notifications = serializers.IntegerField(read_only=True)
    plan = RunningPlanSerializer(read_only=True, allow_null=True)
    paused_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="the end of the running pause; null: none runs"
    )
    paused_by_nurse = serializers.BooleanField(
        read_only=True, help_text="the running pause was begun by somebody who may not change the plan"
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """With what else is wrong, that there is no name."""
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as refusal:
            if isinstance(data, Mapping) and self._is_nameless(data):
                raise serializers.ValidationError({**patient_services.NO_NAME, **refusal.detail}) from refusal  # type: ignore[dict-item]
            raise
        if self._is_nameless(data):
            raise serializers.ValidationError(patient_services.NO_NAME)
        return values

    def _is_nameless(self, data: Mapping[str, Any]) -> bool:
        before = self.instance if self.partial else None
        names = (data.get(name, getattr(before, name, "")) for name in patient_services.NO_NAME)
        return all(name is None or (isinstance(name, str) and trimmed(name) == "") for name in names)

    def validate_hospital_number(self, value: str | None) -> str | None:
        return value or None  # a unique column takes "" only once

    def validate_hematocrit_baseline(self, value: float | None) -> float | None:
        if value is not None:
            MeasuredDecimalField(source="hematocrit").run_validation(value)
        return value

    def validate_fever_onset_at(self, value: Any) -> Any:
        if value is not None and value > clock.now() + report_services.MOST_AHEAD:
            raise serializers.ValidationError("The onset of fever cannot be over 5 minutes ahead.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _read_precision(attrs)
        if self.instance is not None and not self.partial and "allergy_status" not in attrs:
            # A PUT empties what it leaves out.
            before = Patient.AllergyStatus.NOT_RECORDED
            attrs["allergy_status"] = patient_services.implied_status(attrs["allergies"], before=before)
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Patient:
        reason = validated_data.pop("history_change_reason")
        return patient_services.admit_patient(
            by=acting_user(self.context), now=clock.now(), reason=reason, **validated_data
        )

    def update(self, instance: Patient, validated_data: dict[str, Any]) -> Patient:
        reason = validated_data.pop("history_change_reason", "")
        return patient_services.change_patient(
            instance.pk,
            by=acting_user(self.context),
            now=clock.now(),
            changes=validated_data,
            reason=reason,
            expected_version=self.expected_version,
        )

    def to_representation(self, instance: Patient) -> dict[str, Any]:
        return represent_patient(instance)


def _read_precision(attrs: dict[str, Any]) -> None:
    """Of a date of birth that was written as a month or a year: a day of it, and how exactly it is known."""
    birth = attrs.get("date_of_birth")
    if not isinstance(birth, Birth):
        return
    said = attrs.setdefault("date_of_birth_precision", birth.precision)
    if said != birth.precision:
        message = [f"date_of_birth is {birth.as_text()}, date_of_birth_precision {said}: send one of them."]
        raise serializers.ValidationError({"date_of_birth": message, "date_of_birth_precision": message})
    attrs["date_of_birth"] = birth.day


# Of a patient, what follows from reports, plans and pauses: versions of the patient do not have it.
_DERIVED: Final = (
    "last_report",
    "last_scored",
    "current_risk",
    "next_due_at",
    "open_notifications",
    "plan",
    "paused_until",
    "paused_by_nurse",
)


class PatientVersionSerializer(serializers.Serializer):
    """One version of a patient's own fields: as they were, and who changed them and when."""

    history_id = serializers.IntegerField(read_only=True)
    history_date = serializers.DateTimeField(read_only=True)
    history_type = serializers.ChoiceField(
        choices=("+", "~", "-"), read_only=True, help_text="+ admitted, ~ changed, - deleted"
    )
    history_user = UserReferenceSerializer(read_only=True, allow_null=True)
    history_change_reason = serializers.CharField(read_only=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        own = super().get_fields()
        of_patient = PatientSerializer().get_fields()
        kept = {name: field for name, field in of_patient.items() if name not in (*_DERIVED, *own)}
        return {**own, **kept}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return represent_patient_version(instance)


class ReportSerializer(ResourceSerializer):
    """One set of observations, taken at one moment. Null: not measured; nothing is carried over."""

    id = serializers.IntegerField(read_only=True)
    patient = WholeNumberField(help_text="the patient's id; fixed after creation")
    # No default: a PUT without it must not move the observation to the moment of the PUT.
    # A set noted for midnight would come behind newer ones, as a late entry, and raise nothing.
    datetime = InstantField(
        required=False, needs_time=True, help_text="when it was taken; now where not given"
    )
    daytime = serializers.ChoiceField(choices=("D", "E", "N"), read_only=True)
    recorded_by = UserReferenceSerializer(read_only=True, allow_null=True)

    temperature = measured_field("temperature")
    pulse = measured_field("pulse")
    respiration = measured_field("respiration")
    bp_sys = measured_field("bp_sys")
    bp_dia = measured_field("bp_dia")
    o2sat = measured_field("o2sat")
    supplemental_oxygen = TruthField(allow_null=True, default=None)
    oxygen_flow = measured_field("oxygen_flow")
    oxygen_device = TextField(max_length=60, allow_blank=True, default="")
    consciousness = ChoiceField(
        choices=Report.Consciousness.values,
        allow_null=True,
        default=None,
        help_text="Alert, Confusion (new), Voice, Pain, Unresponsive",
    )
    pain_score = measured_field("pain_score")
    blood_glucose = measured_field("blood_glucose")
    capillary_refill = measured_field("capillary_refill")

    fi_oral = measured_field("fi_oral")
    fi_parenteral = measured_field("fi_parenteral")
    fi_other = measured_field("fi_other")
    fo_urine = measured_field("fo_urine")
    fo_uf = measured_field("fo_uf")
    fo_emesis = measured_field("fo_emesis")
    fo_drainage = measured_field("fo_drainage")

    weight = measured_field("weight")
    height = measured_field("height")
    abd_cir = measured_field("abd_cir")
    stools = measured_field("stools")
    urine = measured_field("urine")

    hematocrit = measured_field("hematocrit")
    platelet = measured_field("platelet")
    wbc = measured_field("wbc")

    status = ChoiceField(choices=Report.Status.values, allow_blank=True, default="")
    day_of_fever = WholeNumberField(min_value=0, max_value=LONGEST_FEVER, allow_null=True, default=None)
    diet = TextField(max_length=200, allow_blank=True, default="")
    warning_signs = CodesField(codes=WARNING_SIGNS, default=None, help_text="null: not assessed; []: none")
    additional = TextField(max_length=4000, allow_blank=True, default="")
    medical_advice = TextField(max_length=4000, allow_blank=True, default="")
    not_measured = NotMeasuredField(default=dict, help_text=f"{{field: {' | '.join(NOT_MEASURED_REASONS)}}}")
    monitoring_interval = WholeNumberField(
        min_value=SHORTEST_INTERVAL,
        max_value=LONGEST_INTERVAL,
        allow_null=True,
        default=None,
        help_text="minutes to the next set, 5 to 1440; null: plan, patient or pathway decide",
    )
    history_change_reason = TextField(
        max_length=LONGEST_REASON,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="why it is changed",
    )

    news2 = News2Serializer(read_only=True)
    map = serializers.FloatField(read_only=True, allow_null=True, help_text="mean arterial pressure, mmHg")
    pulse_pressure = serializers.IntegerField(read_only=True, allow_null=True)
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    due_because = DueBecauseSerializer(read_only=True, allow_null=True)
    corrected_fields = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="the fields that were changed since it was first recorded; scored again alone changes none",
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    version = serializers.IntegerField(
        read_only=True, help_text="In PUT and PATCH: the version that is edited."
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        if self.instance is not None:
            fields["patient"].required = False
        return fields

    def validate_patient(self, value: int) -> int:
        if self.instance is not None and value != self.instance.patient_id:
            raise serializers.ValidationError(
                "A report stays with its patient. Delete it, giving the reason, and record it anew."
            )
        return value

    def create(self, validated_data: dict[str, Any]) -> Report:
        reason = validated_data.pop("history_change_reason")
        patient_id = validated_data.pop("patient")
        try:
            return report_services.record_report(
                patient_id=patient_id,
                by=acting_user(self.context),
                now=clock.now(),
                reason=reason,
                **validated_data,
            )
        except Patient.DoesNotExist as error:
            raise _no_such_patient(patient_id) from error

    def update(self, instance: Report, validated_data: dict[str, Any]) -> Report:
        reason = validated_data.pop("history_change_reason", "")
        validated_data.pop("patient", None)
        return report_services.correct_report(
            instance.pk,
            by=acting_user(self.context),
            now=clock.now(),
            changes=validated_data,
            reason=reason,
            expected_version=self.expected_version,
        )

    def preview(self) -> dict[str, Any]:
        """What saving would compute, and which values are unusual; after `is_valid`. Nothing is stored."""
        values = dict(self.validated_data)
        del values["history_change_reason"]
        patient_id = values.pop("patient")
        try:
            return report_services.preview_report(patient_id=patient_id, now=clock.now(), **values)
        except Patient.DoesNotExist as error:
            raise _no_such_patient(patient_id) from error

    def to_representation(self, instance: Report) -> dict[str, Any]:
        return represent_report(instance)


class HistorySerializer(ReportSerializer):
    """One version of a report: its fields as they were, and who changed them, when and why."""

    history_id = serializers.IntegerField(read_only=True)
    history_date = serializers.DateTimeField(read_only=True)
    history_type = serializers.ChoiceField(
        choices=("+", "~", "-"), read_only=True, help_text="+ recorded, ~ corrected, - deleted"
    )
    history_user = UserReferenceSerializer(read_only=True, allow_null=True)
    history_change_reason = TextField(
        max_length=LONGEST_REASON, help_text="why the version is as it is; to amend it, needed"
    )
    amendments = serializers.IntegerField(read_only=True, help_text="how often this version was amended")

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        reason = validated_data.pop("history_change_reason", "")
        validated_data.pop("patient", None)
        return history_services.amend_version(
            instance.pk,
            by=acting_user(self.context),
            now=clock.now(),
            changes=validated_data,
            reason=reason,
            expected_version=self.expected_version,
        )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return represent_history(instance)


def _no_such_patient(patient_id: int) -> Refused:
    return Refused({"patient": [f"There is no patient {patient_id}."]})
