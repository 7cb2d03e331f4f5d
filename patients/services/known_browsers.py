"""Browsers in which somebody has signed in before: nobody elsewhere can lock these out by failing.

A browser keeps a signed cookie with a number of its own and, unreadable, the last users who signed in there. It lets
nobody in: a guess made with it is counted by itself (sign_in_failures.py), and that is all.
"""

import secrets
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.core import signing
from django.utils.crypto import salted_hmac

COOKIE: Final = "known_browser"
KEEP: Final = timedelta(days=365)
MOST_USERS: Final = 30  # of a shared device, the last ones: the cookie goes along with every request
_SALT: Final = "patients.known_browsers"


class KnownBrowser(NamedTuple):
    """What a browser's cookie says."""

    number: str
    users: tuple[str, ...]

    def has_seen(self, username: str) -> bool:
        """Whether this user has signed in here before."""
        return _mark_of(username) in self.users


def read_cookie(cookies: Any) -> KnownBrowser | None:
    """The browser that sent these cookies; None where it has none of ours, an old or a forged one."""
    try:
        number, *users = signing.loads(cookies.get(COOKIE, ""), salt=_SALT, max_age=KEEP)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return KnownBrowser(number, tuple(users))


def write_cookie(cookies: Any, *, username: str) -> str:
    """The cookie of the browser that sent these, once this user has signed in."""
    before = read_cookie(cookies) or KnownBrowser(secrets.token_hex(16), ())
    mark = _mark_of(username)
    others = [user for user in before.users if user != mark]
    return signing.dumps([before.number, mark, *others[: MOST_USERS - 1]], salt=_SALT)


def _mark_of(username: str) -> str:
    """Tells users apart, and no reader of the cookie who they are."""
    return salted_hmac(_SALT, username.casefold(), algorithm="sha256").hexdigest()[:12]
