"""Plans and pauses over REST: shapes, refusals, rights, and that they show wherever the score is."""

from datetime import timedelta

import pytest

from patients import clock
from tests.factories import client_of, make_patient, make_report

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]


@pytest.fixture
def doctor():
    return client_of("doctor")


@pytest.fixture
def patient():
    return make_patient()


def in_hours(hours):
    return (clock.now() + timedelta(hours=hours)).isoformat()


def body(**changes):
    return {
        "steps": [{"every": 15, "for": 120}, {"every": 60, "for": None}],
        "call_at": {"score": 7, "respiration": {"below": 8, "above": 30}},
        "until": in_hours(24),
        "reason": "after theatre",
        **changes,
    }


def plan_of(patient):
    return f"/api/patients/{patient.pk}/plan/"


def pauses_of(patient):
    return f"/api/patients/{patient.pk}/pauses/"


# ---------------------------------------------------------------- the plan


def test_a_plan_is_put_got_put_back_and_deleted(doctor, patient):
    assert doctor.get(plan_of(patient)).status_code == 404
    put = doctor.put(plan_of(patient), body(), format="json")
    assert put.status_code == 200, put.content
    plan = put.json()
    assert list(plan) == ["steps", "call_at", "until", "reason", "by", "since", "suppressed_count"]
    assert plan["steps"] == [{"every": 15, "for": 120}, {"every": 60, "for": None}]
    assert plan["call_at"] == {"score": 7, "respiration": {"below": 8, "above": 30}}
    assert (plan["reason"], set(plan["by"])) == ("after theatre", {"id", "name"})
    got = doctor.get(plan_of(patient))
    assert (got.status_code, got.json()) == (200, plan)
    assert "X-Event" in got.headers
    assert doctor.put(plan_of(patient), plan, format="json").status_code == 200
    assert doctor.delete(plan_of(patient)).status_code == 204
    assert doctor.get(plan_of(patient)).status_code == 404
    assert doctor.delete(plan_of(patient)).status_code == 404


def test_plan_and_pause_are_shown_with_the_patient_and_in_the_list(doctor, patient):
    make_report(patient)
    shown = doctor.get(f"/api/patients/{patient.pk}/").json()
    assert (shown["plan"], shown["paused_until"]) == (None, None)
    plan = doctor.put(plan_of(patient), body(), format="json").json()
    pause = doctor.post(pauses_of(patient), {"until": in_hours(2), "reason": "CT"}, format="json").json()
    shown = doctor.get(f"/api/patients/{patient.pk}/").json()
    assert (shown["plan"], shown["paused_until"]) == (plan, pause["until"])
    assert shown["next_due_at"] == pause["until"]
    assert doctor.get("/api/patients/").json()["results"][0] == shown
    untouched = doctor.patch(
        f"/api/patients/{patient.pk}/", {"plan": None, "paused_until": None}, format="json"
    )
    assert (untouched.status_code, untouched.json()["plan"]) == (200, plan)


def test_what_is_left_out_of_a_plan_is_nothing(doctor, patient):
    put = doctor.put(
        plan_of(patient), {"steps": [{"every": 5}], "until": in_hours(1), "reason": "r"}, format="json"
    )
    assert put.json()["steps"] == [{"every": 5, "for": None}]
    assert put.json()["call_at"] == {}


@pytest.mark.parametrize(
    "changes,named",
    [
        ({"steps": []}, ["steps"]),
        ({"steps": None}, ["steps"]),
        ({"steps": "every hour"}, ["steps"]),
        ({"steps": [{"every": 4}]}, ["steps"]),
        ({"steps": [{"every": 1441}]}, ["steps"]),
        ({"steps": [{"every": 60.5}]}, ["steps"]),
        ({"steps": [{"every": 60, "for": 0}]}, ["steps"]),
        ({"steps": [{"every": 60, "form": 10}]}, ["steps"]),
        ({"steps": [{"every": 60, "for": None}, {"every": 60}]}, ["steps"]),
        ({"steps": [{"every": 60, "for": 60}] * 21}, ["steps"]),
        ({"call_at": 7}, ["call_at"]),
        ({"call_at": {"score": 0}}, ["call_at", "score"]),
        ({"call_at": {"score": 21}}, ["call_at", "score"]),
        ({"call_at": {"weight": {"below": 3}}}, ["call_at", "weight"]),
        ({"call_at": {"pulse": {}}}, ["call_at", "pulse"]),
        ({"call_at": {"pulse": {"below": None}}}, ["call_at", "pulse"]),
        ({"call_at": {"pulse": {"over": 130}}}, ["call_at", "pulse"]),
        ({"call_at": {"pulse": {"above": 301}}}, ["call_at", "pulse"]),
        ({"call_at": {"pulse": {"above": 99.5}}}, ["call_at", "pulse"]),
        ({"call_at": {"pulse": {"below": 90, "above": 90}}}, ["call_at", "pulse"]),
        ({"call_at": {"temperature": {"above": "nan"}}}, ["call_at", "temperature"]),
        ({"until": None}, ["until"]),
        ({"until": "2020-01-01T00:00:00Z"}, ["until"]),
        ({"until": "tomorrow"}, ["until"]),
        ({"reason": ""}, ["reason"]),
        ({"reason": "x" * 1001}, ["reason"]),
        ({"why": "r"}, ["why"]),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(doctor, patient, changes, named):
    response = doctor.put(plan_of(patient), body(**changes), format="json")
    assert response.status_code == 400, response.content
    errors = response.json()
    for name in named:
        assert list(errors) == [name]
        errors = errors[name]
    assert doctor.get(plan_of(patient)).status_code == 404


@pytest.mark.parametrize("name", ["steps", "until", "reason"])
def test_a_plan_without_what_it_needs_is_refused_by_name(doctor, patient, name):
    sent = body()
    del sent[name]
    response = doctor.put(plan_of(patient), sent, format="json")
    assert (response.status_code, list(response.json())) == (400, [name])


@pytest.mark.parametrize("role", ["viewer", "nurse", "service"])
def test_only_doctor_and_lead_plan_and_all_see_it(role, doctor, patient):
    other = client_of(role)
    doctor.put(plan_of(patient), body(), format="json")
    pause = doctor.post(pauses_of(patient), {"until": in_hours(1), "reason": "CT"}, format="json").json()
    address = f"{pauses_of(patient)}{pause['id']}/"
    assert {
        other.put(plan_of(patient), body(), format="json").status_code,
        other.delete(plan_of(patient)).status_code,
        other.patch(address, {"until": in_hours(2)}, format="json").status_code,
    } == {403}
    assert {other.get(path).status_code for path in (plan_of(patient), pauses_of(patient), address)} == {200}


def test_a_viewer_neither_begins_nor_ends_a_pause(doctor, patient):
    viewer = client_of("viewer")
    pause = doctor.post(pauses_of(patient), {"until": in_hours(1), "reason": "CT"}, format="json").json()
    later = {"since": in_hours(2), "until": in_hours(3), "reason": "x"}
    assert viewer.post(pauses_of(patient), later, format="json").status_code == 403
    assert viewer.delete(f"{pauses_of(patient)}{pause['id']}/").status_code == 403


@pytest.mark.parametrize("role", ["nurse", "service"])
def test_a_nurse_begins_a_pause_of_four_hours_which_is_marked_and_ends_any(role, doctor, patient):
    nurse = client_of(role)
    refused = nurse.post(pauses_of(patient), {"until": in_hours(4.1), "reason": "CT"}, format="json")
    assert (refused.status_code, list(refused.json())) == (400, ["until"])
    assert "4 hours" in refused.json()["until"][0]
    pause = nurse.post(pauses_of(patient), {"until": in_hours(3.9), "reason": "CT"}, format="json")
    assert (pause.status_code, pause.json()["by_nurse"]) == (201, True)
    shown = nurse.get(f"/api/patients/{patient.pk}/").json()
    assert (shown["paused_until"], shown["paused_by_nurse"]) == (pause.json()["until"], True)
    assert nurse.delete(f"{pauses_of(patient)}{pause.json()['id']}/").status_code == 204
    assert nurse.get(f"/api/patients/{patient.pk}/").json()["paused_by_nurse"] is False
    longer = doctor.post(pauses_of(patient), {"until": in_hours(20), "reason": "OR"}, format="json").json()
    assert longer["by_nurse"] is False
    assert nurse.get(f"/api/patients/{patient.pk}/").json()["paused_by_nurse"] is False
    assert nurse.delete(f"{pauses_of(patient)}{longer['id']}/").status_code == 204


def test_lead_plans_too(patient):
    assert client_of("lead").put(plan_of(patient), body(), format="json").status_code == 200


def test_a_discharged_patient_has_no_plan(doctor, patient):
    lead = client_of("lead")
    doctor.put(plan_of(patient), body(), format="json")
    lead.patch(f"/api/patients/{patient.pk}/", {"dismissal_date": clock.now().isoformat()}, format="json")
    assert doctor.get(plan_of(patient)).status_code == 404
    assert doctor.put(plan_of(patient), body(), format="json").status_code == 409
    assert (
        doctor.post(pauses_of(patient), {"until": in_hours(1), "reason": "x"}, format="json").status_code
        == 409
    )


def test_a_plan_of_nobody_is_not_found(doctor):
    assert {
        doctor.get("/api/patients/9/plan/").status_code,
        doctor.put("/api/patients/9/plan/", body(), format="json").status_code,
        doctor.delete("/api/patients/9/plan/").status_code,
        doctor.get("/api/patients/9/pauses/").status_code,
        doctor.get("/api/patients/9/pauses/1/").status_code,
    } == {404}


# ---------------------------------------------------------------- pauses


def test_pauses_are_posted_listed_changed_and_ended(doctor, patient):
    posted = doctor.post(pauses_of(patient), {"until": in_hours(1), "reason": "CT"}, format="json")
    assert posted.status_code == 201
    pause = posted.json()
    assert list(pause) == ["id", "since", "until", "reason", "by", "by_nurse"]
    ahead = {"since": in_hours(3), "until": in_hours(4), "reason": "dialysis"}
    second = doctor.post(pauses_of(patient), ahead, format="json").json()
    page = doctor.get(pauses_of(patient)).json()
    assert (page["count"], page["results"]) == (2, [second, pause])
    address = f"{pauses_of(patient)}{pause['id']}/"
    assert doctor.get(address).json() == pause
    changed = doctor.patch(address, {**pause, "until": in_hours(2)}, format="json")
    assert (changed.status_code, changed.json()["reason"]) == (200, "CT")
    assert doctor.delete(address).status_code == 204
    assert doctor.delete(address).status_code == 409
    assert doctor.delete(f"{pauses_of(patient)}{second['id']}/").status_code == 204
    assert [row["id"] for row in doctor.get(pauses_of(patient)).json()["results"]] == [pause["id"]]


def test_a_pause_belongs_to_its_patient(doctor, patient):
    pause = doctor.post(pauses_of(patient), {"until": in_hours(1), "reason": "CT"}, format="json").json()
    other = make_patient(by=None)
    for number in (pause["id"], 10**30, 0):
        assert doctor.get(f"{pauses_of(other)}{number}/").status_code == 404


@pytest.mark.parametrize(
    "changes,named",
    [
        ({"until": None}, "until"),
        ({"since": None}, "since"),
        ({"reason": ""}, "reason"),
        ({"why": "r"}, "why"),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"since": "2020-01-01T00:00:00Z"}, "since"),
    ],
)
def test_a_pause_that_cannot_be_is_refused_by_name(doctor, patient, changes, named):
    sent = {"until": in_hours(1), "reason": "CT", **changes}
    response = doctor.post(pauses_of(patient), sent, format="json")
    assert response.status_code == 400
    assert named in response.json()


def test_a_pause_that_is_posted_twice_with_one_key_is_one(doctor, patient):
    sent = {"until": in_hours(1), "reason": "CT"}
    first, again = (
        doctor.post(pauses_of(patient), sent, format="json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert doctor.get(pauses_of(patient)).json()["count"] == 1
