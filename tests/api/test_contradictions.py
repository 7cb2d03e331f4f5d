"""Two fields that contradict each other at every door of REST, in files and in the admin site; what is improbable is
told. The sockets: tests/realtime/test_contradictions.py; the rule: tests/services/test_contradictions.py."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from patients.models import Patient, Report
from tests.factories import client_of, make_patient, make_report
from tests.observations import WELL
from tests.support.signing_in import make_member, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

BOTH = {"supplemental_oxygen", "oxygen_flow"}
ALLERGIES = {"allergies", "allergy_status"}
AIR_WITH_FLOW = {**WELL, "oxygen_flow": 15}


@pytest.fixture
def lead():
    return client_of("lead")


@pytest.fixture
def patient():
    return make_patient(hospital_number="H1")


def refused(response):
    assert response.status_code == 400, response.content
    return set(response.json())


# ---------------------------------------------------------------- reports
def test_air_with_a_flow_is_refused_at_every_door_of_reports_and_versions(lead, patient):
    assert refused(lead.post("/api/reports/", {"patient": patient.pk, **AIR_WITH_FLOW})) == BOTH
    assert refused(lead.post("/api/reports/preview/", {"patient": patient.pk, **AIR_WITH_FLOW})) == BOTH
    report = make_report(patient, **WELL)
    reason = {"history_change_reason": "typed wrong"}
    for address in (f"/api/reports/{report.pk}/", f"/api/history/{report.history.get().pk}/"):
        assert refused(lead.patch(address, {"oxygen_flow": 15, **reason})) == BOTH
        assert refused(lead.put(address, {"patient": patient.pk, **AIR_WITH_FLOW, **reason})) == BOTH
        assert lead.get(address).json()["oxygen_flow"] is None
    assert Report.objects.get().version == 1


def test_a_stored_contradiction_is_put_back_and_corrected_in_other_fields(lead, patient):
    report = make_report(patient, **WELL)
    Report.objects.update(oxygen_flow=15.0)
    address = f"/api/reports/{report.pk}/"
    assert lead.put(address, lead.get(address).json()).status_code == 200
    assert lead.patch(address, {"pulse": 90}).json()["pulse"] == 90
    assert refused(lead.patch(address, {"oxygen_flow": 10})) == BOTH
    assert lead.patch(address, {"oxygen_flow": None}).json()["oxygen_flow"] is None


def test_what_is_improbable_is_told_by_preview_and_stored(lead, patient):
    make_report(patient, weight=70.0)
    values = {
        "patient": patient.pk, "supplemental_oxygen": True, "oxygen_flow": 0, "weight": 154, "height": 99,
        "blood_glucose": 1.9, "temperature": 41.5,
    }  # fmt: skip
    unusual = lead.post("/api/reports/preview/", values).json()["unusual"]
    assert set(unusual) == set(values) - {"patient"}
    assert all(len(messages) == 1 and messages[0] for messages in unusual.values())
    assert lead.post("/api/reports/", values).status_code == 201


def test_the_table_of_ranges_asks_about_glucose(lead):
    glucose = lead.get("/api/ranges/").json()["blood_glucose"]
    assert (glucose["low"], glucose["soft_low"], glucose["soft_high"], glucose["high"]) == (0.1, 2, 30, 83)


# ---------------------------------------------------------------- patients
NAMES = {"first_name": "Ada", "last_name": "Byron"}


def test_admission_before_birth_and_before_the_end_of_the_stay_before_are_refused(lead):
    dates = {"admission_date": "2024-03-01T08:00:00Z", "date_of_birth": "2024-03-02"}
    assert refused(lead.post("/api/patients/", {**NAMES, **dates})) == set(dates)
    pk = lead.post("/api/patients/", {**NAMES, **dates, "date_of_birth": "1950-01-01"}).json()["id"]
    address = f"/api/patients/{pk}/"
    assert refused(lead.patch(address, {"date_of_birth": "2024-03-02"})) == set(dates)
    assert lead.patch(address, {"dismissal_date": "2024-03-05T08:00:00Z"}).status_code == 200
    again = {"dismissal_date": None, "admission_date": "2024-03-04T08:00:00Z"}
    assert refused(lead.patch(address, again)) == {"admission_date"}
    assert refused(lead.put(address, {**NAMES, **again})) == {"admission_date"}
    assert lead.patch(address, {**again, "admission_date": "2024-03-06T08:00:00Z"}).status_code == 200
    assert refused(lead.patch(address, {"admission_date": "2024-03-04T08:00:00Z"})) == {"admission_date"}


def test_allergies_over_rest(lead):
    created = lead.post("/api/patients/", {**NAMES, "allergies": "Latex"}).json()
    assert created["allergy_status"] == "known"
    address = f"/api/patients/{created['id']}/"
    assert refused(lead.patch(address, {"allergy_status": "none_known"})) == ALLERGIES
    assert refused(lead.put(address, {**created, "allergies": ""})) == ALLERGIES
    assert refused(lead.patch(address, {"allergy_status": "some"})) == {"allergy_status"}
    assert refused(lead.patch(address, {"allergy_status": None})) == {"allergy_status"}
    none_known = lead.patch(address, {"allergies": "", "allergy_status": "none_known"}).json()
    assert (none_known["allergies"], none_known["allergy_status"]) == ("", "none_known")
    assert lead.get(f"{address}history/").json()["results"][0]["allergy_status"] == "none_known"
    # A PUT empties what it leaves out: a text says what is known, nothing says nothing.
    for sent, status in (({}, "not_recorded"), ({"allergies": "Nuts"}, "known")):
        assert lead.put(address, {**NAMES, **sent}).json()["allergy_status"] == status


# ---------------------------------------------------------------- files
PATIENTS = """\
hospital_number,last_name,first_name,admission_date,date_of_birth,sex,pregnant,allergies,allergy_status,weight
A1,Byron,Ada,2024-03-01T08:00:00Z,1950-01-01,female,true,Latex,,70
A2,Byron,Bob,2024-03-01T08:00:00Z,2024-03-02,male,,,none_known,
A3,Byron,Cem,2024-03-01T08:00:00Z,1990-01-01,male,true,,unavailable,
A4,Byron,Dan,2024-03-01T08:00:00Z,1990-01-01,male,,,known,
A5,Byron,Eve,2024-03-01T08:00:00Z,1990-01-01,female,true,,,500
"""
REPORTS = """\
hospital_number,datetime,supplemental_oxygen,oxygen_flow,weight,height,temperature,not_measured
A1,2024-03-01T12:00:00Z,,,154,,,
A1,2024-03-01T09:00:00Z,,,71,,,
A1,2024-03-01T10:00:00Z,false,15,,,,
A1,2024-03-01T10:30:00Z,true,0,,,,
A3,2024-03-01T09:00:00Z,,,,90,41.5,
A3,2024-03-01T10:00:00Z,,,,,37.0,"{""temperature"": ""refused""}"
"""


def send(client):
    files = {
        name: SimpleUploadedFile(f"{name}.csv", text.encode())
        for name, text in (("patients", PATIENTS), ("reports", REPORTS))
    }
    return client.post("/api/patients/import/", files, format="multipart").json()


def test_an_import_rejects_what_contradicts_itself_and_warns_of_what_is_improbable(lead):
    body = send(lead)
    assert set(body) == {"patients", "reports", "rejects", "warnings"}
    listed = {
        name: [(one["file"], one["line"], one["field"]) for one in body[name]]
        for name in ("rejects", "warnings")
    }
    assert sorted(listed["rejects"]) == [
        ("patients", 3, "admission_date"), ("patients", 3, "date_of_birth"), ("patients", 5, "allergies"),
        ("patients", 5, "allergy_status"), ("patients", 6, "weight"), ("reports", 4, "oxygen_flow"),
        ("reports", 4, "supplemental_oxygen"), ("reports", 7, "not_measured"), ("reports", 7, "temperature"),
    ]  # fmt: skip
    assert listed["warnings"] == [
        ("patients", 2, "pregnant"), ("patients", 4, "pregnant"), ("reports", 2, "weight"),
        ("reports", 5, "supplemental_oxygen"), ("reports", 5, "oxygen_flow"), ("reports", 6, "temperature"),
        ("reports", 6, "height"),
    ]  # fmt: skip
    assert all(set(one) == {"file", "line", "field", "reason"} and one["reason"] for one in body["warnings"])
    assert (body["patients"]["added"], body["reports"]["added"]) == (3, 5)
    statuses = dict(Patient.objects.values_list("hospital_number", "allergy_status"))
    assert statuses == {"A1": "known", "A3": "unavailable", "A5": "not_recorded"}
    assert send(lead)["warnings"] == [], "what was there already was looked at the first time"


def test_a_weight_is_held_against_the_stored_one_before_it(lead):
    first = (
        "hospital_number,last_name,first_name,admission_date,weight\nA1,Byron,Ada,2024-03-01T08:00:00Z,70\n"
    )
    second = "hospital_number,datetime,weight\nA1,2024-03-02T08:00:00Z,154\n"

    def upload(**texts):
        files = {name: SimpleUploadedFile(f"{name}.csv", text.encode()) for name, text in texts.items()}
        return lead.post("/api/patients/import/", files, format="multipart").json()["warnings"]

    assert upload(patients=first) == []
    (warning,) = upload(patients=first, reports=second)
    assert (warning["file"], warning["line"], warning["field"]) == ("reports", 2, "weight")


def test_the_command_tells_warnings_beside_what_was_taken_in(tmp_path):
    for name, text in (("patients", PATIENTS), ("reports", REPORTS)):
        (tmp_path / f"{name}.csv").write_text(text)
    said, refused_rows = io.StringIO(), io.StringIO()
    call_command(
        "import_csv", tmp_path / "patients.csv", tmp_path / "reports.csv", stdout=said, stderr=refused_rows
    )
    assert "reports.csv line 2: weight: imported, but look at it: Weight 154 kg, and 71 kg" in said.getvalue()
    assert "reports.csv line 4: oxygen_flow: " in refused_rows.getvalue()


def test_the_status_is_a_column_of_the_file_and_files_without_it_are_taken_in(lead, tmp_path):
    make_patient(hospital_number="A1", allergy_status="none_known")
    lines = b"".join(lead.get("/api/patients/?format=csv").streaming_content).decode().splitlines()
    header, row = lines[0].split(","), lines[1].split(",")
    assert header[header.index("allergies") + 1] == "allergy_status"
    assert row[header.index("allergy_status")] == "none_known"
    (tmp_path / "old.csv").write_text("hospital_number,last_name,first_name,allergies\nA2,Byron,Ada,Latex\n")
    call_command("import_csv", tmp_path / "old.csv", stdout=io.StringIO())
    assert Patient.objects.get(hospital_number="A2").allergy_status == "known"


# ---------------------------------------------------------------- the admin site
@pytest.fixture
def root():
    make_member("superuser", "root", is_staff=True)
    client = Client()
    sign_in(client, "root")
    return client


def test_the_admin_site_shows_a_contradiction_beside_both_fields(root, patient):
    from tests.api.test_admin import form_of, page

    report = make_report(patient, **WELL)
    address = page("patients.report", "change", report.pk)
    response = root.post(
        address,
        form_of(
            root, address, supplemental_oxygen="false", oxygen_flow="15", history_change_reason="typed wrong"
        ),
    )
    assert set(response.context["adminform"].form.errors) == BOTH
    address = page("patients.patient", "change", patient.pk)
    response = root.post(address, form_of(root, address, allergy_status="known"))
    assert set(response.context["adminform"].form.errors) == ALLERGIES
    assert root.post(address, form_of(root, address, allergies="Latex")).status_code == 302
    assert Patient.objects.get().allergy_status == "known"
