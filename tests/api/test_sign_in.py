"""Signing in and out, a sign-in per device (contract.md, "Sign-in")."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client

from patients import clock
from patients.models import Event, SignIn

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def nurse() -> User:
    return make_user("nadia", role="nurse")


def make_user(username: str, *, role: str) -> User:
    user = User.objects.create_user(username, password=PASSWORD, first_name="Nadia", last_name="Okafor")
    user.groups.add(Group.objects.get(name=role))
    return user


def sign_in(client: Client, username: str = "nadia", password: str = PASSWORD, **headers: str):
    return client.post(
        "/rest-auth/login/",
        {"username": username, "password": password},
        content_type="application/json",
        headers=headers,
    )


def with_key(key: str) -> dict[str, str]:
    return {"Authorization": f"Token {key}"}


def test_signing_in_gives_a_key_and_a_session(nurse, client):
    response = sign_in(client)
    assert response.status_code == 200, response.content
    key = response.json()["key"]
    assert set(response.json()) == {"key"}
    by_key = Client().get("/rest-auth/user/", headers=with_key(key))
    by_session = client.get("/rest-auth/user/")
    assert by_key.status_code == by_session.status_code == 200
    assert by_key.json() == by_session.json()
    assert by_key.json()["role"] == "nurse"
