"""Nobody is told "nothing was stored" where that is not known: the connection to the database may be lost between a
COMMIT and its answer."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, connections
from django.test import Client

from patients.consumers import ReportConsumer
from patients.models import Report
from tests.factories import client_of, make_patient, make_user
from tests.observations import WELL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lose_answer():
    """The next COMMIT is done, but its answer does not come."""
    database = connections["default"]

    def commit_and_lose() -> None:
        del database._commit
        database._commit()
        raise OperationalError("server closed the connection unexpectedly")

    def lose() -> None:
        database._commit = commit_and_lose

    return lose


def test_a_set_whose_answer_was_lost_is_sent_again_and_stored_once(lose_answer):
    client, patient = client_of("nurse"), make_patient()
    body, header = {"patient": patient.pk, **WELL}, {"Idempotency-Key": "set-1"}
    lose_answer()
    answer = client.post("/api/reports/", body, "json", headers=header)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "not known whether this was stored" in answer.json()["detail"]
    again = client.post("/api/reports/", body, "json", headers=header)
    assert (again.status_code, again.json()["id"]) == (201, Report.objects.get().pk)


def test_on_a_socket_too(lose_answer):
    user, patient = make_user("nurse"), make_patient()
    replies: list[dict[str, Any]] = []
    consumer = ReportConsumer(scope={"user": user}, send=replies.append)
    request = {"action": "create", "data": {"patient": patient.pk, **WELL}, "idempotency_key": "set-1"}
    lose_answer()
    for _ in range(2):
        async_to_sync(consumer.receive_json)(request)
    assert [reply["response_status"] for reply in replies] == [503, 201]
    assert "not known whether this was stored" in replies[0]["errors"][0]["detail"]
    assert replies[1]["data"]["id"] == Report.objects.get().pk


@pytest.mark.parametrize("path,is_json", [("/api/patients/", True), ("/sign-in", False)])
def test_a_request_that_cannot_even_ask_who_is_there_is_a_503(monkeypatch, path, is_json):
    def fail(*_args, **_kwargs):
        raise OperationalError("a secret address")

    monkeypatch.setattr("config.middleware.SignInMiddleware.process_request", fail)
    answer = Client(raise_request_exception=False).get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "secret" not in answer.content.decode()
    assert answer.content.startswith(b"{") == is_json
