"""What of a place is to be looked at is said at REST's and the sockets' door, and two patients change places there."""

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from patients.consumers import PatientConsumer
from patients.models import Patient
from tests.factories import client_of, make_patient, make_user

pytestmark = pytest.mark.django_db

NAMES = {"first_name": "Ada", "last_name": "Byron"}


@pytest.fixture
def lead():
    return client_of("lead")


@pytest.fixture
def ask(monkeypatch):
    """Ask a socket's consumer of the patients, and give its reply."""
    # Channels closes a connection that is within a transaction: here all is within the test's own.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)

    def ask_as(role: str, action: str, **members: Any) -> dict[str, Any]:
        replies: list[dict[str, Any]] = []
        consumer = PatientConsumer(scope={"user": make_user(role)}, send=replies.append)
        async_to_sync(consumer.receive_json)({"action": action, "request_id": 1, **members})
        (reply,) = replies
        return reply

    return ask_as


def warnings_of(response):
    return json.loads(response.headers["X-Warning"]) if "X-Warning" in response.headers else []


def place_of(patient):
    return Patient.objects.values_list("ward", "bed", "version").get(pk=patient.pk)


def swap(client, patient, **body):
    return client.post(f"/api/patients/{patient.pk}/swap_bed/", body, format="json")


def test_rest_says_in_a_header_of_ascii_what_is_to_be_looked_at(lead):
    created = lead.post("/api/patients/", {**NAMES, "ward": "Süd", "bed": "3"}, format="json")
    assert created.status_code == 201
    assert created.headers["X-Warning"].isascii()
    (warning,) = warnings_of(created)
    assert (warning["field"], "Süd" in warning["reason"]) == ("ward", True)
    same = lead.post("/api/patients/", {**NAMES, "ward": "süd", "bed": "3"}, format="json")
    assert same.json()["ward"] == "Süd"
    assert [one["field"] for one in warnings_of(same)] == ["bed"]
    address = f"/api/patients/{same.json()['id']}/"
    assert warnings_of(lead.patch(address, {"diagnosis": "Fever"}, format="json")) == []
    whole = lead.get(address).json()
    put = lead.put(address, {**whole, "ward": "West", "bed": "3"}, format="json")
    assert [one["field"] for one in warnings_of(put)] == ["ward"]


def test_a_repeated_post_warns_as_the_first_did(lead):
    body, headers = {**NAMES, "ward": "9C"}, {"Idempotency-Key": "k1"}
    first = lead.post("/api/patients/", body, format="json", headers=headers)
    again = lead.post("/api/patients/", body, format="json", headers=headers)
    assert (first.json(), warnings_of(first)) == (again.json(), warnings_of(again))
    assert [one["field"] for one in warnings_of(again)] == ["ward"]
    assert "warnings" not in again.json()


def test_a_socket_says_it_beside_the_data(ask):
    made = ask("lead", "create", data={**NAMES, "ward": "7A", "bed": "3"})
    assert (made["response_status"], [one["field"] for one in made["warnings"]]) == (201, ["ward"])
    patient = make_patient(ward="7A")
    moved = ask("nurse", "patch", pk=patient.pk, data={"bed": "3"})
    assert (moved["response_status"], [one["field"] for one in moved["warnings"]]) == (200, ["bed"])
    freed = ask("nurse", "patch", pk=patient.pk, data={"bed": "4"})
    assert "warnings" not in freed


def test_two_change_places_by_rest_and_by_a_socket(ask):
    first, second = make_patient(ward="7A", bed="3"), make_patient(ward="7A", bed="4")
    answer = swap(client_of("nurse"), first, **{"with": second.pk, "version": 1, "with_version": 1})
    assert answer.status_code == 200
    assert [(one["id"], one["bed"]) for one in answer.json()["results"]] == [
        (first.pk, "4"),
        (second.pk, "3"),
    ]
    reply = ask("nurse", "swap_bed", pk=first.pk, data={"with": second.pk})
    assert reply["response_status"] == 200
    assert [one["bed"] for one in reply["data"]["results"]] == ["3", "4"]


def test_a_swap_that_is_sent_twice_with_one_key_is_one(lead):
    first, second = make_patient(ward="7A", bed="3"), make_patient(ward="7A", bed="4")
    address, headers = f"/api/patients/{first.pk}/swap_bed/", {"Idempotency-Key": "k1"}
    answers = [lead.post(address, {"with": second.pk}, format="json", headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert place_of(first) == ("7A", "4", 2)


def test_a_stale_version_is_409_with_the_one_that_was_changed(lead):
    first, second = make_patient(ward="7A", bed="3"), make_patient(ward="7A", bed="4")
    for body, stale in (({"version": 9}, first), ({"with_version": 9}, second)):
        answer = swap(lead, first, **{"with": second.pk, **body})
        assert (answer.status_code, answer.json()["id"]) == (409, stale.pk)
    by_header = lead.post(
        f"/api/patients/{first.pk}/swap_bed/",
        {"with": second.pk},
        format="json",
        headers={"If-Match": '"9"'},
    )
    assert (by_header.status_code, by_header.json()["id"]) == (409, first.pk)
    assert place_of(first) == ("7A", "3", 1)


@pytest.mark.parametrize(
    "body,named",
    [
        ({}, "with"),
        ({"with": None}, "with"),
        ({"with": "next door"}, "with"),
        ({"with": 999999}, "with"),
        ({"with": 10**30}, "with"),
        ({"with": -1}, "with"),
        ({"with": 1, "bed": "4"}, "bed"),
        ({"with": 1, "version": "new"}, "version"),
        ({"with": 1, "with_version": []}, "with_version"),
    ],
)
def test_a_swap_that_cannot_be_read_is_refused_by_name(lead, body, named):
    patient = make_patient(ward="7A", bed="3")
    answer = swap(lead, patient, **body)
    assert answer.status_code == 400, answer.content
    assert named in answer.json()


def test_a_swap_with_oneself_an_unknown_or_a_discharged_patient_is_refused(lead):
    patient, gone = make_patient(ward="7A", bed="3"), make_patient(ward="7A", bed="4")
    assert swap(lead, patient, **{"with": patient.pk}).status_code == 400
    Patient.objects.filter(pk=gone.pk).update(dismissal_date=gone.admission_date)
    assert swap(lead, patient, **{"with": gone.pk}).status_code == 409
    unknown = lead.post("/api/patients/999999/swap_bed/", {"with": patient.pk}, format="json")
    assert unknown.status_code == 404
    assert lead.post(f"/api/patients/{patient.pk}/swap_bed/", [], format="json").status_code == 400


def test_a_nurse_swaps_within_the_ward_only():
    nurse = client_of("nurse")
    first, second = make_patient(ward="7A", bed="3"), make_patient(ward="8B", bed="4")
    answer = swap(nurse, first, **{"with": second.pk})
    assert (answer.status_code, list(answer.json())) == (403, ["ward"])
    assert client_of("viewer").post(f"/api/patients/{first.pk}/swap_bed/", {}).status_code == 403
