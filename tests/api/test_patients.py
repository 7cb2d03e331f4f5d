"""/api/patients/ (contract.md, "Patient" and "Rules of every write")."""

from datetime import timedelta

import pytest

from patients import clock
from patients.api.serializers import PatientSerializer
from patients.models import Event, Patient
from tests.factories import client_of, make_patient, make_report, make_user, signed_in

pytestmark = pytest.mark.django_db

NAMES = {"first_name": "Ada", "last_name": "Byron"}


@pytest.fixture
def lead():
    return client_of("lead")


def test_a_patient_needs_only_the_two_names(lead):
    response = lead.post("/api/patients/", NAMES)
    assert response.status_code == 201, response.content
    patient = response.json()
    assert (patient["pathway"], patient["spo2_scale"], patient["pregnant"]) == ("news2", 1, False)
    assert (patient["sex"], patient["hospital_number"], patient["ward"]) == ("unknown", None, "")
    assert patient["admission_date"] == patient["created_at"]
    assert patient["version"] == 1
    assert patient["next_due_at"] is not None
    assert patient["last_report"] is patient["last_scored"] is patient["current_risk"] is None


@pytest.mark.parametrize("missing", ["first_name", "last_name"])
@pytest.mark.parametrize("how", ["left out", "blank", "unseen"])
def test_one_name_is_enough(lead, missing, how):
    body = {**NAMES, missing: "\u200b \u00a0" if how == "unseen" else ""}
    if how == "left out":
        del body[missing]
    response = lead.post("/api/patients/", body)
    assert (response.status_code, response.json()[missing]) == (201, "")
    [other] = set(NAMES) - {missing}
    refused = lead.patch(f"/api/patients/{response.json()['id']}/", {other: " "})
    assert (refused.status_code, set(refused.json())) == (400, set(NAMES))


@pytest.mark.parametrize("names", [{}, {"first_name": "", "last_name": "\u2060"}])
def test_no_name_at_all_is_refused_and_both_are_named(lead, names):
    response = lead.post("/api/patients/", names)
    assert (response.status_code, set(response.json())) == (400, set(NAMES))
    assert not Patient.objects.exists()


def test_an_unknown_field_is_refused_by_name_and_nothing_is_stored(lead):
    response = lead.post("/api/patients/", {**NAMES, "wards": "A", "colour": 1})
    assert response.status_code == 400
    assert response.json() == {"wards": ["No such field."], "colour": ["No such field."]}
    assert not Patient.objects.exists()


def test_what_a_get_gave_can_be_put_back_and_changes_nothing(lead):
    patient = make_patient(ward="A", bed="1", hospital_number="H1", fever_onset_at=clock.now())
    make_report(patient)
    before = lead.get(f"/api/patients/{patient.pk}/")
    after = lead.put(f"/api/patients/{patient.pk}/", before.json())
    assert after.status_code == 200, after.content
    assert after.json() == before.json()


def test_read_only_fields_in_a_body_are_ignored(lead):
    response = lead.post("/api/patients/", {**NAMES, "id": 77, "version": "x", "current_risk": "high"})
    assert response.status_code == 201
    assert response.json()["id"] != 77
    assert response.json()["current_risk"] is None


def test_a_put_without_a_field_empties_it_but_does_not_move_the_admission(lead):
    patient = make_patient(ward="A", diagnosis="fever", monitoring_interval=60, hospital_number="H1")
    response = lead.put(f"/api/patients/{patient.pk}/", NAMES)
    assert response.status_code == 200, response.content
    changed = response.json()
    assert (changed["ward"], changed["diagnosis"], changed["monitoring_interval"]) == ("", "", None)
    assert changed["hospital_number"] is None
    assert changed["admission_date"] == patient.admission_date.isoformat().replace("+00:00", "Z")


def test_a_patch_changes_what_it_names_and_nothing_else(lead):
    patient = make_patient(ward="A", bed="1")
    response = lead.patch(f"/api/patients/{patient.pk}/", {"bed": "2"})
    assert response.status_code == 200
    assert (response.json()["ward"], response.json()["bed"], response.json()["version"]) == ("A", "2", 2)


def test_a_hospital_number_is_unique_where_it_is_given(lead):
    assert lead.post("/api/patients/", {**NAMES, "hospital_number": "H1"}).status_code == 201
    response = lead.post("/api/patients/", {**NAMES, "hospital_number": " H1 "})
    assert response.status_code == 400
    assert response.json() == {"hospital_number": ["Another patient has this hospital number."]}


def test_an_empty_hospital_number_is_none_and_may_come_twice(lead):
    for _ in range(2):
        response = lead.post("/api/patients/", {**NAMES, "hospital_number": ""})
        assert response.status_code == 201
        assert response.json()["hospital_number"] is None


def test_a_patch_to_a_taken_hospital_number_is_refused(lead):
    make_patient(hospital_number="H1")
    other = make_patient(hospital_number="H2")
    response = lead.patch(f"/api/patients/{other.pk}/", {"hospital_number": "H1"})
    assert response.status_code == 400
    assert set(response.json()) == {"hospital_number"}


# ---------------------------------------------------------------- versions
def test_a_retrieved_patient_carries_its_version_as_etag_and_the_event(lead):
    patient = make_patient()
    response = lead.get(f"/api/patients/{patient.pk}/")
    assert response.headers["ETag"] == '"1"'
    assert response.headers["X-Event"] == str(Event.objects.count())


@pytest.mark.parametrize("header", ['"1"', 'W/"1"', "1", "*"])
def test_an_if_match_with_the_current_version_lets_the_change_through(lead, header):
    patient = make_patient()
    response = lead.patch(f"/api/patients/{patient.pk}/", {"bed": "2"}, headers={"If-Match": header})
    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_stale_version_in_the_body_gets_409_with_the_current_patient(lead, method):
    patient = make_patient()
    lead.patch(f"/api/patients/{patient.pk}/", {"bed": "2"})
    response = getattr(lead, method)(f"/api/patients/{patient.pk}/", {**NAMES, "bed": "3", "version": 1})
    assert response.status_code == 409
    assert response.json() == lead.get(f"/api/patients/{patient.pk}/").json()
    assert response.json()["bed"] == "2"


def test_a_stale_if_match_gets_409_and_changes_nothing(lead):
    patient = make_patient()
    response = lead.patch(f"/api/patients/{patient.pk}/", {"bed": "3"}, headers={"If-Match": '"7"'})
    assert response.status_code == 409
    patient.refresh_from_db()
    assert (patient.bed, patient.version) == ("", 1)


def test_a_stale_if_match_keeps_a_patient_from_being_deleted(lead):
    patient = make_patient()
    assert lead.delete(f"/api/patients/{patient.pk}/", headers={"If-Match": '"7"'}).status_code == 409
    assert lead.delete(f"/api/patients/{patient.pk}/", headers={"If-Match": '"1"'}).status_code == 204


@pytest.mark.parametrize("header", ['"one"', '"1", "2"', "", "W/"])
def test_an_if_match_that_is_no_version_is_refused(lead, header):
    patient = make_patient()
    response = lead.patch(f"/api/patients/{patient.pk}/", {"bed": "3"}, headers={"If-Match": header})
    assert response.status_code == 400
    assert set(response.json()) == {"If-Match"}


@pytest.mark.parametrize("version", ["one", 1.5, None, True, [1]])
def test_a_version_that_is_no_number_is_refused(lead, version):
    patient = make_patient()
    response = lead.patch(f"/api/patients/{patient.pk}/", {"bed": "3", "version": version})
    assert response.status_code == 400
    assert set(response.json()) == {"version"}


def test_header_and_body_that_name_different_versions_are_refused(lead):
    patient = make_patient()
    response = lead.patch(
        f"/api/patients/{patient.pk}/", {"bed": "3", "version": 1}, headers={"If-Match": '"2"'}
    )
    assert response.status_code == 400
    assert set(response.json()) == {"version"}


# ---------------------------------------------------------------- roles
def test_a_doctor_may_put_a_patient_with_a_changed_plan_only():
    doctor = client_of("doctor")
    patient = make_patient(bed="1")
    body = doctor.get(f"/api/patients/{patient.pk}/").json()
    changed = doctor.put(f"/api/patients/{patient.pk}/", {**body, "spo2_scale": 2, "monitoring_interval": 60})
    assert changed.status_code == 200, changed.content
    refused = doctor.put(f"/api/patients/{patient.pk}/", {**changed.json(), "diagnosis": "Fever"})
    assert refused.status_code == 403
    assert set(refused.json()) == {"diagnosis"}


def test_a_service_may_not_change_the_plan():
    patient = make_patient()
    response = client_of("service").patch(f"/api/patients/{patient.pk}/", {"spo2_scale": 2, "bed": "2"})
    assert response.status_code == 403
    assert set(response.json()) == {"spo2_scale"}
    patient.refresh_from_db()
    assert patient.bed == ""


@pytest.mark.parametrize("role,moved", [("viewer", 403), ("nurse", 200)])
def test_a_nurse_or_viewer_may_read_patients_but_not_write_but_a_nurse_a_bed(role, moved):
    client = client_of(role)
    patient = make_patient()
    assert client.get("/api/patients/").status_code == 200
    assert client.get(f"/api/patients/{patient.pk}/").status_code == 200
    assert client.post("/api/patients/", NAMES).status_code == 403
    assert client.patch(f"/api/patients/{patient.pk}/", {"bed": "2"}).status_code == moved
    assert client.patch(f"/api/patients/{patient.pk}/", {"ward": "9C"}).status_code == 403
    assert client.delete(f"/api/patients/{patient.pk}/").status_code == 403


def test_somebody_without_a_role_may_nothing():
    client = signed_in(make_user(None))
    assert client.get("/api/patients/").status_code == 403
    assert client.get("/api/ranges/").status_code == 403


# ---------------------------------------------------------------- discharge and deletion
def test_a_patient_of_whom_something_was_recorded_cannot_be_deleted(lead):
    patient = make_patient()
    report = make_report(patient)
    assert lead.delete(f"/api/patients/{patient.pk}/").status_code == 409
    lead.delete(f"/api/reports/{report.pk}/")
    assert lead.delete(f"/api/patients/{patient.pk}/").status_code == 409, "their history still exists"


def test_a_patient_of_whom_nothing_was_recorded_can_be_deleted(lead):
    patient = make_patient()
    assert lead.delete(f"/api/patients/{patient.pk}/").status_code == 204
    assert lead.get(f"/api/patients/{patient.pk}/").status_code == 404
    assert lead.delete(f"/api/patients/{patient.pk}/").status_code == 404


def test_a_discharge_over_5_minutes_ahead_is_refused(lead):
    patient = make_patient()
    late = (clock.now() + timedelta(minutes=6)).isoformat()
    response = lead.patch(f"/api/patients/{patient.pk}/", {"dismissal_date": late})
    assert response.status_code == 400
    assert set(response.json()) == {"dismissal_date"}


def test_a_discharged_patient_can_be_readmitted(lead):
    patient = make_patient()
    now = clock.now()
    discharged = lead.patch(f"/api/patients/{patient.pk}/", {"dismissal_date": now.isoformat()})
    assert discharged.status_code == 200, discharged.content
    assert discharged.json()["next_due_at"] is None
    body = {"dismissal_date": None, "admission_date": now.isoformat()}
    readmitted = lead.patch(f"/api/patients/{patient.pk}/", body)
    assert readmitted.status_code == 200, readmitted.content
    assert readmitted.json()["next_due_at"] is not None


# ---------------------------------------------------------------- history, shape
def test_the_versions_of_a_patient_are_listed_newest_first(lead):
    patient = make_patient(bed="1")
    lead.patch(f"/api/patients/{patient.pk}/", {"bed": "2"})
    make_patient(bed="9")
    response = lead.get(f"/api/patients/{patient.pk}/history/")
    assert response.status_code == 200
    versions = response.json()["results"]
    assert [(version["bed"], version["history_type"]) for version in versions] == [("2", "~"), ("1", "+")]
    assert versions[0]["history_user"]["name"].startswith("lead")
    assert "X-Event" in response.headers


def test_why_a_patient_is_changed_is_told_by_the_history_alone(lead):
    patient = lead.post("/api/patients/", {**NAMES, "history_change_reason": "from the ambulance"}).json()
    where = f"/api/patients/{patient['id']}/"
    why = "CO₂ retention " * 20
    body = {"spo2_scale": 2, "version": 1, "history_change_reason": why}
    changed = lead.patch(where, body)
    assert (changed.status_code, changed.json()["spo2_scale"]) == (200, 2)
    assert "history_change_reason" not in changed.json()
    assert lead.put(where, {**changed.json(), "bed": "4"}).status_code == 200
    told = [one["history_change_reason"] for one in lead.get(f"{where}history/").json()["results"]]
    assert told == ["", why.strip(), "from the ambulance"]
    refused = lead.patch(where, {"spo2_scale": 1, "history_change_reason": "x" * 1001})
    assert (refused.status_code, set(refused.json())) == (400, {"history_change_reason"})


def test_the_history_of_an_unknown_patient_is_404(lead):
    assert lead.get("/api/patients/999/history/").status_code == 404


def test_the_declared_fields_are_those_that_are_sent(lead):
    patient = make_patient()
    make_report(patient)
    sent = lead.get(f"/api/patients/{patient.pk}/").json()
    assert set(sent) == {name for name, one in PatientSerializer().fields.items() if not one.write_only}
    assert set(sent["last_report"]) == set(PatientSerializer().fields["last_report"].fields)
    assert set(sent["last_scored"]) == set(PatientSerializer().fields["last_scored"].fields)
