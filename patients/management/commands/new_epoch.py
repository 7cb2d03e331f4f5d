"""`manage.py new_epoch`: after a restored backup, so that every client signs in and lists afresh."""

from typing import Any

from django.core.management.base import BaseCommand

from patients import clock
from patients.events import begin_epoch
from patients.services import sign_ins


class Command(BaseCommand):
    help = (
        "Begin a new epoch of the event log: every client lists afresh. For a database that went back in time. All"
        " sign-ins end, since some were signed out after the backup: integrations need new keys."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ended = sign_ins.end_all(now=clock.now())
        epoch = begin_epoch()
        self.stdout.write(f"The event log begins epoch {epoch}. Ended {ended} sign-ins.")
