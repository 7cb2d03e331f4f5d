"""Roles are groups that every migrated database has, with Django permissions that fit the table."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from patients import roles
from patients.permissions import ROLES, TABLE, may
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

MODEL_OF = {
    "patients": "patient",
    "reports": "report",
    "history": "historicalreport",
    "notifications": "notification",
    "events": "event",
}
VERB_OF = {"view": "view", "create": "add", "change": "change", "delete": "delete", "acknowledge": "change"}
CELLS = [
    (role, subject, action)
    for role in ROLES
    for subject, actions in TABLE.items()
    for action in actions
    if subject in MODEL_OF and action in VERB_OF
]


def test_a_migrated_database_has_a_group_for_each_role():
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


@pytest.mark.parametrize("role,subject,action", CELLS)
def test_the_admin_sites_permissions_are_those_of_the_table(role, subject, action):
    user = make_user(role)
    permission = f"patients.{VERB_OF[action]}_{MODEL_OF[subject]}"
    assert user.has_perm(permission) == may(role, subject, action)


@pytest.mark.parametrize("role", ROLES)
def test_the_plan_permission_is_the_tables(role):
    assert make_user(role).has_perm("patients.change_plan") == may(role, "patients", "change_plan")


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_touch_sign_ins_users_tasks_or_the_ledger(role):
    forbidden = Permission.objects.exclude(content_type__app_label="patients") | Permission.objects.filter(
        codename__in=["view_signin", "change_signin", "change_amendment", "delete_amendment", "change_event"]
    )
    assert not forbidden.filter(group__name=role).exists()


def test_migrating_again_mends_the_roles_and_leaves_what_is_not_theirs():
    nurse, other = Group.objects.get(name="nurse"), Group.objects.create(name="porters")
    not_ours = Permission.objects.get(codename="view_user")
    nurse.permissions.set([not_ours, Permission.objects.get(codename="delete_patient")])
    Group.objects.get(name="lead").delete()
    call_command("migrate", verbosity=0)
    codenames = set(nurse.permissions.values_list("codename", flat=True))
    assert codenames == roles.codenames_of("nurse") | {"view_user"}
    assert Group.objects.get(name="lead").permissions.exists()
    assert not other.permissions.exists()


def test_every_codename_that_a_role_gets_exists():
    existing = set(Permission.objects.values_list("codename", flat=True))
    for role in ROLES:
        assert roles.codenames_of(role) <= existing


def test_a_schema_without_the_models_is_left_alone():
    class NoModels:
        def get_model(self, *_):
            raise LookupError

    roles.create_groups(using="default", apps=NoModels())
    roles.create_groups(using="default", apps=apps)
    assert Group.objects.count() == len(ROLES)


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_has_the_roles_again():
    call_command("flush", interactive=False, verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    assert make_user("doctor").has_perm("patients.change_plan")
