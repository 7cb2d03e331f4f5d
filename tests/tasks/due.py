"""Patients whose reminders are due in a moment, and what became of the reminders."""

from typing import Any

from tests.observations import WELL
from tests.realtime.ward import Ward, ago
from tests.support.clients import Frame
from tests.support.waiting import wait_until

LOOKED_FOR = "Looked"
INTERVAL = 40  # minutes; what is due becomes overdue after ten: nobody waits so long who does not want to


def record_set_due_in(ward: Ward, patient: int, *, seconds: float, **values: Any) -> dict[str, Any]:
    """A set taken so long ago that the next one is due in a moment (negative: was due then)."""
    return ward.client("nurse").record(
        patient,
        datetime=ago(seconds=INTERVAL * 60 - seconds),
        monitoring_interval=INTERVAL,
        **{**WELL, **values},
    )


def let_become_overdue_in(ward: Ward, *patients: int, seconds: float) -> None:
    """As if the grace time of those who were told to be due were over then."""
    ward.shell(
        "from datetime import timedelta",
        "from patients import clock",
        "from patients.models import Patient",
        f"patients = Patient.objects.filter(pk__in={patients!r}, reminder_kind='observation_overdue')",
        f"assert patients.update(reminder_at=clock.now() + timedelta(seconds={seconds!r})) == {len(patients)}",
    )


def admit_with_first_set_due_in(ward: Ward, *, seconds: list[float], last_name: str = "Due") -> None:
    """Patients without any set, as the service admits them 15 minutes before these are due."""
    ward.shell(
        "from datetime import timedelta",
        "from django.contrib.auth.models import User",
        "from patients import clock",
        "from patients.services.patients import admit_patient",
        "lead, started = User.objects.get(username='lead'), clock.now()",
        f"for number, seconds in enumerate({seconds!r}):",
        "    admitted_at = started - timedelta(minutes=15) + timedelta(seconds=seconds)",
        f"    admit_patient(by=lead, now=admitted_at, first_name=str(number), last_name={last_name!r})",
    )


def reminders_of(
    ward: Ward, *patients: int, kind: str = "observation_due,observation_overdue"
) -> list[dict[str, Any]]:
    """What is stored of these patients (of all where none is named), oldest first."""
    page = ward.client(server=-1).read("/api/notifications/", limit=1000, ordering="id", kind=kind)
    assert page["next"] is None
    return [row for row in page["results"] if not patients or row["patient"] in patients]


def wait_for_reminders(ward: Ward, *patients: int, count: int, **of: str) -> list[dict[str, Any]]:
    """The stored reminders (of one kind where named), as soon as there are that many."""

    def has_them() -> list[dict[str, Any]] | None:
        rows = reminders_of(ward, *patients, **of)
        return rows if len(rows) >= count else None

    return wait_until(has_them, what=f"{count} reminders") or []


def see_another_look(ward: Ward) -> None:
    """Return when a worker has looked since now: what it would tell twice has come by then.

    One reminder more is told for it, of a patient of its own.
    """
    before = _looked_for(ward)
    admit_with_first_set_due_in(ward, seconds=[0], last_name=LOOKED_FOR)
    (marker,) = _looked_for(ward) - before
    wait_for_reminders(ward, marker, count=1)


def _looked_for(ward: Ward) -> set[int]:
    return {row["id"] for row in ward.client().read("/api/patients/", search=LOOKED_FOR)["results"]}


def of_kind(kind: str, frames: list[Frame]) -> list[Frame]:
    """The pushes of such notifications."""
    return [frame for frame in frames if frame["data"]["kind"] == kind]


def assert_told_once_each(rows: list[dict[str, Any]], *, changes: list[Frame], banners: list[Frame]) -> None:
    """Each stored reminder went out once on `notifications` and once as a banner, and no other did."""
    stored = sorted(row["id"] for row in rows)
    assert sorted(push["data"]["id"] for push in changes if push["action"] == "create") == stored
    assert sorted(push["data"]["id"] for push in banners) == stored
    reasons = [(row["patient"], row["kind"], row["due_at"], row["report"]) for row in rows]
    assert len(set(reasons)) == len(reasons), "told twice"
