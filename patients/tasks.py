"""The background tasks: each calls one service (django-background-tasks finds this module by its name)."""

from background_task import background

from . import clock
from .services import reminders


@background(queue="reminders")
def remind(patient_id: int) -> None:
    """Tell what is due for this patient; nothing where it was told or moved meanwhile."""
    reminders.send_due(now=clock.now(), patient_id=patient_id)
