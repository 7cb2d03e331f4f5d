"""`manage.py anonymise_patient`: take the identity of discharged patients away for good; the readings stay."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from patients import clock
from patients.models import Patient
from patients.services.anonymisation import anonymise_patient
from patients.services.errors import Conflict
from patients.services.system import system_user


class Command(BaseCommand):
    help = (
        "Replace the identity of discharged patients, everywhere it is kept, for good. Readings and the year of birth "
        "stay; what people typed goes. A second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("patients", nargs="*", type=int, help="ids of patients")
        parser.add_argument("--hospital-number", nargs="+", default=[], help="patients by hospital number")
        parser.add_argument("--discharged-before", type=_day, help="everybody discharged before this day")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = self._choose(options)
        by, now = system_user(), clock.now()
        count = 0
        for patient_id in chosen:
            try:
                count += anonymise_patient(patient_id, by=by, now=now)
            except Conflict as error:
                raise CommandError(f"{error} {count} were anonymised before.") from error
        self.stdout.write(
            f"Anonymised: {count} patients; {len(chosen) - count} had no identity left. "
            "Backups made before today still hold it."
        )

    def _choose(self, options: dict[str, Any]) -> list[int]:
        chosen: list[int] = []
        for field, values in (("pk", options["patients"]), ("hospital_number", options["hospital_number"])):
            for value in values:
                patient_id = Patient.objects.filter(Q(**{field: value})).values_list("pk", flat=True).first()
                if patient_id is None:
                    raise CommandError(f"There is no patient {value}.")
                chosen.append(patient_id)
        if options["discharged_before"] is not None:
            left = Patient.objects.filter(dismissal_date__lt=options["discharged_before"])
            chosen.extend(left.order_by("pk").values_list("pk", flat=True))
        if not chosen and options["discharged_before"] is None:
            raise CommandError("Say who: ids, --hospital-number or --discharged-before.")
        return list(dict.fromkeys(chosen))


def _day(text: str) -> datetime:
    """Where the day begins on the ward. Raises ValueError."""
    return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007 - ward time, by make_aware
