"""POST /api/patients/import/: CSV files over REST, by import_csv's service; what is hostile leaves nothing behind."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from patients import permissions
from patients.api import imports
from patients.events import log_state
from patients.models import Event, Notification, Patient, Report
from patients.rules.news2 import NOT_MEASURED_REASONS
from patients.rules.ranges import RANGES
from tests.factories import client_of, make_patient, make_report
from tests.support.signing_in import make_member, sign_in

pytestmark = pytest.mark.django_db

ADDRESS = "/api/patients/import/"
PATIENTS = """\
hospital_number,last_name,first_name,admission_date,height,spo2_scale
H1,Byron,Ada,2024-03-01T08:00:00Z,170,
H2,,,2024-03-01T08:00:00Z,,
H3,King,Eve,2024-03-01T08:00:00Z,900,

H4,=1+1,"@SUM(A1)
+cmd|x",2024-03-01T08:00:00Z,,
"""
REPORTS = """\
hospital_number,datetime,pulse,respiration,temperature,additional
H1,2024-03-01T09:00:00Z,70,16,37.0,"=HYPERLINK(""http://x"")"
H1,2024-03-01T10:00:00Z,400,16,37.0,
H9,2024-03-01T10:00:00Z,72,,,
H1,2024-03-01T11:00:00Z,70,16,37.0,,7
"""


@pytest.fixture
def lead():
    return client_of("lead")


def send(client, patients=PATIENTS, reports=None, **parts):
    files = {"patients": patients, "reports": reports, **parts}
    body = {
        name: SimpleUploadedFile(f"{name}.csv", content.encode() if isinstance(content, str) else content)
        for name, content in files.items()
        if content is not None
    }
    return client.post(ADDRESS, body, format="multipart")


def stored():
    return Patient.objects.count(), Report.objects.count(), log_state().last


def test_what_can_be_is_taken_in_and_the_rest_is_listed_with_line_field_and_reason(lead):
    response = send(lead, reports=REPORTS)
    assert response.status_code == 200, response.content
    body = response.json()
    assert body["patients"] == {"added": 3, "unchanged": 0, "rejected": 2}
    assert body["reports"] == {"added": 2, "unchanged": 0, "rejected": 3}
    assert [(reject["file"], reject["line"], reject["field"]) for reject in body["rejects"]] == [
        ("patients", 3, "last_name"),
        ("patients", 3, "first_name"),
        ("patients", 4, "height"),
        ("reports", 3, "pulse"),
        ("reports", 4, "hospital_number"),
        ("reports", 5, ""),
    ]
    assert "400" in body["rejects"][3]["reason"]
    assert set(Patient.objects.values_list("hospital_number", flat=True)) == {"H1", "H3", "H4"}
    report = Report.objects.get(pulse=70)
    assert report.recorded_by.groups.get().name == "lead"
    assert report.history.get().history_change_reason == "imported"


def test_each_reason_why_something_was_not_measured_is_imported(lead):
    why = dict(zip(RANGES, NOT_MEASURED_REASONS, strict=False))
    cell = json.dumps(why).replace('"', '""')
    reports = f'hospital_number,datetime,stools,not_measured\nH1,2024-03-01T09:00:00Z,1,"{cell}"\n'
    assert send(lead, reports=reports).json()["reports"]["added"] == 2
    assert Report.objects.get(stools=1).not_measured == why
    assert len(why) == 6


def test_values_that_a_spreadsheet_would_compute_are_stored_as_they_stand(lead):
    send(lead, reports=REPORTS)
    patient = Patient.objects.get(hospital_number="H4")
    assert (patient.last_name, patient.first_name) == ("=1+1", "@SUM(A1)\n+cmd|x")
    assert Report.objects.get(pulse=70).additional == '=HYPERLINK("http://x")'


def test_the_same_files_again_add_nothing_and_tell_nothing(lead):
    first = send(lead, reports=REPORTS).json()
    before = stored()
    again = send(lead, reports=REPORTS).json()
    assert stored() == before
    assert (again["patients"], again["reports"]) == (
        {"added": 0, "unchanged": 3, "rejected": 2},
        {"added": 0, "unchanged": 2, "rejected": 3},
    )
    assert again["rejects"] == first["rejects"]


def test_what_is_taken_in_is_told_and_nothing_is_raised_for_the_past(lead):
    ill = "H1,2024-03-01T09:00:00Z,140,30,40.0,\nH1,2024-03-01T10:00:00Z,70,16,37.0,\n"
    before = log_state().last
    send(lead, reports=REPORTS.splitlines()[0] + "\n" + ill)
    streams = [event.stream for event in Event.objects.filter(number__gt=before)]
    # 3 patients; then of each whose row or file has reports, in one transaction, these, versions and the patient once.
    assert streams.count("reports") == streams.count("history") == 3
    assert streams.count("patients") == 3 + 2
    assert not Notification.objects.filter(kind="deterioration").exists()


def test_one_import_at_a_time_the_next_is_told_when_to_come(lead):
    before = stored()
    with imports._at_work:
        response = send(lead, reports=REPORTS)
    assert (response.status_code, response["Retry-After"]) == (429, "10")
    assert "Nothing of this one was stored." in response.json()["detail"]
    assert stored() == before
    assert send(lead).status_code == 200
    assert not imports._at_work.locked()


def test_patients_alone_may_be_sent_and_reports_alone_may_not(lead):
    assert send(lead).json()["patients"]["added"] == 3
    response = send(lead, patients=None, reports=REPORTS)
    assert (response.status_code, list(response.json())) == (400, ["patients"])


def test_what_the_lists_give_as_files_is_taken_in(lead):
    patient = make_patient(hospital_number="H1")
    make_report(patient)
    patients, reports = (
        b"".join(lead.get(f"/api/{subject}/?format=csv").streaming_content)
        for subject in ("patients", "reports")
    )
    answer = send(lead, patients=patients, reports=reports).json()
    assert answer["patients"] == answer["reports"] == {"added": 0, "unchanged": 1, "rejected": 0}


# ---------------------------------------------------------------- who
@pytest.mark.parametrize(
    "role,status",
    [("viewer", 403), ("nurse", 403), ("doctor", 403), ("service", 200), ("lead", 200), ("superuser", 200)],
)
def test_whoever_creates_patients_and_reports_may(role, status):
    client = client_of(role)
    before = stored()
    assert send(client).status_code == status
    assert (stored() == before) == (status == 403)


def test_who_may_not_create_reports_may_not(monkeypatch, lead):
    monkeypatch.setitem(permissions.TABLE["reports"], "create", frozenset({"nurse"}))
    assert send(lead).status_code == 403
    assert not Patient.objects.exists()


def test_spo2_scale_2_is_set_by_whoever_may_set_it(lead):
    scale_2 = PATIENTS.replace("170,", "170,2")
    answer = send(client_of("service"), patients=scale_2).json()
    assert ("patients", 2, "spo2_scale") in {(r["file"], r["line"], r["field"]) for r in answer["rejects"]}
    assert not Patient.objects.filter(hospital_number="H1").exists()
    assert send(lead, patients=scale_2).json()["patients"]["added"] == 1
    assert Patient.objects.get(hospital_number="H1").spo2_scale == 2


def test_a_page_signed_in_by_its_session_sends_files_with_the_csrf_token():
    make_member("lead", "lea")
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, "lea")
    assert send_from(browser).status_code == 403
    browser.get("/")
    token = browser.cookies["csrftoken"].value
    assert send_from(browser, headers={"X-CSRFToken": token}).status_code == 200


def send_from(browser, **more):
    return browser.post(ADDRESS, {"patients": SimpleUploadedFile("patients.csv", PATIENTS.encode())}, **more)


# ---------------------------------------------------------------- hostile files
GOOD_ROW = "H8,Good,Row,2024-03-01T08:00:00Z,,\n"
HEADER = PATIENTS.splitlines()[0] + "\n"


@pytest.mark.parametrize(
    "patients,said",
    [
        (b"", "name the columns"),
        (b"\n\n", "name the columns"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "not UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "NUL"),
        ((HEADER + GOOD_ROW).encode("utf-16"), "not UTF-8"),
        (HEADER.encode() + GOOD_ROW.encode() + "H9,Münch,A,,,\n".encode("latin-1"), "Line 3 is not UTF-8"),
        ((HEADER + GOOD_ROW).encode() + b"H9,a\x00b,A,,,\n", "Line 3 holds a NUL"),
        (HEADER + GOOD_ROW + 'H9,"never closed,A,,,\n', "unexpected end of data"),
        (HEADER + GOOD_ROW + f'H9,{"x" * 200_000},A,,,\n', "field larger than field limit"),
        ((HEADER + GOOD_ROW).replace(",", ";"), "separated by semicolons. Save the file as CSV with commas"),
        ((HEADER + GOOD_ROW).replace(",", "\t"), "separated by tabs. Save the file as CSV with commas"),
        ((HEADER + GOOD_ROW).replace("first_name", "surname"), "No such column: surname"),
        ((HEADER + GOOD_ROW).replace("first_name", "last_name"), "last_name twice"),
        ("history_id,history_type\n1,+\n", "No such column: history_id, history_type"),
        ("<html><body>not found</body></html>\nx\n", "No such column"),
        ("first_name\n" + "A\n" * 2001, "over 2000 rows"),
    ],
    ids=lambda value: None if isinstance(value, bytes) or len(value) > 60 else value,
)  # fmt: skip
def test_a_file_that_cannot_be_right_is_refused_as_a_whole(lead, patients, said):
    before = stored()
    response = send(lead, patients=patients)
    assert response.status_code == 400
    (messages,) = response.json().values()
    assert said in messages[0], messages
    assert len(messages[0]) < 500
    assert stored() == before


def test_a_bad_second_file_keeps_the_first_one_out_too(lead):
    response = send(lead, reports="hospital_number,puls\nH1,70\n")
    assert (response.status_code, response.json()) == (400, {"reports": ["No such column: puls."]})
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    "row,field",
    [
        ("H9," + "x" * 100_000 + ",A,,,\n", "last_name"),
        ("H9,A,B,2024-03-01T08:00:00Z,,1" + ",x" * 50_000 + "\n", ""),
        ("H9,A,B,=NOW(),,\n", "admission_date"),
        ("H9,A,B,2999-01-01,,\n", "admission_date"),
        ("H9,A,B,,1e999,\n", "height"),
        ("H9,A,B,,NaN,\n", "height"),
        ("H9,A,B,,١٧٠,\n", "height"),
        (",A,B,,,\n", "hospital_number"),
        ("H9\n", "last_name"),
    ],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_a_row_that_cannot_be_right_does_not_stop_the_others(lead, row, field):
    response = send(lead, patients=HEADER + row + GOOD_ROW)
    assert response.status_code == 200
    named = {(reject["line"], reject["field"]) for reject in response.json()["rejects"]}
    assert named - {(2, "first_name")} == {(2, field)}
    assert all(len(reject["reason"]) < 500 for reject in response.json()["rejects"])
    assert Patient.objects.filter(hospital_number="H8").exists()


def test_the_line_is_the_one_in_the_file_whatever_lies_between(lead):
    response = send(lead, patients=f'{HEADER}H8,B,,,,"a\n\nb"\n\n  \nH9,,A,x,,\n')
    rejects = [(reject["line"], reject["field"]) for reject in response.json()["rejects"]]
    assert rejects == [(2, "spo2_scale"), (7, "admission_date")]


@pytest.mark.parametrize(
    "body,named",
    [
        ({}, "patients"),
        ({"patients": "hospital_number,last_name\nH1,x"}, "patients"),
        ({"patients": [SimpleUploadedFile("a.csv", b"x"), SimpleUploadedFile("b.csv", b"x")]}, "patients"),
        ({"patients": SimpleUploadedFile("a.csv", b"first_name\n"), "extra": "1"}, "extra"),
    ],
    ids=["none", "no file", "two", "another"],
)
def test_parts_that_are_not_expected_are_refused_by_name(lead, body, named):
    response = lead.post(ADDRESS, body, format="multipart")
    assert (response.status_code, list(response.json())) == (400, [named])


def test_other_types_and_larger_bodies_are_refused(lead):
    assert lead.post(ADDRESS, {"patients": "x"}, format="json").status_code == 415
    response = send(lead, patients=b"x" * (imports.LARGEST_IMPORT + 1))
    assert (response.status_code, response.json()) == (413, {"detail": "The body is larger than 10 MiB."})
    broken = lead.generic("POST", ADDRESS, b"--x\r\nno part", content_type="multipart/form-data; boundary=x")
    assert broken.status_code == 400
    for kind in ("multipart/form-data", "application/json", ""):
        nothing = lead.generic("POST", ADDRESS, b"", content_type=kind)
        assert (nothing.status_code, list(nothing.json())) == (400, ["patients"])
    assert (
        send(lead, patients=PATIENTS + " " * 2_000_000).status_code == 400
    )  # one cell of two million blanks


def test_no_other_address_takes_a_larger_body(lead):
    body = b'{"patient": 1, "additional": "' + b"x" * 1_100_000 + b'"}'
    assert lead.generic("POST", "/api/reports/", body, content_type="application/json").status_code == 413
    files = {"patients": SimpleUploadedFile("patients.csv", b"x" * 1_100_000)}
    assert lead.post("/api/reports/", files, format="multipart").status_code == 415


def test_import_is_not_read(lead):
    for method in ("get", "put", "patch", "delete"):
        assert getattr(lead, method)(ADDRESS).status_code == 405
