"""What the database refuses of the ledger and the history, whoever asks and on either engine."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from patients import triggers
from patients.models import Amendment, AmendmentPermit, AmendmentText, Report
from patients.services.history import amend_version, retire_version
from tests.services.builders import at, fresh, record, total

pytestmark = pytest.mark.django_db

Version = Report.history.model
ENTRY = {"kind": "amended", "before": {}, "after": {}}


@pytest.fixture
def lead():
    from tests.factories import make_user

    return make_user("lead")


@pytest.fixture
def report(lead):
    from tests.factories import make_patient

    patient = make_patient(by=lead, now=at(0), admission_date=at(0))
    return record(patient, total(5), when=at(1), by=lead)


@pytest.fixture
def version(report):
    return Version.objects.get(id=report.pk)


@pytest.fixture
def entry(version, lead):
    amend_version(version.pk, by=lead, now=at(2), changes={"pulse": 71}, reason="slip")
    return Amendment.objects.get()


def refuses(statement, *parameters):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    return str(refusal.value)


def run(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def enter_and_run(statement, *, history_id, by):
    """A ledger's entry and a statement, in one transaction."""
    with transaction.atomic():
        Amendment.objects.create(history_id=history_id, report_id=1, amended_by=by, **ENTRY)
        return run(statement)


def check_permits():
    """What a commit does: these tests run in a transaction that is rolled back."""
    with transaction.atomic():
        connection.check_constraints()


def test_a_migrated_database_has_every_trigger():
    assert triggers.names(connection) <= triggers.present(connection)


@pytest.mark.parametrize("column", [field.column for field in Amendment._meta.fields])
def test_the_ledger_refuses_every_update(entry, column):
    value = 1 if column.endswith(("id", "by_id")) else "null"
    assert "append-only" in refuses(f"UPDATE patients_amendment SET {column} = {value}")


def test_the_ledger_refuses_every_delete(entry):
    assert "append-only" in refuses("DELETE FROM patients_amendment")
    with pytest.raises(IntegrityError), transaction.atomic():
        Amendment.objects.all().delete()
    assert Amendment.objects.get() == entry


def test_the_texts_of_the_ledger_stay_as_long_as_the_patient_has_an_identity(entry, report):
    assert "append-only" in refuses("UPDATE patients_amendmenttext SET reason = 'another'")
    assert "anonymised" in refuses("DELETE FROM patients_amendmenttext")
    run("UPDATE patients_patient SET anonymised_at = updated_at WHERE id = %s", report.patient_id)
    assert run("DELETE FROM patients_amendmenttext") == 1
    assert Amendment.objects.get().reason == ""


def test_a_version_does_not_change_without_an_entry_in_the_ledger(version):
    for column, value in (("pulse", 71), ("is_retired", "true"), ("amendments", 1), ("diet", "'soft'")):
        assert "ledger" in refuses(f"UPDATE patients_historicalreport SET {column} = {value}")
    version.pulse = 71
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()
    assert fresh(version).pulse == 120


def test_one_entry_allows_one_change(version, lead):
    with transaction.atomic():
        Amendment.objects.create(history_id=version.pk, report_id=version.id, amended_by=lead, **ENTRY)
        assert run("UPDATE patients_historicalreport SET pulse = 71") == 1
        assert "ledger" in refuses("UPDATE patients_historicalreport SET pulse = 72")
    check_permits()


def test_an_entry_of_another_version_allows_nothing(version, lead):
    with pytest.raises(IntegrityError, match="ledger"):
        enter_and_run("UPDATE patients_historicalreport SET pulse = 71", history_id=version.pk + 1, by=lead)


def test_an_entry_that_was_rolled_back_allows_nothing(version, lead):
    with pytest.raises(IntegrityError):
        enter_and_run("UPDATE patients_patient SET spo2_scale = 3", history_id=version.pk, by=lead)
    assert "ledger" in refuses("UPDATE patients_historicalreport SET pulse = 71")


@pytest.mark.django_db(transaction=True)
def test_an_entry_without_its_change_is_refused_when_the_transaction_commits(version, lead):
    """So no entry of an earlier transaction can allow anything."""
    with pytest.raises(IntegrityError):
        Amendment.objects.create(history_id=version.pk, report_id=version.id, amended_by=lead, **ENTRY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Amendment.objects.create(history_id=version.pk, report_id=version.id, amended_by=lead, **ENTRY)
    assert (Amendment.objects.count(), AmendmentPermit.objects.count()) == (0, 0)
    assert "ledger" in refuses("UPDATE patients_historicalreport SET pulse = 71")


@pytest.mark.django_db(transaction=True)
def test_amending_and_retiring_commit(version, report, lead):
    amend_version(version.pk, by=lead, now=at(2), changes={"pulse": 71}, reason="slip")
    retire_version(version.pk, by=lead, now=at(3), reason="wrong patient")
    assert (Amendment.objects.count(), AmendmentText.objects.count()) == (2, 2)
    assert AmendmentPermit.objects.count() == 0
    assert "ledger" in refuses("UPDATE patients_historicalreport SET pulse = 72")


@pytest.mark.parametrize(
    "change",
    ["id = id + 1", "history_type = '-'", "history_date = '2024-01-01 00:00:00+00:00'", "history_user_id = null",
     "recorded_by_id = null", "patient_id = patient_id + 1"],
)  # fmt: skip
def test_an_entry_does_not_allow_to_change_whose_version_it_is(version, lead, change):
    statement = f"UPDATE patients_historicalreport SET {change}"
    with pytest.raises(IntegrityError, match="never changes"):
        enter_and_run(statement, history_id=version.pk, by=lead)


def test_no_version_is_ever_deleted(version):
    assert "ever deleted" in refuses("DELETE FROM patients_historicalreport")
    assert "ever deleted" in refuses("DELETE FROM patients_historicalpatient")
    assert fresh(version) == version


@pytest.mark.parametrize(
    "table", ["patients_amendment", "patients_historicalreport", "patients_historicalpatient"]
)
def test_a_row_cannot_be_replaced_or_the_table_emptied(entry, table):
    if connection.vendor == "sqlite":
        assert "already" in refuses(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        check_permits()  # PostgreSQL looks first whether something waits for the commit
        assert table in refuses(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "command,arguments",
    [
        ("clean_old_history", {"auto": True, "days": 0}),
        ("clean_duplicate_history", {"auto": True}),
    ],
)
def test_the_librarys_commands_fail_instead_of_destroying(report, command, arguments):
    report.save()  # a duplicate
    before = list(Version.objects.values_list("pk", flat=True))
    with pytest.raises(IntegrityError), transaction.atomic():
        call_command(command, verbosity=0, **arguments)
    assert list(Version.objects.values_list("pk", flat=True)) == before


@pytest.mark.home("postgres")  # where functions go as well as triggers
@pytest.mark.django_db(transaction=True)
def test_triggers_are_mended_by_the_next_migration_and_gone_without_their_tables():
    with connection.cursor() as cursor:
        of_table = " ON patients_amendment" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER ledger_no_delete{of_table}")
    call_command("migrate", verbosity=0)
    assert triggers.names(connection) <= triggers.present(connection)
    call_command("migrate", "patients", "zero", verbosity=0)
    assert not triggers.names(connection) & triggers.present(connection)
    call_command("migrate", verbosity=0)
    assert triggers.names(connection) <= triggers.present(connection)
