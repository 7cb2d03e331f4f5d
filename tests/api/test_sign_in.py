"""Signing in and out, a sign-in per device (contract.md, "Sign-in")."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client

from patients import clock
from patients.models import SignIn
from patients.services import sign_ins
from tests.support.signing_in import PASSWORD, asking, csrf_of, get_key, make_member, sign_in, status_of, told

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]


# ---------------------------------------------------------------- signing in
def test_signing_in_gives_a_key_and_a_session_that_both_tell_who_is_there(nurse, ward_pc):
    response = sign_in(ward_pc)
    assert response.status_code == 200
    assert set(response.json()) == {"key"}
    user = asking(response.json()["key"]).get("/rest-auth/user/").json()
    assert user == ward_pc.get("/rest-auth/user/").json()
    assert {name: user[name] for name in ("pk", "username", "email", "first_name", "last_name", "role")} == {
        "pk": nurse.pk,
        "username": "nadia",
        "email": "",
        "first_name": "Nadia",
        "last_name": "Okafor",
        "role": "nurse",
    }
    assert "reports.create" in user["permissions"]
    assert "patients.create" not in user["permissions"]


def test_the_key_is_kept_only_as_its_hash(nurse):
    key = get_key()
    kept = SignIn.objects.get()
    assert len(key) >= 43  # 256 bits
    assert key not in {str(value) for value in vars(kept).values()}
    assert kept.token_hash == sign_ins.hash_key(key)


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(nurse, ward_pc):
    cookie = sign_in(ward_pc).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_an_old_session_cookie_sent_along_does_not_hinder_signing_in(nurse, ward_pc):
    first, second = sign_in(ward_pc), sign_in(ward_pc)
    assert (first.status_code, second.status_code) == (200, 200)
    assert status_of(ward_pc) == 200
    assert first.cookies["sessionid"].value != second.cookies["sessionid"].value


def test_an_old_session_of_somebody_else_does_not_hinder_signing_in_and_signs_in_no_longer(nurse, ward_pc):
    old_cookie = sign_in(ward_pc).cookies["sessionid"].value
    make_member("doctor", "devi")
    assert sign_in(ward_pc, "devi").status_code == 200
    assert ward_pc.get("/rest-auth/user/").json()["username"] == "devi"
    stranger = Client()
    stranger.cookies["sessionid"] = old_cookie
    assert status_of(stranger) == 401
    assert len(told("sign_in")) == 1  # the sockets that this browser opened as the nurse close


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "nadia"},
        {"password": PASSWORD},
        {"username": "nadia", "password": "wrong"},
        {"username": "nobody", "password": PASSWORD},
        {"username": "NADIA", "password": PASSWORD},
        {"username": "n" * 151, "password": PASSWORD},
        {"username": "nadia", "password": "x" * 5000},
        {"username": ["nadia"], "password": PASSWORD},
        {"username": {"a": 1}, "password": True},
        {"username": "nadia\x00", "password": PASSWORD},
        [],
        "nadia",
        7,
    ],
)
def test_anything_else_than_a_name_with_its_password_is_400(nurse, client, body):
    assert client.post("/rest-auth/login/", body, content_type="application/json").status_code == 400
    assert not SignIn.objects.exists()


@pytest.mark.parametrize(
    "body", ["{", "", "[" * 60_000, '{"username": "\\ud800", "password": "\\ud800"}', "NaN"]
)
def test_a_body_that_is_no_sound_json_is_400(client, body):
    assert client.post("/rest-auth/login/", body, content_type="application/json").status_code == 400


def test_a_form_signs_in_too(nurse, client):
    body = "username=nadia&password=" + PASSWORD
    response = client.post("/rest-auth/login/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


def test_a_page_of_another_site_cannot_sign_a_browser_in(nurse, client):
    assert sign_in(client, headers={"Origin": "http://testserver:81"}).status_code == 403
    assert sign_in(client, headers={"Origin": "null"}).status_code == 403
    assert sign_in(client, headers={"Origin": "http://testserver"}).status_code == 200


def test_a_deactivated_user_cannot_sign_in_and_is_told_no_more_than_a_stranger(nurse, client):
    unknown = sign_in(client, "nobody")
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert sign_in(client).json() == unknown.json()


def test_a_password_may_begin_and_end_with_a_space(nurse, client):
    nurse.set_password(" s p a c e ")
    nurse.save()
    assert sign_in(client, password=" s p a c e ").status_code == 200


# ---------------------------------------------------------------- tokens and sessions
@pytest.mark.parametrize(
    "header",
    ["Token", "Token ", "Token a b", "Token " + "0" * 64, "Token \xff\xfe", "token x", "Token " + "a" * 9000],
)
def test_a_header_with_a_wrong_key_is_401_and_says_how_to_sign_in(db, header):
    response = Client(headers={"Authorization": header}).get("/rest-auth/user/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"


def test_a_wrong_key_is_not_made_good_by_a_session(nurse, ward_pc):
    sign_in(ward_pc)
    assert ward_pc.get("/rest-auth/user/", headers={"Authorization": "Token 0"}).status_code == 401


def test_a_key_in_the_address_signs_nobody_in(nurse, client):
    assert client.get("/rest-auth/user/", {"token": get_key()}).status_code == 401


@pytest.mark.parametrize("cookie", ["", "0", "a" * 32, "a" * 5000, "\x01\x02", "%00%00%00%00%00%00%00%00"])
def test_a_made_up_session_cookie_signs_nobody_in(db, client, cookie):
    client.cookies["sessionid"] = cookie
    assert status_of(client) == 401


def test_strangers_are_told_to_sign_in(client, db):
    response = client.get("/rest-auth/user/")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Token")


def test_with_a_session_a_write_needs_the_csrf_token(nurse, ward_pc):
    sign_in(ward_pc)
    refused = ward_pc.post("/rest-auth/logout/")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    assert ward_pc.post("/rest-auth/logout/", headers=csrf_of(ward_pc)).status_code == 200


def test_with_a_key_a_write_needs_no_csrf_token(nurse):
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {get_key()}"})
    assert client.post("/rest-auth/logout/").status_code == 200


def test_a_request_asks_the_database_once_who_is_there(nurse, ward_pc, django_assert_num_queries):
    key = sign_in(ward_pc).json()["key"]
    with django_assert_num_queries(1):
        asking(key).get("/rest-auth/user/")
    with django_assert_num_queries(1):
        ward_pc.get("/rest-auth/user/")


def test_without_a_live_sign_in_djangos_own_session_is_worth_nothing(nurse, ward_pc):
    sign_in(ward_pc)
    SignIn.objects.all().delete()
    assert Session.objects.exists()
    assert status_of(ward_pc) == 401


def test_the_admin_sites_sign_in_is_a_sign_in_of_the_device_as_well(ward_pc):
    make_member("superuser", "root")
    ward_pc.get("/admin/login/")
    form = {
        "username": "root",
        "password": PASSWORD,
        "csrfmiddlewaretoken": ward_pc.cookies["csrftoken"].value,
    }
    assert ward_pc.post("/admin/login/?next=/admin/", form).status_code == 302
    assert ward_pc.get("/admin/").status_code == 200
    assert ward_pc.get("/rest-auth/user/").json()["role"] == "superuser"
    sign_ins.end_sign_ins_of(User.objects.get().pk, now=clock.now())
    assert ward_pc.get("/admin/").status_code == 302


# ---------------------------------------------------------------- signing out
@pytest.mark.parametrize("way", ["key", "session"])
def test_the_logout_of_either_ends_both_and_leaves_the_other_devices(nurse, ward_pc, way):
    key = sign_in(ward_pc).json()["key"]
    other = asking(get_key())
    if way == "key":
        assert asking(key).post("/rest-auth/logout/").status_code == 200
    else:
        assert ward_pc.post("/rest-auth/logout/", headers=csrf_of(ward_pc)).status_code == 200
    assert (status_of(asking(key)), status_of(ward_pc), status_of(other)) == (401, 401, 200)
    ended = SignIn.objects.get(token_hash=sign_ins.hash_key(key))
    assert ended.ended_at is not None
    assert told("sign_in") == [ended.pk]


def test_the_logout_by_key_leaves_another_sign_ins_session(nurse, ward_pc):
    key = get_key()
    sign_in(ward_pc)
    assert ward_pc.post("/rest-auth/logout/", headers={"Authorization": f"Token {key}"}).status_code == 200
    assert status_of(ward_pc) == 200


def test_the_session_that_a_logout_leaves_behind_is_nobodys(nurse, ward_pc):
    key = sign_in(ward_pc).json()["key"]
    assert ward_pc.get("/rest-auth/user/").status_code == 200
    asking(key).post("/rest-auth/logout/")
    assert ward_pc.get("/rest-auth/user/").status_code == 401
    assert SignIn.objects.get().session_hash is None


def test_signing_out_of_the_admin_site_ends_the_sign_in(ward_pc):
    make_member("superuser", "root")
    key = sign_in(ward_pc, "root").json()["key"]
    form = {"csrfmiddlewaretoken": ward_pc.cookies["csrftoken"].value}
    assert ward_pc.post("/admin/logout/", form).status_code == 200
    assert status_of(asking(key)) == 401


def test_strangers_cannot_sign_out(client, db):
    assert client.post("/rest-auth/logout/").status_code == 401


def test_signing_out_is_a_post(nurse):
    client = asking(get_key())
    assert client.get("/rest-auth/logout/").status_code == 405
    assert status_of(client) == 200


# ---------------------------------------------------------------- expiry
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_person_is_signed_out_after_twelve_idle_hours(nurse, at):
    start = clock.now()
    at(start)
    client = asking(get_key())
    at(start + 12 * HOUR - timedelta(seconds=1))
    assert status_of(client) == 200
    at(start + 24 * HOUR - timedelta(seconds=2))
    assert status_of(client) == 200
    at(start + 36 * HOUR)
    assert status_of(client) == 401


def test_a_person_is_signed_out_after_seven_days_however_busy(nurse, ward_pc, at):
    start = clock.now()
    at(start)
    key = sign_in(ward_pc).json()["key"]
    for hours in range(10, 7 * 24, 10):
        at(start + hours * HOUR)
        assert status_of(asking(key)) == 200
    at(start + 7 * DAY - timedelta(seconds=1))
    assert (status_of(asking(key)), status_of(ward_pc)) == (200, 200)
    at(start + 7 * DAY + timedelta(seconds=1))
    assert (status_of(asking(key)), status_of(ward_pc)) == (401, 401)


def test_a_service_stays_signed_in_for_a_year_used_or_not(at):
    make_member("service", "monitor")
    start = clock.now()
    at(start)
    client = asking(get_key("monitor"))
    at(start + 364 * DAY)
    assert status_of(client) == 200
    at(start + 365 * DAY + timedelta(seconds=1))
    assert status_of(client) == 401


def test_a_service_that_becomes_a_person_has_a_persons_time(at):
    user = make_member("service", "monitor")
    start = clock.now()
    at(start)
    client = asking(get_key("monitor"))
    user.groups.set([Group.objects.get(name="nurse")])
    at(start + 11 * HOUR)
    assert status_of(client) == 200
    SignIn.objects.update(last_used_at=start + 8 * DAY)
    at(start + 8 * DAY)
    assert status_of(client) == 401


def test_last_use_is_written_at_most_every_five_minutes(nurse, at, django_assert_num_queries):
    start = clock.now()
    at(start)
    client = asking(get_key())
    used_at = SignIn.objects.values_list("last_used_at", flat=True)
    before = used_at.get()
    at(start + timedelta(minutes=4))
    with django_assert_num_queries(1):
        status_of(client)
    assert used_at.get() == before
    at(start + timedelta(minutes=6))
    status_of(client)
    assert used_at.get() == start + timedelta(minutes=6)


def test_touching_does_not_bring_an_ended_sign_in_back(nurse):
    key = get_key()
    sign_in_id = SignIn.objects.get().pk
    sign_ins.end_sign_in(sign_in_id, now=clock.now())
    sign_ins.touch([sign_in_id], now=clock.now() + HOUR)
    assert status_of(asking(key)) == 401


def test_what_ended_long_ago_is_dropped(nurse, at):
    get_key()
    sign_ins.end_sign_ins_of(nurse.pk, now=clock.now())
    later = clock.now() + 91 * DAY
    at(later)
    get_key()
    sign_ins.clear_ended(now=later)
    assert [sign_in.ended_at for sign_in in SignIn.objects.all()] == [None]


# ---------------------------------------------------------------- what the hub asks
def test_the_live_state_tells_user_role_and_end_of_those_that_are_live(nurse):
    get_key()
    get_key()
    first, second = SignIn.objects.order_by("pk")
    sign_ins.end_sign_in(second.pk, now=clock.now())
    live = sign_ins.live_state([first.pk, second.pk, 999])
    assert live == {first.pk: sign_ins.LiveState(nurse.pk, "nurse", first.expires_at)}
    assert sign_ins.live_state([first.pk], now=clock.now() + 13 * HOUR) == {}


def test_of_several_groups_the_strongest_counts(nurse):
    nurse.groups.add(Group.objects.get(name="lead"), Group.objects.create(name="zebra"))
    assert asking(get_key()).get("/rest-auth/user/").json()["role"] == "lead"


def test_somebody_in_no_group_learns_that_they_have_no_role():
    make_member(None, "visitor")
    client = asking(get_key("visitor"))
    user = client.get("/rest-auth/user/").json()
    assert (user["role"], user["permissions"]) == (None, [])
    assert client.get("/api/patients/").status_code == 403


@pytest.mark.parametrize("method", ["put", "patch", "post", "delete"])
def test_nobody_renames_themselves(nurse, method):
    response = getattr(asking(get_key()), method)("/rest-auth/user/", {"username": "x"}, "application/json")
    assert response.status_code == 405
    nurse.refresh_from_db()
    assert nurse.username == "nadia"


@pytest.mark.parametrize(
    "path", ["password/reset/", "password/reset/confirm/", "registration/", "token/verify/"]
)
def test_there_are_no_other_views_of_dj_rest_auth(nurse, path):
    assert asking(get_key()).post(f"/rest-auth/{path}").status_code == 404
