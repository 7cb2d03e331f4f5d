"""The demo ward: real stays, moved in time so that the ward is busy now; and the system's own user."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import TestCase

from patients.models import Notification, Patient, Report
from patients.permissions import role_of
from patients.services import escalations
from patients.services.demo import LOGINS, PASSWORD, load_demo, print_logins
from patients.services.errors import Conflict
from patients.services.system import system_user
from tests.services.builders import at, remind_all

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

NOW = at(0)


class DemoWard(TestCase):
    """Loaded once; what a test does in it is taken back."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.counts = load_demo(now=NOW)

    def test_the_demo_ward_is_busy_now_in_every_way(self) -> None:
        patients, reports = self.counts
        assert (patients, reports) == (27, Report.objects.count())
        due = list(Patient.objects.values_list("next_due_at", flat=True))
        assert None not in due
        assert sum(instant < NOW for instant in due) >= 2
        assert sum(NOW <= instant <= NOW + timedelta(minutes=15) for instant in due) >= 3
        assert sum(instant > NOW + timedelta(hours=1) for instant in due) >= 3
        scored = Patient.objects.exclude(date_of_birth__year=2016)  # the child
        assert set(scored.values_list("current_risk", flat=True)) == {"low", "low-medium", "medium", "high"}
        assert not Report.objects.filter(datetime__gt=NOW).exists()
        assert Report.history.count() == reports
        # Overdue patients are reminded of at once, the others in their time.
        remind_all(now=NOW)
        overdue = Notification.objects.exclude(kind="deterioration").values("patient").distinct().count()
        assert overdue == sum(instant <= NOW for instant in due)

    def test_a_demo_left_alone_for_an_hour_holds_one_open_notification_of_lateness_a_patient_at_most(
        self,
    ) -> None:
        """As its worker goes its rounds, and as one that was away all the time does at the end."""
        for minute in range(61):
            remind_all(now=NOW + timedelta(minutes=minute))
            escalations.send_due(now=NOW + timedelta(minutes=minute))
        assert_one_at_most(now=NOW + timedelta(hours=1))

    def test_a_demo_whose_worker_was_away_for_an_hour_holds_no_more(self) -> None:
        remind_all(now=NOW + timedelta(hours=1))
        assert_one_at_most(now=NOW + timedelta(hours=1))

    def test_the_dengue_stays_of_the_demo_are_told_by_the_rules_of_dengue(self) -> None:
        critical, febrile, recovering = Patient.objects.filter(pathway="dengue").order_by("hospital_number")
        assert (critical.course["defervescence_at"] is None, febrile.course["defervescence_at"]) == (
            False,
            None,
        )
        assert NOW < critical.next_due_at <= NOW + timedelta(minutes=15)
        rules = {
            reason["rule"]
            for notification in Notification.objects.filter(patient=critical, kind="deterioration")
            for reason in notification.reasons
        }
        assert rules >= {
            "defervescence_provisional",
            "haemoconcentration",
            "warning_sign",
            "low_urine_output",
        }
        assert "defervescence_provisional" not in {
            reason["rule"]
            for notification in Notification.objects.filter(patient=febrile)
            for reason in notification.reasons
        }
        assert recovering.course["warning_signs"] == []

    def test_the_demo_holds_numbers_and_allergies_as_a_ward_has_them(self) -> None:
        values = Report.objects.values_list("o2sat", "supplemental_oxygen", "oxygen_flow", "oxygen_device")
        assert all(o2sat is None or o2sat == int(o2sat) for o2sat, *_ in values)
        oxygen = {tuple(row) for _, *row in values if row[0] is True}
        assert {flow for _, flow, _ in oxygen} == {1, 2, 4, 10, 15}
        assert {device for *_, device in oxygen} == {"nasal_cannula", "simple_mask", "venturi", "reservoir"}
        assert {tuple(row) for _, *row in values if row[0] is not True} == {
            (False, None, ""),
            (None, None, ""),
        }
        assert set(Patient.objects.values_list("allergy_status", flat=True)) == set(
            Patient.AllergyStatus.values
        )
        recorders = {report.recorded_by for report in Report.objects.select_related("recorded_by")}
        assert [role_of(recorder) for recorder in recorders] == ["nurse"] * 3
        assert {
            version.history_user for version in Report.history.select_related("history_user")
        } == recorders

    def test_each_role_has_a_login_with_the_printed_password(self) -> None:
        roles = {
            user.username: role_of(user)
            for user in User.objects.filter(email__endswith="demo.wardlight.invalid")
        }
        assert roles == {
            "nurse": "nurse", "nurse2": "nurse", "nurse3": "nurse", "doctor": "doctor", "lead": "lead",
            "viewer": "viewer", "service": "service", "admin": "superuser",
        }  # fmt: skip
        lines = []
        print_logins(lines.append)
        assert "nurse2" in lines[0]
        assert PASSWORD in lines[0]
        assert all(User.objects.get(username=name).check_password(PASSWORD) for name in roles)

    def test_what_is_written_in_it_is_written_by_its_logins(self) -> None:
        logins = {username for username, *_ in LOGINS}
        for model in (Patient, Report):
            names = set(model.history.values_list("history_user__username", flat=True))
            assert names
            assert names <= logins


def assert_one_at_most(*, now):
    late = Notification.objects.exclude(kind="deterioration").exclude(status="resolved")
    by_patient = Counter(late.values_list("patient", flat=True))
    assert set(by_patient.values()) == {1}
    assert set(by_patient) == set(Patient.objects.filter(next_due_at__lte=now).values_list("pk", flat=True))
    assert len(by_patient) > 10, "there is something to tell"
    waiting = Counter(
        Notification.objects.filter(status__in=("open", "escalated")).values_list("patient", flat=True)
    )
    for patient in Patient.objects.all():
        assert patient.open_notifications == waiting[patient.pk]


def test_the_demo_refuses_where_patients_are_and_changes_nothing(patient):
    users = User.objects.count()
    with pytest.raises(Conflict):
        load_demo(now=NOW)
    assert (Patient.objects.count(), User.objects.count()) == (1, users)


def test_without_a_demo_no_login_is_printed(nurse):
    lines = []
    print_logins(lines.append)
    assert lines == []


def test_the_systems_user_is_one_and_can_neither_sign_in_nor_do_anything():
    user = system_user()
    assert system_user() == user
    assert (user.get_full_name(), user.is_active, user.has_usable_password()) == (
        "Wardlight (system)",
        False,
        False,
    )
    assert role_of(user) is None
