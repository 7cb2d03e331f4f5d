"""A sign-in lives no longer than the password with which it began, and no shorter."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from patients import clock
from patients.models import SignIn
from patients.services import sign_ins
from tests.factories import make_user
from tests.support.signing_in import PASSWORD, asking, csrf_of, get_key, sign_in, status_of

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

BEFORE = ("patients", "0016_nurses_pauses_and_slips")


def key_of(user: User) -> str:
    return sign_ins.start_sign_in(user, now=clock.now())[1]


def test_a_sign_in_begun_with_the_old_password_does_not_outlive_its_change(nurse):
    checked_before = User.objects.get(
        pk=nurse.pk
    )  # by who has just checked the old password, and goes on now
    sign_ins.change_password(User.objects.get(pk=nurse.pk), new_password="entirely-another-one", keep=None)
    assert status_of(asking(key_of(checked_before))) == 401
    assert status_of(asking(key_of(User.objects.get(pk=nurse.pk)))) == 200


def test_a_password_changed_without_a_word_ends_what_was_begun_with_the_old_one(nurse, ward_pc):
    key = get_key()
    sign_in(ward_pc)
    User.objects.filter(pk=nurse.pk).update(
        password=PBKDF2PasswordHasher().encode("of a directory", "salt", 1)
    )
    assert (status_of(asking(key)), status_of(ward_pc)) == (401, 401)


def test_the_device_on_which_a_password_is_changed_stays_signed_in(nurse, ward_pc):
    sign_in(ward_pc)
    other = get_key()
    new = {
        "old_password": PASSWORD,
        "new_password1": "a-new-pass-phrase",
        "new_password2": "a-new-pass-phrase",
    }
    answer = ward_pc.post("/rest-auth/password/change/", new, "application/json", headers=csrf_of(ward_pc))
    assert answer.status_code == 200, answer.content
    assert (status_of(ward_pc), status_of(asking(other))) == (200, 401)


def test_the_same_password_hashed_anew_signs_nobody_out(nurse, settings, ward_pc):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    older = PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1)
    User.objects.filter(pk=nurse.pk).update(password=older)
    key = key_of(User.objects.get(pk=nurse.pk))
    sign_in(ward_pc)  # with which Django hashes it anew
    assert User.objects.get(pk=nurse.pk).password.startswith("md5$")
    assert (status_of(asking(key)), status_of(ward_pc)) == (200, 200)


def test_the_secret_key_may_be_replaced_while_the_old_one_still_counts(nurse, settings):
    key = get_key()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-" + "1" * 40
    assert status_of(asking(key)) == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert status_of(asking(key)) == 401


def test_of_a_session_nothing_is_kept_that_signs_in(nurse, ward_pc):
    cookie = sign_in(ward_pc).cookies["sessionid"].value
    kept = SignIn.objects.get()
    assert cookie not in {str(value) for value in vars(kept).values()}
    thief = Client()
    thief.cookies["sessionid"] = kept.session_hash
    assert status_of(thief) == 401


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_signs_nobody_out():
    call_command("migrate", *BEFORE, verbosity=0)
    try:
        older = MigrationExecutor(connection).loader.project_state([BEFORE]).apps
        nurse = make_user("nurse", username="upgraded")
        day = {
            "created_at": clock.now(),
            "last_used_at": clock.now(),
            "expires_at": clock.now() + sign_ins.KEEP_ENDED,
        }
        signed_in = older.get_model("patients", "SignIn").objects
        signed_in.create(user_id=nurse.pk, token_hash=sign_ins.hash_key("key"), session_key="s" * 32, **day)
        signed_in.create(user_id=nurse.pk, token_hash=sign_ins.hash_key("gone"), ended_at=clock.now(), **day)
    finally:
        call_command("migrate", verbosity=0)
    assert sign_ins.authenticate_key("key", now=clock.now()).user == nurse
    assert sign_ins.authenticate_session("s" * 32, now=clock.now()).user == nurse
    assert sign_ins.authenticate_key("gone", now=clock.now()) is None
    # And back: the keys of programs live on, browsers sign in anew.
    call_command("migrate", *BEFORE, verbosity=0)
    call_command("migrate", verbosity=0)
    assert sign_ins.authenticate_key("key", now=clock.now()).user == nurse
    assert sign_ins.authenticate_session("s" * 32, now=clock.now()) is None
