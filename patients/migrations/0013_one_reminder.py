"""Due and overdue become one thing: of every patient one reminder at most is unresolved.

Databases from before hold both side by side. The due one is resolved as the services do it from now on, and the count
of what waits is put right. Clients cannot hear of it by the event log, so that a new epoch makes them list afresh.
"""

import uuid
from typing import Any

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

RESOLVED = "resolved"
BECAUSE = "overdue"


def resolve_superseded(apps: Any, schema_editor: Any) -> None:
    database = schema_editor.connection.alias
    notifications = apps.get_model("patients", "Notification").objects.using(database)
    unresolved = notifications.exclude(status=RESOLVED)
    overdue = unresolved.filter(kind="observation_overdue").values("patient")
    due = unresolved.filter(kind="observation_due", patient__in=overdue)
    patients = set(due.values_list("patient", flat=True))
    if not patients:
        return
    due.update(status=RESOLVED, resolved_at=timezone.now(), resolved_because=BECAUSE, escalate_at=None)
    waiting = notifications.filter(patient=OuterRef("pk"), status__in=("open", "escalated"))
    count = waiting.order_by().values("patient").annotate(number=Count("pk")).values("number")
    # All of them: their number may be larger than what a statement takes, and what is right stays as it is.
    apps.get_model("patients", "Patient").objects.using(database).update(
        open_notifications=Coalesce(Subquery(count), 0)
    )
    apps.get_model("patients", "EventCounter").objects.using(database).update(epoch=uuid.uuid4().hex)


class Migration(migrations.Migration):
    dependencies = [("patients", "0012_allergy_status")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="escalate_at_if_undone",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(resolve_superseded, migrations.RunPython.noop),
    ]
