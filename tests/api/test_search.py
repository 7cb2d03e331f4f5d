"""Search and order by names, beds and numbers: the same on both databases, at every door."""

import json

import pytest
from django.test import Client

from patients.api.listing import list_objects
from patients.models import Patient
from tests.factories import client_of, make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return client_of("viewer")


def numbers(response):
    assert response.status_code == 200, response.content
    return [row["hospital_number"] for row in response.json()["results"]]


@pytest.mark.parametrize(
    "last_name,searches",
    [
        ("O’Brien", ["o'brien", "OBRIEN", "O`Brien", "obri"]),
        ("O'Brien", ["O’Brien", "obrien"]),
        ("Müller", ["muller", "MÜLLER", "Mu\u0308ller"]),
        ("Mu\u0308ller", ["Müller", "MULLER"]),
        ("Großmann", ["grossmann", "GROSSMANN", "großmann"]),
        ("Grossmann", ["großmann"]),
        ("Ærøskøbing", ["aeroskobing", "ÆRØSKØBING"]),
        ("Œuvrard", ["oeuvrard"]),
        ("Łoś-Đurić", ["los-duric", "łoś", "ĐURIĆ"]),
        ("Straße", ["STRASSE"]),
    ],
)
def test_a_search_folds_case_accents_apostrophes_and_letters(viewer, last_name, searches):
    make_patient(last_name=last_name, hospital_number="Å-1")
    make_patient(last_name="King", hospital_number="B-2")
    for search in [*searches, "å-1", "Å-1", "a-1 ada"]:
        assert numbers(viewer.get("/api/patients/", {"search": search})) == ["Å-1"], search
        found = list_objects("patients", filters={"search": search})  # what a socket's list calls
        assert [row["hospital_number"] for row in found.results] == ["Å-1"]


def test_what_is_searched_follows_a_change_of_the_name(viewer):
    patient = make_patient(last_name="Byron", hospital_number="H1")
    client_of("lead").patch(f"/api/patients/{patient.pk}/", {"last_name": "Łovelace"})
    assert numbers(viewer.get("/api/patients/?search=byron")) == []
    assert numbers(viewer.get("/api/patients/?search=lovelace")) == ["H1"]


def walk(viewer, ordering):
    address, seen = f"/api/patients/?limit=2&ordering={ordering}", []
    while address:
        page = viewer.get(address).json()
        seen += page["results"]
        address = page["next"]
    return seen


NAMES = [
    "Zöller",
    "zapf",
    "Ørsted",
    "O Neill",
    "o’Brien",
    "Obama",
    "Łoś",
    "ÀBEL",
    "Abel-Smith",
    "van Dyk",
    "",
]
ORDERED = [
    "", "ÀBEL", "Abel-Smith", "Łoś", "O Neill", "Obama", "o’Brien", "Ørsted", "van Dyk", "zapf", "Zöller",
]  # fmt: skip


@pytest.mark.parametrize("name", ["last_name", "first_name"])
def test_names_are_ordered_by_their_folded_letters_page_by_page(viewer, name):
    other = {"last_name": "first_name", "first_name": "last_name"}[name]
    for value in NAMES:
        make_patient(**{name: value, other: "Same"})
    assert [row[name] for row in walk(viewer, name)] == ORDERED
    assert [row[name] for row in walk(viewer, f"-{name}")] == ORDERED[::-1]


def test_beds_and_wards_are_ordered_as_people_count(viewer):
    for ward, bed in (("10", "1"), ("7A", "10"), ("7A", "2"), ("7A", "1"), ("7a", "1b"), ("7A", "")):
        make_patient(ward=ward, bed=bed)
    ordered = [("7A", ""), ("7A", "1"), ("7A", "1b"), ("7A", "2"), ("7A", "10"), ("10", "1")]
    assert [(row["ward"], row["bed"]) for row in walk(viewer, "ward,bed")] == ordered
    assert [(row["ward"], row["bed"]) for row in walk(viewer, "-ward,-bed")] == ordered[::-1]


def test_a_file_is_in_that_order_too(viewer):
    for bed in ("10", "2", "1"):
        make_patient(bed=bed, hospital_number=bed)
    content = b"".join(viewer.get("/api/patients/?format=csv&ordering=bed").streaming_content).decode()
    assert [line.split(",")[0] for line in content.splitlines()[1:]] == ["1", "2", "10"]


def test_the_admin_site_searches_and_orders_alike():
    for last_name in ("Zapf", "Ørsted", "O’Brien"):
        make_patient(last_name=last_name)
    browser = Client()
    browser.force_login(make_user("superuser"))
    found = browser.get("/admin/patients/patient/?q=obrien orsted")
    assert list(found.context["cl"].queryset) == []
    found = browser.get("/admin/patients/patient/?q=ada")
    assert [one.last_name for one in found.context["cl"].queryset] == ["O’Brien", "Ørsted", "Zapf"]


def test_the_keys_are_told_to_nobody(viewer):
    make_patient()
    assert "_key" not in json.dumps(viewer.get("/api/patients/").json())
    assert Patient.objects.get().bed_key == ""
