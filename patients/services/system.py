"""The user under whose name Wardlight itself writes: commands and the worker."""

from typing import Final

from django.contrib.auth.models import User

SYSTEM_USERNAME: Final = "wardlight-system"


def system_user() -> User:
    """The system's user: cannot sign in, and shows in the history as "Wardlight (system)"."""
    user, is_new = User.objects.get_or_create(
        username=SYSTEM_USERNAME,
        defaults={"first_name": "Wardlight", "last_name": "(system)", "is_active": False},
    )
    if is_new:
        user.set_unusable_password()
        user.save()
    return user
