"""/api/history/: versions are read, amended and retired, over REST (contract.md, "History")."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import permissions
from patients.api.outputs import AmendmentSerializer
from patients.api.serializers import HistorySerializer
from patients.models import Patient
from tests.factories import client_of, make_patient, make_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return client_of("viewer")


@pytest.fixture
def nurse():
    return client_of("nurse")


@pytest.fixture
def lead():
    return client_of("lead")


@pytest.fixture
def versions(nurse, viewer):
    """The two versions of a report that was corrected, the newest first, as they are listed."""
    report = make_report(make_patient())
    nurse.patch(f"/api/reports/{report.pk}/", {"pulse": 99, "history_change_reason": "typing error"})
    return viewer.get("/api/history/").json()["results"]


def address_of(version, below=""):
    return f"/api/history/{version['history_id']}/{below}"


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


# ---------------------------------------------------------------- amending


def test_patch_corrects_the_newest_version_itself_and_the_report(lead, viewer, versions):
    response = lead.patch(address_of(versions[0]), {"pulse": 98, "history_change_reason": "read wrongly"})
    assert response.status_code == 200, response.json()
    amended = response.json()
    assert amended == {
        **versions[0], "pulse": 98, "amendments": 1, "version": 3, "news2": amended["news2"],
        "updated_at": amended["updated_at"], "history_change_reason": "read wrongly",
    }  # fmt: skip
    assert amended["news2"]["parts"]["pulse"] == 1
    assert response.headers["ETag"] == '"3"'
    report = viewer.get(f"/api/reports/{amended['id']}/").json()
    assert report == {name: amended[name] for name in report}
    assert viewer.get("/api/history/").json()["results"] == [amended, versions[1]]


def test_put_takes_what_get_gave_with_a_reason_and_empties_what_is_not_there(lead, versions):
    body = {**versions[0], "pulse": 98, "history_change_reason": "read wrongly"}
    assert lead.put(address_of(versions[0]), body).json()["pulse"] == 98
    emptied = lead.put(address_of(versions[0]), {"history_change_reason": "another patient's"}).json()
    assert (emptied["pulse"], emptied["temperature"], emptied["datetime"]) == (
        None,
        None,
        versions[0]["datetime"],
    )
    assert (emptied["amendments"], emptied["version"]) == (2, 4)


def test_an_older_version_is_amended_alone(lead, viewer, versions):
    report = viewer.get(f"/api/reports/{versions[0]['id']}/").json()
    amended = lead.patch(address_of(versions[1]), {"pulse": 131, "history_change_reason": "slip"}).json()
    assert (amended["version"], amended["amendments"], amended["news2"]["score"]) == (1, 1, 3)
    assert viewer.get(f"/api/reports/{report['id']}/").json() == report


@pytest.mark.parametrize("change", [{"pulse": 98}, {"pulse": 98, "history_change_reason": " "}], ids=str)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_an_amendment_needs_a_reason(lead, viewer, versions, change, method):
    response = getattr(lead, method)(address_of(versions[0]), change)
    assert (response.status_code, list(response.json())) == (400, ["history_change_reason"])
    assert viewer.get("/api/history/").json()["results"] == versions


@pytest.mark.parametrize(
    "change,field",
    [({"pulse": 301}, "pulse"), ({"puls": 98}, "puls"), ({"bp_dia": 200}, "bp_dia"), ({"patient": 99}, "patient"),
     ({"datetime": "2000-01-01T00:00Z"}, "datetime")],
    ids=str,
)  # fmt: skip
def test_what_a_report_may_not_hold_a_version_may_not_either(lead, viewer, versions, change, field):
    for version in versions:
        response = lead.patch(address_of(version), {**change, "history_change_reason": "slip"})
        assert (response.status_code, list(response.json())) == (400, [field])
    assert viewer.get("/api/history/").json()["results"] == versions


def test_an_amendment_of_a_version_that_moved_on_is_409_with_how_it_stands(lead, versions):
    body = {"pulse": 98, "history_change_reason": "slip"}
    in_body = lead.patch(address_of(versions[0]), {**body, "version": 1})
    in_header = lead.patch(address_of(versions[0]), body, headers={"If-Match": '"1"'})
    retiring = lead.delete(
        address_of(versions[0]), {"history_change_reason": "slip"}, headers={"If-Match": "1"}
    )
    for response in (in_body, in_header, retiring):
        assert (response.status_code, response.json()) == (409, versions[0])
    assert lead.patch(address_of(versions[0]), {**body, "version": 2}).status_code == 200


# ---------------------------------------------------------------- retiring


def test_a_retired_version_is_neither_listed_nor_found_and_the_report_falls_back(lead, viewer, versions):
    response = lead.delete(address_of(versions[0]), {"history_change_reason": "the first was right"})
    assert (response.status_code, response.content) == (204, b"")
    assert viewer.get(address_of(versions[0])).status_code == 404
    (left,) = viewer.get("/api/history/").json()["results"]
    assert (left["history_id"], left["pulse"], left["version"]) == (versions[1]["history_id"], 72, 3)
    report = viewer.get(f"/api/reports/{left['id']}/").json()
    assert report == {name: left[name] for name in report}
    for answer in (
        lead.patch(address_of(versions[0]), {"pulse": 1, "history_change_reason": "slip"}),
        lead.delete(address_of(versions[0]), {"history_change_reason": "slip"}),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize("name", ["reason", "history_change_reason"])
@pytest.mark.parametrize("is_in_body", [True, False])
def test_the_reason_of_a_retirement_stands_in_the_body_or_the_address(
    lead, viewer, versions, name, is_in_body
):
    address = address_of(versions[0])
    query, body = ("", {name: "slip"}) if is_in_body else (f"?{name}=slip", None)
    assert lead.delete(address + query, body).status_code == 204
    assert viewer.get(f"{address}amendments/").json()["results"][0]["reason"] == "slip"


def test_retiring_the_only_version_deletes_the_report(lead, viewer, nurse):
    report = make_report(make_patient())
    (only,) = viewer.get("/api/history/").json()["results"]
    assert lead.delete(address_of(only) + "?reason=wrong patient").status_code == 204
    assert viewer.get(f"/api/reports/{report.pk}/").status_code == 404
    (row,) = viewer.get("/api/history/").json()["results"]
    assert (row["history_type"], row["id"], row["history_change_reason"]) == ("-", report.pk, "wrong patient")
    for answer in (
        lead.patch(address_of(row), {"pulse": 1, "history_change_reason": "slip"}),
        lead.delete(address_of(row), {"history_change_reason": "slip"}),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["history_type"])


@pytest.mark.parametrize("body", [None, {}, {"history_change_reason": ""}, {"reason": "  "}], ids=str)
def test_retiring_needs_a_reason(lead, viewer, versions, body):
    response = lead.delete(address_of(versions[0]), body)
    assert (response.status_code, list(response.json())) == (400, ["history_change_reason"])
    assert viewer.get("/api/history/").json()["results"] == versions


# ---------------------------------------------------------------- the ledger


def test_the_ledger_of_a_version_is_paged_newest_first_and_readable_when_it_is_retired(
    lead, viewer, versions
):
    lead.patch(address_of(versions[0]), {"pulse": 98, "additional": "asleep", "history_change_reason": "one"})
    lead.patch(address_of(versions[0]), {"pulse": 97, "history_change_reason": "two"})
    lead.delete(address_of(versions[0]), {"history_change_reason": "three"})
    page = viewer.get(address_of(versions[0], "amendments/"))
    assert (page.status_code, page.json()["count"]) == (200, 3)
    assert "X-Event" in page.headers
    three, two, one = page.json()["results"]
    assert [(entry["kind"], entry["reason"]) for entry in (one, two, three)] == [
        ("amended", "one"),
        ("amended", "two"),
        ("retired", "three"),
    ]
    assert one["before"] == versions[0]
    assert (one["after"]["additional"], two["before"]) == ("asleep", one["after"])
    assert (three["before"], three["after"]) == (two["after"], None)
    assert three["restored"]["history_id"] == versions[1]["history_id"]
    limited = viewer.get(address_of(versions[0], "amendments/") + "?limit=2").json()
    assert [entry["reason"] for entry in limited["results"]] == ["three", "two"]
    assert viewer.get(limited["next"]).json()["results"] == [one]
    assert set(one) == set(AmendmentSerializer().fields)


def test_a_version_that_never_was_has_no_ledger_and_one_without_entries_an_empty_one(viewer, versions):
    assert viewer.get("/api/history/999/amendments/").status_code == 404
    assert viewer.get(address_of(versions[0], "amendments/")).json()["results"] == []


def test_a_ledger_is_only_read(lead, versions):
    for method in ("post", "put", "patch", "delete"):
        assert getattr(lead, method)(address_of(versions[0], "amendments/"), {}).status_code == 405


def test_the_ledger_of_a_report_holds_that_of_all_its_versions_newest_first(lead, viewer, versions):
    other = make_report(make_patient())
    others = viewer.get(f"/api/history/?report={other.pk}").json()["results"]
    lead.patch(address_of(versions[1]), {"pulse": 71, "history_change_reason": "one"})
    lead.patch(address_of(others[0]), {"pulse": 71, "history_change_reason": "of another"})
    lead.patch(address_of(versions[0]), {"pulse": 98, "history_change_reason": "two"})
    lead.delete(address_of(versions[0]), {"history_change_reason": "three"})
    address = f"/api/reports/{versions[0]['id']}/amendments/"
    page = viewer.get(address)
    assert (page.status_code, page.json()["count"]) == (200, 3)
    assert "X-Event" in page.headers
    three, two, one = page.json()["results"]
    assert [(entry["reason"], entry["history_id"]) for entry in (one, two, three)] == [
        ("one", versions[1]["history_id"]),
        ("two", versions[0]["history_id"]),
        ("three", versions[0]["history_id"]),
    ]
    assert [three, two] == viewer.get(address_of(versions[0], "amendments/")).json()["results"]
    limited = viewer.get(address + "?limit=2").json()
    assert limited["results"] == [three, two]
    assert viewer.get(limited["next"]).json()["results"] == [one]
    of_a_version = viewer.get(address, {"history": versions[1]["history_id"]}).json()["results"]
    assert of_a_version == [one]
    assert viewer.get(address, {"report": other.pk}).json()["results"] == [three, two, one]
    for method in ("post", "put", "patch", "delete"):
        assert getattr(lead, method)(address, {}).status_code == 405


def test_the_ledger_of_a_deleted_report_stays_readable(lead, viewer, versions):
    report = versions[0]["id"]
    lead.delete(address_of(versions[0]), {"history_change_reason": "one"})
    lead.delete(address_of(versions[1]), {"history_change_reason": "two"})
    assert viewer.get(f"/api/reports/{report}/").status_code == 404
    entries = viewer.get(f"/api/reports/{report}/amendments/").json()["results"]
    assert [(entry["kind"], entry["reason"]) for entry in entries] == [("retired", "two"), ("retired", "one")]


def test_a_report_that_never_was_has_no_ledger_and_one_without_entries_an_empty_one(viewer, versions):
    assert viewer.get(f"/api/reports/{versions[0]['id']}/amendments/").json()["results"] == []
    for number in (999_999, 10**30):
        assert viewer.get(f"/api/reports/{number}/amendments/").status_code == 404


def test_the_ledger_of_a_report_is_read_by_whom_may_see_versions(monkeypatch, nurse, lead, versions):
    monkeypatch.setitem(permissions.TABLE["history"], "view", frozenset({"lead"}))
    address = f"/api/reports/{versions[0]['id']}/amendments/"
    assert (nurse.get(address).status_code, lead.get(address).status_code) == (403, 200)


def test_the_queries_of_a_reports_ledger_do_not_grow_with_its_entries(lead, viewer, versions):
    address = f"/api/reports/{versions[0]['id']}/amendments/"

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(address).status_code == 200
        return len(queries)

    lead.patch(address_of(versions[0]), {"pulse": 90, "history_change_reason": "again"})
    with_one = count()
    for pulse in (91, 92, 93):
        lead.patch(address_of(versions[0]), {"pulse": pulse, "history_change_reason": "again"})
    assert viewer.get(address).json()["count"] == 4
    assert count() == with_one == 3  # the log's state, whether there is such a report, its entries


def test_the_ledger_of_a_patient_holds_that_of_all_their_reports_newest_first(lead, viewer, versions):
    patient = versions[0]["patient"]
    another = make_report(Patient.objects.get(pk=patient))
    second = viewer.get(f"/api/history/?report={another.pk}").json()["results"]
    others = viewer.get(f"/api/history/?report={make_report(make_patient()).pk}").json()["results"]
    lead.patch(address_of(versions[1]), {"pulse": 71, "history_change_reason": "one"})
    lead.patch(address_of(others[0]), {"pulse": 71, "history_change_reason": "of another"})
    lead.delete(address_of(second[0]), {"history_change_reason": "two"})
    lead.delete(address_of(versions[0]), {"history_change_reason": "three"})
    address = f"/api/patients/{patient}/amendments/"
    page = viewer.get(address)
    assert (page.status_code, page.json()["count"]) == (200, 3)
    assert "X-Event" in page.headers
    assert [(entry["reason"], entry["kind"], entry["report"]) for entry in page.json()["results"]] == [
        ("three", "retired", versions[0]["id"]),
        ("two", "retired", second[0]["id"]),
        ("one", "amended", versions[0]["id"]),
    ]
    limited = viewer.get(address + "?limit=2").json()
    assert [entry["reason"] for entry in viewer.get(limited["next"]).json()["results"]] == ["one"]
    for method in ("post", "put", "patch", "delete"):
        assert getattr(lead, method)(address, {}).status_code == 405


def test_the_ledger_of_a_patient_is_found_by_the_patients_id_and_outlasts_all_versions(lead, viewer):
    """The address is the patient's, what it tells of are versions: no id of the one may be taken for the other's."""
    *_, patient = (make_patient() for _ in range(5))
    version = viewer.get(f"/api/history/?report={make_report(patient).pk}").json()["results"][0]
    lead.delete(address_of(version), {"history_change_reason": "Another patient's"})
    entries = viewer.get(f"/api/patients/{patient.pk}/amendments/").json()["results"]
    assert [entry["history_id"] for entry in entries] == [version["history_id"]] != [patient.pk]


def test_the_ledger_of_a_patient_without_entries_is_empty_and_of_nobody_not_found(viewer, versions):
    assert viewer.get(f"/api/patients/{versions[0]['patient']}/amendments/").json()["results"] == []
    for number in (999_999, 10**30):
        assert viewer.get(f"/api/patients/{number}/amendments/").status_code == 404


def test_the_ledger_of_a_patient_is_read_by_whom_may_see_versions(monkeypatch, nurse, lead, versions):
    monkeypatch.setitem(permissions.TABLE["history"], "view", frozenset({"lead"}))
    address = f"/api/patients/{versions[0]['patient']}/amendments/"
    assert (nurse.get(address).status_code, lead.get(address).status_code) == (403, 200)


@pytest.mark.parametrize("role", ["viewer", "nurse", "doctor", "service"])
def test_only_a_lead_amends_and_retires(role, versions):
    client = client_of(role)
    reason = {"history_change_reason": "slip"}
    assert client.patch(address_of(versions[0]), {"pulse": 98, **reason}).status_code == 403
    assert client.put(address_of(versions[0]), {"pulse": 98, **reason}).status_code == 403
    assert client.delete(address_of(versions[0]), reason).status_code == 403
    assert client.get(address_of(versions[0], "amendments/")).status_code == 200
