"""The admin site: users and groups are managed, everything else is looked at."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from patients.models import Patient, SignIn
from tests.factories import make_patient, make_report
from tests.support.signing_in import asking, get_key, make_member, sign_in, status_of, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]

TO_LOOK_AT = {
    "patients.patient", "patients.report", "patients.historicalreport", "patients.historicalpatient",
    "patients.amendment", "patients.notification", "patients.event", "patients.signin",
    "background_task.task", "background_task.completedtask",
}  # fmt: skip


@pytest.fixture
def root(quick_passwords) -> Client:
    """A browser in which a superuser is signed in."""
    make_member("superuser", "root")
    client = Client()
    assert sign_in(client, "root").status_code == 200
    return client


def staff(*codenames: str) -> Client:
    """A browser of somebody who is staff and has these of Django's permissions."""
    user = make_member("lead", "sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    sign_in(client, "sam")
    return client


def page(model: str, view: str, *args: object) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{view}", args=args)


def test_there_is_everything_to_look_at(root):
    shown = {model._meta.label_lower for model in admin.site._registry}
    assert shown == TO_LOOK_AT | {"auth.user", "auth.group"}


@pytest.mark.parametrize("model", sorted(TO_LOOK_AT))
def test_what_is_to_look_at_can_be_neither_added_nor_changed_nor_deleted(root, model):
    patient = make_patient()
    make_report(patient)
    assert root.get(page(model, "changelist")).status_code == 200
    assert root.get(page(model, "add")).status_code == 403
    first = next(kind for kind in admin.site._registry if kind._meta.label_lower == model).objects.first()
    if first is None:
        assert model in {"patients.amendment", "patients.notification", "background_task.completedtask"}
        return
    assert root.get(page(model, "change", first.pk)).status_code == 200
    assert root.post(page(model, "change", first.pk), {}).status_code == 403
    assert root.post(page(model, "delete", first.pk), {"post": "yes"}).status_code == 403


def test_no_page_shows_a_key_its_hash_or_a_session(root):
    kept = SignIn.objects.get()
    for path in (page("patients.signin", "changelist"), page("patients.signin", "change", kept.pk)):
        text = root.get(path).content.decode()
        assert kept.token_hash not in text
        assert kept.session_key not in text


def test_a_user_is_made_with_a_role(root):
    form = {
        "username": "nadia", "usable_password": "true",
        "password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase",
        "groups": [Group.objects.get(name="nurse").pk],
    }  # fmt: skip
    assert root.post(page("auth.user", "add"), form).status_code == 302
    assert asking(get_key("nadia")).get("/rest-auth/user/").json()["role"] == "nurse"


def user_form(user: User, **changes: object) -> dict[str, object]:
    form = {
        "username": user.username, "first_name": "", "last_name": "", "email": "", "is_active": "on",
        "groups": [group.pk for group in user.groups.all()],
        "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", **changes,
    }  # fmt: skip
    return {name: value for name, value in form.items() if value is not None}


def test_deactivating_a_user_ends_their_sign_ins(root, nurse):
    client = asking(get_key())
    response = root.post(page("auth.user", "change", nurse.pk), user_form(nurse, is_active=None))
    assert response.status_code == 302
    assert status_of(client) == 401


def test_changing_a_users_groups_is_told_to_all_processes(root, nurse):
    before = len(told("user"))
    form = user_form(nurse, groups=[Group.objects.get(name="viewer").pk])
    assert root.post(page("auth.user", "change", nurse.pk), form).status_code == 302
    assert set(told("user")[before:]) == {nurse.pk}


def test_setting_a_users_password_ends_their_sign_ins(root, nurse):
    client = asking(get_key())
    form = {
        "usable_password": "true",
        "password1": "quite another phrase",
        "password2": "quite another phrase",
    }
    assert root.post(reverse("admin:auth_user_password_change", args=[nurse.pk]), form).status_code == 302
    assert status_of(client) == 401


def test_changing_ones_own_password_in_the_admin_site_signs_out_everywhere(root):
    form = {
        "old_password": "a-long-pass-phrase",
        "new_password1": "quite another phrase",
        "new_password2": "quite another phrase",
    }
    assert root.post("/admin/password_change/", form).status_code == 302
    assert status_of(root) == 401
    assert root.get("/admin/").status_code == 302


def test_who_is_no_superuser_makes_none_and_changes_none(nurse):
    client = staff("view_user", "change_user", "delete_user", "view_group")
    boss = make_member("superuser", "root")
    form = user_form(nurse, is_superuser="on", user_permissions=[Permission.objects.first().pk])
    assert client.post(page("auth.user", "change", nurse.pk), form).status_code == 302
    nurse.refresh_from_db()
    assert (nurse.is_superuser, nurse.user_permissions.count()) == (False, 0)
    assert client.post(page("auth.user", "change", boss.pk), user_form(boss)).status_code == 403
    assert client.post(page("auth.user", "delete", boss.pk), {"post": "yes"}).status_code == 403


def test_the_groups_that_are_roles_are_neither_renamed_nor_deleted(root):
    group = Group.objects.get(name="nurse")
    root.post(page("auth.group", "change", group.pk), {"name": "sister", "permissions": []})
    assert root.post(page("auth.group", "delete", group.pk), {"post": "yes"}).status_code == 403
    group.refresh_from_db()
    assert group.name == "nurse"
    assert group.permissions.exists()
    other = Group.objects.create(name="porters")
    assert root.post(page("auth.group", "delete", other.pk), {"post": "yes"}).status_code == 302


def test_users_who_are_no_staff_do_not_get_in(nurse):
    client = Client()
    sign_in(client)
    assert client.get("/admin/").status_code == 302
    assert client.get(page("patients.patient", "changelist")).status_code == 302


def test_staff_see_what_their_role_may_see(nurse):
    make_patient()
    client = staff()
    assert client.get(page("patients.patient", "changelist")).status_code == 200
    assert client.get(page("patients.signin", "changelist")).status_code == 403
    assert Patient.objects.count() == 1
