"""The throttle on failed sign-ins, shared by all processes: who it holds back, and whom nobody else can lock out."""

import threading
import time
from datetime import timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test import Client

from patients import clock
from patients.models import SignIn, SignInFailure
from patients.services import known_browsers, sign_in_failures
from tests.support.counts import count
from tests.support.signing_in import asking, csrf_of, get_key, make_member, sign_in, status_of
from tests.support.waiting import DEADLINE

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

SECOND = timedelta(seconds=1)
ADDRESSES = count(reduced=5, full=50)


@pytest.fixture(autouse=True)
def still_clock(at):
    """The minute in which failures count is not over before a slow machine has made all of them."""
    at(clock.now())


def fail(times: int, *, username: str = "nadia", address: str = "127.0.0.1") -> list[int]:
    return [sign_in(Client(), username, "wrong", REMOTE_ADDR=address).status_code for _number in range(times)]


def have_failed(*guesses: tuple[str, str | None]) -> None:
    """Wrong passwords of these names from these addresses, counted without a request for each."""
    for username, address in guesses:
        sign_in_failures.guard_guess(lambda: False, username=username, address=address, now=clock.now())


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


def test_an_account_is_counted_whatever_the_case(nurse):
    for number in range(10):
        assert fail(1, username="Nadia" if number % 2 else "nadia") == [400]
    assert fail(1) == [429]


def test_who_knows_only_a_colleagues_name_locks_nobody_out_elsewhere(nurse, client):
    assert fail(30, address="10.0.0.1") == [400] * 10 + [429] * 20
    assert sign_in(client, REMOTE_ADDR="10.0.0.2").status_code == 200


def test_the_hundred_and_first_failure_for_an_account_is_429_whatever_the_address(nurse, client):
    have_failed(*(("nadia", f"10.0.{number}.1") for number in range(98)))
    statuses = [fail(1, address=f"10.0.{number}.1")[0] for number in range(98, 101)]
    assert statuses == [400] * 2 + [429]
    assert sign_in(client, REMOTE_ADDR="10.1.1.1").status_code == 429


@pytest.mark.parametrize(
    "addresses,statuses",
    [
        ([f"2001:db8:0:1:{number}::1" for number in range(12)], [400] * 10 + [429] * 2),
        ([f"2001:db8:0:{number}::1" for number in range(12)], [400] * 12),
        ([f"::ffff:10.0.0.{number % 2}" for number in range(22)], [400] * 20 + [429] * 2),
    ],
    ids=["one network of 64 bits", "many", "IPv4 within IPv6"],
)
def test_of_ipv6_a_network_of_64_bits_is_one_address(nurse, addresses, statuses):
    assert [fail(1, address=address)[0] for address in addresses] == statuses


def test_failures_dated_ahead_lock_nobody_and_are_dropped(nurse, client, at):
    now = clock.now()
    at(now + timedelta(hours=2))
    fail(10)
    at(now)
    assert sign_in(client).status_code == 200
    sign_in_failures.clear_old(now=now)
    assert not SignInFailure.objects.exists()


# ---------------------------------------------------------------- browsers in which the user signed in before
def fail_in(browser: Client, times: int, *, username: str = "nadia", **options: str) -> list[int]:
    return [sign_in(browser, username, "wrong", **options).status_code for _ in range(times)]


def test_a_browser_that_has_signed_in_as_this_user_is_locked_out_by_nobody_else(nurse, client):
    assert sign_in(client).status_code == 200
    have_failed(*(("nadia", f"10.0.{number}.1") for number in range(100)))  # the account, from everywhere
    have_failed(*((f"guess-{number}", "127.0.0.1") for number in range(100)))  # its own address
    assert sign_in(Client()).status_code == 429
    assert sign_in(client).status_code == 200


def test_it_counts_by_itself_ten_a_minute_and_against_nobody(nurse, client, ward_pc):
    for browser in (client, ward_pc):
        sign_in(browser)
    assert fail_in(client, 11) == [400] * 10 + [429]
    assert sign_in(client)["Retry-After"] == "60"
    assert fail_in(ward_pc, 10, REMOTE_ADDR="10.0.0.1") == [400] * 10, "another one"
    assert fail(10) == [400] * 10, "and so do others at its address"


def test_it_knows_several_users_and_no_other(nurse, client):
    make_member("doctor", "devi")
    sign_in(client)
    sign_in(client, "devi")
    fail(10, username="nadia")
    fail(10, username="devi")
    assert [sign_in(client, name).status_code for name in ("nadia", "devi", "Devi")] == [200, 200, 400]
    fail(10, username="nobody")
    assert fail_in(client, 1, username="nobody") == [429]


def test_the_admin_sites_sign_in_makes_a_browser_known_too(ward_pc):
    make_member("superuser", "root")
    ward_pc.get("/admin/login/")
    form = {"username": "root", "csrfmiddlewaretoken": ward_pc.cookies["csrftoken"].value}
    ward_pc.post("/admin/login/", {**form, "password": "a-long-pass-phrase"})
    fail(10, username="root")
    assert sign_in(Client(), "root").status_code == 429
    assert sign_in(ward_pc, "root").status_code == 200


def test_the_browsers_cookie_is_read_by_no_page_and_names_nobody(nurse, client, settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = sign_in(client).cookies[known_browsers.COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Strict")
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "nadia" not in str(signing.loads(cookie.value, salt="patients.known_browsers"))


@pytest.mark.parametrize("change", ["forged", "old", "another form", "too many users since"])
def test_a_cookie_that_is_not_ours_makes_nobody_known(nurse, client, change, settings):
    cookie = sign_in(client).cookies[known_browsers.COOKIE].value
    if change == "forged":
        head, tail = cookie.split(":", 1)
        client.cookies[known_browsers.COOKIE] = f"{head}x:{tail}"
    elif change == "old":
        later = time.time() + 366 * 24 * 3600
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.core.signing.time.time", lambda: later)
            assert known_browsers.read_cookie({known_browsers.COOKIE: cookie}) is None
        client.cookies.clear()
    elif change == "another form":
        client.cookies[known_browsers.COOKIE] = signing.dumps(5, salt="patients.known_browsers")
    else:
        for number in range(known_browsers.MOST_USERS):
            cookie = known_browsers.write_cookie({known_browsers.COOKIE: cookie}, username=f"user-{number}")
        client.cookies[known_browsers.COOKIE] = cookie
    fail(10)
    assert sign_in(client).status_code == 429


def test_guessing_stays_slow_and_locking_out_hard(nurse, client, figure):
    """A colleague with so many addresses, a minute long."""
    sign_in(client)
    answered = 0
    for number in range(ADDRESSES):
        answered += fail(11, address=f"10.{number}.0.1").count(400)
    own = sign_in(client).status_code
    elsewhere = sign_in(Client(), REMOTE_ADDR="10.255.0.1").status_code
    figure(
        f"{11 * ADDRESSES} guesses from {ADDRESSES} addresses in a minute: {answered} were answered; the user's own "
        f"browser: {own}, one that is new: {elsewhere}"
    )
    assert answered == min(100, 10 * ADDRESSES)
    assert own == 200


def test_names_that_do_not_exist_are_throttled_the_same(nurse):
    assert fail(11, username="nobody") == [400] * 10 + [429]


# ---------------------------------------------------------------- addresses
def test_the_hundred_and_first_failure_from_an_address_is_429(nurse):
    have_failed(*((f"guess-{number}", "127.0.0.1") for number in range(98)))
    statuses = [fail(1, username=f"guess-{number}")[0] for number in range(98, 101)]
    assert statuses == [400] * 2 + [429]
    assert sign_in(Client()).status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="10.0.0.9").status_code == 200


def test_an_address_is_free_again_within_a_minute(nurse, client, at):
    start = clock.now()
    at(start)
    have_failed(*((f"guess-{number}", "127.0.0.1") for number in range(100)))
    assert sign_in(client).status_code == 429
    at(start + 60 * SECOND)
    assert sign_in(client).status_code == 200


def test_clients_without_an_address_share_no_throttle(nurse, client):
    have_failed(*((f"guess-{number}", None) for number in range(101)))
    assert sign_in(client, REMOTE_ADDR="").status_code == 200


def test_old_failures_are_dropped(nurse, at):
    fail(3)
    later = clock.now() + timedelta(hours=2)
    at(later)
    fail(1)
    sign_in_failures.clear_old(now=later)
    assert SignInFailure.objects.count() == 1


def test_the_admin_sites_form_is_throttled_too(ward_pc):
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
