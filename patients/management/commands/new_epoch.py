"""`manage.py new_epoch`: after a restored backup, so that every client lists afresh."""

from typing import Any

from django.core.management.base import BaseCommand

from patients.events import begin_epoch


class Command(BaseCommand):
    help = "Begin a new epoch of the event log: every client lists afresh. For a database that went back in time."

    def handle(self, *args: Any, **options: Any) -> None:
        epoch = begin_epoch()
        self.stdout.write(f"The event log begins epoch {epoch}.")
