"""Fixtures of the tests about signing in."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

# Read before Django is set up: what needs it is imported where it is used.
if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client


@pytest.fixture
def quick_passwords(settings) -> None:
    """Django's slow hashing is not what these tests are about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def nurse(db, quick_passwords) -> "User":
    from tests.support.signing_in import make_member

    return make_member("nurse", "nadia", first_name="Nadia", last_name="Okafor")


@pytest.fixture
def ward_pc() -> "Client":
    """A browser on the ward: it keeps cookies, and CSRF is checked."""
    from django.test import Client

    return Client(enforce_csrf_checks=True)


@pytest.fixture
def at(monkeypatch) -> Callable[[datetime], None]:
    """Sets the clock to an instant, where it stands still."""
    from patients import clock

    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)
