from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0015_date_of_birth_precision")]

    operations = [
        # Pauses of before were set by who may change the plan.
        *(
            migrations.AddField(
                model_name=model, name=field, field=models.BooleanField(default=False, editable=False)
            )
            for model, field in (
                ("pause", "by_nurse"),
                ("historicalpause", "by_nurse"),
                ("patient", "paused_by_nurse"),
            )
        ),
        # What was entered in error is listed by its `-` row.
        migrations.AddIndex(
            model_name="historicalreport",
            index=models.Index(fields=["history_type", "history_id", "is_retired"], name="version_by_type"),
        ),
    ]
