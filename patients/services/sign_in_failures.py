"""Checking a password, and the throttle on failures: 10 a minute an account, 100 an address (contract.md).

Failures are counted in the database, so that all processes share one throttle. What the throttle refuses is
not counted again: it ends at the latest a minute after the failure that started it.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from ..models import SignInFailure

WINDOW: Final = timedelta(minutes=1)
MOST_PER_ACCOUNT: Final = 10
MOST_PER_ADDRESS: Final = 100
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

    return found[0] if guard_guess(is_right, username=username, address=address, now=now) else None


def guard_guess(is_right: Callable[[], bool], *, username: str, address: str | None, now: datetime) -> bool:
    """Whether a password is right, for which the throttle lets `is_right` be asked. Raises TooManyFailures.

    The throttle is asked again afterwards: of many guesses at the same time none learns more than it may.
    """
    account = username.casefold()[:150]
    _require_few_failures(account, address, now)
    if is_right():
        _require_few_failures(account, address, now)
        return True
    with transaction.atomic():
        # One after the other: on PostgreSQL guesses at the same time would not see each other's failure.
        list(User.objects.select_for_update(no_key=True).filter(username=username).values_list("pk"))
        _require_few_failures(account, address, now)
        SignInFailure.objects.create(username=account, address=address, at=now)
    return False


def clear_old(*, now: datetime) -> None:
    """Take away the failures that throttle nobody any more."""
    SignInFailure.objects.filter(at__lt=now - KEEP).delete()


def _require_few_failures(account: str, address: str | None, now: datetime) -> None:
    recent = SignInFailure.objects.filter(Q(username=account) | Q(address=address, address__isnull=False))
    rows = recent.filter(at__gt=now - WINDOW).order_by("-at").values_list("username", "address", "at")
    failures = list(rows[: MOST_PER_ACCOUNT + MOST_PER_ADDRESS])
    of_account = [at for username, _, at in failures if username == account]
    of_address = [at for _, place, at in failures if place == address and place is not None]
    for what, times, most in (
        ("for this user name", of_account, MOST_PER_ACCOUNT),
        ("from this address", of_address, MOST_PER_ADDRESS),
    ):
        if len(times) >= most:
            # Free again as soon as the most recent `most` failures no longer lie within one window.
            wait = max(1, math.ceil((times[most - 1] + WINDOW - now).total_seconds()))
            raise TooManyFailures(f"Too many failed sign-ins {what}.", wait=wait)
