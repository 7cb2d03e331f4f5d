"""Taking an identity away: nothing of it is left in any table, the readings stay."""

from datetime import date

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection

from patients.models import Amendment, AmendmentText, Event, Notification, Patient, Report
from patients.representations import RECORDED_FIELDS, represent_history, represent_report
from patients.services.anonymisation import anonymise_patient
from patients.services.errors import Conflict
from patients.services.history import amend_version, retire_version
from patients.services.ledger import newest_version_of
from patients.services.patients import change_patient
from patients.services.plans import add_pause, set_plan
from patients.services.reports import correct_report, delete_report
from tests.factories import make_patient, signed_in
from tests.observations import WELL
from tests.services.builders import at, change, frames, fresh, last_number, record, total

pytestmark = pytest.mark.django_db

Version = Report.history.model
# Each stands in one or more places that only the tables below can hold.
SECRETS = ("Zephyrine", "Quibbleworth", "HN-774411", "1951-07-23", "Penicillinum", "Pneumonitis", "Bed-Z9")
TYPED = "for Mrs Quibbleworth"
KEPT = {*RECORDED_FIELDS} - {"diet", "additional", "medical_advice", "oxygen_device"}


def dump():
    """Every row of every table, as text."""
    tables = connection.introspection.table_names()
    assert Patient._meta.db_table in tables
    lines = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            lines += [f"{table}: {row!r}" for row in cursor.fetchall()]
    return "\n".join(lines)


@pytest.fixture
def ada(lead, nurse):
    """A patient with everything that may name her, discharged."""
    patient = make_patient(
        by=lead, now=at(0), admission_date=at(0), first_name="Zephyrine", last_name="Quibbleworth",
        hospital_number="HN-774411", date_of_birth=date(1951, 7, 23), bed="Bed-Z9", allergies="Penicillinum",
        diagnosis="Pneumonitis",
    )  # fmt: skip
    change_patient(patient.pk, by=lead, now=at(0.1), changes={"ward": "9"}, reason=TYPED)
    first = record(patient, total(7), when=at(1), by=nurse, additional=TYPED, diet=TYPED)
    correct_report(first.pk, by=nurse, now=at(1.1), changes={"medical_advice": TYPED}, reason=TYPED)
    newest = newest_version_of(first)
    amend_version(newest.pk, by=lead, now=at(1.2), changes={"additional": TYPED + "!"}, reason=TYPED)
    second = record(patient, total(0), when=at(2), by=nurse, additional=TYPED)
    correct_report(second.pk, by=nurse, now=at(2.1), changes={"diet": TYPED, "oxygen_device": TYPED})
    retire_version(newest_version_of(second).pk, by=lead, now=at(2.2), reason=TYPED)
    third = record(patient, total(0), when=at(3), by=nurse, additional=TYPED)
    delete_report(third.pk, by=lead, now=at(3.1), reason=TYPED)
    steps = [{"every": 60, "for": None}]
    set_plan(patient.pk, by=lead, now=at(3.2), steps=steps, call_at={}, until=at(9), reason=TYPED)
    add_pause(patient.pk, by=lead, now=at(3.2), since=at(3.2), until=at(3.3), reason=TYPED)
    notification = Notification.objects.filter(patient=patient).first()
    notification.reasons[0]["message"] = f"Call {TYPED}."
    notification.save()
    LogEntry.objects.create(
        user=lead, content_type=ContentType.objects.get_for_model(Patient), object_id=patient.pk,
        object_repr="QUIBBLEWORTH, Zephyrine", action_flag=ADDITION,
    )  # fmt: skip
    return change(patient, by=lead, now=at(4), dismissal_date=at(4))


def versions():
    return {version.pk: version for version in Version.objects.order_by("pk")}


def test_no_byte_of_the_identity_is_left_in_any_table(ada, lead):
    before = dump()
    assert all(secret in before for secret in SECRETS)
    assert anonymise_patient(ada.pk, by=lead, now=at(5))
    after = dump()
    assert [secret for secret in SECRETS if secret.lower() in after.lower()] == []


def test_the_readings_stay_in_reports_versions_and_ledger(ada, lead):
    def readings(rows):
        return [{field: getattr(row, field) for field in KEPT} for row in rows]

    reports_before = readings(Report.objects.order_by("pk"))
    versions_before = readings(versions().values())
    entries_before = [
        {field: entry.before[field] for field in KEPT} for entry in Amendment.objects.order_by("pk")
    ]
    anonymise_patient(ada.pk, by=lead, now=at(5))
    assert readings(Report.objects.order_by("pk")) == reports_before
    assert readings(versions().values()) == versions_before
    entries = [{field: entry.before[field] for field in KEPT} for entry in Amendment.objects.order_by("pk")]
    assert entries[: len(entries_before)] == entries_before
    assert not AmendmentText.objects.exists()


def test_of_the_date_of_birth_the_year_stays_and_the_person_has_a_version_more(ada, lead):
    anonymise_patient(ada.pk, by=lead, now=at(5))
    after = fresh(ada)
    assert (after.first_name, after.last_name) == ("Anonymous", f"Patient {ada.pk}")
    assert (after.date_of_birth, after.hospital_number) == (date(1951, 1, 1), None)
    assert (after.version, after.anonymised_at) == (ada.version + 1, at(5))
    newest = Patient.history.filter(id=ada.pk).order_by("-history_id").first()
    assert (newest.history_user, newest.version) == (lead, after.version)


def test_newest_versions_and_reports_still_agree_and_each_loss_is_in_the_ledger(ada, lead):
    before = {pk: represent_history(version) for pk, version in versions().items()}
    anonymise_patient(ada.pk, by=lead, now=at(5))
    for report in Report.objects.all():
        shown = represent_history(newest_version_of(report))
        assert represent_report(report) == {name: shown[name] for name in represent_report(report)}
    changed = {pk for pk, version in versions().items() if represent_history(version) != before[pk]}
    entries = Amendment.objects.filter(kind="anonymised")
    assert {entry.history_id for entry in entries} == changed
    assert {entry.amended_by for entry in entries} == {lead}


def test_the_log_keeps_its_numbers_and_clients_are_told_the_change(ada, lead):
    numbers = list(Event.objects.order_by("number").values_list("number", flat=True))
    number = last_number()
    anonymise_patient(ada.pk, by=lead, now=at(5))
    kept = list(Event.objects.filter(number__lte=number).order_by("number").values_list("number", flat=True))
    assert kept == numbers
    for frame in frames():
        assert frame["payload"]["event"]
    told = [frame for frame in frames(after=number) if frame["stream"] == "patients"]
    assert [frame["payload"]["data"]["first_name"] for frame in told] == ["Anonymous"]


def test_other_patients_keep_everything(ada, lead, nurse):
    other = make_patient(by=lead, now=at(0), admission_date=at(0), first_name="Zephyrine", last_name="Other")
    record(other, total(0), when=at(1), by=nurse, additional="for Zephyrine")
    before = [line for line in dump().splitlines() if "Other" in line or "for Zephyrine" in line]
    anonymise_patient(ada.pk, by=lead, now=at(5))
    assert [line for line in dump().splitlines() if "Other" in line or "for Zephyrine" in line] == before


def test_a_second_run_changes_nothing(ada, lead):
    anonymise_patient(ada.pk, by=lead, now=at(5))
    before = dump()
    assert not anonymise_patient(ada.pk, by=lead, now=at(6))
    assert dump() == before


def test_a_patient_on_the_ward_is_not_anonymised(patient, lead):
    with pytest.raises(Conflict, match="on the ward"):
        anonymise_patient(patient.pk, by=lead, now=at(5))
    assert fresh(patient).first_name == "Ada"


def test_the_answers_kept_for_idempotency_keys_lose_it_too(lead):
    client = signed_in(lead)
    body = {"first_name": "Zephyrine", "last_name": "Quibbleworth", "hospital_number": "HN-774411"}
    created = client.post("/api/patients/", body, headers={"Idempotency-Key": "one"}).json()
    report = {"patient": created["id"], **WELL, "additional": TYPED}
    client.post("/api/reports/", report, headers={"Idempotency-Key": "two"})
    patient = Patient.objects.get()
    client.patch(f"/api/patients/{patient.pk}/", {"dismissal_date": Report.objects.get().datetime})
    call_command("anonymise_patient", "--hospital-number", "HN-774411")
    assert "quibbleworth" not in dump().lower()
    again = client.post("/api/patients/", body, headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["id"], again.json()["first_name"]) == (
        201,
        patient.pk,
        "Anonymous",
    )


def test_the_command_takes_everybody_discharged_before_a_day(ada, patient, capsys):
    call_command("anonymise_patient", "--discharged-before", "2024-03-01")
    assert fresh(ada).first_name == "Zephyrine"
    call_command("anonymise_patient", "--discharged-before", "2024-03-02")
    assert (fresh(ada).first_name, fresh(patient).first_name) == ("Anonymous", "Ada")
    assert "Anonymised: 1 patients" in capsys.readouterr().out
    newest = Patient.history.filter(id=ada.pk).order_by("-history_id").first()
    assert newest.history_user.username == "wardlight-system"


@pytest.mark.parametrize(
    "arguments,message", [((), "Say who"), (("99",), "no patient 99"), (("{pk}",), "on the ward")]
)
def test_the_command_says_what_it_cannot_do(patient, arguments, message):
    arguments = [argument.format(pk=patient.pk) for argument in arguments]
    with pytest.raises(CommandError, match=message):
        call_command("anonymise_patient", *arguments)


def test_every_text_column_is_cleared_or_known_to_hold_no_identity():
    """A new column for text must be thought of: clear it in services/anonymisation.py, or name it here."""
    texts = {
        f"{model._meta.model_name}.{field.name}"
        for model in apps.get_app_config("patients").get_models()
        for field in model._meta.concrete_fields
        if field.get_internal_type() in ("TextField", "JSONField") and not field.choices
    }
    cleared = {
        f"{prefix}.{name}"
        for prefix in ("report", "historicalreport")
        for name in ("additional", "medical_advice")
    } | {
        "historicalreport.history_change_reason", "historicalpatient.history_change_reason",
        "patient.allergies", "patient.diagnosis", "notification.reasons",
        "historicalpatient.allergies", "historicalpatient.diagnosis", "plan.reason", "pause.reason",
        "historicalpause.reason", "amendmenttext.reason", "amendmenttext.before", "amendmenttext.after",
        "event.frame", "idempotencykey.response",
        "patient.search_key", "patient.last_name_key", "patient.first_name_key", "patient.hospital_number_key",
            "patient.hospital_number_alike",
        "patient.ward_key", "patient.bed_key",
    }  # fmt: skip
    without = {
        f"{prefix}.{name}"
        for prefix in ("report", "historicalreport")
        for name in ("warning_signs", "not_measured", "news2", "due_because", "corrected_fields")
    } | {
        "amendment.before", "amendment.after", "amendment.restored_before", "amendment.restored_after",
        "plan.steps", "plan.call_at", "patient.course", "patient.due_limit", "notification.escalations",
        "patient.running_plan",  # nothing runs for a discharged patient
    }  # fmt: skip
    assert texts == cleared | without
