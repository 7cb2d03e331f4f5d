"""Checking a password, and the throttle on failures, so that guessing is slow and locking out is hard.

Counted in a minute are 10 for an account from one address, 100 from an address and 100 for an account from all: who
only knows a colleague's name locks nobody out who is elsewhere. A browser in which the user has signed in before counts
by itself, 10 in a minute, and against none of these. Of IPv6 a network of 64 bits is one address.

Failures are counted in the database, so that all processes share one throttle. What the throttle refuses is
not counted again: it ends at the latest a minute after the failure that started it.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from ..addresses import network_of
from ..models import SignInFailure
from . import known_browsers

WINDOW: Final = timedelta(minutes=1)
MOST_AT_ONE_PLACE: Final = 10  # for an account: from one address, or in one known browser
MOST_PER_ADDRESS: Final = 100
MOST_PER_ACCOUNT: Final = 100
KEEP: Final = timedelta(hours=1)


class TooManyFailures(Exception):
    """Throttled: after `wait` whole seconds (1-60) it may be tried again."""

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


def check_credentials(
    request: Any, *, username: str, password: str, address: str | None, now: datetime
) -> User | None:
    """The active user with this name and password, or None: counted as a failure. Raises TooManyFailures."""
    found: list[User] = []

    def is_right() -> bool:
        user = authenticate(request, username=username, password=password)
        if user is not None:
            found.append(user)
        return user is not None

    is_let_in = guard_guess(is_right, username=username, address=address, cookies=request.COOKIES, now=now)
    return found[0] if is_let_in else None


def guard_guess(
    is_right: Callable[[], bool],
    *,
    username: str,
    address: str | None,
    now: datetime,
    cookies: Mapping[str, str] | None = None,
) -> bool:
    """Whether a password is right, for which the throttle lets `is_right` be asked. Raises TooManyFailures.

    The throttle is asked again afterwards: of many guesses at the same time none learns more than it may.
    """
    browser = known_browsers.read_cookie(cookies or {})
    guess = SignInFailure(
        username=username.casefold()[:150],
        address=network_of(address),
        browser=browser.number if browser is not None and browser.has_seen(username) else None,
        at=now,
    )
    _require_few_failures(guess)
    if is_right():
        _require_few_failures(guess)
        return True
    with transaction.atomic():
        # One after the other: on PostgreSQL guesses at the same time would not see each other's failure.
        list(User.objects.select_for_update(no_key=True).filter(username=username).values_list("pk"))
        _require_few_failures(guess)
        guess.save()
    return False


def clear_old(*, now: datetime) -> None:
    """Take away the failures that throttle nobody any more, and those dated ahead by a clock that was set back."""
    SignInFailure.objects.exclude(at__range=(now - KEEP, now + KEEP)).delete()


def _require_few_failures(guess: SignInFailure) -> None:
    recent = SignInFailure.objects.filter(browser=guess.browser, at__gt=guess.at - WINDOW, at__lte=guess.at)
    if guess.browser is not None:
        here = list(recent.filter(username=guess.username).order_by("-at")[:MOST_AT_ONE_PLACE])
        _require_fewer(MOST_AT_ONE_PLACE, here, "for this user name in this browser", guess.at)
        return
    same_address = Q(address=guess.address, address__isnull=False)
    rows = recent.filter(Q(username=guess.username) | same_address).order_by("-at")
    failures = list(rows[: MOST_PER_ACCOUNT + MOST_PER_ADDRESS])
    of_account = [failure for failure in failures if failure.username == guess.username]
    from_here = [failure for failure in failures if failure.address == guess.address]
    of_address = [] if guess.address is None else from_here
    here = [failure for failure in from_here if failure.username == guess.username]
    _require_fewer(MOST_AT_ONE_PLACE, here, "for this user name from this address", guess.at)
    _require_fewer(MOST_PER_ADDRESS, of_address, "from this address", guess.at)
    _require_fewer(MOST_PER_ACCOUNT, of_account, "for this user name", guess.at)


def _require_fewer(most: int, failures: list[SignInFailure], what: str, now: datetime) -> None:
    """Of these, the newest first."""
    if len(failures) >= most:
        # Free again as soon as the most recent `most` failures no longer lie within one window.
        wait = max(1, math.ceil((failures[most - 1].at + WINDOW - now).total_seconds()))
        raise TooManyFailures(f"Too many failed sign-ins {what}.", wait=wait)
