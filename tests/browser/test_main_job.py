"""The main job, end to end, by two people at two browsers."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import LOW, Clinician, now, restart
from tests.observations import WELL
from tests.support.clients import RestClient
from tests.support.counts import IS_TORTURE
from tests.support.people import PASSWORD
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import wait_until

INTERVAL = timedelta(hours=1)
"""From a set to the next: long enough for what is due not to be overdue within the test, a quarter of it later."""


def admit(lead: RestClient, *, last_name: str, bed: str, due_in: timedelta) -> int:
    """A patient who was well at the last set, the next of which is due in `due_in`; the id."""
    taken_at = now() + due_in - INTERVAL
    patient = lead.admit(
        first_name="Pat",
        last_name=last_name,
        ward="7A",
        bed=bed,
        date_of_birth="1950-05-05",
        admission_date=(taken_at - timedelta(hours=2)).isoformat(),
    )
    lead.record(
        patient["id"], datetime=taken_at.isoformat(), monitoring_interval=INTERVAL.seconds // 60, **WELL
    )
    return int(patient["id"])


def record_ill_set(nurse: Clinician) -> None:
    """Type a complete set that scores 9 into the open form and save it."""
    for field, value in (("respiration", "26"), ("o2sat", "93")):
        nurse.find(f"field-{field}").fill(value)
    nurse.find("choice-supplemental_oxygen-false").click()
    for field, value in (("bp_sys", "96"), ("bp_dia", "60"), ("pulse", "115")):
        nurse.find(f"field-{field}").fill(value)
    nurse.find("choice-consciousness-A").click()
    nurse.find("field-temperature").fill("37.2")
    nurse.sees("live-score", "9")
    # Every jump from the last set is asked about once.
    for field in ("respiration", "pulse"):
        nurse.find(f"confirm-{field}").click()
    expect(nurse.find("save")).to_be_enabled()
    nurse.find("save").click()


@pytest.mark.parametrize("stack", ["postgres", *(["sqlite"] if IS_TORTURE else [])], indirect=True)
@pytest.mark.long("a set comes due in it, a server dies, and a hand types")
def test_two_browsers_walk_through_the_main_job(browser: Browser, stack: Stack) -> None:
    lead = stack.sign_in("lead")
    ill = admit(lead, last_name="Ill", bed="1", due_in=timedelta(minutes=4))
    due = admit(lead, last_name="Due", bed="2", due_in=timedelta(seconds=45))

    nurse = Clinician(browser, url=stack.servers[0].url, username="nurse")
    doctor = Clinician(browser, url=stack.servers[-1].url, username="doctor")
    nurse.sign_in()
    doctor.sign_in()
    doctor.sees(f"board-row-{ill}", "ILL, Pat")
    doctor.mark_page()

    # A nurse opens a patient, records a complete set, and sees score, risk, response and next due time.
    nurse.board_row(ill).click()
    nurse.sees("patient-name", "ILL, Pat")
    nurse.find("record").click()
    record_ill_set(nurse)
    nurse.sees("saved-summary", "9")
    nurse.sees("saved-summary", "High")
    nurse.sees("saved-response", "Emergency assessment")
    expect(nurse.find("saved-due")).to_be_visible()

    # The other browser, elsewhere on the board, shows it without a reload, and both are told.
    doctor.sees(f"board-row-{ill}", "High")
    deterioration = lead.read("/api/notifications/", patient=ill, kind="deterioration")["results"][0]["id"]
    for person in (nurse, doctor):
        person.sees(f"alert-{deterioration}", "ILL, Pat")

    # When the next observation is due, both get the reminder.
    reminder = wait_until(
        lambda: lead.read("/api/notifications/", patient=due, kind="observation_due")["results"],
        what="the reminder is stored",
        timeout=120,
    )[0]["id"]
    nurse.find("saved-done").click()
    for person in (nurse, doctor):
        person.find("nav-notifications").click()
        person.sees(f"notification-{reminder}", "The next set is due")
        person.sees("notifications-open", "DUE, Pat")

    # One acknowledges it and the other sees that.
    doctor.find(f"acknowledge-{reminder}").click()
    nurse.sees("notifications-acknowledged", "DUE, Pat")
    nurse.sees(f"notification-{reminder}", "Doctor Test")

    # Everything is killed and started again: nothing is lost, nothing comes twice.
    before = everything(lead)
    assert nurse.problems + doctor.problems == []
    restart(stack, nurse, doctor)
    for person in (nurse, doctor):
        person.sees(f"notification-{reminder}", "The next set is due")
        person.sees("notifications-acknowledged", "DUE, Pat")
    assert everything(lead) == before

    # And it goes on: the next set reaches the other browser as the first did.
    nurse.find("nav-board").click()
    doctor.find("nav-board").click()
    lead.record(due, **{**WELL, "pulse": 95})
    for person in (nurse, doctor):
        expect(person.board_row(due)).to_contain_text(LOW)
    assert doctor.was_not_reloaded()
    assert nurse.problems == []
    assert doctor.problems == []


def test_a_stranger_at_a_page_of_the_server_comes_back_to_it_after_signing_in(
    browser: Browser, stack_builder: StackBuilder, tmp_path: Path
) -> None:
    with stack_builder.running("sqlite", folder=tmp_path) as stack:
        nurse = Clinician(browser, url=f"{stack.url}/swagger", username="nurse")
        nurse.page.goto(nurse.url)
        nurse.find("sign-in-username").fill("nurse")
        nurse.find("sign-in-password").fill(PASSWORD)
        nurse.find("sign-in-submit").click()
        nurse.page.wait_for_url("**/swagger*")
        expect(nurse.page.locator("#swagger-ui")).to_contain_text("reports")


def everything(client: RestClient) -> dict[str, list[Any]]:
    """What the ward holds, by list."""
    return {
        path: sorted(row.get("history_id", row["id"]) for row in client.read(path, limit=1000)["results"])
        for path in ("/api/patients/", "/api/reports/", "/api/history/", "/api/notifications/")
    }
