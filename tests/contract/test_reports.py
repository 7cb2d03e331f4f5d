"""contract.md, "Report"."""

import json
from typing import Any

import pytest

from tests.contract.outside import Outside, ago, ahead, instant
from tests.observations import ILL, WELL

VITAL_SIGNS = {
    "temperature", "pulse", "respiration", "bp_sys", "bp_dia", "o2sat", "supplemental_oxygen", "oxygen_flow",
    "oxygen_device", "consciousness", "pain_score", "blood_glucose", "capillary_refill",
}  # fmt: skip
FLUIDS = {"fi_oral", "fi_parenteral", "fi_other", "fo_urine", "fo_uf", "fo_emesis", "fo_drainage"}
BODY = {"weight", "height", "abd_cir", "stools", "urine", "hematocrit", "platelet", "wbc"}
COURSE = {
    "status", "day_of_fever", "diet", "warning_signs", "additional", "medical_advice", "not_measured",
    "monitoring_interval",
}  # fmt: skip
COMPUTED = {
    "news2", "map", "pulse_pressure", "due_at", "due_because", "corrected_fields", "created_at", "updated_at",
    "version",
}  # fmt: skip
FIELDS = (
    {"id", "patient", "datetime", "daytime", "recorded_by"} | VITAL_SIGNS | FLUIDS | BODY | COURSE | COMPUTED
)
PARTS = {"respiration", "o2sat", "supplemental_oxygen", "bp_sys", "pulse", "consciousness", "temperature"}


def refusal(outside: Outside, patient: int, **values: Any) -> tuple[list[str], str]:
    answer = outside.client("nurse").post("/api/reports/", {"patient": patient, **values})
    assert answer.status_code == 400, answer.text
    return list(answer.json()), answer.text


@pytest.mark.smoke
def test_a_report_has_the_fields(outside: Outside, patient: int) -> None:
    """**Report**: `id, patient …, recorded_by`; vital signs …; fluids …; body …; course …; read-only …"""
    report = outside.record(patient)
    assert set(report) == FIELDS
    assert set(report["recorded_by"]) == {"id", "name"}
    assert report["daytime"] in {"D", "E", "N"}
    assert abs((instant(report["datetime"]) - instant(report["created_at"])).total_seconds()) < 5


def test_the_score_is_computed_with_its_parts(outside: Outside, patient: int) -> None:
    """`news2 {score, risk, parts, complete, missing, lower_bound, not_scored_because, spo2_scale}`, `map`,
    `pulse_pressure`, `due_at`"""
    report = outside.record(patient, **ILL)
    news2 = report["news2"]
    assert set(news2) == {
        "score", "risk", "parts", "complete", "missing", "lower_bound", "not_scored_because", "spo2_scale",
    }  # fmt: skip
    assert set(news2["parts"]) == PARTS
    assert (news2["score"], news2["risk"], news2["complete"], news2["missing"]) == (12, "high", True, [])
    assert report["map"] == pytest.approx((98 + 2 * 60) / 3, abs=0.05)
    assert report["pulse_pressure"] == 38
    assert (instant(report["due_at"]) - instant(report["datetime"])).total_seconds() == 15 * 60


def test_the_report_and_its_preview_say_why_the_next_set_is_due_when_it_is(
    outside: Outside, patient: int
) -> None:
    """`due_because {code, values}`; clinical.md 7: lower by 3 or more than the complete one before, or that one was
    high: at most the pathway's interval for the set before; 24 h after the newest set that scored high at most 4 h"""
    ill = outside.record(patient, **{**ILL, "datetime": ago(minutes=30)})
    assert (set(ill["due_because"]), ill["due_because"]["code"]) == ({"code", "values"}, "pathway")
    body = {"patient": patient, **WELL, "datetime": ago(minutes=20)}
    preview = outside.client("nurse").post("/api/reports/preview/", body).json()
    well = outside.record(patient, **{**WELL, "datetime": body["datetime"]})
    assert (preview["due_at"], preview["due_because"]) == (well["due_at"], well["due_because"])
    assert well["due_because"]["code"] == "fall"
    assert (instant(well["due_at"]) - instant(well["datetime"])).total_seconds() == 15 * 60
    again = outside.record(patient, **{**WELL, "datetime": ago(minutes=10)})
    assert again["due_because"]["code"] == "after_high"
    assert (instant(again["due_at"]) - instant(again["datetime"])).total_seconds() == 4 * 3600


def test_an_incomplete_set_has_a_lower_bound_and_names_what_is_missing(
    outside: Outside, patient: int
) -> None:
    """`news2.parts` has an entry per scored field, null where not measured."""
    news2 = outside.record(patient, respiration=26)["news2"]
    assert (news2["score"], news2["complete"], news2["lower_bound"]) == (None, False, 3)
    assert set(news2["missing"]) == PARTS - {"respiration"}
    assert {part for part, points in news2["parts"].items() if points is None} == PARTS - {"respiration"}


def test_every_measurement_is_optional_and_nothing_is_carried_over(outside: Outside, patient: int) -> None:
    """Every measurement is optional and never carried over from an earlier report."""
    outside.record(patient, weight=70, warning_signs=["lethargy"])
    bare = outside.client("nurse").record(patient)
    assert {bare[field] for field in (VITAL_SIGNS | FLUIDS | BODY) - {"oxygen_device"}} == {None}
    assert (bare["warning_signs"], bare["not_measured"]) == (None, {})


def test_a_report_stays_with_its_patient(outside: Outside, patient: int) -> None:
    """`patient (fixed after creation)`"""
    report, other = outside.record(patient), outside.admit()["id"]
    answer = outside.client("nurse").patch(f"/api/reports/{report['id']}/", {"patient": other})
    assert (answer.status_code, list(answer.json())) == (400, ["patient"])


@pytest.mark.parametrize(
    "field", ["pulse", "respiration", "bp_sys", "bp_dia", "pain_score", "stools", "urine"]
)
def test_whole_numbers_are_whole(outside: Outside, patient: int, field: str) -> None:
    """`pulse, …` are whole, a fraction is refused"""
    assert refusal(outside, patient, **{field: 7.5})[0] == [field]


@pytest.mark.smoke
@pytest.mark.parametrize(
    "sent,kept", [(36.7999, 36.8), (36.75, 36.8), (36.74, 36.7), (37, 37), ("36.75", 36.8)]
)
def test_decimals_are_kept_to_one_rounded_half_up_as_numbers(
    outside: Outside, patient: int, sent: Any, kept: float
) -> None:
    """the others take decimals, kept to one after rounding half up; decimals travel as JSON numbers"""
    came = outside.record(patient, temperature=sent)["temperature"]
    assert (came, type(came)) in ((kept, float), (kept, int))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(outside: Outside, patient: int, value: str) -> None:
    """NaN and Infinity are refused"""
    for body in (
        f'{{"patient": {patient}, "temperature": {value}}}',
        json.dumps({"patient": patient, "temperature": value}),
    ):
        answer = outside.client("nurse").send(
            "POST", "/api/reports/", data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, answer.text


def test_a_time_ahead_or_before_the_admission_is_refused(outside: Outside, patient: int) -> None:
    """a `datetime` over 5 minutes ahead or before admission is refused"""
    assert refusal(outside, patient, datetime=ahead(minutes=6))[0] == ["datetime"]
    assert refusal(outside, patient, datetime=ago(days=2))[0] == ["datetime"]
    outside.record(patient, datetime=ahead(minutes=4))


@pytest.mark.smoke
def test_of_two_at_one_moment_the_later_id_is_the_newer(outside: Outside, patient: int) -> None:
    """Two reports may share a `datetime`: the later id is the newer."""
    moment = ago(minutes=10)
    first, second = (
        outside.record(patient, **{**WELL, "pulse": pulse, "datetime": moment}) for pulse in (70, 120)
    )
    rows = outside.client("viewer").read("/api/reports/", patient=patient)["results"]
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    assert outside.client("viewer").read(f"/api/patients/{patient}/")["last_report"]["id"] == second["id"]


def test_warning_signs_tell_not_assessed_from_none(outside: Outside, patient: int) -> None:
    """`warning_signs (list of codes; null not assessed, [] none)`"""
    for signs in (None, [], ["abdominal_pain", "lethargy"]):
        assert outside.record(patient, warning_signs=signs)["warning_signs"] == signs
    assert refusal(outside, patient, warning_signs=["fever"])[0] == ["warning_signs"]


def test_why_something_was_not_measured_is_kept(outside: Outside, patient: int) -> None:
    """`not_measured {field: refused|unable|not_appropriate}`"""
    why = {"temperature": "refused", "pulse": "unable", "o2sat": "not_appropriate"}
    assert outside.record(patient, not_measured=why)["not_measured"] == why
    assert refusal(outside, patient, not_measured={"pulse": "forgot"})[0] == ["not_measured"]


@pytest.mark.parametrize(
    "values,field",
    [({"status": "ill"}, "status"), ({"consciousness": "X"}, "consciousness"),
     ({"monitoring_interval": 4}, "monitoring_interval"), ({"monitoring_interval": 1441}, "monitoring_interval"),
     ({"bp_sys": 80, "bp_dia": 80}, "bp_dia"),
     ({"supplemental_oxygen": "perhaps"}, "supplemental_oxygen")],
    ids=str,
)  # fmt: skip
def test_other_values_are_refused_by_name(
    outside: Outside, patient: int, values: dict[str, Any], field: str
) -> None:
    """refused with the field's name"""
    assert refusal(outside, patient, **values)[0] == [field]


def test_a_recorded_0_is_a_value(outside: Outside, patient: int) -> None:
    """clinical.md 1: a recorded 0 (pulse 0 in an arrest) is a value and scores"""
    report = outside.record(patient, pulse=0, bp_sys=0, bp_dia=0)
    assert (report["pulse"], report["news2"]["parts"]["pulse"], report["map"]) == (0, 3, 0)


@pytest.mark.smoke
def test_a_preview_computes_and_stores_nothing(outside: Outside, patient: int) -> None:
    """`/api/reports/preview/` (POST: what would be computed and what is soft-limited, nothing stored)"""
    event = outside.client("viewer").get("/api/reports/").headers["X-Event"]
    preview = outside.client("viewer").post(
        "/api/reports/preview/", {"patient": patient, **ILL, "temperature": 42}
    )
    assert preview.status_code == 200, preview.text
    assert preview.json()["news2"]["score"] == 12
    assert "temperature" in json.dumps(
        {name: value for name, value in preview.json().items() if name != "news2"}
    )
    assert outside.client("viewer").read("/api/reports/", patient=patient)["results"] == []
    assert outside.client("viewer").get("/api/reports/").headers["X-Event"] == event


@pytest.mark.smoke
def test_csv_gives_the_columns_back(outside: Outside) -> None:
    """`GET /api/reports/?format=csv` and `/api/patients/?format=csv` give the columns back"""
    number = f"CSV-{outside.own_ward()}"
    patient = outside.admit(hospital_number=number, ward=number)["id"]
    outside.record(patient, pulse=71)
    for subject, query in (("patients", {"ward": number}), ("reports", {"patient": patient})):
        file = outside.client("viewer").get(f"/api/{subject}/", format="csv", **query)
        header, row = file.text.splitlines()
        cells = dict(zip(header.split(","), row.split(","), strict=True))
        assert file.headers["Content-Type"].startswith("text/csv")
        assert cells["hospital_number"] == number
        assert cells.get("pulse", "71") == "71"
