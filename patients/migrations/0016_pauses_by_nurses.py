from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0013_one_reminder")]

    # Pauses of before were set by who may change the plan.
    operations = [
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
    ]
