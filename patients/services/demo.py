"""The demo ward: the stays in `patients/fixtures/demo`, moved in time so that the ward is busy now.

Each stay is cut after one of its complete sets and moved so that the next set is due at a chosen distance from now:
some patients were just seen, some are due within minutes, some are overdue.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db import transaction

from ..models import Patient
from ..representations import represent_daytime
from ..rules.news2 import SCORED_FIELDS, Score, pathway_interval, score_set
from .csv_rows import read_rows
from .errors import Conflict
from .import_rows import LINK, Row
from .intake import take_in

FOLDER: Final = Path(__file__).resolve().parent.parent / "fixtures" / "demo"
EMAIL_DOMAIN: Final = "demo.wardlight.invalid"
PASSWORD: Final = "wardlight-demo"

LOGINS: Final = (
    ("nurse", "nurse", "Nadia", "Nurse"),
    ("nurse2", "nurse", "Noah", "Nurse"),
    ("nurse3", "nurse", "Nina", "Nurse"),
    ("doctor", "doctor", "Dora", "Doctor"),
    ("lead", "lead", "Liam", "Lead"),
    ("viewer", "viewer", "Vera", "Viewer"),
    ("service", "service", "Laboratory", "Interface"),
)

_NURSES: Final = {"D": "nurse", "E": "nurse2", "N": "nurse3"}  # shift -> who records in it

# Per stay, in the order of the file: which complete set is its newest (a share of all), and in how many minutes the
# next one is due (negative: overdue). Chosen for a ward with every risk band and every kind of due time.
_SCENES: Final = (
    (1.0, 231), (0.35, 9), (0.25, 2), (0.9, -18), (1.0, 171), (0.55, 34),
    (0.2, 11), (1.0, 218), (0.6, -6), (1.0, 64), (0.57, 3), (0.75, 140),
    (0.45, 27), (1.0, 199), (0.3, 12), (0.8, 8), (1.0, 236), (0.65, 46),
    (0.12, 1), (0.22, 5), (0.7, 38), (1.0, -41), (0.4, 21), (0.15, 52),
    # Dengue: critical (where the hourly set is due three hours before NEWS2's), febrile, recovering.
    (1.0, 190), (1.0, 71), (1.0, 96),
)  # fmt: skip


def load_demo(*, now: datetime) -> tuple[int, int]:
    """Fill an empty database; returns how many patients and reports it holds then. Raises Conflict where any is."""
    if Patient.objects.exists():
        raise Conflict("There are patients already: the demo ward is for an empty database.")
    with transaction.atomic():
        _make_logins()
        lead = User.objects.get(username="lead")
        nurses = {shift: User.objects.get(username=name) for shift, name in _NURSES.items()}
        patient_rows, report_rows = _moved_rows(now=now)
        of_patients, of_reports = take_in(
            patient_rows,
            report_rows,
            by=lead,
            now=now,
            recorder_of=lambda taken_at: nurses[represent_daytime(taken_at)],
        )
        rejects = of_patients.rejects + of_reports.rejects
        if rejects:
            raise ValueError(f"The demo's own data was refused: {rejects[0]}")
    return of_patients.patients, of_reports.reports


def print_logins(write: Callable[[str], Any]) -> None:
    """Say the demo's logins, which exist only in a demo database."""
    names = (
        User.objects.filter(email__endswith="@" + EMAIL_DOMAIN)
        .order_by("pk")
        .values_list("username", flat=True)
    )
    if names:
        write(f"Demo logins: {', '.join(names)}; the password of each is {PASSWORD}\n")


def _make_logins() -> None:
    for username, role, first_name, last_name in LOGINS:
        user, _ = User.objects.get_or_create(
            username=username,
            defaults={
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{username}@{EMAIL_DOMAIN}",
            },
        )
        user.set_password(PASSWORD)
        user.save()
        user.groups.set([Group.objects.get(name=role)])
    admin, _ = User.objects.get_or_create(
        username="admin", defaults={"is_staff": True, "is_superuser": True, "email": f"admin@{EMAIL_DOMAIN}"}
    )
    admin.set_password(PASSWORD)
    admin.save()


def _moved_rows(*, now: datetime) -> tuple[list[Row], list[Row]]:
    patients = [*read_rows(FOLDER / "patients.csv"), *read_rows(FOLDER / "dengue_patients.csv")]
    by_number: dict[str, list[Row]] = {}
    for row in [*read_rows(FOLDER / "reports.csv"), *read_rows(FOLDER / "dengue_reports.csv")]:
        by_number.setdefault(row.columns[LINK], []).append(row)
    moved_patients: list[Row] = []
    moved_reports: list[Row] = []
    for index, patient in enumerate(patients):
        share, due_in = _SCENES[index % len(_SCENES)]
        reports = by_number.get(patient.columns[LINK], [])
        shift = _shift_of(patient, reports, share=share, due_at=now + timedelta(minutes=due_in), now=now)
        moved = _moved(patient, "admission_date", shift)
        moved_patients.append(_moved(moved, "fever_onset_at", shift))
        in_time = [_moved(row, "datetime", shift) for row in reports]
        moved_reports.extend(row for row in in_time if datetime.fromisoformat(row.columns["datetime"]) <= now)
    return moved_patients, moved_reports


def _shift_of(
    patient: Row, reports: list[Row], *, share: float, due_at: datetime, now: datetime
) -> timedelta:
    """How far to move a stay so that the set after its chosen complete one is due at `due_at`."""
    complete = [row for row in reports if all(name in row.columns for name in SCORED_FIELDS)]
    newest = complete[max(0, round(share * len(complete)) - 1)]
    taken_at = datetime.fromisoformat(newest.columns["datetime"])
    interval = pathway_interval(_score(patient, newest))
    # Never later than a minute ago, whatever the interval: nobody has recorded anything ahead of time.
    return min(due_at - interval, now - timedelta(minutes=1)) - taken_at


def _score(patient: Row, row: Row) -> Score:
    values: dict[str, Any] = {name: float(row.columns[name]) for name in SCORED_FIELDS if name in _NUMERIC}
    values["supplemental_oxygen"] = row.columns["supplemental_oxygen"] == "true"
    values["consciousness"] = row.columns["consciousness"]
    return score_set(values, spo2_scale=int(patient.columns["spo2_scale"]))


_NUMERIC: Final = frozenset({"respiration", "o2sat", "bp_sys", "pulse", "temperature"})


def _moved(row: Row, column: str, shift: timedelta) -> Row:
    if column not in row.columns:
        return row
    moved_to = datetime.fromisoformat(row.columns[column]) + shift
    return Row(row.line, {**row.columns, column: moved_to.isoformat()})
