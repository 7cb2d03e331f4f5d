"""Who is signed in, on which device, until when: the only writer of sign-ins.

Each device has a sign-in of its own: a random key of 256 bits and, for a browser, the session that goes with it. Either
authenticates, and both end together (docs/adr/0012). Of both only the SHA-256 is kept. A sign-in lives no longer than
the password with which it began, however that was changed.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from .. import clock
from ..events import note_access, unit_of_work
from ..models import SignIn
from ..permissions import ROLES, SUPERUSER, role_of
from ..prepared import Hole, PreparedQuery

TOUCH_INTERVAL: Final = timedelta(minutes=5)  # last_used_at is written no more often than this
KEEP_ENDED: Final = timedelta(days=90)


class LiveState(NamedTuple):
    """What a live sign-in entitles to. `role` is None for somebody in no group."""

    user_id: int
    role: str | None
    expires_at: datetime


# ---------------------------------------------------------------- looking up
def authenticate_key(key: str, *, now: datetime) -> SignIn | None:
    """The live sign-in of this key, with its user and role in the same query; notes that it was used."""
    return _admit(_BY_KEY.first(token_hash=hash_key(key)), now=now)


def authenticate_session(session_key: str, *, now: datetime) -> SignIn | None:
    """The live sign-in of the browser session with this key, as `authenticate_key`."""
    if not (session_key.isascii() and session_key.isalnum()):  # PostgreSQL takes no NUL
        return None
    return _admit(_BY_SESSION.first(session_hash=hash_key(session_key)), now=now)


def authenticate_again(sign_in_id: int, *, now: datetime) -> LiveState | None:
    """What a sign-in that was live entitles to now; None where it no longer is."""
    sign_in = _BY_ID.first(id=sign_in_id)
    if sign_in is None or not _is_live(sign_in, now=now):
        return None
    return _state_of(sign_in)


def live_state(
    sign_in_ids: Iterable[int | None], *, now: datetime | None = None
) -> dict[int | None, LiveState]:
    """Those of these sign-ins that are live, and what they entitle to; the others are left out."""
    now = now or clock.now()
    found = _with_role(_not_ended().filter(pk__in=list(sign_in_ids)))
    return {sign_in.pk: _state_of(sign_in) for sign_in in found if _is_live(sign_in, now=now)}


def list_sign_ins(user_id: int, *, now: datetime) -> list[SignIn]:
    """The user's live sign-ins, the last used first."""
    found = _with_role(_not_ended().filter(user_id=user_id))
    live = [sign_in for sign_in in found if _is_live(sign_in, now=now)]
    return sorted(live, key=lambda sign_in: sign_in.last_used_at, reverse=True)


def address_of(client: Any) -> str | None:
    """The client's IP address in its one canonical form, or None where it has none (a Unix socket)."""
    try:
        return str(ipaddress.ip_address(client))
    except ValueError:
        return None


def hash_key(key: str) -> str:
    """What is kept of a key. No salt: a key of 256 random bits can neither be guessed nor looked up."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


_BY_KEY: Final = PreparedQuery(
    lambda: _with_role(_not_ended()).filter(
        token_hash=Hole("token_hash", field=SignIn._meta.get_field("token_hash"))
    )
)
_BY_SESSION: Final = PreparedQuery(
    lambda: _with_role(_not_ended()).filter(
        session_hash=Hole("session_hash", field=SignIn._meta.get_field("session_hash"))
    )
)
_BY_ID: Final = PreparedQuery(
    lambda: _with_role(_not_ended()).filter(pk=Hole("id", field=SignIn._meta.get_field("id")))
)


def _state_of(sign_in: SignIn) -> LiveState:
    return LiveState(sign_in.user_id, _role_of(sign_in), _hard_end(sign_in))


def _admit(sign_in: SignIn | None, *, now: datetime) -> SignIn | None:
    if sign_in is None or not _is_live(sign_in, now=now):
        return None
    sign_in.expires_at = _hard_end(sign_in)
    # The role came with the query: permissions.role_of need not ask again.
    sign_in.user.wardlight_role = _role_of(sign_in) or ""  # type: ignore[attr-defined]
    if now - sign_in.last_used_at >= TOUCH_INTERVAL:
        touch([sign_in.pk], now=now)
    return sign_in


def _not_ended() -> QuerySet[SignIn]:
    return SignIn.objects.filter(ended_at__isnull=True, user__is_active=True)


# Every request and handshake asks this; as an expression it took Django longer to write than to run.
_RANKS: Final = " ".join(f"WHEN '{role}' THEN {rank}" for rank, role in enumerate(ROLES))
_STRONGEST_ROLE: Final = (
    "SELECT roles.name FROM auth_user_groups AS memberships"
    " JOIN auth_group AS roles ON roles.id = memberships.group_id"
    " WHERE memberships.user_id = patients_signin.user_id"
    f" AND roles.name IN ({', '.join(repr(role) for role in ROLES)})"
    f" ORDER BY CASE roles.name {_RANKS} END DESC LIMIT 1"
)


def _with_role(sign_ins: QuerySet[SignIn]) -> QuerySet[SignIn]:
    """These sign-ins with their user and, as `group_role`, the strongest role among the user's groups."""
    return sign_ins.select_related("user").annotate(group_role=RawSQL(_STRONGEST_ROLE, []))


def _role_of(sign_in: SignIn) -> str | None:
    if sign_in.user.is_superuser:
        return SUPERUSER
    role: str | None = sign_in.group_role  # type: ignore[attr-defined]
    return role


def _lifetime(role: str | None) -> timedelta:
    name = "SIGN_IN_SERVICE_LIFETIME" if role == "service" else "SIGN_IN_LIFETIME"
    lifetime: timedelta = getattr(settings, name)
    return lifetime


def _hard_end(sign_in: SignIn) -> datetime:
    """When the sign-in ends however busy it is. A service that has become a person has a person's time."""
    return min(sign_in.expires_at, sign_in.created_at + _lifetime(_role_of(sign_in)))


def _is_live(sign_in: SignIn, *, now: datetime) -> bool:
    if now >= _hard_end(sign_in) or not _has_its_password(sign_in):
        return False
    idle_time: timedelta = settings.SIGN_IN_IDLE_TIME
    return _role_of(sign_in) == "service" or now - sign_in.last_used_at < idle_time


def _has_its_password(sign_in: SignIn) -> bool:
    """Whether the user's password is the one with which this began. Who changed it need not have told anybody."""
    user = sign_in.user
    return sign_in.auth_hash == user.get_session_auth_hash() or (
        sign_in.auth_hash in user.get_session_auth_fallback_hash()
    )


# ---------------------------------------------------------------- starting and ending
def start_sign_in(
    user: User, *, now: datetime, session_key: str | None = None, device: str = "", address: str | None = None
) -> tuple[SignIn, str]:
    """A new sign-in of this user and its key, which is shown this once and kept nowhere.

    `device` is what the client calls itself (User-Agent). Lifetime: 7 days, role `service` a year.
    """
    key = secrets.token_hex(32)
    with unit_of_work():
        sign_in = SignIn.objects.create(
            user=user,
            token_hash=hash_key(key),
            session_hash=None if session_key is None else hash_key(session_key),
            auth_hash=user.get_session_auth_hash(),
            device=device[:200],
            address=address,
            created_at=now,
            last_used_at=now,
            expires_at=now + _lifetime(role_of(user)),
        )
    return sign_in, key


def leave_session(session_key: str, *, user_id: int) -> None:
    """The browser with this session signs in anew, as `user_id`: the session authenticates no longer.

    Where it was somebody else's, the sockets opened with it close: what is written there would bear the
    wrong name.
    """
    with unit_of_work():
        sign_in = SignIn.objects.filter(session_hash=hash_key(session_key)).first()
        if sign_in is None:
            return
        SignIn.objects.filter(pk=sign_in.pk).update(session_hash=None)
        if sign_in.user_id != user_id:
            note_access(sign_in_id=sign_in.pk)


def end_sign_in(sign_in_id: int, *, now: datetime) -> None:
    """Sign this device out: its key, its session and, on every process, its sockets."""
    _end(SignIn.objects.filter(pk=sign_in_id), now=now)


def end_session(session_key: str, *, now: datetime) -> None:
    """As `end_sign_in`, by the browser's session."""
    _end(SignIn.objects.filter(session_hash=hash_key(session_key)), now=now)


def end_sign_ins_of(user_id: int, *, now: datetime, but: int | None = None) -> None:
    """Sign all devices of a user out, except the sign-in `but`."""
    sign_ins = SignIn.objects.filter(user_id=user_id)
    _end(sign_ins if but is None else sign_ins.exclude(pk=but), now=now)


def end_all(*, now: datetime) -> int:
    """Sign everybody out, services too; how many sign-ins that were.

    A restored database knows nothing of who was signed out since: a lost tablet's key would live again.
    """
    return _end(SignIn.objects.all(), now=now)


def change_password(user: User, *, new_password: str, keep: int | None) -> None:
    """Set the password and end all sign-ins of the user but `keep`, in one transaction."""
    with unit_of_work():
        user.set_password(new_password)
        # Read where saving is observed (services.access), which ends the others whoever changed a password.
        user.kept_sign_in = keep  # type: ignore[attr-defined]
        user.save(update_fields=["password"])


def adopt_password(user: User, *, sign_in_ids: Collection[int] | None = None, instead_of: str = "") -> None:
    """Let sign-ins of this user live on under the password that the user now has.

    Args:
        sign_in_ids: these; None: those that began with `instead_of`.
        instead_of: the password, as it was stored, which is the same one hashed anew.
    """
    own = SignIn.objects.filter(user_id=user.pk, ended_at__isnull=True)
    if sign_in_ids is None:
        before = User(password=instead_of)
        own = own.filter(
            auth_hash__in=[before.get_session_auth_hash(), *before.get_session_auth_fallback_hash()]
        )
    else:
        own = own.filter(pk__in=sign_in_ids)
    own.update(auth_hash=user.get_session_auth_hash())


def touch(sign_in_ids: Collection[int], *, now: datetime) -> None:
    """Note that these live sign-ins are in use; written at most every five minutes each."""
    stale = SignIn.objects.filter(pk__in=list(sign_in_ids), ended_at__isnull=True)
    stale.filter(last_used_at__lte=now - TOUCH_INTERVAL).update(last_used_at=now)


def _end(sign_ins: QuerySet[SignIn], *, now: datetime) -> int:
    with unit_of_work():
        ending = list(sign_ins.filter(ended_at__isnull=True).values_list("pk", flat=True))
        # A browser's session stays until it expires. By itself it is nobody's.
        SignIn.objects.filter(pk__in=ending).update(ended_at=now, session_hash=None)
        for pk in ending:
            note_access(sign_in_id=pk)
    return len(ending)


def _session_store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore()


def clear_ended(*, now: datetime) -> None:
    """Take away expired sessions, and the sign-ins that ended long ago."""
    _session_store().clear_expired()
    SignIn.objects.filter(Q(ended_at__lt=now - KEEP_ENDED) | Q(expires_at__lt=now - KEEP_ENDED)).delete()
