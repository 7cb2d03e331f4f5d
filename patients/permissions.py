"""Who may do what: one table, from which REST, WebSocket actions and pushed frames all draw.

Roles are Django groups. Of several groups the strongest counts; a superuser has the role `superuser` and may
do everything. Somebody who is in none of the groups may do nothing.
"""

from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from djangochannelsrestframework.permissions import BasePermission as SocketBasePermission
from rest_framework.permissions import BasePermission

ROLES: Final = ("viewer", "nurse", "service", "doctor", "lead")  # weakest first
SUPERUSER: Final = "superuser"

_ALL = frozenset(ROLES)
_BEDSIDE = frozenset({"nurse", "service", "doctor", "lead"})
_ADMITTING = frozenset({"service", "lead"})
_PRESCRIBING = frozenset({"doctor", "lead"})
_LEAD = frozenset({"lead"})

# object -> action -> roles (contract.md, "Sign-in")
TABLE: Final[dict[str, dict[str, frozenset[str]]]] = {
    "patients": {
        "view": _ALL,
        "create": _ADMITTING,
        "change": _ADMITTING,
        "move_bed": _BEDSIDE,
        "change_plan": _PRESCRIBING,
        "pause": _BEDSIDE,
        "delete": _LEAD,
    },
    "reports": {
        "view": _ALL,
        "preview": _ALL,
        "create": _BEDSIDE,
        "change": _BEDSIDE,
        "delete_own": _BEDSIDE,
        "delete": _PRESCRIBING,
    },
    "history": {"view": _ALL, "change": _LEAD, "delete": _LEAD},
    "notifications": {
        "view": _ALL,
        "acknowledge": _BEDSIDE,
        "acknowledge_all": _BEDSIDE,
        "unacknowledge": _BEDSIDE,
    },
    "events": {"view": _ALL},
    "ranges": {"view": _ALL},
}

# The actions of views and consumers, in the words of the table.
ACTIONS: Final = {
    "get": "view",  # views without actions
    "list": "view",
    "totals": "view",
    "retrieve": "view",
    "history": "view",
    "fluids": "view",
    "amendments": "view",
    "report_amendments": "view",
    "patient_amendments": "view",
    "statistics": "view",
    "resume": "view",
    "ping": "view",
    "metadata": "view",
    "create": "create",
    "take_in": "create",
    "update": "change",
    "partial_update": "change",
    "patch": "change",
    "destroy": "delete",
    "delete": "delete",
    "acknowledge": "acknowledge",
    "acknowledge_all": "acknowledge_all",
    "unacknowledge": "unacknowledge",
    "preview": "preview",
    # below a patient
    "plan": "view",
    "set_plan": "change_plan",
    "end_plan": "change_plan",
    "pauses": "view",
    "pause": "view",
    "add_pause": "pause",
    "change_pause": "change_plan",
    "end_pause": "pause",
    "swap_bed": "move_bed",
}

# Who has any of these rights may begin the act: the service then looks at what it is (which field, whose report).
PARTIAL: Final = {
    ("patients", "change"): ("change_plan", "move_bed"),
    ("reports", "delete"): ("delete_own",),
}


def role_of(user: AbstractBaseUser | AnonymousUser | None) -> str | None:
    """The user's strongest role, or None: signed out, deactivated or in no group.

    The answer is kept on the user object, which lives as long as one request or one connection's sign-in;
    a changed role ends the connection (services.sign_ins).
    """
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    cached: str | None = getattr(user, "wardlight_role", None)
    if cached is None:
        cached = _strongest_role(user)
        user.wardlight_role = cached  # type: ignore[attr-defined]
    return cached or None


def _strongest_role(user: Any) -> str:
    if user.is_superuser:
        return SUPERUSER
    return strongest(user.groups.values_list("name", flat=True))


def strongest(group_names: Any) -> str:
    """The strongest role among these groups' names; "" where none is a role."""
    names = set(group_names)
    return next((role for role in reversed(ROLES) if role in names), "")


def may(role: str | None, subject: str, action: str) -> bool:
    """Whether `role` may do the table's `action` on `subject` (a key of TABLE)."""
    if role is None:
        return False
    if role == SUPERUSER:
        return True
    return role in TABLE[subject].get(action, frozenset())


def action_of(view_action: str) -> str:
    """The table's word for the name of a view's or consumer's action."""
    return ACTIONS.get(view_action, view_action)


def may_perform(role: str | None, subject: str, view_action: str) -> bool:
    """As `may`, for the name of a view's or consumer's action, part permissions included."""
    action = action_of(view_action)
    if may(role, subject, action):
        return True
    return any(may(role, subject, part) for part in PARTIAL.get((subject, action), ()))


def permissions_of(role: str | None) -> list[str]:
    """What a role may, as `object.action`, sorted: for `/rest-auth/user/` and the interface."""
    return sorted(
        f"{subject}.{action}"
        for subject, actions in TABLE.items()
        for action in actions
        if may(role, subject, action)
    )


class RolePermission(BasePermission):
    """For REST views that name their `subject` (a key of TABLE); views without one need only a role."""

    message = "Your role does not allow this."

    def has_permission(self, request: Any, view: Any) -> bool:
        role = role_of(request.user)
        subject = getattr(view, "subject", None)
        if subject is None:
            return role is not None
        action = getattr(view, "action", None)
        if action is None:
            # OPTIONS, or a method the view does not have: who may read may learn which methods there are.
            action = "metadata"
        return may_perform(role, subject, action)


class RoleSocketPermission(SocketBasePermission):
    """The same table for the actions of a consumer that names its `subject`."""

    def has_permission(self, scope: Any, consumer: Any, action: str, **kwargs: Any) -> bool:
        return may_perform(role_of(scope.get("user")), consumer.subject, action)
