"""The throttle on failed sign-ins: 10 a minute an account, 100 an address, shared by all processes."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from patients import clock
from patients.models import SignIn, SignInFailure
from patients.services import sign_in_failures
from tests.support.signing_in import asking, csrf_of, get_key, make_member, sign_in, status_of
from tests.support.waiting import DEADLINE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def still_clock(at):
    """The minute in which failures count is not over before a slow machine has made all of them."""
    at(clock.now())


def fail(times: int, *, username: str = "nadia", address: str = "127.0.0.1") -> list[int]:
    return [sign_in(Client(), username, "wrong", REMOTE_ADDR=address).status_code for _number in range(times)]


def test_the_eleventh_failure_within_a_minute_is_429_and_so_is_the_right_password(nurse, client):
    assert fail(10) == [400] * 10
    assert fail(1) == [429]
    response = sign_in(client)
    assert response.status_code == 429
    assert "Too many failed sign-ins" in response.json()["detail"]
    assert 1 <= int(response["Retry-After"]) <= 60


def test_after_retry_after_seconds_the_right_password_works(nurse, client, at):
    start = clock.now()
    at(start)
    fail(10)
    at(start + 20 * SECOND)
    assert sign_in(client)["Retry-After"] == "40"
    at(start + 59 * SECOND)
    assert sign_in(client).status_code == 429
    at(start + 60 * SECOND)
    assert sign_in(client).status_code == 200


def test_what_the_throttle_refuses_does_not_prolong_it(nurse, client, at):
    start = clock.now()
    at(start)
    fail(10)
    for second in range(1, 60, 5):
        at(start + second * SECOND)
        assert fail(1) == [429]
    at(start + 60 * SECOND)
    assert sign_in(client).status_code == 200


def test_successes_are_not_throttled(nurse, client):
    assert {sign_in(client).status_code for _number in range(25)} == {200}
    assert not SignInFailure.objects.exists()


def test_a_failure_counts_for_its_account_only(nurse):
    make_member("doctor", "devi")
    fail(12, username="devi")
    assert status_of(asking(get_key("nadia"))) == 200


def test_an_account_is_counted_whatever_the_address_and_the_case(nurse):
    for number in range(10):
        assert fail(1, username="Nadia" if number % 2 else "nadia", address=f"10.0.0.{number}") == [400]
    assert fail(1, address="10.1.1.1") == [429]


def test_names_that_do_not_exist_are_throttled_the_same(nurse):
    assert fail(11, username="nobody") == [400] * 10 + [429]


def test_the_hundred_and_first_failure_from_an_address_is_429(nurse):
    statuses = [fail(1, username=f"guess-{number}")[0] for number in range(101)]
    assert statuses == [400] * 100 + [429]
    assert sign_in(Client()).status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="10.0.0.9").status_code == 200


def test_an_address_is_free_again_within_a_minute(nurse, client, at):
    start = clock.now()
    at(start)
    for number in range(100):
        sign_in_failures.guard_guess(
            lambda: False, username=f"guess-{number}", address="127.0.0.1", now=start
        )
    assert sign_in(client).status_code == 429
    at(start + 60 * SECOND)
    assert sign_in(client).status_code == 200


def test_clients_without_an_address_share_no_throttle(nurse, client):
    now = clock.now()
    for number in range(101):
        sign_in_failures.guard_guess(lambda: False, username=f"guess-{number}", address=None, now=now)
    assert sign_in(client, REMOTE_ADDR="").status_code == 200


def test_old_failures_are_dropped(nurse, at):
    fail(3)
    later = clock.now() + timedelta(hours=2)
    at(later)
    fail(1)
    sign_in_failures.clear_old(now=later)
    assert SignInFailure.objects.count() == 1


def test_the_admin_sites_form_is_throttled_too(quick_passwords, ward_pc):
    make_member("superuser", "root")
    ward_pc.get("/admin/login/")
    form = {"username": "root", "csrfmiddlewaretoken": ward_pc.cookies["csrftoken"].value}
    for _number in range(10):
        ward_pc.post("/admin/login/", {**form, "password": "wrong"})
    assert SignInFailure.objects.count() == 10
    response = ward_pc.post("/admin/login/", {**form, "password": "a-long-pass-phrase"})
    assert "Too many failed sign-ins" in response.content.decode()
    assert not SignIn.objects.exists()


def test_guesses_of_the_old_password_are_throttled_too(nurse, ward_pc):
    sign_in(ward_pc)
    body = {"old_password": "wrong", "new_password1": "another-phrase", "new_password2": "another-phrase"}

    def change() -> int:
        return ward_pc.post(
            "/rest-auth/password/change/", body, content_type="application/json", headers=csrf_of(ward_pc)
        ).status_code

    assert [change() for _number in range(11)] == [400] * 10 + [429]


@pytest.mark.usefixtures("transactional_db")
def test_of_guesses_at_the_same_time_ten_are_answered(nurse):
    asked = threading.Barrier(16)
    answers = []

    def guess() -> None:
        def is_right() -> bool:
            asked.wait(timeout=DEADLINE)  # all have passed the first look at the throttle
            return False

        try:
            sign_in_failures.guard_guess(is_right, username="nadia", address=None, now=clock.now())
            answers.append(400)
        except sign_in_failures.TooManyFailures:
            answers.append(429)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers.count(400), answers.count(429)) == (10, 6)
