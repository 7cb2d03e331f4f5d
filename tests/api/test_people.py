"""People as they are: of one name, and of a birth of which only the year or the month is known."""

from datetime import UTC, datetime

import pytest

from patients import clock
from patients.models import Patient
from tests.factories import client_of
from tests.observations import WELL

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def lead():
    return client_of("lead")


def admit(lead, **more):
    response = lead.post("/api/patients/", {"last_name": "Byron", "admission_date": "2026-03-09", **more})
    assert response.status_code == 201, response.json()
    return response.json()


def birth_of(body):
    return body["date_of_birth"], body["date_of_birth_precision"]


def refused(response):
    assert response.status_code == 400, response.json()
    return response.json()


@pytest.mark.parametrize(
    "written,stored",
    [
        ("1958", ("1958-07-01", "year")),
        ("1958-06", ("1958-06-15", "month")),
        ("1958-06-20", ("1958-06-20", "day")),
        ("2026", ("2026-03-10", "year")),
        ("2026-03", ("2026-03-10", "month")),
        ("2026-02", ("2026-02-15", "month")),
        (None, (None, "day")),
    ],
)
def test_a_year_or_a_month_is_stored_and_answered_as_its_middle_but_never_ahead(lead, written, stored):
    body = admit(lead, date_of_birth=written)
    assert birth_of(body) == stored
    again = lead.put(f"/api/patients/{body['id']}/", body)
    assert (again.status_code, birth_of(again.json()), again.json()["version"]) == (200, stored, 1)


def test_what_was_answered_stays_as_it_is_when_the_middle_has_come(lead, monkeypatch):
    body = admit(lead, date_of_birth="2026")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 9, 1, tzinfo=UTC))
    assert birth_of(lead.put(f"/api/patients/{body['id']}/", body).json()) == ("2026-03-10", "year")
    assert birth_of(lead.patch(f"/api/patients/{body['id']}/", {"date_of_birth": "2026"}).json()) == (
        "2026-07-01",
        "year",
    )


def test_a_whole_date_without_a_precision_is_of_the_day(lead):
    body = admit(lead, date_of_birth="1958")
    changed = lead.patch(f"/api/patients/{body['id']}/", {"date_of_birth": "1958-07-01"}).json()
    assert (birth_of(changed), changed["version"]) == (("1958-07-01", "day"), 2)


def test_a_whole_date_of_which_only_the_year_counts_becomes_the_middle(lead):
    body = admit(lead, date_of_birth="1958-01-01", date_of_birth_precision="year")
    assert birth_of(body) == ("1958-07-01", "year")


def test_a_precision_alone_makes_a_date_coarser_and_never_finer(lead):
    address = f"/api/patients/{admit(lead, date_of_birth='1958-02-03')['id']}/"
    assert birth_of(lead.patch(address, {"date_of_birth_precision": "month"}).json()) == (
        "1958-02-15",
        "month",
    )
    errors = refused(lead.patch(address, {"date_of_birth_precision": "day"}))
    assert errors == {"date_of_birth_precision": ["Only 1958-02 is known. Send the date_of_birth with it."]}
    emptied = lead.patch(address, {"date_of_birth": None}).json()
    assert birth_of(emptied) == (None, "day")


@pytest.mark.parametrize(
    "values,named",
    [
        ({"date_of_birth": "2027"}, {"date_of_birth"}),
        ({"date_of_birth": "2026-04"}, {"date_of_birth"}),
        ({"date_of_birth": "2026-03-11"}, {"date_of_birth"}),
        ({"date_of_birth": "1958-13"}, {"date_of_birth"}),
        ({"date_of_birth": "1958-02-30"}, {"date_of_birth"}),
        ({"date_of_birth": "58"}, {"date_of_birth"}),
        ({"date_of_birth": "1849"}, {"date_of_birth"}),
        ({"date_of_birth": "0000"}, {"date_of_birth"}),
        ({"date_of_birth": 1958}, {"date_of_birth"}),
        ({"date_of_birth": "12/31/1958"}, {"date_of_birth"}),
        (
            {"date_of_birth": "1958", "date_of_birth_precision": "month"},
            {"date_of_birth", "date_of_birth_precision"},
        ),
        ({"date_of_birth_precision": "year"}, {"date_of_birth_precision"}),
        ({"date_of_birth_precision": "decade"}, {"date_of_birth_precision"}),
    ],
)
def test_what_is_no_birth_is_refused_by_name(lead, values, named):
    assert set(refused(lead.post("/api/patients/", {"last_name": "Byron", **values}))) == named
    assert not Patient.objects.exists()


def test_that_there_is_no_name_is_said_with_all_that_is_wrong(lead):
    body = {"first_name": " ", "sex": "x", "date_of_birth": "never"}
    assert set(refused(lead.post("/api/patients/", body))) == {
        "first_name", "last_name", "sex", "date_of_birth",
    }  # fmt: skip


def test_before_birth_is_judged_by_the_first_day_of_what_is_known(lead):
    admit(lead, date_of_birth="2025", admission_date="2025-01-01T00:00:00Z")
    admit(lead, date_of_birth="2025-06", admission_date="2025-06-01T00:00:00Z")
    for born, admitted in (("2025", "2024-12-31T23:59:00Z"), ("2025-06", "2025-05-31T23:59:00Z")):
        body = {"last_name": "King", "date_of_birth": born, "admission_date": admitted}
        errors = refused(lead.post("/api/patients/", body))
        assert errors["admission_date"] == [f"This is before the birth in {born}."]


def test_a_set_is_judged_by_the_first_day_too(lead):
    patient = admit(lead, date_of_birth="2025", admission_date="2025-01-01T00:00:00Z")
    taken = {"patient": patient["id"], "datetime": "2025-01-01T08:00:00Z", "pulse": 120}
    assert lead.post("/api/reports/", taken).status_code == 201
    errors = refused(lead.patch(f"/api/patients/{patient['id']}/", {"date_of_birth": "2025-02"}))
    assert set(errors) == {"admission_date", "date_of_birth"}


@pytest.mark.parametrize("born,reason", [("2010-03", None), ("2010", "under_16"), ("2009", None)])
def test_a_set_is_scored_by_the_middle_of_what_is_known(lead, born, reason):
    """On 16 March 2026 who was born in 2010 may be either; July has not come, mid-March has."""
    patient = admit(lead, date_of_birth=born, admission_date="2026-03-09T00:00:00Z")
    at = {"2010-03": datetime(2026, 3, 16, 8, tzinfo=UTC)}.get(born, NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: at)
        report = lead.post("/api/reports/", {"patient": patient["id"], **WELL})
    assert report.json()["news2"]["not_scored_because"] == reason


def test_only_another_middle_scores_a_stay_again(lead):
    patient = admit(lead, date_of_birth="2010", admission_date="2026-03-09T00:00:00Z")
    report = lead.post("/api/reports/", {"patient": patient["id"], **WELL}).json()
    lead.patch(f"/api/patients/{patient['id']}/", {"date_of_birth": "2010-07-01"})
    assert lead.get(f"/api/reports/{report['id']}/").json()["version"] == 1
    lead.patch(f"/api/patients/{patient['id']}/", {"date_of_birth": "2010-02"})
    again = lead.get(f"/api/reports/{report['id']}/").json()
    assert (again["version"], again["news2"]["score"]) == (2, 0)


def test_versions_say_how_exactly_it_was_known(lead):
    patient = admit(lead, date_of_birth="1958")
    lead.patch(f"/api/patients/{patient['id']}/", {"date_of_birth": "1958-06-20"})
    versions = lead.get(f"/api/patients/{patient['id']}/history/").json()["results"]
    assert [birth_of(version) for version in versions] == [("1958-06-20", "day"), ("1958-07-01", "year")]


@pytest.mark.parametrize("written", ["1958", "1958-06", "1958-06-15"])
def test_a_file_writes_as_much_as_is_known(lead, written):
    admit(lead, date_of_birth=written, hospital_number="H1")
    content = b"".join(lead.get("/api/patients/?format=csv").streaming_content).decode()
    assert f"H1,Byron,,{written},unknown," in content


def test_only_the_year_of_an_anonymised_patients_birth_is_said_to_be_known(lead):
    from patients.services.anonymisation import anonymise_patient
    from tests.factories import make_user

    patient = admit(lead, date_of_birth="1958-06-20")
    lead.patch(f"/api/patients/{patient['id']}/", {"dismissal_date": NOW.isoformat()})
    anonymise_patient(patient["id"], by=make_user("lead"), now=NOW)
    assert birth_of(lead.get(f"/api/patients/{patient['id']}/").json()) == ("1958-01-01", "year")
    kept = Patient.objects.get()
    assert (kept.search_key, kept.last_name_key) == (
        f"patient {kept.pk}\nanonymous",
        f"patient {kept.pk}",
    )
