"""What Wardlight keeps: patients, their reports and every version of them, notifications, the event log, sign-ins.

Fields, constraints and one-row properties only. All writes go through `patients.services`.
Instants are stored in UTC; a measurement that was not taken is NULL, never 0 (clinical.md 1).
"""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .keys import KeyField
from .rules.birth import Birth
from .rules.names import shown_name
from .rules.ranges import RANGES
from .versions import Amendment as Amendment
from .versions import AmendmentPermit as AmendmentPermit
from .versions import AmendmentText as AmendmentText
from .versions import HistoryVersion, VersionRecords, version_index


class Patient(models.Model):
    """One person on the ward and one stay; the derived columns below are written by `services` alone."""

    class Sex(models.TextChoices):
        MALE = "male"
        FEMALE = "female"
        OTHER = "other"
        UNKNOWN = "unknown"

    class Pathway(models.TextChoices):
        NEWS2 = "news2"
        DENGUE = "dengue"
        NONE = "none"

    class BirthPrecision(models.TextChoices):
        DAY = "day"
        MONTH = "month"
        YEAR = "year"

    class AllergyStatus(models.TextChoices):
        KNOWN = "known"
        NONE_KNOWN = "none_known"
        NOT_RECORDED = "not_recorded"
        UNAVAILABLE = "unavailable"

    hospital_number = models.CharField(max_length=40, null=True, blank=True, unique=True)
    # One of the two is enough: some people have one name, and of others nobody knows more.
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    # Where only the month or the year is known, the middle of it (rules/birth.py).
    date_of_birth = models.DateField(null=True, blank=True)
    date_of_birth_precision = models.CharField(
        max_length=5, choices=BirthPrecision.choices, default=BirthPrecision.DAY
    )
    sex = models.CharField(max_length=10, choices=Sex.choices, default=Sex.UNKNOWN)
    pregnant = models.BooleanField(default=False)
    ward = models.CharField(max_length=40, blank=True, default="")
    bed = models.CharField(max_length=40, blank=True, default="")
    allergies = models.TextField(blank=True, default="", max_length=2000)
    # The text goes with the status known, and only with that; "" alone would not say whether anybody has asked.
    allergy_status = models.CharField(
        max_length=16, choices=AllergyStatus.choices, default=AllergyStatus.NOT_RECORDED
    )
    diagnosis = models.TextField(blank=True, default="", max_length=2000)
    admission_date = models.DateTimeField(default=timezone.now)
    dismissal_date = models.DateTimeField(null=True, blank=True)
    pathway = models.CharField(max_length=10, choices=Pathway.choices, default=Pathway.NEWS2)
    spo2_scale = models.PositiveSmallIntegerField(default=1, choices=[(1, "1"), (2, "2")])
    fever_onset_at = models.DateTimeField(null=True, blank=True)
    hematocrit_baseline = models.FloatField(null=True, blank=True)
    monitoring_interval = models.PositiveSmallIntegerField(null=True, blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    # What lists are searched and ordered by: the same on both databases, and told to nobody.
    search_key = KeyField(of=("last_name", "first_name", "hospital_number"), kind="search", default="")
    last_name_key = KeyField(of=("last_name",), default="")
    first_name_key = KeyField(of=("first_name",), default="")
    hospital_number_key = KeyField(of=("hospital_number",), null=True)
    hospital_number_alike = KeyField(of=("hospital_number",), kind="alike", null=True)
    ward_key = KeyField(of=("ward",), kind="place", default="")
    bed_key = KeyField(of=("bed",), kind="place", default="")

    # Derived from the reports, in the transaction that changes them, so that a board of 300 needs one query.
    last_report = models.ForeignKey(
        "Report", null=True, editable=False, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    last_scored = models.ForeignKey(
        "Report", null=True, editable=False, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    current_risk = models.CharField(max_length=10, null=True, editable=False)
    next_due_at = models.DateTimeField(null=True, editable=False, db_index=True)
    due_interval = models.PositiveIntegerField(null=True, editable=False)  # minutes, for the grace time
    due_report_id = models.BigIntegerField(null=True, editable=False)  # the newest set, null before the first
    # When the newest set of the stay that scored high was taken, and how long at most after the set that decides
    # (rules/due_limit.py): kept here, so that a save need not look for them in the stay.
    last_high_at = models.DateTimeField(null=True, editable=False)
    due_limit: Any = models.JSONField(null=True, editable=False)
    open_notifications = models.PositiveIntegerField(default=0, editable=False)
    # The running plan as clients see it, and until when a running pause lasts: shown wherever the score is.
    running_plan = models.JSONField(null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    paused_by_nurse = models.BooleanField(default=False, editable=False)  # that pause: `Pause.by_nurse`
    due_not_before = models.DateTimeField(null=True, editable=False)  # the end of the newest pause that began
    # When a plan ends, a pause begins or ends: the worker then brings the columns above in line by itself.
    resettle_at = models.DateTimeField(null=True, editable=False, db_index=True)
    # While an import stores reports: the id from which on nothing is derived of them yet (services/unsettled.py).
    unsettled_from = models.BigIntegerField(null=True, editable=False)
    # The next instant at which something must be said, and what: the background task only wakes the worker.
    reminder_at = models.DateTimeField(null=True, editable=False, db_index=True)
    reminder_kind = models.CharField(max_length=24, blank=True, default="", editable=False)
    # What the pathway keeps of the stay's reports (rules/pathways.py), as of the newest; null where it keeps nothing.
    course: Any = models.JSONField(null=True, editable=False)
    # When the identity was taken away (services/anonymisation.py); only then may the ledger's texts go.
    anonymised_at = models.DateTimeField(null=True, editable=False)

    # What the services tell simple-history about one save.
    _history_user: Any
    _history_date: Any
    _change_reason: str | None
    skip_history_when_saving: bool
    # The derived columns as the row holds them (services/locks.py).
    derived_as_stored: list[Any]
    # What of a write is to be looked at, field -> sentences (services/places.py): told by every door, never stored.
    warnings: Mapping[str, list[str]] = MappingProxyType({})

    history = VersionRecords(
        history_id_field=models.BigAutoField(primary_key=True),
        history_change_reason_field=models.TextField(null=True, max_length=1000),
        excluded_fields=[
            "last_report", "last_scored", "current_risk", "next_due_at", "due_interval", "due_report_id",
            "last_high_at", "due_limit", "open_notifications", "reminder_at", "reminder_kind", "running_plan",
            "paused_until", "paused_by_nurse", "due_not_before", "resettle_at", "course", "anonymised_at",
            "unsettled_from",
            "search_key", "last_name_key", "first_name_key", "hospital_number_key", "hospital_number_alike",
            "ward_key", "bed_key",
        ],
    )  # fmt: skip

    class Meta:
        ordering = ("id",)
        permissions = (("change_plan", "Can change the monitoring plan"),)
        constraints = (
            models.CheckConstraint(condition=Q(spo2_scale__in=(1, 2)), name="patient_spo2_scale_1_or_2"),
            models.CheckConstraint(
                condition=Q(monitoring_interval__gte=5, monitoring_interval__lte=1440),
                name="patient_interval_5_to_1440",
            ),
            models.CheckConstraint(
                condition=Q(hematocrit_baseline__gte=5, hematocrit_baseline__lte=80),
                name="patient_hematocrit_baseline_possible",
            ),
            models.CheckConstraint(
                condition=Q(dismissal_date__isnull=True) | Q(dismissal_date__gte=models.F("admission_date")),
                name="patient_dismissed_after_admission",
            ),
            models.CheckConstraint(
                condition=(Q(allergy_status="known") & ~Q(allergies=""))
                | (Q(allergy_status__in=("none_known", "not_recorded", "unavailable")) & Q(allergies="")),
                name="patient_allergies_with_status_known",
            ),
            models.CheckConstraint(condition=~Q(first_name="", last_name=""), name="patient_has_a_name"),
            models.CheckConstraint(
                condition=Q(date_of_birth_precision="day")
                | (Q(date_of_birth_precision__in=("month", "year")) & Q(date_of_birth__isnull=False)),
                name="patient_precision_of_a_birth",
            ),
        )
        indexes = (
            models.Index(fields=("ward", "id"), name="patient_by_ward"),
            models.Index(fields=("last_name_key", "id"), name="patient_by_last_name"),
            models.Index(fields=("hospital_number_alike",), name="patient_by_alike_number"),
        )

    def __str__(self) -> str:
        return shown_name(last_name=self.last_name, first_name=self.first_name)

    @property
    def is_discharged(self) -> bool:
        return self.dismissal_date is not None

    @property
    def birth(self) -> Birth | None:
        """When the patient was born, as exactly as is known; None where it is not known."""
        if self.date_of_birth is None:
            return None
        return Birth(self.date_of_birth, self.date_of_birth_precision)


def _possible_range_constraints() -> list[models.CheckConstraint]:
    """One CHECK per measured field. It also keeps NaN out of PostgreSQL, where NaN is above every number."""
    constraints = [
        models.CheckConstraint(
            condition=Q(**{f"{field}__gte": limits.hard[0], f"{field}__lte": limits.hard[1]}),
            name=f"report_{field}_possible",
        )
        for field, limits in RANGES.items()
    ]
    constraints.append(
        models.CheckConstraint(
            condition=Q(bp_dia__lt=models.F("bp_sys")) | Q(bp_dia=0, bp_sys=0) | Q(bp_dia__isnull=True),
            name="report_diastolic_below_systolic",
        )
    )
    return constraints


class Report(models.Model):
    """One set of observations of one patient, taken at one moment. Units as in contract.md."""

    class Consciousness(models.TextChoices):
        ALERT = "A"
        CONFUSION = "C"
        VOICE = "V"
        PAIN = "P"
        UNRESPONSIVE = "U"

    class Status(models.TextChoices):
        FEBRILE = "febrile"
        CRITICAL = "critical"
        RECOVERY = "recovery"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reports", db_index=False)
    datetime = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    # vital signs
    temperature = models.FloatField(null=True, blank=True)
    pulse = models.SmallIntegerField(null=True, blank=True)
    respiration = models.SmallIntegerField(null=True, blank=True)
    bp_sys = models.SmallIntegerField(null=True, blank=True)
    bp_dia = models.SmallIntegerField(null=True, blank=True)
    o2sat = models.FloatField(null=True, blank=True)
    supplemental_oxygen = models.BooleanField(null=True, blank=True)
    oxygen_flow = models.FloatField(null=True, blank=True)
    oxygen_device = models.CharField(max_length=60, blank=True, default="")
    consciousness = models.CharField(max_length=1, null=True, blank=True, choices=Consciousness.choices)
    pain_score = models.SmallIntegerField(null=True, blank=True)
    blood_glucose = models.FloatField(null=True, blank=True)
    capillary_refill = models.FloatField(null=True, blank=True)
    # fluids, ml since that field was last recorded
    fi_oral = models.FloatField(null=True, blank=True)
    fi_parenteral = models.FloatField(null=True, blank=True)
    fi_other = models.FloatField(null=True, blank=True)
    fo_urine = models.FloatField(null=True, blank=True)
    fo_uf = models.FloatField(null=True, blank=True)
    fo_emesis = models.FloatField(null=True, blank=True)
    fo_drainage = models.FloatField(null=True, blank=True)
    # body
    weight = models.FloatField(null=True, blank=True)
    height = models.FloatField(null=True, blank=True)
    abd_cir = models.FloatField(null=True, blank=True)
    stools = models.SmallIntegerField(null=True, blank=True)
    urine = models.SmallIntegerField(null=True, blank=True)
    # laboratory
    hematocrit = models.FloatField(null=True, blank=True)
    platelet = models.FloatField(null=True, blank=True)
    wbc = models.FloatField(null=True, blank=True)
    # course
    status = models.CharField(max_length=10, blank=True, default="", choices=Status.choices)
    day_of_fever = models.PositiveSmallIntegerField(null=True, blank=True)
    diet = models.CharField(max_length=200, blank=True, default="")
    warning_signs = models.JSONField(null=True, blank=True)
    additional = models.TextField(blank=True, default="", max_length=4000)
    medical_advice = models.TextField(blank=True, default="", max_length=4000)
    not_measured = models.JSONField(default=dict, blank=True)
    monitoring_interval = models.PositiveSmallIntegerField(null=True, blank=True)

    # computed by the rules when the report was saved, and kept: a later change of scale never rewrites it
    news2 = models.JSONField(default=dict, editable=False)
    is_set = models.BooleanField(default=False, editable=False)  # or an attempt that was refused as a whole
    is_complete = models.BooleanField(default=False, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    due_because: Any = models.JSONField(
        null=True, editable=False
    )  # null: saved by a version that did not say
    # The names of own fields that were changed since it was first recorded; being scored again is none.
    corrected_fields: Any = models.JSONField(default=list, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    # What the services tell simple-history about one save, and what it answers (apps.py).
    _history_user: Any
    _history_date: Any
    _change_reason: str
    wardlight_history_id: int
    skip_history_when_saving: bool

    history = VersionRecords(
        indexes=(
            version_index("datetime", "history_id", name="version_by_time"),
            version_index("history_date", "history_id", name="version_by_date"),
            version_index("id", "history_id", name="version_of_report"),
            version_index("patient", "history_id", name="version_of_patient"),
            version_index("patient", "datetime", "history_id", name="version_of_patient_by_time"),
            version_index("history_type", "history_id", name="version_by_type"),
            version_index("status", "history_id", name="version_by_status"),
            version_index("status", "datetime", "history_id", name="version_by_status_and_time"),
        ),
        history_id_field=models.BigAutoField(primary_key=True),
        # simple-history's own column ends at 100 characters; a reason is a sentence or three.
        history_change_reason_field=models.TextField(null=True, max_length=1000),
        bases=[HistoryVersion],
        related_name="versions",
    )

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("patient", "datetime", "id"), name="report_of_patient_by_time"),
            models.Index(fields=("patient", "id"), name="report_of_patient"),
            models.Index(fields=("datetime", "id"), name="report_by_time"),  # the list of all, by keyset
            models.Index(fields=("status", "datetime", "id"), name="report_by_status"),
            models.Index(fields=("created_at", "id"), name="report_by_creation"),
        )
        constraints = (
            *_possible_range_constraints(),
            models.CheckConstraint(
                condition=Q(monitoring_interval__gte=5, monitoring_interval__lte=1440),
                name="report_interval_5_to_1440",
            ),
        )

    def __str__(self) -> str:
        return f"report {self.pk} of patient {self.patient_id}"


class Notification(models.Model):
    """Something everybody connected was told, and what became of it."""

    class Kind(models.TextChoices):
        DETERIORATION = "deterioration"
        OBSERVATION_DUE = "observation_due"
        OBSERVATION_OVERDUE = "observation_overdue"

    class Severity(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    class Status(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        ESCALATED = "escalated"
        RESOLVED = "resolved"

    kind = models.CharField(max_length=24, choices=Kind.choices)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    # No constraint: a notification outlives the report and the version that it tells of.
    report = models.ForeignKey(
        Report, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="notifications"
    )
    history_id = models.BigIntegerField(null=True)
    reasons = models.JSONField(default=list)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    acknowledged_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    escalated_to = models.CharField(max_length=20, blank=True, default="")
    escalations = models.JSONField(default=list)  # [{to, at}], every one; the two above are the last one's
    escalate_at = models.DateTimeField(null=True)  # to the next role, unless somebody acknowledges it before
    # What that was when it was acknowledged: whoever takes the acknowledgement back gives it back.
    escalate_at_if_undone = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_because = models.CharField(max_length=200, blank=True, default="")
    suppressed_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("patient", "status"), name="notification_of_patient"),
            models.Index(fields=("patient", "id"), name="notification_of_patient_by_id"),
            models.Index(fields=("status", "id"), name="notification_by_status"),
            models.Index(
                fields=("escalate_at",),
                condition=Q(escalate_at__isnull=False),
                name="notification_to_escalate",
            ),
            models.Index(fields=("created_at", "id"), name="notification_by_time"),
            models.Index(fields=("due_at", "id"), name="notification_by_due_time"),
        )
        # SQL holds nulls distinct, so a reminder without a report needs a constraint of its own. A deterioration
        # has no due_at and is told apart by its causes (services.notifications).
        constraints = (
            models.UniqueConstraint(fields=("patient", "kind", "due_at", "report"), name="notification_once"),
            models.UniqueConstraint(
                fields=("patient", "kind", "due_at"),
                condition=Q(report__isnull=True),
                name="notification_once_no_report",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.status})"

    @property
    def is_unresolved(self) -> bool:
        return self.status != self.Status.RESOLVED


class Plan(models.Model):
    """What a doctor ordered for a while: how often to observe, and at which values to call. Kept when it is over."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="plans", db_index=False)
    steps = models.JSONField()  # [{every, for}] in minutes, from `since` on
    call_at = models.JSONField(default=dict)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField(max_length=1000)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    suppressed_count = models.PositiveIntegerField(default=0)  # sets whose NEWS2 findings it held back
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("patient", "id"), name="plan_of_patient"),)
        constraints = (
            models.UniqueConstraint(fields=("patient",), condition=Q(ended_at=None), name="plan_one_running"),
            models.CheckConstraint(condition=Q(until__gt=models.F("since")), name="plan_ends_after_start"),
        )

    def __str__(self) -> str:
        return f"plan {self.pk} of patient {self.patient_id}"


class Pause(models.Model):
    """A time in which nobody is reminded, the patient being off the ward. Its earlier versions are kept."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="pauses", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField(max_length=1000)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Set by somebody who may not change the plan: four hours at most, and marked on the board.
    by_nurse = models.BooleanField(default=False, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)  # taken back before it began

    _history_user: Any
    _history_date: Any

    history = VersionRecords(history_id_field=models.BigAutoField(primary_key=True))

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("patient", "since", "id"), name="pause_of_patient"),)
        constraints = (
            models.CheckConstraint(condition=Q(until__gte=models.F("since")), name="pause_ends_after_start"),
        )

    def __str__(self) -> str:
        return f"pause {self.pk} of patient {self.patient_id}"


class Event(models.Model):
    """One entry of the log: a frame as every entitled client gets it. Numbers follow the order of commits."""

    number = models.BigIntegerField(primary_key=True)
    stream = models.CharField(max_length=16)
    frame = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"event {self.number} on {self.stream}"


def new_epoch() -> str:
    return uuid.uuid4().hex


class EventCounter(models.Model):
    """One row: the last event's number. Locked until commit, so that numbers appear in order and without holes."""

    last = models.BigIntegerField(default=0)
    epoch = models.CharField(max_length=32, default=new_epoch)

    def __str__(self) -> str:
        return f"{self.epoch}:{self.last}"


class SignIn(models.Model):
    """One device of one user, signed in: a token and, for a browser, the session that goes with it.

    Of both keys only the SHA-256 is kept, and of the password with which it began what Django's own sessions keep.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins")
    token_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64, null=True, unique=True)
    auth_hash = models.CharField(max_length=64, blank=True, default="")
    device = models.CharField(max_length=200, blank=True, default="")
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"sign-in {self.pk} of user {self.user_id}"


class SignInFailure(models.Model):
    """A failed sign-in, kept for the throttle, which all processes share."""

    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)  # of IPv6 the first one of its /64
    browser = models.CharField(max_length=32, null=True)  # in which this user has signed in before
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"failed sign-in at {self.at:%Y-%m-%d %H:%M:%S}"


class IdempotencyKey(models.Model):
    """The answer a POST got, so that the same key gives it again within 24 hours and creates nothing."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    response: Any = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="idempotency_key_once"),)

    def __str__(self) -> str:
        return self.key


class WorkerHeartbeat(models.Model):
    """When each worker last looked for work; /health/full wants one that is not old."""

    name = models.CharField(max_length=100, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
