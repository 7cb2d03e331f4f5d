"""The migration that reads from the versions what was corrected, on a database filled by the version before."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tests.services.builders import at

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("patients", "0017_sign_in_hashes")


@pytest.fixture
def version_before():
    call_command("migrate", *BEFORE, verbosity=0)
    try:
        yield MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    finally:
        call_command("migrate", verbosity=0)


def test_what_was_corrected_is_read_from_the_versions_and_from_the_ledger(version_before):
    patients, reports, versions, ledger, texts = (
        version_before.get_model("patients", name)
        for name in ("Patient", "Report", "HistoricalReport", "Amendment", "AmendmentText")
    )
    patient = patients.objects.create(first_name="Ada", admission_date=at(0))

    def report_of(*saved):
        """A report of these versions; `retired` and `amendments` are the version's own."""
        last = [values for values in saved if not values.get("is_retired")][-1]
        own = {name: value for name, value in last.items() if name not in ("is_retired", "amendments")}
        report = reports.objects.create(patient=patient, datetime=at(1), version=len(saved), **own)
        for number, values in enumerate(saved, start=1):
            versions.objects.create(
                id=report.pk, history_relation=report, patient=patient, datetime=at(1), version=number,
                history_date=at(number), history_type="+" if number == 1 else "~", **values,
            )  # fmt: skip
        return report.pk

    as_recorded = report_of({"pulse": 80})
    scored_again = report_of({"pulse": 80}, {"pulse": 80, "news2": {"score": 3}})
    corrected = report_of({"pulse": 80}, {"pulse": 90}, {"pulse": 90, "diet": "soft"})
    retired = report_of({"pulse": 80}, {"pulse": 100, "is_retired": True}, {"pulse": 80, "weight": 71.5})
    amended = report_of({"pulse": 80, "amendments": 1})
    version = versions.objects.get(id=amended)
    with transaction.atomic():
        entry = ledger.objects.create(
            history_id=version.pk, report_id=amended, kind="amended",
            before={"pulse": 60, "diet": ""}, after={"pulse": 80, "diet": ""},
        )  # fmt: skip
        texts.objects.create(
            amendment=entry, patient_id=patient.pk, reason="slip", before={"diet": "none"}, after={"diet": ""}
        )
        versions.objects.filter(pk=version.pk).update(pulse=80)  # uses the entry's permit up

    call_command("migrate", verbosity=0)
    found = apps.get_model("patients", "Report").objects.values_list("id", "corrected_fields")
    assert dict(found) == {
        as_recorded: [],
        scored_again: [],
        corrected: ["pulse", "diet"],
        retired: ["weight"],
        amended: ["pulse", "diet"],
    }
    now = apps.get_model("patients", "HistoricalReport").objects
    shown = now.filter(id=corrected).order_by("history_id").values_list("corrected_fields", flat=True)
    assert list(shown) == [[], ["pulse"], ["pulse", "diet"]]
    with pytest.raises(DatabaseError):
        now.filter(id=corrected).update(pulse=1)
