"""The roles as Django groups, made after each migration and so also on a database that was emptied."""

from typing import Any, Final

from django.apps import apps as installed_apps
from django.db import transaction

from .permissions import ROLES, SUPERUSER, TABLE, may

# The table's words in the words of Django's own permissions, which the admin site asks.
_MODELS: Final = {
    "patients": ("patient",),
    "reports": ("report",),
    "history": ("historicalreport",),
    "notifications": ("notification",),
    "events": ("event",),
}
_VERBS: Final = {
    "view": "view",
    "create": "add",
    "change": "change",
    "delete": "delete",
    "acknowledge": "change",
    "acknowledge_all": "change",
    "unacknowledge": "change",
}


def codenames_of(role: str) -> set[str]:
    """The codenames of Django's permissions in `patients` that fit what the table allows this role."""
    codenames = {
        f"{_VERBS[action]}_{model}"
        for subject, models in _MODELS.items()
        for action in TABLE[subject]
        if action in _VERBS and may(role, subject, action)
        for model in models
    }
    if may(role, "patients", "change_plan"):
        codenames.add("change_plan")
    if may(role, "history", "view"):
        codenames |= {"view_amendment", "view_historicalpatient"}  # the ledger is part of the history
    return codenames


def create_groups(*, using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Make the groups where they are missing and give each its permissions of this app; other apps' stay.

    Connected to post_migrate after Django's own receiver, which creates the permissions: a migration would
    find none on an empty database.
    """
    try:
        group_model = apps.get_model("auth", "Group")
        permission_model = apps.get_model("auth", "Permission")
        apps.get_model("patients", "Patient")
    except LookupError:  # migrated back to where these do not exist
        return
    ours = permission_model.objects.using(using).filter(content_type__app_label="patients")
    with transaction.atomic(using=using):
        for role in ROLES:
            group, _created = group_model.objects.using(using).get_or_create(name=role)
            wanted = set(ours.filter(codename__in=codenames_of(role)))
            present = set(group.permissions.filter(content_type__app_label="patients"))
            group.permissions.remove(*(present - wanted))
            group.permissions.add(*(wanted - present))


_INTRODUCTION: Final = """# Who may do what

From `patients/permissions.py`, by `manage.py describe_roles > docs/roles.md`. REST, the actions of the sockets, pushed
frames, the admin site and `/swagger` all ask this one table. A role is a Django group; of several the strongest counts.
Who is in none of the groups, deactivated or signed out may do nothing.

`view` covers lists, single objects and pushed frames. `patients.change_plan` is the pathway, the SpO2 scale, whether
pregnant, the interval, the plan and pauses of any length; `patients.move_bed` the bed within the ward, and changing
places with another patient of it. A PUT or PATCH of a patient passes where the other fields stay as they are, and is
403 naming them where they do not. `patients.pause` is beginning a pause, without `change_plan` for four hours at most,
and ending one. `reports.delete_own` is taking back what one recorded within 60 minutes, with a reason, while nobody
else has changed it.

"""


def as_markdown() -> str:
    """The table of permissions for people: a line an action, a column a role."""
    roles = (*ROLES, SUPERUSER)
    lines = [f"| object and action | {' | '.join(roles)} |", f"|---|{':-:|' * len(roles)}"]
    for subject, actions in TABLE.items():
        for action in actions:
            cells = " | ".join("✓" if may(role, subject, action) else "–" for role in roles)
            lines.append(f"| {subject}.{action} | {cells} |")
    return _INTRODUCTION + "\n".join(lines) + "\n"
