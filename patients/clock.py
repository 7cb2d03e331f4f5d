"""The one clock that decides anything: tests set it, and no database's `now()` is ever asked."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """This instant, aware, in UTC."""
    return timezone.now()
