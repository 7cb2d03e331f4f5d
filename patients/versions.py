"""The versions of patients and reports, and the ledger of what was done to them: fields and constraints only.

Part of `patients.models`, which imports them; triggers.py has what the database itself refuses.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords


class VersionRecords(HistoricalRecords):
    """simple-history's records, each with the name of who wrote it, whatever the door; nobody is forgotten.

    A user who wrote a version cannot be deleted. `indexes`: those that lists of the versions are read by.
    """

    def __init__(self, *, indexes: tuple[models.Index, ...] = (), **options: Any) -> None:
        super().__init__(**options)
        self._indexes = indexes

    def get_meta_options(self, model: Any) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options(model)
        return {**options, "indexes": self._indexes} if self._indexes else options

    def get_history_user(self, instance: Any) -> Any:
        """Who the service says, else who sent the request, else the system (a command, a shell, the worker)."""
        from .services.system import system_user

        return super().get_history_user(instance) or system_user()

    def _get_history_user_fields(self) -> dict[str, Any]:
        # The library would write NULL over the name of a user who is deleted: that changes the history.
        fields: dict[str, Any] = super()._get_history_user_fields()
        fields["history_user"].remote_field.on_delete = models.PROTECT
        return fields


def version_index(*fields: str, name: str) -> models.Index:
    """For a list of versions in this order; whether one is retired stands in it too, so that counting reads no rows."""
    return models.Index(fields=(*fields, "is_retired"), name=name)


class HistoryVersion(models.Model):
    """What a version of a report carries besides the report's own fields."""

    is_retired = models.BooleanField(default=False, editable=False)
    amendments = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Amendment(models.Model):
    """One entry of the append-only ledger: what a version held before it was amended or retired, and by whom.

    Triggers refuse every UPDATE and DELETE here, and every change of a version without an entry (triggers.py).
    `before` and `after` are the version's representation with its free texts left blank: those, and why, stand in
    `AmendmentText`. `after` is None where the version was retired. Where a report fell back to the version before,
    `restored_…` say which version that is and what of it changed: its number and times, no reading.
    """

    class Kind(models.TextChoices):
        AMENDED = "amended"
        RETIRED = "retired"
        ANONYMISED = "anonymised"

    history_id = models.BigIntegerField(db_index=True)
    report_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amended_at = models.DateTimeField(default=timezone.now)
    amended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    before = models.JSONField()
    after = models.JSONField(null=True)
    restored_history_id = models.BigIntegerField(null=True)
    restored_before = models.JSONField(null=True)
    restored_after = models.JSONField(null=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} version {self.history_id}"

    @property
    def reason(self) -> str:
        """Why; "" where it went with the patient's identity."""
        return self.text.reason if hasattr(self, "text") else ""


class AmendmentText(models.Model):
    """What people typed, of one entry of the ledger: it may name the patient, and goes with the identity.

    Triggers refuse every UPDATE, and DELETE as long as the patient is not anonymised.
    """

    amendment = models.OneToOneField(
        Amendment, primary_key=True, on_delete=models.PROTECT, related_name="text"
    )
    patient_id = models.BigIntegerField(db_index=True)
    reason = models.TextField(max_length=1000)
    before = models.JSONField()
    after = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"texts of entry {self.amendment_id}"


class AmendmentPermit(models.Model):
    """That a version may be changed once, in this transaction. Triggers write it and take it away again.

    An entry of the ledger makes it, the change that the entry tells of uses it up. `used` refers to a row that can
    never be, and is looked at when the transaction commits: so none outlives it, and an entry without its change
    is refused (docs/adr/0013).
    """

    history_id = models.BigIntegerField(primary_key=True)
    used = models.ForeignKey("self", on_delete=models.DO_NOTHING, related_name="+", db_index=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(history_id__gt=0), name="amendment_permit_for_a_version"),
        )

    def __str__(self) -> str:
        return f"permit for version {self.history_id}"
