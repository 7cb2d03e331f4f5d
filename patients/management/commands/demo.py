"""`manage.py demo`: fill an empty database with the demo ward."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from patients import clock
from patients.services import demo
from patients.services.errors import Conflict


class Command(BaseCommand):
    help = "Fill an empty database with a demo ward; refuses where there are patients."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="where there are patients, leave them alone without a complaint",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            patients, reports = demo.load_demo(now=clock.now())
        except Conflict as error:
            if options["if_empty"]:
                return
            raise CommandError(str(error)) from error
        self.stdout.write(f"The demo ward holds {patients} patients with {reports} reports.")
