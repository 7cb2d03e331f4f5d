"""/api/history/, to read (contract.md, "History")."""

import pytest

from patients.api.serializers import HistorySerializer
from patients.models import Report
from tests.factories import client_of, make_patient, make_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return client_of("viewer")


@pytest.fixture
def nurse():
    return client_of("nurse")


def test_each_save_of_a_report_is_a_version_newest_first(viewer, nurse):
    report = make_report(make_patient())
    nurse.patch(f"/api/reports/{report.pk}/", {"pulse": 99, "history_change_reason": "typing error"})
    versions = viewer.get("/api/history/").json()["results"]
    assert [(version["history_type"], version["pulse"]) for version in versions] == [("~", 99), ("+", 72)]
    assert versions[0]["history_user"]["name"].startswith("nurse")
    assert versions[0]["history_change_reason"] == "typing error"
    assert [version["id"] for version in versions] == [report.pk, report.pk]
    assert [version["amendments"] for version in versions] == [0, 0]


def test_a_version_is_retrieved_by_its_history_id(viewer):
    make_report(make_patient())
    (version,) = viewer.get("/api/history/").json()["results"]
    response = viewer.get(f"/api/history/{version['history_id']}/")
    assert response.status_code == 200
    assert response.json() == version
    assert "X-Event" in response.headers
    assert viewer.get("/api/history/999/").status_code == 404


def test_a_retired_version_is_neither_listed_nor_found(viewer):
    report = make_report(make_patient())
    Report.history.filter(id=report.pk).update(is_retired=True)
    assert viewer.get("/api/history/").json() == {"count": 0, "next": None, "previous": None, "results": []}
    history_id = Report.history.get(id=report.pk).history_id
    assert viewer.get(f"/api/history/{history_id}/").status_code == 404


def test_versions_are_filtered_by_report_and_patient(viewer, nurse):
    ada, ben = make_patient(), make_patient()
    reports = [make_report(patient) for patient in (ada, ada, ben)]
    nurse.patch(f"/api/reports/{reports[0].pk}/", {"pulse": 99})
    of_report = viewer.get("/api/history/", {"report": reports[0].pk}).json()["results"]
    of_patient = viewer.get("/api/history/", {"patient": ada.pk}).json()["results"]
    assert [version["id"] for version in of_report] == [reports[0].pk] * 2
    assert {version["patient"] for version in of_patient} == {ada.pk}
    assert len(of_patient) == 3


def test_history_is_not_written_by_a_post(viewer):
    assert client_of("lead").post("/api/history/", {}).status_code == 405


def test_the_declared_fields_are_those_that_are_sent(viewer):
    make_report(make_patient())
    (version,) = viewer.get("/api/history/").json()["results"]
    declared = {name for name, field in HistorySerializer().fields.items() if not field.write_only}
    assert set(version) == declared
