"""`manage.py import_csv`: import patients and their reports from CSV files."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from patients import clock
from patients.services.csv_rows import UnreadableFile, read_rows
from patients.services.import_rows import Outcome, Row
from patients.services.intake import take_in
from patients.services.system import system_user


class Command(BaseCommand):
    help = (
        "Import patients and their reports. Columns are named as the fields, hospital_number is the link; rows that "
        "fail are listed and written to a .rejected.csv beside the file; what is improbable is imported and listed. "
        "A second run adds nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("patients", type=Path, help="patients.csv")
        parser.add_argument("reports", type=Path, nargs="?", help="reports.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        patients, reports = self._read(options["patients"]), []
        if options["reports"] is not None:
            reports = self._read(options["reports"])
        try:
            of_patients, of_reports = take_in(patients, reports, by=system_user(), now=clock.now())
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"The database failed: {error}. What was stored until then is kept; run the command again, which adds "
                "nothing twice."
            ) from error
        self.stdout.write(
            f"Imported: {of_patients.patients} patients and {of_reports.reports} reports; "
            f"known already: {of_patients.known} and {of_reports.known}."
        )
        self._tell_remarks(options["patients"], of_patients)
        if options["reports"] is not None:
            self._tell_remarks(options["reports"], of_reports)

    @staticmethod
    def _read(path: Path) -> list[Row]:
        try:
            return read_rows(path)
        except (OSError, UnreadableFile) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error

    def _tell_remarks(self, path: Path, outcome: Outcome) -> None:
        for warning in sorted(outcome.warnings, key=lambda warning: warning.row.line):
            self.stdout.write(
                f"{path.name} line {warning.row.line}: {warning.field}: imported, but look at it: {warning.reason}"
            )
        if not outcome.rejects:
            return
        for reject in outcome.rejects:
            self.stderr.write(f"{path.name} line {reject.row.line}: {reject.field}: {reject.reason}")
        target = path.with_suffix(".rejected.csv")
        rows = outcome.rejected_rows
        columns = list(dict.fromkeys(name for row in rows for name in row.columns))
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=columns)
            writer.writeheader()
            writer.writerows(row.columns for row in rows)
        self.stderr.write(f"{len(rows)} rows were not imported; they are in {target}.")
