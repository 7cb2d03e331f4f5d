from typing import Any

from django.db import migrations, models
from django.db.models import Q


def read_status_from_text(apps: Any, schema_editor: Any) -> None:
    """A text is what is known; that there was none says only that nobody recorded any. Versions alike."""
    for name in ("Patient", "HistoricalPatient"):
        rows = apps.get_model("patients", name).objects.using(schema_editor.connection.alias)
        rows.exclude(allergies="").update(allergy_status="known")


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0011_why_and_when_due"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name="allergy_status",
                field=models.CharField(
                    choices=[
                        ("known", "Known"),
                        ("none_known", "None Known"),
                        ("not_recorded", "Not Recorded"),
                        ("unavailable", "Unavailable"),
                    ],
                    default="not_recorded",
                    max_length=16,
                ),
            )
            for name in ("historicalpatient", "patient")
        ),
        migrations.RunPython(read_status_from_text, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=(Q(allergy_status="known") & ~Q(allergies=""))
                | (Q(allergy_status__in=("none_known", "not_recorded", "unavailable")) & Q(allergies="")),
                name="patient_allergies_with_status_known",
            ),
        ),
    ]
