"""Signing in by Django's test client, as browsers and programs do."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from patients.models import Event
from tests.factories import make_user

PASSWORD = "a-long-pass-phrase"


def make_member(role: str | None, username: str, **fields: Any) -> User:
    """A user of this role who can sign in with PASSWORD."""
    return make_user(role, username=username, password=PASSWORD, **fields)


def sign_in(client: Client, username: str = "nadia", password: str = PASSWORD, **options: Any) -> Any:
    """The answer of `/rest-auth/login/`; the client keeps the session."""
    body = {"username": username, "password": password}
    return client.post("/rest-auth/login/", body, content_type="application/json", **options)


def get_key(username: str = "nadia") -> str:
    """The key of a new sign-in on a device of its own."""
    key: str = sign_in(Client(), username).json()["key"]
    return key


def asking(key: str) -> Client:
    """A program that sends this key."""
    return Client(headers={"Authorization": f"Token {key}"})


def status_of(client: Client) -> int:
    """200 where the client is signed in, 401 where it is not."""
    return client.get("/rest-auth/user/").status_code


def csrf_of(client: Client) -> dict[str, str]:
    """The header that a page of ours sends along with a write."""
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


def told(what: str) -> list[int]:
    """The sign-ins (`sign_in`) or users (`user`) of whom the event log tells that their access changed."""
    frames = Event.objects.filter(stream="access").order_by("number").values_list("frame", flat=True)
    ids = [json.loads(frame)["payload"]["data"][what] for frame in frames]
    return [number for number in ids if number is not None]
