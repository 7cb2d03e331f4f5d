"""A failed sign-in keeps in which browser it was, where the user has signed in there before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0019_imports_in_short_transactions")]

    operations = [
        migrations.AddField("signinfailure", "browser", models.CharField(max_length=32, null=True)),
    ]
