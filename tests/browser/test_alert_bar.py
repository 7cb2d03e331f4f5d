"""A high notification: whose it is, who is told in full, and in nobody's way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import ILL, WELL
from tests.support.stacks import Stack, StackBuilder

SIZES = {"phone": (390, 844), "tablet": (768, 1024), "tablet on its side": (1024, 768)}
HIGHEST = 64  # px: one line with a button for a finger

COVERED = """([bar, selector]) => {
    const under = document.querySelector(bar).getBoundingClientRect();
    return [...document.querySelectorAll(selector)].filter(one => {
        const box = one.getBoundingClientRect();
        return box.height > 0 && box.top < under.bottom && box.bottom > under.top
            && !document.querySelector(bar).contains(one);
    }).map(one => one.outerHTML.slice(0, 120));
}"""
"""What can be pressed and lies under or over the bar."""


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("alerts")) as stack:
        yield stack


@pytest.fixture(autouse=True)
def calm(ward: Stack) -> None:
    """Nothing waits from the test before."""
    rest = ward.signed_in("lead")
    for status in ("open", "escalated"):
        for waiting in rest.read("/api/notifications/", status=status)["results"]:
            answer = rest.post(f"/api/notifications/{waiting['id']}/acknowledge/")
            assert answer.status_code == 200, answer.text


def admit_well(ward: Stack, name: str, on_ward: str = "7A") -> int:
    rest = ward.signed_in("lead")
    patient: int = rest.admit(last_name=name, first_name="Sam", ward=on_ward, bed="1")["id"]
    rest.record(patient, **WELL)
    return patient


def fall_ill(ward: Stack, patient: int) -> int:
    """Record a set that raises a high notification; its id."""
    rest = ward.signed_in("lead")
    rest.record(patient, **ILL)
    raised: int = rest.read("/api/notifications/", patient=patient, kind="deterioration")["results"][0]["id"]
    return raised


@pytest.mark.parametrize("size", SIZES)
def test_what_is_to_be_pressed_stays_free_while_an_alert_stands(
    size: str, browser: Browser, ward: Stack
) -> None:
    width, height = SIZES[size]
    patient = admit_well(ward, "Loud")
    lead = Clinician(browser, url=ward.url, username="lead", width=width, height=height, is_touch=True)
    lead.open(ward)
    lead.find("nav-patients").tap()
    expect(lead.find(f"actions-{patient}")).to_be_visible()
    raised = fall_ill(ward, patient)
    lead.sees(f"alert-{raised}", "LOUD, Sam")
    bar = f"[data-testid=alert-{raised}]"
    box = lead.find(f"alert-{raised}").bounding_box()
    assert box is not None
    assert box["height"] <= HIGHEST
    assert box["width"] == width

    # The lead's menu, its dialog, and the import; none of it is to wait until the alert has gone.
    lead.works_out([], COVERED, [bar, "a, button, input, select"])
    lead.find(f"actions-{patient}").tap()
    lead.find(f"actions-{patient}-move").tap()
    expect(lead.find("stay-confirm")).to_be_visible()
    lead.page.keyboard.press("Escape")
    if size != "phone":
        lead.find("import").tap()
        expect(lead.find("import-form")).to_be_visible()
        lead.works_out([], COVERED, [bar, "a, button, input, select"])

    # The observation form: the number pad and the save button.
    lead.find("nav-board").tap()
    lead.find(f"record-{patient}").tap()
    lead.find("field-respiration").tap()
    for key in ("2", "2"):
        lead.page.locator(".number-pad").get_by_role("button", name=key, exact=True).tap()
    expect(lead.find("field-respiration")).to_have_value("22")
    expect(lead.find("save")).to_be_in_viewport(ratio=1)
    expect(lead.find(f"alert-{raised}")).to_be_visible()
    lead.works_out([], COVERED, [bar, "a, button, input, select"])

    lead.find(f"alert-acknowledge-{raised}").tap()
    expect(lead.find(f"alert-{raised}")).to_have_count(0)
    assert lead.problems == []
    lead.context.close()


def test_one_press_acknowledges_one_alert_of_several(browser: Browser, ward: Stack) -> None:
    patients = [admit_well(ward, name) for name in ("First", "Second")]
    nurse = Clinician(browser, url=ward.url, username="nurse", width=390, height=844, is_touch=True)
    nurse.open(ward)
    first, second = [fall_ill(ward, patient) for patient in patients]
    nurse.sees(f"alert-{first}", "and 1 more")
    nurse.find(f"alert-acknowledge-{first}").tap()
    # Its place is taken by the next one, whose button takes no press that was meant for the first.
    nurse.sees(f"alert-{second}", "SECOND, Sam")
    rest = ward.signed_in("lead")
    assert rest.read(f"/api/notifications/{second}/")["status"] == "open"
    assert rest.read(f"/api/notifications/{first}/")["status"] == "acknowledged"
    nurse.find(f"alert-hide-{second}").tap()
    expect(nurse.find(f"alert-{second}")).to_have_count(0)
    assert rest.read(f"/api/notifications/{second}/")["status"] == "open"
    nurse.context.close()


def test_the_bar_names_ward_bed_patient_and_score(browser: Browser, ward: Stack) -> None:
    patient = admit_well(ward, "Named")
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    raised = fall_ill(ward, patient)
    for part in ("Ward 7A", "Bed 1", "NAMED, Sam", "NEWS2 12"):
        nurse.sees(f"alert-{raised}", part)
    ward.signed_in("lead").post(f"/api/notifications/{raised}/acknowledge/")
    expect(nurse.find(f"alert-{raised}")).to_have_count(0)
    nurse.context.close()


def test_a_screen_of_another_ward_has_a_strip_without_a_name(browser: Browser, ward: Stack) -> None:
    admit_well(ward, "Here", on_ward="8A")
    admit_well(ward, "Elsewhere")  # the ward is named where there are several
    patient = admit_well(ward, "There", on_ward="8B")
    chosen, all_wards = (Clinician(browser, url=ward.url, username=name) for name in ("nurse", "doctor"))
    for person in (chosen, all_wards):
        person.open(ward)
    chosen.find("board-ward").select_option("8A")
    raised = fall_ill(ward, patient)
    all_wards.sees(f"alert-{raised}", "THERE, Sam")
    chosen.sees("alert-strip", "Ward 8B")
    expect(chosen.find(f"alert-{raised}")).to_have_count(0)
    expect(chosen.page.locator("#top")).not_to_contain_text("THERE")

    # The choice holds on every page, and the patient who comes to the ward is told of in full.
    chosen.find("nav-patients").click()
    chosen.sees("alert-strip", "Ward 8B")
    ward.signed_in("lead").patch(f"/api/patients/{patient}/", {"ward": "8A"})
    chosen.sees(f"alert-{raised}", "Ward 8A")
    expect(chosen.find("alert-strip")).to_have_count(0)

    # The list of what was acknowledged names the ward, and so do the tiles of a wall of several.
    chosen.find(f"alert-acknowledge-{raised}").click()
    chosen.find("nav-notifications").click()
    acknowledged = chosen.find("notifications-acknowledged").get_by_test_id(f"notification-{raised}")
    expect(acknowledged).to_contain_text("Ward 8A")
    all_wards.page.goto(f"{ward.url}/?mode=board")
    expect(all_wards.find(f"tile-{patient}").get_by_test_id("tile-ward")).to_have_text("8A")
    all_wards.page.goto(f"{ward.url}/?mode=board&ward=8A")
    expect(all_wards.find(f"tile-{patient}")).to_be_visible()
    expect(all_wards.find("tile-ward")).to_have_count(0)
    for person in (chosen, all_wards):
        assert person.problems == []
        person.context.close()


def test_what_is_open_is_said_again_after_a_reload(browser: Browser, ward: Stack) -> None:
    patients = [admit_well(ward, name, on_ward="9A") for name in ("Older", "Newer")]
    admit_well(ward, "Elsewhere", on_ward="9B")
    first, second = [fall_ill(ward, patient) for patient in patients]
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.find("board-ward").select_option("9A")
    summary = re.compile(r"^2 high alerts, oldest (<1|\d)min$")
    expect(nurse.find("alert-summary")).to_have_text(summary)
    nurse.find(f"alert-hide-{first}").click()
    nurse.find(f"alert-hide-{second}").click()
    expect(nurse.find("alert-summary")).to_have_count(0)
    expect(nurse.find(f"alert-{second}")).to_have_count(0)

    # Brought to the front again, as after sleep.
    nurse.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(nurse.find("alert-summary")).to_have_text(summary)
    nurse.find(f"alert-hide-{first}").click()
    nurse.find(f"alert-hide-{second}").click()
    nurse.page.reload()
    expect(nurse.find("alert-summary")).to_have_text(summary)
    nurse.sees(f"alert-{first}", "OLDER, Sam")
    nurse.context.close()


def test_inside_the_form_of_another_patient_nobody_is_named_and_typing_goes_on(
    browser: Browser, ward: Stack
) -> None:
    other, patient = admit_well(ward, "Interrupting"), admit_well(ward, "Formed")
    nurse = Clinician(browser, url=ward.url, username="nurse", width=390, height=844)
    nurse.open(ward)
    nurse.find(f"record-{patient}").click()
    nurse.focuses("field-respiration")
    raised = fall_ill(ward, other)
    nurse.sees("alert-strip", "1 high alert")
    expect(nurse.find(f"alert-{raised}")).to_have_count(0)
    expect(nurse.page.locator("#top")).not_to_contain_text("INTERRUPTING")
    expect(nurse.find("alert-strip").locator("a, button, [tabindex]")).to_have_count(0)
    nurse.works_out([], COVERED, ["[data-testid=alert-strip]", "a, button, input, select"])
    nurse.focuses("field-respiration")
    nurse.page.keyboard.type("22")
    expect(nurse.find("field-respiration")).to_have_value("22")

    # The form's own patient is named, and the other again once the form is left.
    own = fall_ill(ward, patient)
    nurse.sees(f"alert-{own}", "FORMED, Sam")
    nurse.find(f"alert-acknowledge-{own}").click()
    nurse.find("nav-board").click()
    nurse.page.get_by_role("button", name="Leave without saving").click()
    nurse.sees(f"alert-{raised}", "INTERRUPTING, Sam")
    nurse.context.close()
