"""Lists as CSV files: out, in by import_csv and out again, to the byte."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.api import csv_files
from patients.models import Patient, Report
from patients.realtime.threads import OWN
from patients.services.demo import FOLDER
from tests.factories import client_of, make_patient, make_report, make_user, signed_in
from tests.observations import ILL

pytestmark = pytest.mark.django_db

ADMITTED = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def viewer():
    return client_of("viewer")


def file_of(client, subject, **query):
    response = client.get(f"/api/{subject}/", {"format": "csv", **query})
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def renamed(files):
    """The same files of other people: what is deleted here stays known, as it must."""
    return {name: content.replace(b"D00", b"E00").replace(b"H-", b"J-") for name, content in files.items()}


def round_trip(client, folder):
    first = {subject: file_of(client, subject) for subject in ("patients", "reports")}
    other = renamed(first)
    newest_patient = Patient.objects.latest("id").pk
    for name, content in other.items():
        (folder / f"{name}.csv").write_bytes(content)
    refused = io.StringIO()
    call_command(
        "import_csv", folder / "patients.csv", folder / "reports.csv", stdout=io.StringIO(), stderr=refused
    )
    assert refused.getvalue() == ""
    again = {subject: file_of(client, subject) for subject in ("patients", "reports")}
    for name, content in again.items():
        assert content == first[name] + other[name].split(b"\r\n", 1)[1]
    assert Patient.objects.filter(pk__gt=newest_patient).exists()


@pytest.mark.home("sqlite")
def test_the_demos_real_stays_come_back_to_the_byte(viewer, tmp_path):
    call_command(
        "import_csv",
        FOLDER / "patients.csv",
        FOLDER / "reports.csv",
        stdout=io.StringIO(),
        stderr=io.StringIO(),
    )
    assert Report.objects.count() > 1500
    round_trip(viewer, tmp_path)


def test_awkward_values_come_back_to_the_byte(viewer, tmp_path):
    patient = make_patient(
        hospital_number="H-1",
        last_name='O\'Neil, "Bo"',
        first_name="Zoë 李",
        allergies='=1+1\n"peanuts", penicillin\r\n+cmd|x',
        diagnosis="-",
        date_of_birth=date(1950, 2, 28),
        admission_date=ADMITTED,
        hematocrit_baseline=40.5,
        monitoring_interval=90,
        pregnant=True,
        now=ADMITTED,
    )
    make_patient(hospital_number="H-2", admission_date=ADMITTED, now=ADMITTED)
    for seconds, values in enumerate(
        [
            {"warning_signs": None, "additional": "@SUM(A1)", "temperature": 36.6},
            {"warning_signs": [], "temperature": 37.0, "oxygen_device": "mask, 60 %"},
            {"warning_signs": ["lethargy", "abdominal_pain"], "supplemental_oxygen": False, "pulse": 0},
            {"not_measured": {"temperature": "refused", "pulse": "unable"}},
            {
                "consciousness": "A",
                "medical_advice": 'say "no"\nthen, go',
                "fi_oral": 0.0,
                "bp_sys": 0,
                "bp_dia": 0,
            },
        ]
    ):
        when = ADMITTED + timedelta(seconds=seconds, microseconds=seconds)
        make_report(patient, now=when, datetime=when, **values)
        make_report(patient, now=when, datetime=when, weight=70.1 + seconds)
    make_report(patient, now=ADMITTED, datetime=ADMITTED, height=170.0, weight=66.6)
    round_trip(viewer, tmp_path)
    assert Report.objects.count() == 22
    first, again = (Report.objects.filter(patient__hospital_number=n).order_by("id") for n in ("H-1", "J-1"))
    for name in csv_files.RECORDED_FIELDS:
        before, after = (
            [csv_files._text(value) for value in rows.values_list(name, flat=True)] for rows in (first, again)
        )
        assert sorted(before) == sorted(after), name


def test_taking_the_same_files_in_again_adds_nothing(viewer, tmp_path):
    patient = make_patient(hospital_number="H-1", admission_date=ADMITTED, now=ADMITTED)
    make_report(
        patient, now=ADMITTED, datetime=ADMITTED, not_measured={"temperature": "refused", "pulse": "unable"}
    )
    make_report(patient, now=ADMITTED, datetime=ADMITTED, height=170.0)
    for subject in ("patients", "reports"):
        (tmp_path / f"{subject}.csv").write_bytes(file_of(viewer, subject))
    call_command("import_csv", tmp_path / "patients.csv", tmp_path / "reports.csv", stdout=io.StringIO())
    assert (Patient.objects.count(), Report.objects.count()) == (1, 2)


def test_height_and_weight_at_admission_stand_with_the_patient(viewer):
    patient = make_patient(hospital_number="H-1", admission_date=ADMITTED, now=ADMITTED)
    make_report(patient, now=ADMITTED, datetime=ADMITTED, height=170.0, weight=66.6)
    with_pulse = make_patient(hospital_number="H-2", admission_date=ADMITTED, now=ADMITTED)
    make_report(with_pulse, now=ADMITTED, datetime=ADMITTED, height=170.0, pulse=70)
    first, second = rows_of(file_of(viewer, "patients"))
    assert (first["height"], first["weight"], second["height"]) == ("170.0", "66.6", "")


def test_a_file_is_whole_in_portions_and_filtered_ordered_and_limited_as_asked(viewer, monkeypatch):
    monkeypatch.setattr(csv_files, "ROWS_AT_ONCE", 2)
    for number in range(5):
        patient = make_patient(hospital_number=f"H-{number}", ward="AB"[number % 2])
        make_report(patient)
    assert [row["hospital_number"] for row in rows_of(file_of(viewer, "reports"))] == [
        f"H-{n}" for n in range(5)
    ]
    assert len(rows_of(file_of(viewer, "patients", ward="B"))) == 2
    assert [
        row["hospital_number"] for row in rows_of(file_of(viewer, "patients", ordering="-id", limit=3))
    ] == [
        "H-4",
        "H-3",
        "H-2",
    ]
    nullable = rows_of(file_of(viewer, "patients", ordering="dismissal_date"))
    assert [row["hospital_number"] for row in nullable] == [f"H-{n}" for n in range(5)]


async def test_a_server_sends_a_file_portion_by_portion():
    read = []
    portions = (read.append(number) or str(number).encode() for number in range(3))
    sent = csv_files._one_by_one(portions, errand=OWN)
    assert (await anext(sent), read) == (b"0", [0])
    assert [chunk async for chunk in sent] == [b"1", b"2"]


@pytest.mark.parametrize(
    "query,named",
    [({"offset": 1}, "offset"), ({"cursor": "x"}, "cursor"), ({"limit": 0}, "limit"), ({"puls": 1}, "puls"),
     ({"ordering": "puls"}, "ordering")],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_json(viewer, query, named):
    response = viewer.get("/api/reports/", {"format": "csv", **query})
    assert (response.status_code, list(response.json())) == (400, [named])
    assert response["Content-Type"] == "application/json"


def test_versions_are_a_file_with_who_wrote_them_when_and_why(viewer, monkeypatch):
    monkeypatch.setattr(csv_files, "ROWS_AT_ONCE", 2)
    lead = make_user("lead", first_name="Lea", last_name="Ng")
    patient = make_patient(hospital_number="H-1", admission_date=ADMITTED, now=ADMITTED)
    report = make_report(patient, by=lead, **ILL)
    signed_in(lead).patch(
        f"/api/reports/{report.pk}/", {"pulse": 99, "history_change_reason": 'typed, "wrong"'}
    )
    deleted = make_report(patient, datetime=ADMITTED, temperature=37.0)
    signed_in(lead).delete(f"/api/reports/{deleted.pk}/?reason=twice")
    versions = viewer.get("/api/history/").json()["results"]
    rows = rows_of(file_of(viewer, "history"))
    assert [row["history_id"] for row in rows] == [str(version["history_id"]) for version in versions]
    assert [row["history_type"] for row in rows] == ["-", "+", "~", "+"]
    for row, version in zip(rows, versions, strict=True):
        assert tuple(row) == csv_files.COLUMNS["history"]
        for name in set(version) & set(row) - {"history_user", "recorded_by"}:
            assert row[name] == csv_files._text(version[name]), name
        assert row["hospital_number"] == "H-1"
        assert row["news2_score"] == csv_files._text(version["news2"]["score"])
    assert (rows[2]["history_user"], rows[2]["history_change_reason"]) == ("Lea Ng", 'typed, "wrong"')
    assert (rows[3]["news2_score"], rows[3]["news2_risk"]) == ("12", "high")
    since = versions[3]["datetime"]
    assert [row["id"] for row in rows_of(file_of(viewer, "history", since=since))] == [str(report.pk)] * 2
    assert [row["id"] for row in rows_of(file_of(viewer, "history", report=deleted.pk, limit=1))] == [
        str(deleted.pk)
    ]


@pytest.mark.parametrize("subject", sorted(csv_files.COLUMNS))
def test_a_files_queries_do_not_grow_with_its_rows(viewer, subject):
    def count():
        with CaptureQueriesContext(connection) as queries:
            file_of(viewer, subject)
        return len(queries)

    make_report(make_patient(hospital_number="H-0"))
    viewer.get("/api/ranges/")  # the role is read once
    with_one = count()
    for number in range(1, 6):
        make_report(make_patient(hospital_number=f"H-{number}"))
    assert count() == with_one == 3


def test_only_lists_of_objects_are_files(viewer, client):
    assert viewer.get("/api/notifications/?format=csv").status_code == 404
    assert client.get("/api/reports/?format=csv").status_code == 401
    response = viewer.get("/api/reports/?format=csv")
    assert response["Content-Type"].startswith("text/csv")
    assert response["Content-Disposition"] == 'attachment; filename="reports.csv"'
    assert "X-Event" in response.headers


def test_a_byte_order_mark_comes_where_it_is_asked_for_and_is_taken_in_again(viewer):
    make_patient(hospital_number="H-1", last_name="Łoś")
    for subject in ("patients", "reports", "history"):
        plain = file_of(viewer, subject)
        assert plain[:1] in (b"h", b"d"), "as ever, to the byte"
        assert file_of(viewer, subject, bom="1") == b"\xef\xbb\xbf" + plain
        assert file_of(viewer, subject, bom="0") == plain
    sent = {"patients": SimpleUploadedFile("p.csv", file_of(viewer, "patients", bom="1"))}
    answer = client_of("lead").post("/api/patients/import/", sent, format="multipart").json()
    assert answer["patients"] == {"added": 0, "unchanged": 1, "rejected": 0}


def test_another_mark_is_refused_by_name(viewer):
    for query in ({"format": "csv", "bom": "yes"}, {"bom": "1"}):
        response = viewer.get("/api/patients/", query)
        assert (response.status_code, [*response.json()]) == (400, ["bom"])
