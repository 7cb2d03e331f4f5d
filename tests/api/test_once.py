"""Idempotency keys under time and at once (services/idempotency.py)."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from patients import clock
from patients.models import Event, IdempotencyKey, Patient
from patients.services.errors import KeyReused, Refused
from patients.services.idempotency import KEPT_FOR, answer_once, clear_expired
from tests.factories import make_patient, make_user, signed_in


def answer(user, *, key="k", body=None, now=None, perform=None):
    return answer_once(
        user=user,
        key=key,
        body=body or {"a": 1},
        now=now or clock.now(),
        perform=perform or (lambda: {"id": make_patient().pk}),
    )


@pytest.mark.django_db
def test_the_order_of_a_bodys_members_does_not_matter():
    user = make_user()
    first = answer(user, body={"a": 1, "b": {"c": 2, "d": None}})
    assert answer(user, body={"b": {"d": None, "c": 2}, "a": 1}) == first
    with pytest.raises(KeyReused):
        answer(user, body={"a": 1, "b": {"c": 2, "d": 0}})


@pytest.mark.django_db
def test_a_key_is_kept_24_hours_and_then_free():
    user, now = make_user(), clock.now()
    first = answer(user, now=now)
    assert answer(user, now=now + KEPT_FOR - timedelta(seconds=1)) == first
    second = answer(user, now=now + KEPT_FOR, body={"another": "body"})
    assert second != first
    assert answer(user, now=now + KEPT_FOR + timedelta(hours=1), body={"another": "body"}) == second
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db
def test_expired_keys_are_taken_away():
    user, now = make_user(), clock.now()
    answer(user, key="old", now=now - KEPT_FOR, perform=dict)
    answer(user, key="new", now=now, perform=dict)
    clear_expired(now=now)
    assert [key.key for key in IdempotencyKey.objects.all()] == ["new"]


@pytest.mark.django_db
def test_a_write_that_fails_leaves_neither_key_nor_write():
    user = make_user()

    def fail():
        make_patient(by=user)
        raise Refused({"a": ["no"]})

    events = Event.objects.count()
    user.is_superuser = True
    with pytest.raises(Refused):
        answer(user, perform=fail)
    assert not IdempotencyKey.objects.exists()
    assert not Patient.objects.exists()
    assert Event.objects.count() == events


@pytest.mark.django_db
@pytest.mark.parametrize("key", [None, 3, "", "x" * 201, "\x00", "a\nb", "\ud800", ["k"]])
def test_a_key_that_is_no_short_printable_text_is_refused(key):
    with pytest.raises(Refused):
        answer(make_user(), key=key)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_creates_one_and_all_get_its_answer():
    clients = [signed_in(user) for user in [make_user("lead")] for _ in range(8)]
    answers = []
    together = threading.Barrier(len(clients))

    def send(client):
        together.wait()
        body = {"first_name": "Ada", "last_name": "Byron", "hospital_number": "H1"}
        answers.append(client.post("/api/patients/", body, headers={"Idempotency-Key": "same"}))
        connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [response.status_code for response in answers] == [201] * len(clients)
    assert len({response.content for response in answers}) == 1
    assert Patient.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_hospital_number_at_once_is_taken_once_and_refused_else():
    clients = [signed_in(make_user("lead")) for _ in range(6)]
    answers = []
    together = threading.Barrier(len(clients))

    def send(client):
        together.wait()
        body = {"first_name": "Ada", "last_name": "Byron", "hospital_number": "H1"}
        answers.append(client.post("/api/patients/", body))
        connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(response.status_code for response in answers) == [201] + [400] * (len(clients) - 1)
    assert all(
        set(response.json()) == {"hospital_number"} for response in answers if response.status_code == 400
    )
