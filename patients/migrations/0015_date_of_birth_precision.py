from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0014_folded_names"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name="date_of_birth_precision",
                field=models.CharField(
                    choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                    default="day",
                    max_length=5,
                ),
            )
            for name in ("historicalpatient", "patient")
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=Q(date_of_birth_precision="day")
                | (Q(date_of_birth_precision__in=("month", "year")) & Q(date_of_birth__isnull=False)),
                name="patient_precision_of_a_birth",
            ),
        ),
    ]
