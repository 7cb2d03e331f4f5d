"""What ends or changes somebody's access, however it was done: REST, the admin site, a command or a shell.

Receivers of Django's signals, connected by `connect()` in AppConfig.ready() and so in every process. They
note the change in the event log, from which every server process closes the sockets concerned.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.http import HttpRequest

from .. import clock
from ..events import note_access, unit_of_work
from . import known_browsers, sign_ins

# A save of these alone needs no look at what was there before; each sign-in saves last_login.
_WITHOUT_RIGHTS: Final = frozenset({"last_login", "first_name", "last_name", "email"})


def connect() -> None:
    """Watch users, groups and Django's own sign-in and sign-out."""
    user_model = get_user_model()
    memberships = user_model.groups.through
    pre_save.connect(_remember_rights, sender=user_model, dispatch_uid="wardlight.rights_before")
    post_save.connect(_tell_changed_rights, sender=user_model, dispatch_uid="wardlight.rights_after")
    post_delete.connect(_tell_deleted_user, sender=user_model, dispatch_uid="wardlight.user_deleted")
    m2m_changed.connect(_tell_changed_groups, sender=memberships, dispatch_uid="wardlight.groups_changed")
    post_save.connect(_tell_members, sender=Group, dispatch_uid="wardlight.group_renamed")
    pre_delete.connect(_tell_members, sender=Group, dispatch_uid="wardlight.group_deleted")
    user_logged_in.connect(_start, dispatch_uid="wardlight.signed_in")
    user_logged_out.connect(_end, dispatch_uid="wardlight.signed_out")


# ---------------------------------------------------------------- Django's sessions
def _start(*, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Every sign-in of a browser, the admin site's too, is a sign-in of the device."""
    if request is None:
        return
    session = request.session
    for earlier in {request.COOKIES.get(settings.SESSION_COOKIE_NAME), session.session_key}:
        if earlier is not None:
            sign_ins.leave_session(earlier, user_id=user.pk)
    request.known_browser = known_browsers.write_cookie(  # type: ignore[attr-defined]
        request.COOKIES, username=user.get_username()
    )
    # Django keeps the session's key where the same user signs in again, but one key means one sign-in.
    session.cycle_key()
    request.sign_in, request.sign_in_key = sign_ins.start_sign_in(  # type: ignore[attr-defined]
        user,
        now=clock.now(),
        session_key=session.session_key,
        device=request.META.get("HTTP_USER_AGENT", ""),
        address=sign_ins.address_of(request.META.get("REMOTE_ADDR")),
    )


def _end(*, request: HttpRequest | None, **_: Any) -> None:
    if request is None:
        return
    if request.session.session_key is not None:
        sign_ins.end_session(request.session.session_key, now=clock.now())
    request.sign_in = None  # type: ignore[attr-defined]


# ---------------------------------------------------------------- users
def _remember_rights(*, instance: User, update_fields: Collection[str] | None, **_: Any) -> None:
    before = None
    if instance.pk is not None and (update_fields is None or not _WITHOUT_RIGHTS.issuperset(update_fields)):
        rights = get_user_model().objects.filter(pk=instance.pk)
        before = rights.values_list("is_active", "is_superuser", "password").first()
    instance.rights_before = before  # type: ignore[attr-defined]


def _tell_changed_rights(*, instance: User, update_fields: Collection[str] | None, **_: Any) -> None:
    if instance.rights_before is None:  # type: ignore[attr-defined]
        return
    was_active, was_superuser, old_password = instance.rights_before  # type: ignore[attr-defined]
    with unit_of_work():
        if was_active and not instance.is_active:
            sign_ins.end_sign_ins_of(instance.pk, now=clock.now())
        elif instance.password != old_password:
            if _is_hash_upgrade(instance, update_fields):
                sign_ins.adopt_password(instance, instead_of=old_password)
            else:
                _leave_kept_sign_in(instance)
        if (was_active, was_superuser) != (instance.is_active, instance.is_superuser):
            _tell([instance.pk])


def _leave_kept_sign_in(user: User) -> None:
    """Another password: all sign-ins of the user end but the one by which it was changed."""
    kept = getattr(user, "kept_sign_in", None)
    sign_ins.end_sign_ins_of(user.pk, now=clock.now(), but=kept)
    if kept is not None:
        sign_ins.adopt_password(user, sign_in_ids=[kept])


def _is_hash_upgrade(user: User, update_fields: Collection[str] | None) -> bool:
    """Whether Django only hashed the same password anew, with more rounds, at a sign-in."""
    was_set = getattr(user, "_password", None) is not None
    return update_fields is not None and set(update_fields) == {"password"} and not was_set


def _tell_deleted_user(*, instance: User, **_: Any) -> None:
    _tell([instance.pk])


# ---------------------------------------------------------------- groups
def _tell_changed_groups(
    *, instance: User | Group, action: str, reverse: bool, pk_set: Collection[int] | None, **_: Any
) -> None:
    if not reverse:
        if action in {"post_add", "post_remove", "post_clear"}:
            instance.__dict__.pop("wardlight_role", None)  # what permissions.role_of keeps
            _tell([instance.pk])
    elif action in {"post_add", "post_remove"}:
        _tell(pk_set or ())
    elif action == "pre_clear":  # afterwards nobody knows who the members were; told on commit all the same
        _tell_members(instance=instance)


def _tell_members(*, instance: Any, **_: Any) -> None:
    """A group is renamed or deleted: the role may go with it."""
    _tell(instance.user_set.values_list("pk", flat=True))


def _tell(user_ids: Iterable[int]) -> None:
    with unit_of_work():
        for user_id in user_ids:
            note_access(user_id=user_id)
