"""Stays of the demo, replayed in order: they raise what a clinician reading the rules would expect, and nothing else.

The lists were worked out by hand from the CSV files and the sources that docs/clinical-safety.md names, set by set;
the sums are in the comments. Each notification: when it was raised (day of June 2024 and time), its severity, its
causes, and when a later set resolved it. Nobody acknowledges anything. The two stays of dengue are made, as the README
beside them says.
"""

import json
from datetime import datetime

import pytest

from patients.api.serializers import PatientSerializer, ReportSerializer
from patients.models import Patient
from patients.services.demo import FOLDER, read_rows
from patients.services.patients import admit_patient
from patients.services.reports import record_report
from tests.services.builders import causes, remind_all, told

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

NOT_A_COLUMN_OF_THE_MODEL = ("patient", "history_change_reason")

EXPECTED = {
    # Bleeding, on air, scale 1. Respiration 8 at three times is a 3 in a total of 4 (pulse 91 and 91 add 1) and of 3:
    # low-medium, from low each time. The complete sets right after it total 3, 2 and 2 without a 3.
    "D0011": [
        ("16 12:00:48", "low", {"risk_band", "single_three:respiration"}, "16 18:09:23"),
        ("16 23:43:34", "low", {"risk_band", "single_three:respiration"}, "17 06:03:19"),
        ("17 17:56:46", "low", {"risk_band", "single_three:respiration"}, "18 06:25:33"),
    ],
    # Heart failure, on oxygen (2 in every set). Totals of the complete sets: 2, 3, then respiration 10 (1), SpO2 93.4
    # read as 93 (2), oxygen (2), temperature 35.7 (1) = 6, medium, with no 3; then 3, 2, 3, 3, 3, 2. The partial sets
    # between are 4 at the most, low, and end nothing: 07:03 is at least 4 with SpO2 92.3.
    "D0014": [("16 05:57:34", "medium", {"risk_band", "total_rise"}, "16 12:26:23")],
    # Influenza. Complete: 2, 4 (SpO2 93.5, pulse, temperature). Then a partial set: SpO2 91.2 read as 91 (3), oxygen
    # (2), pulse 100 (1) = at least 6, medium. The complete set an hour later is 2. SpO2 93.9 on the 17th makes 4: low.
    "D0018": [("16 05:00:02", "medium", {"risk_band", "total_rise", "single_three:o2sat"}, "16 05:56:04")],
    # Urinary infection. 3, 3, then SpO2 91.9 read as 91 (3), oxygen (2), systolic 104, pulse 91, temperature 38.1 (1
    # each) = 8, high. The next complete set is 1, and no later one is above 3.
    "D0024": [("16 00:02:04", "high", {"risk_band", "total_rise", "single_three:o2sat"}, "16 05:56:54")],
    # Made. NEWS2 is 4 at the most, without a 3. 58 kg: urine below 29 ml/h is low. 37.4 is the first low temperature
    # after the fever; 190 ml in 8 h are 23.8 ml/h; 36.8 comes 8 h after the first low one; 47.8 % is over 39.2 + 20 % =
    # 47.04, platelets 62 were below 100 before (88) and are no half of it; pulse pressures are 24 at the least.
    "D0025": [
        ("17 19:00:00", "medium", {"defervescence_provisional:temperature"}, None),
        ("17 23:00:00", "medium", {"low_urine_output:fo_urine"}, None),
        ("18 00:00:00", "medium", {"warning_sign:abdominal_pain"}, None),
        ("18 03:00:00", "medium", {"defervescence_confirmed:temperature"}, None),
        ("18 05:00:00", "medium", {"haemoconcentration:hematocrit"}, None),
        ("18 05:30:00", "medium", {"warning_sign:persistent_vomiting"}, None),
    ],
    # Made. 71 kg: 35.5 ml/h, never below (37.5). 37.4, then 37.0 four and 37.2 eight hours later; two signs at once,
    # gone with the next look; 108/88 is a pulse pressure of 20, 110/86 one of 24; 46.2 % is over 38.0 + 20 % = 45.6
    # (43.6 with platelets newly below 100 was not), 44.0 no longer.
    "D0027": [
        ("15 23:00:00", "medium", {"defervescence_provisional:temperature"}, None),
        ("16 06:00:00", "medium", {"warning_sign:abdominal_pain", "warning_sign:lethargy"}, "17 02:00:00"),
        ("16 07:00:00", "medium", {"defervescence_confirmed:temperature"}, None),
        ("16 11:00:00", "high", {"shock_sign:pulse_pressure"}, "16 15:00:00"),
        ("16 12:00:00", "medium", {"haemoconcentration:hematocrit"}, "17 00:00:00"),
    ],
}

# D0024 once more. The first set is asked for 15 minutes after the admission (08:05); a total of 1 to 4 asks for the
# next after 4 h, the 8 after 15 minutes, and the 1 after the 8 too: a fall; the nurses came about every 6 h. Overdue: a
# quarter of that later, half an hour at the most.
REMINDERS_OF_D0024 = [
    ("15 08:20:00", "15 08:23:45"), ("15 15:59:36", "15 16:29:36"), ("15 22:05:51", "15 22:35:51"),
    ("16 00:17:04", "16 00:20:49"), ("16 06:11:54", "16 06:15:39"), ("16 15:59:45", "16 16:29:45"),
    ("16 21:45:35", "16 22:15:35"), ("17 03:58:58", "17 04:28:58"), ("17 10:10:11", "17 10:40:11"),
    ("17 16:09:19", "17 16:39:19"),
]  # fmt: skip


def short(instant):
    return None if instant is None else f"{instant:%d %H:%M:%S}"


def rows_of(number, *, name):
    return [
        dict(row.columns)
        for path in (f"{name}.csv", f"dengue_{name}.csv")
        for row in read_rows(FOLDER / path)
        if row.columns["hospital_number"] == number
    ]


def replay(number, *, by, is_reminded=False):
    """Admit the patient and record each report at its own time; with `is_reminded`, what is due before it is told."""
    (columns,) = rows_of(number, name="patients")
    serializer = PatientSerializer(
        data={name: value for name, value in columns.items() if name not in ("height", "weight")},
        context={"user": by, "reads_text": True},
    )
    serializer.is_valid(raise_exception=True)
    admitted_at = serializer.validated_data["admission_date"]
    patient = admit_patient(by=by, now=admitted_at, **serializer.validated_data)
    body = {"height": float(columns["height"]), "weight": float(columns["weight"])}
    record_report(patient_id=patient.pk, by=by, now=admitted_at, datetime=admitted_at, **body)
    for row in rows_of(number, name="reports"):
        del row["hospital_number"]
        if signs := row.get("warning_signs"):
            row["warning_signs"] = json.loads(signs) if signs.startswith("[") else signs.split()
        report = ReportSerializer(
            data={**row, "patient": patient.pk}, context={"user": by, "reads_text": True}
        )
        report.is_valid(raise_exception=True)
        taken_at = report.validated_data["datetime"]
        if is_reminded:
            remind_until(patient, taken_at)
        values = {k: v for k, v in report.validated_data.items() if k not in NOT_A_COLUMN_OF_THE_MODEL}
        record_report(patient_id=patient.pk, by=by, now=taken_at, **values)
    return patient


def remind_until(patient, end: datetime):
    """Each reminder at its own instant, as a worker that is never late."""
    while True:
        at = Patient.objects.values_list("reminder_at", flat=True).get(pk=patient.pk)
        if at is None or at >= end:
            return
        remind_all(now=at)


@pytest.mark.parametrize("number", EXPECTED)
def test_a_stay_raises_what_a_clinician_would_expect(number, lead):
    patient = replay(number, by=lead)
    raised = [
        (short(n.created_at), n.severity, causes(n), short(n.resolved_at))
        for n in told(patient, kind="deterioration")
    ]
    assert raised == EXPECTED[number]


def test_a_stay_asks_for_each_set_when_the_one_before_says(lead):
    patient = replay("D0024", by=lead, is_reminded=True)
    due = [short(n.created_at) for n in told(patient, kind="observation_due")]
    overdue = [short(n.created_at) for n in told(patient, kind="observation_overdue")]
    assert list(zip(due, overdue, strict=True)) == REMINDERS_OF_D0024
