from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def note_last_high(apps: Any, schema_editor: Any) -> None:
    """Of every running stay, when its newest set that scored high was taken."""
    patient, report = apps.get_model("patients", "Patient"), apps.get_model("patients", "Report")
    database = schema_editor.connection.alias
    high = report.objects.using(database).filter(
        patient=OuterRef("pk"), datetime__gte=OuterRef("admission_date"), is_set=True, news2__risk="high"
    )
    newest = high.order_by("-datetime", "-id").values("datetime")[:1]
    running = patient.objects.using(database).filter(dismissal_date=None)
    running.update(last_high_at=Subquery(newest))


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0010_reports_by_creation"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalreport",
            name="due_because",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="report",
            name="due_because",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="patient",
            name="due_limit",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="patient",
            name="last_high_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(note_last_high, migrations.RunPython.noop),
    ]
