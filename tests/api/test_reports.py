"""/api/reports/ (contract.md, "Report" and "Rules of every write")."""

from datetime import timedelta

import pytest

from patients import clock
from patients.api.serializers import ReportSerializer
from patients.models import Event, IdempotencyKey, Patient, Report
from tests.factories import client_of, make_patient, make_report, make_user, signed_in
from tests.observations import ILL, WELL

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return make_patient()


@pytest.fixture
def nurse():
    return client_of("nurse")


@pytest.fixture
def lead():
    return client_of("lead")


def post(client, patient, **values):
    return client.post("/api/reports/", {"patient": patient.pk, **values})


def test_a_complete_set_is_stored_with_its_score(nurse, patient):
    response = post(nurse, patient, **ILL)
    assert response.status_code == 201, response.content
    report = response.json()
    assert (report["news2"]["score"], report["news2"]["risk"]) == (12, "high")
    assert report["map"] == 72.7
    assert report["pulse_pressure"] == 38
    assert report["recorded_by"]["name"].startswith("nurse")
    assert response.headers["ETag"] == '"1"'
    assert nurse.get(f"/api/reports/{report['id']}/").json() == report


def test_every_measurement_is_optional_and_what_was_not_measured_is_null(nurse, patient):
    response = post(nurse, patient, pulse=0)
    assert response.status_code == 201
    report = response.json()
    assert report["pulse"] == 0
    assert report["temperature"] is report["supplemental_oxygen"] is report["warning_signs"] is None
    assert (report["status"], report["not_measured"]) == ("", {})
    assert report["news2"]["missing"] == [
        "respiration", "o2sat", "supplemental_oxygen", "bp_sys", "consciousness", "temperature",
    ]  # fmt: skip


def test_nothing_is_carried_over_from_the_report_before(nurse, patient):
    post(nurse, patient, **WELL)
    report = post(nurse, patient, temperature=37.0).json()
    assert report["pulse"] is None
    assert not report["news2"]["complete"]


def test_decimals_are_kept_to_one_after_rounding_half_up(nurse, patient):
    report = post(nurse, patient, temperature=36.75, o2sat=97.25, weight="70.05", fi_oral=0.04).json()
    assert (report["temperature"], report["o2sat"], report["weight"]) == (36.8, 97.3, 70.1)
    assert report["fi_oral"] == 0


@pytest.mark.parametrize(
    "field", ["pulse", "respiration", "bp_sys", "bp_dia", "pain_score", "stools", "urine"]
)
@pytest.mark.parametrize("value", [5.5, "5.5", 5.000001])
def test_a_fraction_is_refused_where_a_whole_number_is_needed(nurse, patient, field, value):
    response = post(nurse, patient, **{field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}


@pytest.mark.parametrize(
    "field,value,words",
    [
        ("pulse", 400, "between 0 and 300 /min; 400"),
        ("pulse", -1, "between 0 and 300 /min; -1"),
        ("temperature", 45.05, "between 13 and 45 °C; 45.1"),
        ("temperature", 1e30, "between 13 and 45 °C"),
        ("o2sat", 100.1, "between 0 and 100 %"),
        ("fo_urine", 5000.1, "between 0 and 5000 ml"),
        ("hematocrit", 4.9, "between 5 and 80 %"),
    ],
)
def test_an_impossible_value_is_refused_with_the_field_and_the_range(nurse, patient, field, value, words):
    response = post(nurse, patient, **{field: value})
    assert response.status_code == 400
    (message,) = response.json()[field]
    assert words in message
    assert not Report.objects.exists()


def test_all_impossible_values_are_named_at_once(nurse, patient):
    response = post(nurse, patient, pulse=400, temperature=50, pulze=3, datetime="yesterday")
    assert set(response.json()) == {"pulse", "temperature", "pulze", "datetime"}


def test_a_diastolic_pressure_not_below_the_systolic_is_refused_unless_both_are_0(nurse, patient):
    assert set(post(nurse, patient, bp_sys=80, bp_dia=80).json()) == {"bp_dia"}
    assert post(nurse, patient, bp_sys=0, bp_dia=0).status_code == 201


def test_a_patch_of_one_pressure_is_held_against_the_other_as_stored(nurse, patient):
    report = make_report(patient)
    response = nurse.patch(f"/api/reports/{report.pk}/", {"bp_sys": 60})
    assert response.status_code == 400
    assert set(response.json()) == {"bp_dia"}


@pytest.mark.parametrize("minutes,status", [(4, 201), (6, 400)])
def test_a_time_may_be_at_most_5_minutes_ahead(nurse, patient, minutes, status):
    response = post(nurse, patient, datetime=(clock.now() + timedelta(minutes=minutes)).isoformat(), **WELL)
    assert response.status_code == status
    assert status == 201 or set(response.json()) == {"datetime"}


def test_a_time_before_the_admission_is_refused(nurse, patient):
    early = (patient.admission_date - timedelta(seconds=1)).isoformat()
    assert set(post(nurse, patient, datetime=early, **WELL).json()) == {"datetime"}


def test_a_time_without_an_offset_is_ward_time(nurse, patient, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"  # +05:45
    local = (clock.now() + timedelta(hours=5, minutes=40)).replace(tzinfo=None, microsecond=0)
    report = post(nurse, patient, datetime=local.isoformat(), **WELL).json()
    assert report["datetime"] == (local - timedelta(hours=5, minutes=45)).isoformat() + "Z"


@pytest.mark.parametrize(
    "zone,text", [("Asia/Kathmandu", "0001-01-01T00:00"), ("US/Samoa", "9999-12-31T23:59")]
)
def test_a_time_that_no_calendar_holds_in_utc_is_refused(nurse, patient, settings, zone, text):
    settings.TIME_ZONE = zone
    assert set(post(nurse, patient, datetime=text, **WELL).json()) == {"datetime"}


def test_a_time_with_another_offset_is_answered_in_utc(nurse, patient):
    taken = (clock.now() - timedelta(hours=1)).replace(microsecond=0)
    text = (taken + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00"
    assert post(nurse, patient, datetime=text).json()["datetime"] == taken.isoformat().replace("+00:00", "Z")


def test_an_unknown_patient_is_refused_by_field(nurse):
    response = nurse.post("/api/reports/", {"patient": 999, **WELL})
    assert response.status_code == 400
    assert set(response.json()) == {"patient"}


def test_two_reports_may_share_a_moment_and_the_later_id_is_the_newer(nurse, patient):
    moment = clock.now().isoformat()
    first, second = (post(nurse, patient, datetime=moment, pulse=pulse).json() for pulse in (60, 70))
    results = nurse.get("/api/reports/").json()["results"]
    assert [report["id"] for report in results] == [second["id"], first["id"]]
    assert nurse.get(f"/api/patients/{patient.pk}/").json()["last_report"]["id"] == second["id"]


# ---------------------------------------------------------------- course
def test_warning_signs_tell_none_from_not_assessed(nurse, patient):
    assert post(nurse, patient, warning_signs=[]).json()["warning_signs"] == []
    assert post(nurse, patient, warning_signs=None).json()["warning_signs"] is None
    signs = ["lethargy", "mucosal_bleed", "lethargy"]
    assert post(nurse, patient, warning_signs=signs).json()["warning_signs"] == ["lethargy", "mucosal_bleed"]


@pytest.mark.parametrize("signs", ["lethargy", {"lethargy": True}, ["sleepy"], [None], [["lethargy"]], 3])
def test_other_warning_signs_are_refused(nurse, patient, signs):
    response = post(nurse, patient, warning_signs=signs)
    assert response.status_code == 400
    assert set(response.json()) == {"warning_signs"}


def test_why_something_was_not_measured_is_kept(nurse, patient):
    reasons = {
        "temperature": "refused",
        "consciousness": "asleep",
        "respiration": "off_ward",
        "o2sat": "equipment",
        "bp_sys": "unable",
        "weight": "not_appropriate",
    }
    assert post(nurse, patient, pulse=70, not_measured=reasons).json()["not_measured"] == reasons


@pytest.mark.parametrize(
    "reasons",
    [
        {"temperature": "forgot"},
        {"mood": "refused"},
        ["temperature"],
        None,
        "refused",
        {"pulse": ["refused"]},
    ],
)
def test_other_reasons_are_refused(nurse, patient, reasons):
    response = post(nurse, patient, not_measured=reasons)
    assert response.status_code == 400
    assert set(response.json()) == {"not_measured"}


@pytest.mark.parametrize("minutes,status", [(4, 400), (5, 201), (1440, 201), (1441, 400), (None, 201)])
def test_the_monitoring_interval_is_5_to_1440_minutes(nurse, patient, minutes, status):
    assert post(nurse, patient, monitoring_interval=minutes).status_code == status


# ---------------------------------------------------------------- corrections
def test_what_a_get_gave_can_be_put_back_and_changes_nothing(nurse, patient):
    report = make_report(patient, warning_signs=["lethargy"], not_measured={"weight": "unable"}, **WELL)
    before = nurse.get(f"/api/reports/{report.pk}/")
    after = nurse.put(f"/api/reports/{report.pk}/", before.json())
    assert after.status_code == 200, after.content
    assert after.json() == before.json()


def test_a_put_without_a_field_empties_it_but_does_not_move_the_observation(nurse, patient):
    taken = clock.now() - timedelta(hours=3)
    report = make_report(patient, datetime=taken, diet="light", **WELL)
    response = nurse.put(f"/api/reports/{report.pk}/", {"patient": patient.pk, "pulse": 80})
    assert response.status_code == 200, response.content
    assert response.json()["pulse"] == 80
    assert response.json()["temperature"] is None
    assert response.json()["diet"] == ""
    assert response.json()["datetime"] == taken.isoformat().replace("+00:00", "Z")


def test_a_patch_scores_anew_and_keeps_the_reason(nurse, patient):
    report = make_report(patient)
    response = nurse.patch(
        f"/api/reports/{report.pk}/", {"pulse": 131, "history_change_reason": "typing error", "version": 1}
    )
    assert response.status_code == 200, response.content
    assert response.json()["news2"]["score"] == 3
    assert response.json()["version"] == 2
    assert "history_change_reason" not in response.json()
    versions = nurse.get("/api/history/", {"report": report.pk}).json()["results"]
    assert [version["history_change_reason"] for version in versions] == ["typing error", ""]
    assert [version["pulse"] for version in versions] == [131, 72]


def test_a_report_stays_with_its_patient(nurse, patient):
    report = make_report(patient)
    other = make_patient()
    response = nurse.patch(f"/api/reports/{report.pk}/", {"patient": other.pk})
    assert response.status_code == 400
    assert set(response.json()) == {"patient"}
    assert nurse.patch(f"/api/reports/{report.pk}/", {"patient": patient.pk}).status_code == 200


def test_a_stale_version_gets_409_with_the_current_report(nurse, patient):
    report = make_report(patient)
    nurse.patch(f"/api/reports/{report.pk}/", {"pulse": 90})
    response = nurse.patch(f"/api/reports/{report.pk}/", {"pulse": 100}, headers={"If-Match": '"1"'})
    assert response.status_code == 409
    assert response.json() == nurse.get(f"/api/reports/{report.pk}/").json()
    assert response.json()["pulse"] == 90


@pytest.mark.parametrize("how", ["body", "query"])
def test_a_deleted_report_leaves_its_history_with_the_reason(lead, patient, how):
    report = make_report(patient)
    body = {"history_change_reason": "wrong patient"} if how == "body" else None
    query = "?reason=wrong+patient" if how == "query" else ""
    assert lead.delete(f"/api/reports/{report.pk}/{query}", body).status_code == 204
    assert lead.get(f"/api/reports/{report.pk}/").status_code == 404
    assert lead.get("/api/reports/").json()["results"] == []
    newest, _ = lead.get("/api/history/", {"report": report.pk}).json()["results"]
    assert (newest["history_type"], newest["history_change_reason"]) == ("-", "wrong patient")
    assert newest["history_user"]["name"].startswith("lead")


def test_a_nurse_may_not_delete_a_report_and_a_viewer_not_record_one(nurse, patient):
    report = make_report(patient)
    assert nurse.delete(f"/api/reports/{report.pk}/").status_code == 403
    assert post(client_of("viewer"), patient, **WELL).status_code == 403


# ---------------------------------------------------------------- preview
def test_a_preview_computes_what_a_save_would_and_stores_nothing(nurse, patient):
    events = Event.objects.count()
    body = {"patient": patient.pk, "datetime": clock.now().isoformat(), **ILL, "temperature": 41.5}
    preview = nurse.post("/api/reports/preview/", body)
    assert preview.status_code == 200, preview.content
    assert not Report.objects.exists()
    assert Event.objects.count() == events
    saved = nurse.post("/api/reports/", body).json()
    for field in ("news2", "map", "pulse_pressure", "due_at"):
        assert preview.json()[field] == saved[field]
    assert set(preview.json()["unusual"]) == {"temperature"}


def test_a_preview_refuses_what_a_save_would_refuse(nurse, patient):
    body = {"patient": patient.pk, "pulse": 400, "x": 1}
    assert nurse.post("/api/reports/preview/", body).json() == nurse.post("/api/reports/", body).json()
    assert set(nurse.post("/api/reports/preview/", {"patient": 999}).json()) == {"patient"}


def test_a_viewer_may_preview(patient):
    response = client_of("viewer").post("/api/reports/preview/", {"patient": patient.pk, "pulse": 70})
    assert response.status_code == 200


# ---------------------------------------------------------------- idempotency
def test_the_same_key_and_body_give_the_first_answer_and_create_nothing(nurse, patient):
    body, key = {"patient": patient.pk, **ILL}, {"Idempotency-Key": "k-1"}
    first = nurse.post("/api/reports/", body, headers=key)
    nurse.patch(f"/api/reports/{first.json()['id']}/", {"pulse": 99})
    second = nurse.post("/api/reports/", body, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert Report.objects.count() == 1


def test_the_same_key_with_another_body_is_422(nurse, patient):
    key = {"Idempotency-Key": "k-1"}
    nurse.post("/api/reports/", {"patient": patient.pk, "pulse": 70}, headers=key)
    response = nurse.post("/api/reports/", {"patient": patient.pk, "pulse": 71}, headers=key)
    assert response.status_code == 422
    assert set(response.json()) == {"detail"}
    assert Report.objects.count() == 1


def test_a_key_belongs_to_its_user(patient):
    for _ in range(2):
        client = signed_in(make_user("nurse"))
        response = client.post(
            "/api/reports/", {"patient": patient.pk, "pulse": 70}, headers={"Idempotency-Key": "k-1"}
        )
        assert response.status_code == 201
    assert Report.objects.count() == 2


def test_a_refused_body_leaves_the_key_free(nurse, patient):
    key = {"Idempotency-Key": "k-1"}
    assert nurse.post("/api/reports/", {"patient": patient.pk, "pulse": 999}, headers=key).status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert nurse.post("/api/reports/", {"patient": patient.pk, "pulse": 99}, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(nurse, patient, key):
    response = nurse.post("/api/reports/", {"patient": patient.pk}, headers={"Idempotency-Key": key})
    assert response.status_code == 400
    assert set(response.json()) == {"idempotency_key"}


def test_a_key_works_for_patients_too():
    lead = client_of("lead")
    body = {"first_name": "Ada", "last_name": "Byron"}
    answers = [lead.post("/api/patients/", body, headers={"Idempotency-Key": "p"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Patient.objects.count() == 1


def test_the_declared_fields_are_those_that_are_sent(nurse, patient):
    sent = post(nurse, patient, **WELL).json()
    declared = {name for name, field in ReportSerializer().fields.items() if not field.write_only}
    assert set(sent) == declared
    news2 = ReportSerializer().fields["news2"]
    assert set(sent["news2"]) == set(news2.fields)
    assert set(sent["news2"]["parts"]) == set(news2.fields["parts"].fields)
