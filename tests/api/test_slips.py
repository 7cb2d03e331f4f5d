"""DELETE of a report at every door, and the rows in the history by which screens show what was struck."""

import pytest

from patients import clock
from patients.models import Report
from tests.factories import make_patient, make_report, make_user, signed_in
from tests.observations import WELL

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse():
    return make_user("nurse", username="nadia")


@pytest.fixture
def patient():
    return make_patient()


def test_a_nurse_strikes_their_own_with_a_reason_and_nobody_elses(nurse, patient):
    client = signed_in(nurse)
    own, other = make_report(patient, by=nurse), make_report(patient, by=make_user("nurse"))
    without = client.delete(f"/api/reports/{own.pk}/")
    assert (without.status_code, list(without.json())) == (400, ["history_change_reason"])
    assert client.delete(f"/api/reports/{own.pk}/?reason=typed").status_code == 204
    refused = client.delete(f"/api/reports/{other.pk}/?reason=typed")
    assert (refused.status_code, "Somebody else" in refused.json()["detail"]) == (403, True)
    assert list(Report.objects.values_list("pk", flat=True)) == [other.pk]


def test_what_was_struck_is_listed_by_its_last_row_with_all_its_values(nurse, patient):
    client = signed_in(nurse)
    kept, slip = make_report(patient, by=nurse), make_report(patient, by=nurse, **{**WELL, "pulse": 99})
    elsewhere = make_report(make_patient(), by=nurse)
    for report in (slip, elsewhere):
        client.delete(f"/api/reports/{report.pk}/?reason=wrong%20patient")
    page = client.get("/api/history/", {"patient": patient.pk, "history_type": "-"}).json()
    (row,) = page["results"]
    assert (page["count"], row["id"], row["history_type"]) == (1, slip.pk, "-")
    assert (row["pulse"], row["history_change_reason"], row["history_user"]["id"]) == (
        99,
        "wrong patient",
        nurse.pk,
    )
    assert row["news2"]["score"] is not None
    everywhere = client.get("/api/history/", {"history_type": "-"}).json()["results"]
    assert [one["id"] for one in everywhere] == [elsewhere.pk, slip.pk]
    assert [one["id"] for one in client.get("/api/reports/", {"patient": patient.pk}).json()["results"]] == [
        kept.pk
    ]


@pytest.mark.parametrize(
    "query,types",
    [
        ("history_type=%2B", "+"),
        ("history_type=+", "+"),
        ("history_type=~", "~"),
        ("history_type=-", "-"),
        ("history_type=-,~", "-~"),
        ("history_type=%2B,-", "-+"),
        ("", "-~+"),
    ],
)
def test_the_history_is_filtered_by_what_was_done(nurse, patient, query, types):
    client = signed_in(nurse)
    report = make_report(patient, by=nurse)
    client.patch(f"/api/reports/{report.pk}/", {"pulse": 71}, format="json")
    client.delete(f"/api/reports/{report.pk}/?reason=typed")
    found = client.get(f"/api/history/?{query}").json()["results"]
    assert "".join(row["history_type"] for row in found) == types


def test_an_unknown_kind_of_version_is_refused_by_name(nurse):
    answer = signed_in(nurse).get("/api/history/?history_type=x")
    assert (answer.status_code, list(answer.json())) == (400, ["history_type"])


def test_a_stale_version_is_not_struck(nurse, patient):
    report = make_report(patient, by=nurse, now=clock.now())
    answer = signed_in(nurse).delete(f"/api/reports/{report.pk}/?reason=typed", headers={"If-Match": '"7"'})
    assert answer.status_code == 409
    assert Report.objects.filter(pk=report.pk).exists()
