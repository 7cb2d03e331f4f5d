"""The background tasks: each calls one service (django-background-tasks finds this module by its name)."""

from background_task import background

from . import clock
from .services import housekeeping, reminders


@background(queue="reminders")
def remind(patient_id: int) -> None:
    """Tell what is due for this patient; nothing where it was told or moved meanwhile."""
    reminders.send_due(now=clock.now(), patient_id=patient_id)


@background(queue="housekeeping")
def clear_expired() -> None:
    """Take away what is no longer kept, a portion at a time: the worker tells what is due between two of them."""
    if housekeeping.clear_expired(now=clock.now()):
        clear_expired()
