"""The admin site: users and groups are managed, patients and reports edited, everything else is looked at."""

import json
from datetime import date

import pytest
from background_task.models import CompletedTask, Task
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from patients import clock
from patients.events import log_state
from patients.models import Amendment, Event, Patient, Report, SignIn
from patients.permissions import may_perform
from patients.rules.birth import Birth
from patients.rules.news2 import NOT_MEASURED_REASONS
from patients.services.history import amend_version
from tests.factories import make_patient, make_report
from tests.observations import ILL
from tests.support.signing_in import asking, get_key, make_member, sign_in, status_of, told

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

TO_LOOK_AT = {
    "patients.historicalreport", "patients.historicalpatient",
    "patients.amendment", "patients.notification", "patients.event", "patients.signin",
    "background_task.task", "background_task.completedtask",
}  # fmt: skip


@pytest.fixture
def root() -> Client:
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
    assert shown == TO_LOOK_AT | {"auth.user", "auth.group", "patients.patient", "patients.report"}


def make_one_of_each() -> None:
    report = make_report(make_patient(), **ILL)
    lead = make_member("lead", "lea")
    version = report.history.latest().history_id
    amend_version(version, by=lead, now=clock.now(), changes={"pulse": 60}, reason="Test")
    task = Task.objects.first()
    CompletedTask.objects.create(
        task_name=task.task_name, task_params=task.task_params, task_hash=task.task_hash, run_at=task.run_at
    )


@pytest.mark.parametrize("model", sorted(TO_LOOK_AT))
def test_what_is_to_look_at_can_be_neither_added_nor_changed_nor_deleted(root, model):
    make_one_of_each()
    assert root.get(page(model, "changelist")).status_code == 200
    assert root.get(page(model, "add")).status_code == 403
    first = next(kind for kind in admin.site._registry if kind._meta.label_lower == model).objects.first()
    assert first is not None
    assert root.get(page(model, "change", first.pk)).status_code == 200
    assert root.post(page(model, "change", first.pk), {}).status_code == 403
    assert root.post(page(model, "delete", first.pk), {"post": "yes"}).status_code == 403


def test_an_entry_of_the_ledger_shows_what_was_typed_before_and_then(root):
    report = make_report(make_patient(), additional="Zephyrine sleeps.")
    amend_version(
        report.history.latest().history_id,
        by=make_member("lead", "lea"),
        now=clock.now(),
        changes={"additional": "Quentin sleeps."},
        reason="Another name.",
    )
    text = root.get(page("patients.amendment", "change", Amendment.objects.get().pk)).content.decode()
    for typed in ("Zephyrine sleeps.", "Quentin sleeps.", "Another name."):
        assert typed in text


# ---------------------------------------------------------------- patients and reports
def form_of(client: Client, address: str, **changes: object) -> dict[str, object]:
    """What a browser would send back of the page's form, with some fields changed."""
    form = client.get(address).context["adminform"].form
    values: dict[str, object] = {}
    for bound in form:
        value = bound.value()
        widgets = getattr(bound.field.widget, "widgets", None)
        if widgets:
            parts = bound.field.widget.decompress(value)
            values |= {f"{bound.name}_{number}": part for number, part in enumerate(parts)}
        else:
            values[bound.name] = value
    return {name: value for name, value in {**values, **changes}.items() if value not in (None, False)}


def admin_of(role: str, *, is_staff: bool = True) -> Client:
    make_member(role, f"staff-{role}", is_staff=is_staff)
    client = Client()
    sign_in(client, f"staff-{role}")
    return client


def test_an_edit_of_a_patient_goes_through_the_service_and_is_told(root):
    patient = make_patient(ward="7A")
    address = page("patients.patient", "change", patient.pk)
    before = log_state().last
    changes = {"ward": "7B", "history_change_reason": "nearer to the monitors"}
    response = root.post(address, form_of(root, address, **changes))
    assert response.status_code == 302, response.context["adminform"].form.errors
    patient.refresh_from_db()
    assert (patient.ward, patient.version) == ("7B", 2)
    assert patient.history.latest().history_user.username == "root"
    assert patient.history.latest().history_change_reason == "nearer to the monitors"
    assert patient.history.count() == 2, "one for the admission, one for the edit"
    (frame,) = Event.objects.filter(number__gt=before).values_list("frame", flat=True)
    payload = json.loads(frame)["payload"]
    assert (payload["action"], payload["data"]["ward"], payload["data"]["version"]) == ("update", "7B", 2)


def test_a_save_without_a_change_makes_no_version(root):
    patient = make_patient()
    address = page("patients.patient", "change", patient.pk)
    assert root.post(address, form_of(root, address)).status_code == 302
    patient.refresh_from_db()
    assert patient.version == 1


def test_a_patient_is_admitted(root):
    form = {
        "first_name": "Ada", "last_name": "Byron", "sex": "female", "pathway": "news2", "spo2_scale": "1",
        "admission_date_0": "2026-01-01", "admission_date_1": "08:00:00",
    }  # fmt: skip
    response = root.post(page("patients.patient", "add"), form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    patient = Patient.objects.get()
    assert (patient.sex, patient.next_due_at is None) == ("female", False)
    assert patient.history.get().history_user.username == "root"


def test_one_name_and_a_year_of_birth_are_enough_and_come_back_as_they_were_written(root):
    form = {
        "first_name": "Sukarno", "date_of_birth": "1958", "sex": "male", "pathway": "news2", "spo2_scale": "1",
        "admission_date_0": "2026-01-01", "admission_date_1": "08:00:00",
    }  # fmt: skip
    response = root.post(page("patients.patient", "add"), form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    patient = Patient.objects.get()
    assert (patient.birth, str(patient)) == (Birth(date(1958, 7, 1), "year"), "Sukarno")
    address = page("patients.patient", "change", patient.pk)
    assert form_of(root, address)["date_of_birth"] == "1958"
    root.post(address, form_of(root, address, bed="3"))
    patient.refresh_from_db()
    assert (patient.birth, patient.version) == (Birth(date(1958, 7, 1), "year"), 2)
    root.post(address, form_of(root, address, date_of_birth="1958-06-20"))
    patient.refresh_from_db()
    assert patient.birth == Birth(date(1958, 6, 20))
    root.post(address, form_of(root, address, date_of_birth=""))
    patient.refresh_from_db()
    assert patient.birth is None


def test_what_the_service_refuses_stands_beside_its_field(root):
    patient = make_patient()
    address = page("patients.patient", "change", patient.pk)
    form = form_of(root, address, dismissal_date_0="2199-01-01", dismissal_date_1="00:00:00", bed="9")
    response = root.post(address, form)
    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == {"dismissal_date"}
    patient.refresh_from_db()
    assert (patient.bed, patient.version) == ("", 1)


def test_a_form_that_was_overtaken_changes_nothing(root):
    patient = make_patient()
    address = page("patients.patient", "change", patient.pk)
    form = form_of(root, address, bed="9")
    assert root.post(address, form_of(root, address, allergies="Penicillin")).status_code == 302
    response = root.post(address, form)
    assert "in the meantime" in str(response.context["adminform"].form.errors)
    patient.refresh_from_db()
    assert (patient.bed, patient.allergies) == ("", "Penicillin")


def test_a_report_is_corrected_with_a_reason_and_scored_anew(root):
    report = make_report(make_patient())
    address = page("patients.report", "change", report.pk)
    response = root.post(address, form_of(root, address, pulse="135"))
    assert set(response.context["adminform"].form.errors) == {"history_change_reason"}
    form = form_of(root, address, pulse="135", history_change_reason="A slip.")
    response = root.post(address, form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    report.refresh_from_db()
    assert (report.pulse, report.news2["parts"]["pulse"], report.version) == (135, 3, 2)
    version = report.history.latest()
    assert (version.history_user.username, version.history_change_reason) == ("root", "A slip.")
    response = root.post(address, form_of(root, address, pulse="999", history_change_reason="A slip."))
    assert set(response.context["adminform"].form.errors) == {"pulse"}


@pytest.mark.parametrize("reason", NOT_MEASURED_REASONS)
def test_why_something_was_not_measured_is_corrected_in_the_admin_site(root, reason):
    report = make_report(make_patient())
    address = page("patients.report", "change", report.pk)
    form = form_of(root, address, not_measured=f'{{"weight": "{reason}"}}', history_change_reason="A slip.")
    response = root.post(address, form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert Report.objects.get().not_measured == {"weight": reason}


def test_deleting_goes_through_the_service_which_keeps_what_was_recorded(root):
    patient, empty = make_patient(), make_patient()
    report = make_report(patient)
    for pk, is_left in ((patient.pk, True), (empty.pk, False)):
        assert root.post(page("patients.patient", "delete", pk), {"post": "yes"}).status_code == 302
        assert Patient.objects.filter(pk=pk).exists() == is_left
    assert root.post(page("patients.report", "delete", report.pk), {"post": "yes"}).status_code == 302
    last = report.history.model.objects.filter(id=report.pk).latest()
    assert (last.history_type, last.history_user.username) == ("-", "root")
    # Of the patient nothing is on the lists any more, but the history is left: still a refusal, no error.
    assert root.post(page("patients.patient", "delete", patient.pk), {"post": "yes"}).status_code == 302
    assert Patient.objects.filter(pk=patient.pk).exists()


def test_many_are_not_deleted_at_once(root):
    patient = make_patient()
    report = make_report(make_patient())
    for model, pk in (("patients.patient", patient.pk), ("patients.report", report.pk)):
        for action in ("delete_selected", ""):
            form = {"action": action, "_selected_action": [pk], "post": "yes"}
            root.post(page(model, "changelist"), form)
    assert Patient.objects.filter(pk=patient.pk).exists()
    assert Report.objects.filter(pk=report.pk).exists()


def test_a_report_is_not_given_to_another_patient(root):
    report = make_report(make_patient())
    address = page("patients.report", "change", report.pk)
    form = form_of(root, address, history_change_reason="A slip.")
    assert "patient" not in form
    assert root.post(address, {**form, "patient": make_patient().pk}).status_code == 302
    before = report.patient_id
    report.refresh_from_db()
    assert report.patient_id == before


def test_what_a_browser_says_stood_there_before_decides_nothing(root):
    patient = make_patient()
    address = page("patients.patient", "change", patient.pk)
    form = form_of(root, address, admission_date_0="2026-01-01", admission_date_1="08:00:00")
    said = {f"initial-{name}": value for name, value in form.items()}
    assert root.post(address, {**form, **said}).status_code == 302
    patient.refresh_from_db()
    assert patient.admission_date.isoformat() == "2026-01-01T08:00:00+00:00"


@pytest.mark.parametrize("model", [Patient, Report])
def test_a_role_without_being_staff_opens_nothing(model, rf):
    request = rf.get("/admin/")
    request.user = make_member("lead", "lea")
    of_model = admin.site.get_model_admin(model)
    for right in ("view", "add", "change", "delete"):
        assert not getattr(of_model, f"has_{right}_permission")(request)
    request.user.is_staff = True
    assert of_model.has_change_permission(request)


@pytest.mark.parametrize("role", ["viewer", "nurse", "doctor", "lead", "service"])
def test_staff_may_in_the_admin_site_what_their_role_may_elsewhere(role):
    patient = make_patient()
    report = make_report(patient)
    client = admin_of(role)
    for subject, model, pk in (("patients", "patient", patient.pk), ("reports", "report", report.pk)):
        address = page(f"patients.{model}", "change", pk)
        assert client.get(address).status_code == 200
        is_allowed = may_perform(role, subject, "update")
        answer = client.post(address, form_of(client, address) if is_allowed else {})
        assert answer.status_code == (403 if not is_allowed else 302 if model == "patient" else 200)
        is_allowed = may_perform(role, subject, "delete")
        assert client.get(page(f"patients.{model}", "delete", pk)).status_code == (200 if is_allowed else 403)
    may_admit = may_perform(role, "patients", "create")
    assert client.get(page("patients.patient", "add")).status_code == (200 if may_admit else 403)
    assert client.get(page("patients.report", "add")).status_code == 403


def test_a_doctor_changes_the_plan_and_the_bed_and_nothing_else_of_a_patient(db):
    patient, client = make_patient(), admin_of("doctor")
    address = page("patients.patient", "change", patient.pk)
    response = client.post(address, form_of(client, address, ward="9C", bed="9", monitoring_interval="30"))
    assert set(response.context["adminform"].form.errors) == {"ward"}
    assert (
        client.post(address, form_of(client, address, bed="9", monitoring_interval="30")).status_code == 302
    )
    patient.refresh_from_db()
    assert (patient.ward, patient.bed, patient.monitoring_interval) == ("", "9", 30)


def test_what_of_a_place_is_to_be_looked_at_is_said_in_the_admin_site(root):
    neighbour, patient = make_patient(ward="7A", bed="3"), make_patient()
    address = page("patients.patient", "change", patient.pk)
    answer = root.post(address, form_of(root, address, ward="7a", bed="3"), follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert f"Bed 3 of ward 7A is taken twice: it is also that of patient {neighbour.pk}." in said
    answer = root.post(address, form_of(root, address, ward="9C", bed="3"), follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert "There was no ward 9C before: is it spelt right?" in said


def test_django_permissions_alone_open_nothing():
    patient = make_patient()
    user = make_member(None, "sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="patients"))
    client = Client()
    sign_in(client, "sam")
    assert client.get(page("patients.patient", "change", patient.pk)).status_code == 403
    assert client.post(page("patients.patient", "delete", patient.pk), {"post": "yes"}).status_code == 403


# ---------------------------------------------------------------- keys
def test_no_page_shows_a_key_its_hash_or_a_session(root):
    kept = SignIn.objects.get()
    for path in (page("patients.signin", "changelist"), page("patients.signin", "change", kept.pk)):
        text = root.get(path).content.decode()
        assert kept.token_hash not in text
        assert kept.session_hash not in text


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


def test_a_superuser_changes_and_deletes_another(root):
    other = make_member("superuser", "sue")
    form = user_form(other, is_superuser="on", first_name="Susan")
    assert root.post(page("auth.user", "change", other.pk), form).status_code == 302
    other.refresh_from_db()
    assert (other.first_name, other.is_superuser) == ("Susan", True)
    assert root.get(page("auth.user", "delete", other.pk)).status_code == 200


def test_a_group_that_is_no_role_is_renamed_and_given_permissions(root):
    group = Group.objects.create(name="porters")
    form = {"name": "auditors", "permissions": [Permission.objects.get(codename="view_signin").pk]}
    assert root.post(page("auth.group", "change", group.pk), form).status_code == 302
    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("auditors", 1)


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


def test_the_admin_sites_form_signs_in_nobody_who_is_no_staff(nurse):
    client = Client()
    form = {"username": nurse.username, "password": "a-long-pass-phrase"}
    response = client.post("/admin/login/", form)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert status_of(client) == 401


def test_staff_see_what_their_role_may_see(nurse):
    make_patient()
    client = staff()
    assert client.get(page("patients.patient", "changelist")).status_code == 200
    assert client.get(page("patients.signin", "changelist")).status_code == 403
    assert Patient.objects.count() == 1
