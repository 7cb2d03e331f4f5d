"""What a lead does with a stay, what the screen on the wall does through the night, and what outlasts a sign-in."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician, now, restart
from tests.observations import WELL
from tests.support.people import PASSWORD
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("walks")) as stack:
        yield stack


def enter(person: Clinician, **fields: str) -> None:
    for name, text in fields.items():
        field = person.find(f"field-{name}")
        if name == "ward":
            field.select_option(text)
        else:
            field.fill(text)


def act(person: Clinician, patient: int, action: str) -> None:
    """Choose from the menu of a patient who is listed."""
    person.find(f"actions-{patient}").click()
    person.find(f"actions-{patient}-{action}").click()


def test_a_lead_admits_moves_discharges_and_readmits(browser: Browser, ward: Stack) -> None:
    lead = Clinician(browser, url=ward.url, username="lead")
    nurse = Clinician(browser, url=ward.url, username="nurse")
    lead.open(ward)
    nurse.open(ward)
    nurse.mark_page()

    lead.find("nav-patients").click()
    lead.find("admit").click()
    enter(lead, last_name="Walk", first_name="Wanda", hospital_number="W-1", bed="4")
    # A ward that is new is typed, and nobody is admitted to it before it was looked at.
    lead.find("field-ward").select_option(label="New ward …")
    lead.find("field-new-ward").fill("Walk 1")
    lead.find("field-born-day").fill("29")
    lead.find("field-born-month").select_option("2")
    lead.find("field-born-year").fill("1961")
    lead.find("patient-form-save").click()
    expect(lead.find("patient-form")).to_contain_text("This is no date of birth")
    lead.find("field-born-year").fill("1960")
    lead.find("patient-form-save").click()
    expect(lead.find("confirm-ward")).to_be_focused()
    lead.find("confirm-ward").click()
    lead.find("patient-form-save").click()
    lead.sees("patient-name", "WALK, Wanda")
    lead.sees("patient-banner", "29-Feb-1960")
    rest = ward.signed_in("lead")
    patient = rest.read("/api/patients/", search="W-1")["results"][0]["id"]
    nurse.sees(f"board-row-{patient}", "WALK, Wanda")

    # Moved: the nurse's board follows without a reload.
    lead.find("nav-patients").click()
    act(lead, patient, "move")
    lead.sees("patient-line", "WALK, Wanda")
    enter(lead, bed="9")
    lead.find("stay-confirm").click()
    expect(nurse.board_row(patient).get_by_role("cell").first).to_have_text(re.compile(r"\b9$"))

    # Taken back, and done again.
    lead.sees("stay-undo-bar", "WALK, Wanda moved")
    lead.find("stay-undo").click()
    expect(nurse.board_row(patient).get_by_role("cell").first).to_have_text(re.compile(r"\b4$"))
    expect(lead.find("stay-undo-bar")).to_have_count(0)
    act(lead, patient, "move")
    enter(lead, bed="9")
    lead.find("stay-confirm").click()
    expect(nurse.board_row(patient).get_by_role("cell").first).to_have_text(re.compile(r"\b9$"))

    # Discharged: gone from the board, found among the discharged; taken back, there again.
    act(lead, patient, "discharge")
    lead.find("stay-confirm").click()
    expect(nurse.board_row(patient)).to_have_count(0)
    lead.sees("stay-undo-bar", "WALK, Wanda discharged")
    lead.find("stay-undo").click()
    nurse.sees(f"board-row-{patient}", "WALK, Wanda")
    act(lead, patient, "discharge")
    lead.find("stay-confirm").click()
    expect(nurse.board_row(patient)).to_have_count(0)
    lead.find("choice-status-discharged").check()
    lead.sees(f"patient-row-{patient}", "WALK, Wanda")

    # Somebody of that name is not admitted twice without a question.
    lead.find("admit").click()
    enter(lead, last_name="walk", first_name="wanda")
    lead.sees("known-patients", "can be readmitted")
    lead.find("field-last_name").fill("")
    lead.find("field-first_name").fill("")
    lead.find("patient-form-cancel").click()

    # Readmitted into another bed, by the version that the list shows.
    act(lead, patient, "readmit")
    enter(lead, bed="2")
    lead.find("stay-confirm").click()
    nurse.sees(f"board-row-{patient}", "WALK, Wanda")
    assert rest.read(f"/api/patients/{patient}/")["bed"] == "2"
    assert nurse.was_not_reloaded()
    assert lead.problems == []
    assert nurse.problems == []


def test_of_two_who_edit_the_second_sees_what_the_first_saved(browser: Browser, ward: Stack) -> None:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name="Both", ward="7A", bed="11")["id"]
    lead = Clinician(browser, url=ward.url, username="lead")
    lead.open(ward)
    lead.page.goto(f"{ward.url}/patients/{patient}/edit")
    enter(lead, diagnosis="Pneumonia")
    rest.patch(f"/api/patients/{patient}/", {"allergies": "Latex"})
    lead.find("patient-form-save").click()
    lead.sees("patient-form-message", "Allergies: Latex")
    lead.find("take-over").click()
    lead.find("patient-form-save").click()
    expect(lead.find("patient-form")).to_have_count(0)
    stored = rest.read(f"/api/patients/{patient}/")
    assert (stored["allergies"], stored["diagnosis"]) == ("Latex", "Pneumonia")


def test_a_sign_in_that_ends_in_the_middle_of_a_form_loses_nothing(browser: Browser, ward: Stack) -> None:
    patient = ward.signed_in("lead").admit(last_name="Draft", ward="7A", bed="12")["id"]
    lead = Clinician(browser, url=ward.url, username="lead")
    lead.open(ward)
    lead.page.goto(f"{ward.url}/patients/{patient}/edit")
    enter(lead, diagnosis="Typed before the sign-in ended")
    other = ward.sign_in("lead")
    for device in other.read("/rest-auth/devices/"):
        if device["device"].startswith("Mozilla"):
            other.delete(f"/rest-auth/devices/{device['id']}/")
    lead.sees("sign-in-reason", "Your sign-in has ended")
    enter_password = lead.find("sign-in-password")
    lead.find("sign-in-username").fill("lead")
    enter_password.fill(PASSWORD)
    lead.find("sign-in-submit").click()
    lead.sees("draft", "not yet saved")
    expect(lead.find("field-diagnosis")).to_have_value("Typed before the sign-in ended")


def test_the_wall_says_that_it_is_cut_off_and_wakes_by_itself(browser: Browser, ward: Stack) -> None:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name="Wallpaper", first_name="Jo", ward="Wall", bed="1")["id"]
    wall = Clinician(browser, url=ward.url, username="viewer", width=1920)
    wall.open(ward)
    wall.page.goto(f"{ward.url}/?mode=board&ward=Wall")
    wall.sees(f"tile-{patient}", "WALLPAPER, J")
    assert "Jo" not in wall.find(f"tile-{patient}").inner_text().replace("J\n", "")
    wall.mark_page()
    restart(ward, wall)
    rest.record(patient, **{**WELL, "respiration": 26, "o2sat": 91, "pulse": 135})
    wall.sees(f"tile-{patient}", "High")
    assert wall.was_not_reloaded()
    assert wall.problems == []


def test_a_wall_without_anybody_says_so(browser: Browser, ward: Stack) -> None:
    wall = Clinician(browser, url=ward.url, username="viewer", width=1920)
    wall.open(ward)
    wall.page.goto(f"{ward.url}/?mode=board&search=nobody-of-this-name")
    wall.sees("wall-empty", "Nobody matches")
    wall.page.goto(f"{ward.url}/?mode=board")
    lead = ward.signed_in("lead")
    for patient in lead.read("/api/patients/", status="active")["results"]:
        lead.patch(f"/api/patients/{patient['id']}/", {"dismissal_date": now().isoformat()})
    wall.sees("wall-empty", "No patients on this ward")
    assert wall.problems == []


def test_no_column_of_the_ward_on_paper_runs_off_the_sheet(browser: Browser, ward: Stack) -> None:
    ward.signed_in("lead").admit(
        last_name="Wolfeschlegelsteinhausenbergerdorff",
        first_name="Maximiliane-Annegret Theodora",
        ward="Intermediate Care North",
        bed="12B-Window",
        allergies="Penicillin, trimethoprim-sulfamethoxazole",
    )
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.page.goto(f"{ward.url}/print/ward")
    nurse.sees("ward-list", "WOLFESCHLEGEL")
    runs_off = (
        "table => table.getBoundingClientRect().right - table.parentElement.getBoundingClientRect().right"
    )
    assert nurse.find("ward-list").evaluate(runs_off) <= 0
    # What 190 mm of an A4 sheet give to 96 px an inch.
    nurse.page.set_viewport_size({"width": 718, "height": 1000})
    nurse.page.emulate_media(media="print")
    assert nurse.find("ward-list").evaluate(runs_off) <= 0


def test_a_line_that_is_down_does_not_ask_for_the_password_again(browser: Browser, ward: Stack) -> None:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.page.goto(ward.url)
    nurse.page.route("**/rest-auth/login/", lambda route: route.abort())
    nurse.find("sign-in-username").fill("nurse")
    nurse.find("sign-in-password").fill(PASSWORD)
    nurse.find("sign-in-submit").click()
    nurse.sees("sign-in-problem", "cannot be reached")
    expect(nurse.find("sign-in-password")).to_have_value(PASSWORD)
    nurse.page.unroute("**/rest-auth/login/")
    nurse.find("sign-in-submit").click()
    expect(nurse.find("connection-state")).to_have_text("Live")
