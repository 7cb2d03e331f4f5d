"""What lists can be filtered and ordered by (contract.md, "Resources")."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from rest_framework.exceptions import ValidationError

from patients import clock
from patients.api.listing import list_objects
from tests.factories import client_of, make_patient, make_report
from tests.observations import ILL, WELL

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return client_of("viewer")


def names(response):
    assert response.status_code == 200, response.content
    return [patient["first_name"] for patient in response.json()["results"]]


# ---------------------------------------------------------------- patients
def test_patients_by_status(viewer):
    make_patient(first_name="Ada")
    make_patient(first_name="Ben", dismissal_date=clock.now())
    assert names(viewer.get("/api/patients/?status=active")) == ["Ada"]
    assert names(viewer.get("/api/patients/?status=discharged")) == ["Ben"]
    assert names(viewer.get("/api/patients/")) == ["Ada", "Ben"]


def test_patients_by_ward_to_the_letter(viewer):
    make_patient(first_name="Ada", ward="A")
    make_patient(first_name="Ben", ward="A1")
    assert names(viewer.get("/api/patients/?ward=A")) == ["Ada"]


@pytest.mark.parametrize("text", ["lovel", "LOVE", "ada love", "Lovelace, Ada", "h-17", "17 ada"])
def test_patients_by_search_in_names_and_number(viewer, text):
    make_patient(first_name="Ada", last_name="Lovelace", hospital_number="H-17")
    make_patient(first_name="Ben", last_name="Love", hospital_number="H-18")
    assert "Ada" in names(viewer.get("/api/patients/", {"search": text}))


def test_a_search_wants_every_word(viewer):
    make_patient(first_name="Ada", last_name="Lovelace")
    assert names(viewer.get("/api/patients/?search=ada+byron")) == []


def test_the_signs_of_a_pattern_are_searched_as_they_are(viewer):
    make_patient(first_name="Ada")
    assert names(viewer.get("/api/patients/", {"search": "%"})) == []
    assert names(viewer.get("/api/patients/", {"search": "_"})) == []


def test_patients_who_are_overdue(viewer):
    now = clock.now()
    make_patient(first_name="Late", now=now - timedelta(hours=1))
    make_patient(first_name="Soon")
    make_patient(first_name="Never", pathway="none")
    make_patient(first_name="Gone", now=now - timedelta(hours=1), dismissal_date=now - timedelta(hours=1))
    assert names(viewer.get("/api/patients/?overdue=true")) == ["Late"]
    assert names(viewer.get("/api/patients/?overdue=false")) == ["Soon", "Never", "Gone"]


def test_patients_by_one_or_several_risks(viewer):
    ada, ben = make_patient(first_name="Ada"), make_patient(first_name="Ben")
    make_patient(first_name="New")
    make_report(ada, **ILL)
    make_report(ben, **WELL)
    assert names(viewer.get("/api/patients/?risk=high")) == ["Ada"]
    assert names(viewer.get("/api/patients/?risk=low")) == ["Ben"]
    assert names(viewer.get("/api/patients/?risk=low,high")) == ["Ada", "Ben"]
    assert names(viewer.get("/api/patients/?risk=low&risk=high")) == ["Ada", "Ben"]


# ---------------------------------------------------------------- reports
def test_reports_by_patient_and_status(viewer):
    ada, ben = make_patient(), make_patient()
    make_report(ada, status="febrile", **WELL)
    make_report(ada, **WELL)
    make_report(ben, status="critical", **WELL)
    assert viewer.get(f"/api/reports/?patient={ada.pk}").json()["count"] == 2
    assert viewer.get(f"/api/reports/?patient={ada.pk}&status=febrile").json()["count"] == 1
    assert viewer.get("/api/reports/?status=febrile,critical").json()["count"] == 2
    assert viewer.get("/api/reports/?patient=999").json()["count"] == 0


@pytest.mark.parametrize("path", ["reports", "history"])
def test_since_and_until_take_their_own_moment_in(viewer, path):
    patient, now = make_patient(), clock.now()
    moments = [now - timedelta(hours=hours) for hours in (3, 2, 1)]
    for moment in moments:
        make_report(patient, datetime=moment)
    since, until = moments[1].isoformat(), moments[1].isoformat()
    assert viewer.get(f"/api/{path}/", {"since": since}).json()["count"] == 2
    assert viewer.get(f"/api/{path}/", {"until": until}).json()["count"] == 2
    assert viewer.get(f"/api/{path}/", {"since": since, "until": until}).json()["count"] == 1


def test_a_plus_that_a_query_lost_is_understood(viewer):
    patient, now = make_patient(), clock.now().replace(microsecond=0)
    make_report(patient, datetime=now - timedelta(hours=1))
    text = (now - timedelta(hours=2)).isoformat()
    assert text.endswith("+00:00")
    assert viewer.get(f"/api/reports/?since={text}").json()["count"] == 1
    assert viewer.get(f"/api/reports/?since={quote(text)}").json()["count"] == 1


def test_reports_are_newest_first_unless_ordered_otherwise(viewer):
    patient, now = make_patient(), clock.now()
    old = make_report(patient, datetime=now - timedelta(hours=1))
    older = make_report(patient, datetime=now - timedelta(hours=2))

    def ids(query=""):
        return [report["id"] for report in viewer.get(f"/api/reports/{query}").json()["results"]]

    assert ids() == [old.pk, older.pk]
    assert ids("?ordering=datetime") == [older.pk, old.pk]
    assert ids("?ordering=-id") == [older.pk, old.pk]
    assert ids("?ordering=") == [old.pk, older.pk]


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    "path,query",
    [
        ("patients", "colour=red"),
        ("patients", "status=dead"),
        ("patients", "overdue=maybe"),
        ("patients", "risk=huge"),
        ("patients", "ward=A&ward=B"),
        ("patients", "search=" + "x" * 101),
        ("patients", "search=a%00b"),
        ("patients", "ordering=password"),
        ("patients", "ordering=-"),
        ("reports", "patient=ada"),
        ("reports", "patient=1.0"),
        ("reports", "patient=" + quote("１")),
        ("reports", "patient=" + "9" * 30),
        ("reports", "since=yesterday"),
        ("reports", "since=0001-01-01T00:00:00%2B14:00"),
        ("reports", "until=" + quote("２０２６-01-01T00:00:00Z")),
        ("reports", "status=ill"),
        ("reports", "ordering=pulse"),
        ("history", "type=x"),
        ("notifications", "kind=alarm"),
        ("notifications", "severity=high"),
        ("patients", "limit=0"),
        ("patients", "limit=-1"),
        ("patients", "limit=many"),
        ("patients", "limit=" + quote("٣")),
        ("patients", "offset=-1"),
        ("patients", "offset=10001"),
        ("patients", "cursor=x"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(viewer, path, query):
    response = viewer.get(f"/api/{path}/?{query}")
    assert response.status_code == 400
    assert set(response.json()) == {query.split("=")[0]}


@pytest.mark.parametrize("value", [{"a": 1}, 1.5, ["a", "b"], [["a"]], "a\x00b", "x" * 10_000])
def test_a_sockets_filter_of_another_kind_is_refused(value):
    with pytest.raises(ValidationError) as refusal:
        list_objects("patients", filters={"ward": value})
    assert set(refusal.value.detail) == {"ward"}


def test_a_sockets_filters_may_be_numbers_truth_values_lists_and_null():
    patient = make_patient(ward="A")
    report = make_report(patient, **ILL)
    assert list_objects("reports", filters={"patient": patient.pk}).count == 1
    assert (
        list_objects("patients", filters={"overdue": False, "risk": ["high", "low"], "ward": None}).count == 1
    )
    assert list_objects("reports", filters={"report": str(report.pk), "ordering": "-id"}).count == 1


@pytest.mark.parametrize("filters", [[], "patient=1", 3])
def test_filters_that_are_no_object_are_refused(filters):
    with pytest.raises(ValidationError):
        list_objects("reports", filters=filters)
