from typing import Any

from django.db import migrations, models
from django.db.models import Q

from patients.keys import KeyField

AT_ONCE = 500
KEYS = {
    "search_key": KeyField(of=("last_name", "first_name", "hospital_number"), kind="search", default=""),
    "last_name_key": KeyField(of=("last_name",), kind="name", default=""),
    "first_name_key": KeyField(of=("first_name",), kind="name", default=""),
    "hospital_number_key": KeyField(of=("hospital_number",), kind="name", null=True),
    "hospital_number_alike": KeyField(of=("hospital_number",), kind="alike", null=True),
    "ward_key": KeyField(of=("ward",), kind="place", default=""),
    "bed_key": KeyField(of=("bed",), kind="place", default=""),
}


def make_keys(apps: Any, schema_editor: Any) -> None:
    """Fill the new columns of every patient."""
    patients = apps.get_model("patients", "Patient").objects.using(schema_editor.connection.alias)
    last = 0
    while portion := list(patients.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for patient in portion:
            for name, field in KEYS.items():
                setattr(patient, name, field.make(patient))
        patients.bulk_update(portion, list(KEYS), batch_size=100)
        last = portion[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0013_one_reminder"),
    ]

    operations = [
        *(
            migrations.AddField(model_name="patient", name=name, field=field.clone())
            for name, field in KEYS.items()
        ),
        *(
            migrations.AlterField(
                model_name=model, name=name, field=models.CharField(blank=True, max_length=100)
            )
            for model in ("historicalpatient", "patient")
            for name in ("first_name", "last_name")
        ),
        migrations.RunPython(make_keys, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["last_name_key", "id"], name="patient_by_last_name"),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["hospital_number_alike"], name="patient_by_alike_number"),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=~Q(first_name="", last_name=""), name="patient_has_a_name"
            ),
        ),
    ]
