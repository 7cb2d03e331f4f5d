"""Fixtures of the tests about signing in, and of those that come to the application's page."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

# Read before Django is set up: what needs it is imported where it is used.
if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client


@pytest.fixture
def nurse(db) -> "User":
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


@pytest.fixture
def built(monkeypatch) -> None:
    """The application's page, whether or not webpack has run."""
    from django.http import HttpResponse

    from patients.api import pages

    render = pages.render

    def render_built(request, template, *args, **kwargs):
        if template == "index.html":
            return HttpResponse("<p>Wardlight</p>")
        return render(request, template, *args, **kwargs)

    monkeypatch.setattr(pages, "render", render_built)
