from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0018_corrected_fields")]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="unsettled_from",
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
