"""What a doctor does in a night, and what the ward's other screens show of it at once."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import LOW, Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder

IN_SHOCK = {**WELL, "bp_sys": 88, "bp_dia": 74, "capillary_refill": 4}


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("doctor")) as stack:
        yield stack


def test_a_doctor_plans_and_changes_the_pathway_and_the_ward_sees_interval_but_no_new_score(
    browser: Browser, ward: Stack
) -> None:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name="Round", first_name="Rosa", ward="7A", bed="5")["id"]
    rest.record(patient, **{**WELL, "pulse": 95})
    before = rest.read("/api/reports/", patient=patient)["results"]
    nurse = Clinician(browser, url=ward.url, username="nurse")
    doctor = Clinician(browser, url=ward.url, username="doctor")
    nurse.open(ward)
    doctor.open(ward)
    row = nurse.board_row(patient)
    expect(row).to_contain_text(LOW)
    expect(row.get_by_test_id("due")).to_have_text(re.compile("in (3hr|4hr)"))
    nurse.mark_page()

    # From the board to the patient's plan: closer watch at first, and when to call.
    doctor.board_row(patient).click()
    doctor.sees("patient-name", "ROUND, Rosa")
    doctor.find("tab-plan").click()
    doctor.find("plan-edit").click()
    doctor.find("plan-every-0").fill("30")
    doctor.find("plan-add-step").click()
    doctor.find("plan-every-0").fill("20")
    doctor.find("plan-for-0").fill("3")
    doctor.find("plan-score").fill("4")
    doctor.find("plan-above-pulse").fill("120")
    doctor.find("plan-reason").fill("bleeding risk after the puncture")
    doctor.find("plan-save").click()
    doctor.sees("plan-summary", "Every 20min, for 3hr")
    doctor.sees("plan-summary", "bleeding risk after the puncture")

    # The nurse's board: the interval is the plan's, the score is what it was.
    expect(row.get_by_test_id("due")).to_have_text(re.compile(r"in (1\d|20)min"))
    expect(row).to_contain_text(LOW)

    # Another pathway and the other scale: flags on the other screen, and no set is scored anew.
    doctor.find("choice-pathway-dengue").check()
    doctor.find("choice-spo2_scale-2").check()
    doctor.find("settings-save").click()  # without saying why
    doctor.find("scale-reason").fill("Chronic hypercapnia")
    doctor.find("settings-save").click()
    doctor.sees("settings-saved", "Saved")
    expect(row).to_contain_text("Dengue")
    expect(row).to_contain_text("Scale 2")
    expect(row).to_contain_text(LOW)
    expect(row.get_by_test_id("due")).to_have_text(re.compile(r"in (1\d|20)min"))
    assert rest.read("/api/reports/", patient=patient)["results"] == before

    # What the nurse reads at the bedside, and may not change.
    row.click()
    nurse.sees("scale-decision", "Chronic hypercapnia")
    nurse.sees("patient-plan", "bleeding risk after the puncture")
    nurse.sees("patient-now", "NEWS2 and dengue")
    nurse.find("tab-plan").click()
    expect(nurse.find("plan-summary")).to_be_visible()
    expect(nurse.find("plan-edit")).to_have_count(0)
    expect(nurse.find("settings-save")).to_have_count(0)
    assert nurse.was_not_reloaded()

    # And on paper, where no screen tells it: the patient's chart, and the print-out for a down-time.
    for path in (f"/patients/{patient}/print", "/print/ward"):
        nurse.page.goto(f"{ward.url}{path}")
        for told in ("bleeding risk after the puncture", "Every 20min, for 3hr", "Pulse above 120"):
            nurse.sees("printed-plan", told)
    assert doctor.problems == []
    assert nurse.problems == []


def test_a_child_in_dengue_shock_stands_among_the_sick_on_board_and_wall_also_when_acknowledged(
    browser: Browser, ward: Stack
) -> None:
    rest = ward.signed_in("lead")
    for number in range(3):
        well = rest.admit(last_name=f"Well{number}", first_name="Walter", ward="7C", bed=str(number))["id"]
        rest.record(well, **WELL, monitoring_interval=5)
    child = rest.admit(
        last_name="Young", first_name="Yara", ward="7C", bed="9", date_of_birth="2018-05-05", pathway="dengue"
    )["id"]
    nurse = Clinician(browser, url=ward.url, username="nurse", width=1920, height=1080)
    wall = Clinician(browser, url=ward.url, username="viewer", width=1920, height=1080)
    nurse.open(ward)
    wall.open(ward)
    nurse.page.goto(f"{ward.url}/?ward=7C")
    wall.page.goto(f"{ward.url}/?ward=7C&mode=board")
    first_row = nurse.page.locator("[data-patient]").first
    first_tile = wall.page.locator("article").first
    expect(nurse.board_row(child)).to_be_visible()
    expect(first_row).to_contain_text("WELL0")

    rest.record(child, **IN_SHOCK)
    for first in (first_row, first_tile):
        expect(first).to_contain_text("YOUNG")
        expect(first).to_contain_text("Not scored: under 16")
        expect(first).to_contain_text("Alert: High")

    # Somebody takes it over: the child is no better for that.
    (alert,) = rest.read("/api/notifications/", patient=child, kind="deterioration")["results"]
    rest.post(f"/api/notifications/{alert['id']}/acknowledge/")
    expect(nurse.board_row(child).locator(".alerts")).to_have_count(0)
    for first in (first_row, first_tile):
        expect(first).to_contain_text("YOUNG")
        expect(first).to_contain_text("Alert: High")

    # Half a set says less than the whole one before it: the score is not made to look as new.
    rest.record(well, pulse=80)
    expect(nurse.board_row(well)).to_contain_text("score from")
    expect(nurse.board_row(child)).not_to_contain_text("score from")

    rest.record(child, **WELL, capillary_refill=1)
    expect(nurse.board_row(child)).not_to_contain_text("Alert")
    expect(first_row).to_contain_text("WELL0")
    assert nurse.problems == []
    assert wall.problems == []
