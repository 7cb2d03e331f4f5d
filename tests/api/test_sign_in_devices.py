"""Devices, passwords and changed rights: who stays signed in, and what all processes are told."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client

from patients import clock
from patients.models import SignIn
from patients.services import sign_ins
from tests.support.signing_in import PASSWORD, asking, csrf_of, get_key, make_member, sign_in, status_of, told

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

NEW = "quite another phrase"
CHANGE = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


def change_password(client: Client, **fields: str):
    headers = csrf_of(client) if client.cookies else {}
    body = {name: value for name, value in {**CHANGE, **fields}.items() if value}
    return client.post("/rest-auth/password/change/", body, content_type="application/json", headers=headers)


def sign_in_of(key: str) -> int:
    return SignIn.objects.get(token_hash=sign_ins.hash_key(key)).pk


# ---------------------------------------------------------------- devices
def test_the_devices_are_the_users_own_live_sign_ins(nurse):
    make_member("doctor", "devi")
    get_key("devi")
    gone, kept = get_key(), get_key()
    asking(gone).post("/rest-auth/logout/")
    sign_in(Client(), headers={"User-Agent": "Ward tablet 3"}, REMOTE_ADDR="10.0.0.7")
    devices = asking(kept).get("/rest-auth/devices/").json()
    assert [(device["device"], device["address"], device["is_current"]) for device in devices] == [
        ("Ward tablet 3", "10.0.0.7", False),
        ("", "127.0.0.1", True),
    ]
    assert set(devices[0]) == {
        "id", "device", "address", "created_at", "last_used_at", "expires_at", "is_current"
    }  # fmt: skip


@pytest.mark.parametrize(
    "address,kept",
    [("::ffff:10.0.0.7", "::ffff:10.0.0.7"), ("2001:DB8::0:1", "2001:db8::1"), ("unix", None), ("", None)],
)
def test_an_odd_address_does_not_hinder_signing_in(nurse, address, kept):
    assert sign_in(Client(), REMOTE_ADDR=address).status_code == 200
    assert SignIn.objects.get().address in {kept, "10.0.0.7"}


def test_an_endless_user_agent_does_not_hinder_signing_in(nurse):
    assert sign_in(Client(), headers={"User-Agent": "x" * 5000}).status_code == 200


def test_a_device_is_revoked_with_its_session_and_sockets(nurse, ward_pc):
    key = sign_in(ward_pc).json()["key"]
    lost = sign_in_of(key)
    mine = asking(get_key())
    assert mine.delete(f"/rest-auth/devices/{lost}/").status_code == 204
    assert (status_of(asking(key)), status_of(ward_pc), status_of(mine)) == (401, 401, 200)
    assert told("sign_in") == [lost]
    assert mine.delete(f"/rest-auth/devices/{lost}/").status_code == 404


def test_nobody_revokes_another_users_device(nurse):
    make_member("lead", "lea")
    key = get_key()
    assert asking(get_key("lea")).delete(f"/rest-auth/devices/{sign_in_of(key)}/").status_code == 404
    assert status_of(asking(key)) == 200


def test_strangers_see_no_devices(nurse, client):
    get_key()
    assert client.get("/rest-auth/devices/").status_code == 401
    assert client.delete(f"/rest-auth/devices/{SignIn.objects.get().pk}/").status_code == 401


# ---------------------------------------------------------------- passwords
@pytest.mark.parametrize("way", ["key", "session"])
def test_a_new_password_ends_the_other_devices_and_keeps_this_one(nurse, ward_pc, way):
    key = sign_in(ward_pc).json()["key"]
    others = [get_key(), get_key()]
    assert change_password(asking(key) if way == "key" else ward_pc).status_code == 200
    assert (status_of(asking(key)), status_of(ward_pc)) == (200, 200)
    assert [status_of(asking(other)) for other in others] == [401, 401]
    assert sorted(told("sign_in")) == sorted(map(sign_in_of, others))
    assert sign_in(Client()).status_code == 400
    assert sign_in(Client(), password=NEW).status_code == 200


@pytest.mark.parametrize(
    "wrong,field",
    [
        ({"old_password": "wrong"}, "old_password"),
        ({"old_password": ""}, "old_password"),
        ({"new_password1": ""}, "new_password1"),
        ({"new_password2": "something else"}, "new_password2"),
        ({"new_password1": "12345678", "new_password2": "12345678"}, "new_password2"),
        ({"new_password1": "nadia", "new_password2": "nadia"}, "new_password2"),
    ],
)
def test_a_change_needs_the_old_password_and_a_good_new_one_twice(nurse, ward_pc, wrong, field):
    sign_in(ward_pc)
    other = get_key()
    response = change_password(ward_pc, **wrong)
    assert response.status_code == 400
    assert set(response.json()) == {field}
    assert status_of(asking(other)) == 200
    assert sign_in(Client()).status_code == 200


def test_with_a_session_a_change_needs_the_csrf_token(nurse, ward_pc):
    sign_in(ward_pc)
    assert ward_pc.post("/rest-auth/password/change/", CHANGE, "application/json").status_code == 403


def test_strangers_change_no_password(nurse, client):
    assert client.post("/rest-auth/password/change/", CHANGE, "application/json").status_code == 401


def test_a_password_that_somebody_else_sets_ends_all_devices(nurse):
    key = get_key()
    nurse.set_password(NEW)
    nurse.save()
    assert status_of(asking(key)) == 401


def test_the_same_password_hashed_anew_ends_nothing(nurse, settings):
    key = get_key()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    get_key()
    nurse.refresh_from_db()
    assert nurse.password.startswith("scrypt")
    assert status_of(asking(key)) == 200


# ---------------------------------------------------------------- rights
def test_a_deactivated_user_is_out_at_once_and_a_reactivated_one_signs_in_anew(nurse, ward_pc):
    key = sign_in(ward_pc).json()["key"]
    nurse.is_active = False
    nurse.save()
    assert (status_of(asking(key)), status_of(ward_pc)) == (401, 401)
    assert told("sign_in") == [sign_in_of(key)]
    assert told("user")[-1] == nurse.pk
    nurse.is_active = True
    nurse.save()
    assert status_of(asking(key)) == 401


def test_a_user_deactivated_behind_all_services_is_out_as_well(nurse):
    client = asking(get_key())
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert status_of(client) == 401
    assert sign_ins.live_state([SignIn.objects.get().pk]) == {}


def test_a_deleted_user_is_out_at_once(nurse):
    client = asking(get_key())
    nurse_id = nurse.pk
    nurse.delete()
    assert status_of(client) == 401
    assert told("user")[-1] == nurse_id


def lead_group() -> Group:
    return Group.objects.get(name="lead")


CHANGES_OF_ROLE = {
    "added to a group": lambda user: user.groups.add(lead_group()),
    "taken out of a group": lambda user: user.groups.remove(Group.objects.get(name="nurse")),
    "groups set": lambda user: user.groups.set([lead_group()]),
    "groups cleared": lambda user: user.groups.clear(),
    "added by the group": lambda user: lead_group().user_set.add(user),
    "taken out by the group": lambda user: Group.objects.get(name="nurse").user_set.remove(user),
    "members cleared": lambda user: Group.objects.get(name="nurse").user_set.clear(),
    "group renamed": lambda user: Group(pk=Group.objects.get(name="nurse").pk, name="sister").save(),
    "group deleted": lambda user: Group.objects.get(name="nurse").delete(),
    "made superuser": lambda user: make_superuser(user),
}


def make_superuser(user: User) -> None:
    user.is_superuser = True
    user.save()


@pytest.mark.parametrize("change", CHANGES_OF_ROLE)
def test_a_changed_role_is_told_to_all_processes_and_counts_at_once(nurse, change):
    client = asking(get_key())
    before = len(told("user"))
    CHANGES_OF_ROLE[change](nurse)
    assert set(told("user")[before:]) == {nurse.pk}
    assert client.get("/rest-auth/user/").json()["role"] != "nurse"


def test_what_changes_no_right_is_told_to_nobody(nurse):
    key = get_key()
    before = told("user")
    nurse.first_name = "Nadja"
    nurse.save()
    nurse.save(update_fields=["last_login"])
    assert (told("user"), told("sign_in")) == (before, [])
    assert status_of(asking(key)) == 200


def test_a_change_that_is_rolled_back_ends_nothing(nurse):
    key = get_key()
    before = told("user")
    with transaction.atomic():
        nurse.is_active = False
        nurse.save()
        transaction.set_rollback(True)
    assert (told("user"), told("sign_in")) == (before, [])
    assert status_of(asking(key)) == 200


def test_ending_twice_is_told_once(nurse):
    sign_in_id = sign_in_of(get_key())
    sign_ins.end_sign_in(sign_in_id, now=clock.now())
    sign_ins.end_sign_in(sign_in_id, now=clock.now())
    assert told("sign_in") == [sign_in_id]
