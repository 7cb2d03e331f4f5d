"""Of every set, which of its values were changed since it was first recorded; and why a patient was changed, at length.

Read from the versions that are shown, in their order, and, for one that was amended itself, from the ledger.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

# A report's own fields as of this migration, in the model's order.
OWN_FIELDS = (
    "datetime", "temperature", "pulse", "respiration", "bp_sys", "bp_dia", "o2sat", "supplemental_oxygen",
    "oxygen_flow", "oxygen_device", "consciousness", "pain_score", "blood_glucose", "capillary_refill",
    "fi_oral", "fi_parenteral", "fi_other", "fo_urine", "fo_uf", "fo_emesis", "fo_drainage", "weight", "height",
    "abd_cir", "stools", "urine", "hematocrit", "platelet", "wbc", "status", "day_of_fever", "diet",
    "warning_signs", "additional", "medical_advice", "not_measured", "monitoring_interval",
)  # fmt: skip
VERSIONS = "patients_historicalreport"


def note_what_was_corrected(apps: Any, schema_editor: Any) -> None:
    database = schema_editor.connection.alias
    reports = apps.get_model("patients", "Report").objects.using(database)
    versions = apps.get_model("patients", "HistoricalReport").objects.using(database)
    entries = apps.get_model("patients", "Amendment").objects.using(database).filter(kind="amended")
    changed = versions.filter(Q(version__gt=1) | Q(amendments__gt=0))
    for report_id in list(changed.order_by("id").values_list("id", flat=True).distinct()):
        names: set[str] = set()
        before: Any = None
        for version in versions.filter(id=report_id, is_retired=False).order_by("history_id"):
            if before is not None:
                names |= {name for name in OWN_FIELDS if getattr(before, name) != getattr(version, name)}
            if version.amendments:
                for entry in entries.filter(history_id=version.pk).select_related("text"):
                    names |= _amended(entry)
            before = version
            if names:
                versions.filter(pk=version.pk).update(corrected_fields=_in_order(names))
        if names:
            reports.filter(pk=report_id).update(corrected_fields=_in_order(names))


def _amended(entry: Any) -> set[str]:
    text = getattr(entry, "text", None)  # gone where the patient was anonymised
    before = {**entry.before, **(text.before if text else {})}
    after = {**entry.after, **((text.after or {}) if text else {})}
    return {name for name in OWN_FIELDS if before.get(name) != after.get(name)}


def _in_order(names: set[str]) -> list[str]:
    return [name for name in OWN_FIELDS if name in names]


class TriggerOfVersions(migrations.RunSQL):
    """Nothing that was recorded is changed: the ledger has nothing to tell. On SQLite there are no triggers now."""

    def __init__(self, sql: str, reverse_sql: str) -> None:
        super().__init__(f"ALTER TABLE {VERSIONS} {sql}", f"ALTER TABLE {VERSIONS} {reverse_sql}")

    def _run_sql(self, schema_editor: Any, sqls: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        with schema_editor.connection.cursor() as cursor:
            # An empty database gets its triggers after its migrations.
            cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = 'report_version_update'")
            if cursor.fetchone() is None:
                return
        super()._run_sql(schema_editor, sqls)  # type: ignore[misc]


class Migration(migrations.Migration):
    dependencies = [("patients", "0017_sign_in_hashes")]

    operations = [
        migrations.AlterField(
            model_name="historicalpatient",
            name="history_change_reason",
            field=models.TextField(max_length=1000, null=True),
        ),
        *(
            migrations.AddField(
                model_name=name,
                name="corrected_fields",
                field=models.JSONField(default=list, editable=False),
            )
            for name in ("report", "historicalreport")
        ),
        TriggerOfVersions("DISABLE TRIGGER report_version_update", "ENABLE TRIGGER report_version_update"),
        migrations.RunPython(note_what_was_corrected, migrations.RunPython.noop),
        TriggerOfVersions("ENABLE TRIGGER report_version_update", "DISABLE TRIGGER report_version_update"),
    ]
