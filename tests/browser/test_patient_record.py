"""The record of one patient in the browser: form, history, fluids, plan, paper. One server for all of them."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.ward import Clinician, now
from tests.observations import WELL
from tests.support.clients import RestClient
from tests.support.people import PASSWORD
from tests.support.stacks import Stack, StackBuilder

NUMBERS = (("respiration", "18"), ("o2sat", "97"), ("bp_sys", "128"), ("bp_dia", "80"), ("pulse", "84"))


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("record")) as stack:
        yield stack


@pytest.fixture
def lead(ward: Stack) -> RestClient:
    return ward.signed_in("lead")


def admit(lead: RestClient, *, last_name: str, **fields: Any) -> int:
    admitted = (now() - timedelta(days=2)).isoformat()
    patient = lead.admit(last_name=last_name, ward="7A", bed="3", admission_date=admitted, **fields)
    return int(patient["id"])


def opened(browser: Browser, ward: Stack, path: str, *, username: str, is_touch: bool = False) -> Clinician:
    """Somebody signed in at this address."""
    device = {"width": 390, "height": 844, "is_touch": True} if is_touch else {}
    person = Clinician(browser, url=f"{ward.url}{path}", username=username, **device)
    person.open(ward)
    return person


# ---------------------------------------------------------------- the form


def test_a_full_set_takes_the_keyboard_alone_and_few_keys(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Keys")
    nurse = opened(browser, ward, f"/patients/{patient}/record", username="nurse")
    nurse.focuses("field-respiration")
    keys = "1897a1288084a368"
    nurse.types(keys)
    nurse.sees("live-score", "0")
    expect(nurse.find("save")).to_be_focused()
    nurse.page.keyboard.press("Enter")
    nurse.sees("saved-summary", "KEYS, Ada")

    stored = lead.read("/api/reports/", patient=patient)["results"][0]
    assert {name: stored[name] for name in WELL} == {
        "respiration": 18, "o2sat": 97, "supplemental_oxygen": False, "bp_sys": 128, "bp_dia": 80,
        "pulse": 84, "consciousness": "A", "temperature": 36.8,
    }  # fmt: skip
    # The aim of docs/ux.md: at most 15 digits, and 5 presses beside them.
    digits = sum(key.isdigit() for key in keys)
    assert digits <= 15
    assert len(keys) - digits + 1 <= 5
    assert nurse.problems == []


def test_a_full_set_takes_touch_alone_and_few_taps(browser: Browser, ward: Stack, lead: RestClient) -> None:
    patient = admit(lead, last_name="Taps")
    nurse = opened(browser, ward, f"/patients/{patient}/record", username="nurse", is_touch=True)
    nurse.focuses("field-respiration")
    taps = [f"pad-{digit}" for digit in "1897"]
    taps += ["choice-supplemental_oxygen-false", *(f"pad-{digit}" for digit in "1288084")]
    taps += ["choice-consciousness-A", *(f"pad-{digit}" for digit in "368")]
    for name in taps:
        nurse.find(name).tap()
    nurse.sees("live-score", "0")
    nurse.find("save").tap()
    nurse.sees("saved-summary", "TAPS, Ada")

    stored = lead.read("/api/reports/", patient=patient)["results"][0]
    assert (stored["respiration"], stored["bp_sys"], stored["temperature"]) == (18, 128, 36.8)
    others = [name for name in taps if not name.startswith("pad-")]
    assert len(taps) - len(others) <= 15
    assert len(others) + 1 <= 5


@pytest.mark.parametrize("is_touch", [False, True], ids=["mouse", "touch"])
def test_a_choice_that_is_not_the_first_hands_on_to_the_next_field(
    browser: Browser, ward: Stack, lead: RestClient, is_touch: bool
) -> None:
    """Once it went back to the first field, and the digits typed next overwrote what stood there."""
    patient = admit(lead, last_name="Choice")
    nurse = opened(browser, ward, f"/patients/{patient}/record", username="nurse", is_touch=is_touch)
    nurse.find("field-respiration").fill("18")
    for choice, then in (
        ("supplemental_oxygen-true", "choice-oxygen_device-nasal_cannula"),
        ("oxygen_device-venturi", "field-oxygen_flow"),
        ("consciousness-V", "field-temperature"),
    ):
        press = nurse.find(f"choice-{choice}")
        (press.tap if is_touch else press.click)()
        expect(nurse.find(then)).to_be_focused()
    expect(nurse.find("field-respiration")).to_have_value("18")
    nurse.context.close()


def test_the_last_set_is_compared_with_and_another_wristband_stops_the_save(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Right", hospital_number="R-1")
    admit(lead, last_name="Wrong", hospital_number="W-1")
    lead.record(patient, **WELL)
    nurse = opened(browser, ward, f"/patients/{patient}/record", username="nurse")
    fill_set(nurse, pulse="140")
    nurse.sees("warning-pulse", "72")  # the value before, of which 140 is far
    expect(nurse.find("save")).to_be_disabled()
    nurse.find("confirm-pulse").click()
    expect(nurse.find("save")).to_be_enabled()

    nurse.find("wristband-open").click()
    nurse.find("wristband").fill("w-1")
    nurse.page.keyboard.press("Enter")
    nurse.sees("wristband-wrong", "WRONG, Ada")
    expect(nurse.find("save")).to_be_disabled()
    nurse.find("wristband").fill("r-1")
    nurse.page.keyboard.press("Enter")
    expect(nurse.find("wristband-right")).to_be_visible()
    nurse.find("save").click()
    nurse.sees("saved-summary", "RIGHT, Ada")


def test_a_sign_in_that_ends_in_the_middle_of_a_form_loses_nothing(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Middle")
    nurse = opened(browser, ward, f"/patients/{patient}/record", username="nurse")
    fill_set(nurse, pulse="88")
    began = now()
    revoke_own_device(nurse.page)
    nurse.sees("sign-in-reason", "ended")
    nurse.find("sign-in-username").fill("nurse")
    nurse.find("sign-in-password").fill(PASSWORD)
    nurse.find("sign-in-submit").click()
    nurse.page.wait_for_url(f"**/patients/{patient}/record")
    nurse.sees("draft", "Draft from")
    expect(nurse.find("field-pulse")).to_have_value("88")
    expect(nurse.find("save")).to_be_enabled()
    nurse.find("save").click()
    nurse.sees("saved-summary", "MIDDLE, Ada")
    stored = lead.read("/api/reports/", patient=patient)["results"]
    assert [report["pulse"] for report in stored] == [88]
    # The readings are as old as they are, to the minute, not as new as the sign-in.
    assert datetime.fromisoformat(stored[0]["datetime"]) <= began


def test_a_correction_is_kept_over_a_reload_and_an_ended_sign_in(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Interrupted")
    report = lead.record(patient, **WELL)["id"]
    nurse = opened(browser, ward, f"/patients/{patient}/reports/{report}", username="nurse")
    nurse.find("correct-report").click()
    nurse.find("field-pulse").fill("92")
    nurse.find("reason").fill("Typed the pulse of the neighbour")

    nurse.page.once("dialog", lambda dialog: dialog.accept())  # "leave the page?", of the browser
    nurse.page.reload()
    expect(nurse.find("field-pulse")).to_have_value("92")
    revoke_own_device(nurse.page)
    nurse.sees("sign-in-reason", "ended")

    # Meanwhile somebody corrects another value: kept, and told by the version that was begun on.
    other = lead.patch(f"/api/reports/{report}/", {"temperature": 37.2, "history_change_reason": "misread"})
    assert other.status_code == 200
    nurse.find("sign-in-username").fill("nurse")
    nurse.find("sign-in-password").fill(PASSWORD)
    nurse.find("sign-in-submit").click()
    nurse.sees("draft", "Draft from")
    expect(nurse.find("field-pulse")).to_have_value("92")
    expect(nurse.find("reason")).to_have_value("Typed the pulse of the neighbour")
    expect(nurse.find("correction-save")).to_be_enabled()
    nurse.find("correction-save").click()
    nurse.sees("correction-message", "Lead Test changed this set at")
    nurse.find("correction-save").click()
    nurse.sees("history-done", "corrected")
    stored = lead.read(f"/api/reports/{report}/")
    assert (stored["pulse"], stored["temperature"]) == (92, 37.2)

    # Saved, it is no draft any more.
    nurse.page.reload()
    expect(nurse.find("correct-report")).to_be_visible()
    expect(nurse.find("correction-form")).to_have_count(0)


# ---------------------------------------------------------------- history


def more(person: Clinician, version: dict[str, Any], action: str) -> None:
    """Choose from the menu of a version."""
    person.find(f"more-{version['history_id']}").click()
    person.find(f"more-{version['history_id']}-{action}").click()


def test_a_report_is_corrected_amended_and_retired_with_reasons(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Versions")
    report = lead.record(patient, **WELL)["id"]
    person = opened(browser, ward, f"/patients/{patient}/reports/{report}", username="lead")

    # Correct: nothing without a reason; then the difference stands there, field by field.
    person.find("correct-report").click()
    person.find("field-pulse").fill("92")
    person.find("correction-save").click()
    expect(person.page.get_by_text("a change of the record needs a reason")).to_be_visible()
    person.find("reason").fill("Typed the pulse of the neighbour")
    person.find("correction-save").click()
    person.sees("history-done", "corrected")
    newest, first = lead.read("/api/history/", report=report)["results"]
    assert (newest["pulse"], newest["history_change_reason"]) == (92, "Typed the pulse of the neighbour")
    card = person.find(f"version-{newest['history_id']}")
    expect(card).to_contain_text("Typed the pulse of the neighbour")
    expect(card.get_by_test_id("diff-pulse")).to_contain_text("72")
    expect(card.get_by_test_id("diff-pulse")).to_contain_text("92")
    expect(card.locator("[data-testid^=diff-]")).to_have_count(1)

    # Amend the first version itself: it says so, and the ledger what stood there.
    more(person, first, "amend")
    person.find("field-temperature").fill("37.1")
    person.find("reason").fill("Read the wrong line")
    person.find("correction-save").click()
    person.sees("history-done", "The version was corrected")
    more(person, first, "ledger")
    person.sees("ledger", "Read the wrong line")
    expect(person.find("ledger").get_by_test_id("diff-temperature")).to_contain_text("36.8")

    # The newest was entered in error: the report falls back, and that version is struck through.
    more(person, newest, "retire")
    person.find("reason").fill("Entered in error")
    person.find("reason-confirm").click()
    person.sees("history-done", "taken back as entered in error")
    expect(person.find(f"version-{newest['history_id']}").locator("h3 del")).to_be_visible()
    assert lead.read(f"/api/reports/{report}/")["pulse"] == 72

    # So it stays: after a reload the ledger says who retired it, when and why.
    person.page.reload()
    expect(person.find(f"version-{newest['history_id']}").locator("h3 del")).to_be_visible()
    person.sees(f"retirement-{newest['history_id']}", "Entered in error")
    person.find(f"more-{newest['history_id']}").click()
    expect(person.find(f"more-{newest['history_id']}-ledger")).to_be_visible()
    expect(person.find(f"more-{newest['history_id']}-retire")).to_have_count(0)
    person.page.keyboard.press("Escape")

    # All versions can be taken away as a file, with the sign-in of the browser.
    with person.page.expect_download() as download:
        person.find("export-versions").click()
    assert download.value.suggested_filename == "history.csv"
    rows = download.value.path().read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("\ufeffhistory_id,")
    assert [row.split(",")[0] for row in rows[1:]] == [str(first["history_id"])]
    assert person.problems == []


def test_a_nurse_takes_a_slip_back_and_records_it_for_whom_it_was_of(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    wrong, right = admit(lead, last_name="Wrong"), admit(lead, last_name="Right")
    for pulse in (72, 95):  # totals of 0 and of 1
        lead.record(wrong, **{**WELL, "pulse": pulse})
    slip = ward.signed_in("nurse").record(wrong, **{**WELL, "pulse": 96})["id"]
    nurse = opened(browser, ward, f"/patients/{wrong}/reports/{slip}", username="nurse")
    other = opened(browser, ward, f"/patients/{wrong}?view=sets", username="lead")
    expect(other.find(f"set-{slip}")).to_be_visible()
    nurse.find("delete-report").click()
    nurse.find("choice-reason-choice-patient").check()
    nurse.find("reason-confirm").click()
    nurse.sees("history-done", "entered in error")
    assert lead.get(f"/api/reports/{slip}/").status_code == 404

    # Struck through on every screen that shows the record, as it happens.
    expect(other.find(f"set-{slip}")).to_have_class(re.compile("struck"))
    other.sees("sets-table", "Wrong patient")
    struck = (
        "row => [...row.querySelectorAll('.points')].map(one => getComputedStyle(one).textDecorationLine)"
    )
    assert set(other.find(f"set-{slip}").evaluate(struck)) == {"line-through"}
    heights = "table => [...table.querySelectorAll('.score')].map(one => one.getBoundingClientRect().height)"
    assert len(set(other.find("sets-table").evaluate(heights))) == 1

    # Its values are offered where they belong, and are saved there by hand.
    nurse.find("record-elsewhere").click()
    nurse.find("elsewhere-patient").select_option(str(right))
    nurse.find("elsewhere-go").click()
    nurse.sees("draft", "Draft from")
    expect(nurse.find("field-pulse")).to_have_value("96")
    nurse.find("save").click()
    nurse.sees("saved-summary", "RIGHT")
    assert [one["pulse"] for one in lead.read("/api/reports/", patient=right)["results"]] == [96]
    assert nurse.problems == []


def test_a_report_that_was_retired_with_its_only_version_can_still_be_read(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Gone")
    report = lead.record(patient, **WELL)["id"]
    [version] = lead.read("/api/history/", report=report)["results"]
    gone = lead.delete(f"/api/history/{version['history_id']}/", {"reason": "Another patient's"})
    assert gone.status_code == 204
    person = opened(browser, ward, f"/patients/{patient}/reports/{report}", username="nurse")
    expect(person.find(f"version-{version['history_id']}").locator("h3 del")).to_be_visible()
    person.sees(f"retirement-{version['history_id']}", "Another patient's")
    expect(person.find("correct-report")).to_have_count(0)
    assert person.problems == []


def test_the_history_of_a_patient_shows_what_was_amended_and_retired_as_it_happens(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Log")
    report = lead.record(patient, **WELL)["id"]
    [version] = lead.read("/api/history/", report=report)["results"]
    nurse = opened(browser, ward, f"/patients/{patient}?view=changes", username="nurse")
    rows = nurse.page.locator("[data-testid^=act-]")
    expect(rows).to_have_count(1)
    address = f"/api/history/{version['history_id']}/"
    assert lead.patch(address, {"pulse": 92, "history_change_reason": "Misread"}).status_code == 200
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Amended")
    expect(rows.first).to_contain_text("Pulse: 72 /min → 92 /min")
    expect(rows.first).to_contain_text("Misread")
    assert lead.delete(address, {"reason": "Another patient's"}).status_code == 204

    # Deleted and retired; what was recorded is struck through, and leads to the report that no other list has.
    saved = nurse.find(f"act-v{version['history_id']}")
    expect(saved.locator("del")).to_contain_text("Recorded")
    expect(saved).to_contain_text("entered in error")
    expect(rows).to_have_count(4)
    nurse.page.reload()
    expect(saved.locator("del")).to_contain_text("Recorded")
    expect(rows.filter(has_text="Another patient's").first).to_be_visible()
    saved.get_by_role("link").click()
    nurse.sees(f"retirement-{version['history_id']}", "Another patient's")
    nurse.sees(f"amendment-{version['history_id']}", "Misread")
    assert nurse.problems == []


def test_two_corrections_that_cross_are_both_seen(browser: Browser, ward: Stack, lead: RestClient) -> None:
    patient = admit(lead, last_name="Cross")
    report = lead.record(patient, **WELL)["id"]
    nurse = opened(browser, ward, f"/patients/{patient}/reports/{report}", username="nurse")
    expect(nurse.find("correct-report")).to_be_visible()
    expect(nurse.page.locator("[data-testid^=more-]")).to_have_count(0)
    nurse.find("correct-report").click()
    nurse.find("field-pulse").fill("80")
    nurse.find("reason").fill("Mine")
    assert lead.patch(f"/api/reports/{report}/", {"respiration": 17}).status_code == 200
    nurse.find("correction-save").click()
    nurse.sees("correction-message", "Lead Test changed this set at")
    nurse.find("correction-save").click()
    nurse.sees("history-done", "corrected")
    stored = lead.read(f"/api/reports/{report}/")
    assert (stored["pulse"], stored["respiration"]) == (80, 17)


# ---------------------------------------------------------------- fluids, plan, long stays, paper


def test_fluids_are_summed_and_follow_what_is_recorded(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Fluids")
    lead.record(patient, fi_oral=200, fo_urine=350)
    viewer = opened(browser, ward, f"/patients/{patient}?view=fluids", username="viewer")
    viewer.sees("fluids-day-balance", "−150")
    lead.record(patient, fi_parenteral=500)
    viewer.sees("fluids-day-balance", "+350")
    assert viewer.problems == []


def test_a_doctor_makes_a_plan_that_everybody_reads(browser: Browser, ward: Stack, lead: RestClient) -> None:
    patient = admit(lead, last_name="Plan")
    lead.record(patient, **WELL)
    nurse = opened(browser, ward, f"/patients/{patient}?view=plan", username="nurse")
    expect(nurse.find("plan-none")).to_be_visible()
    expect(nurse.find("plan-edit")).to_have_count(0)
    doctor = opened(browser, ward, f"/patients/{patient}?view=plan", username="doctor")
    doctor.find("plan-edit").click()
    doctor.find("plan-add-step").click()
    doctor.find("plan-score").fill("6")
    doctor.find("plan-save").click()  # without a reason
    expect(doctor.find("plan-summary")).to_have_count(0)
    doctor.find("plan-reason").fill("after theatre")
    doctor.find("plan-save").click()
    for person in (doctor, nurse):
        person.sees("plan-summary", "Every 15min, for 2hr")
        person.sees("plan-summary", "after theatre")
        person.sees("patient-plan", "after theatre")
    stored = lead.read(f"/api/patients/{patient}/plan/")
    assert stored["steps"] == [{"every": 15, "for": 120}, {"every": 60, "for": None}]
    assert stored["call_at"] == {"score": 6}
    assert doctor.problems == []
    assert nurse.problems == []


def test_a_long_stay_opens_with_as_much_as_a_page_and_fetches_the_rest_when_asked(
    browser: Browser, ward: Stack, lead: RestClient
) -> None:
    patient = admit(lead, last_name="Long")
    for number in range(70):
        lead.record(patient, datetime=(now() - timedelta(minutes=40 * (70 - number))).isoformat(), pulse=70)
    nurse = opened(browser, ward, f"/patients/{patient}?view=sets", username="nurse")
    expect(nurse.page.get_by_text("The newest 40 of 70 sets")).to_be_visible()
    nurse.find("choice-range-d3").click()
    expect(nurse.page.locator("[data-testid=sets-table] tbody tr")).to_have_count(70)


def test_the_ward_and_the_chart_fit_on_paper(browser: Browser, ward: Stack, lead: RestClient) -> None:
    patient = admit(lead, last_name="Paper")
    for number in range(23):
        lead.record(patient, datetime=(now() - timedelta(minutes=60 * number)).isoformat(), **WELL)
    # The highest chart: both scales of SpO2 in it, what its marks mean below, and what was ordered above.
    assert lead.patch(f"/api/patients/{patient}/", {"spo2_scale": 2}).status_code == 200
    lead.record(patient, **WELL)
    plan = {"steps": [{"every": 60, "for": None}], "call_at": {"score": 6}, "reason": "after theatre"}
    plan["until"] = (now() + timedelta(hours=9)).isoformat()
    assert lead.put(f"/api/patients/{patient}/plan/", plan).status_code == 200
    nurse = opened(browser, ward, f"/patients/{patient}/print", username="nurse")
    expect(nurse.find("print")).to_be_enabled()
    nurse.page.emulate_media(media="print")
    assert sheets_of(nurse.page) == [LANDSCAPE]
    assert nurse.page.evaluate(SMALLEST_TEXT) >= 7
    nurse.page.emulate_media(media="screen")

    nurse.page.goto(f"{ward.url}/print/ward")
    expect(nurse.find("print")).to_be_enabled()
    nurse.sees("ward-list", "PAPER, Ada")
    nurse.page.emulate_media(media="print", color_scheme="dark")
    expect(nurse.find("print")).to_be_hidden()
    expect(nurse.find("account")).to_be_hidden()
    tones = nurse.page.evaluate(
        """() => [1, 2, 3].map((points) => {
            const box = document.body.appendChild(document.createElement('div'));
            box.style.color = `var(--band-${points})`;
            const [red, green, blue] = getComputedStyle(box).color.match(/[\\d.]+/g).map(Number);
            box.remove();
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        })"""
    )
    # In grey each band is clearly darker than the one before.
    assert tones[0] - tones[1] > 20
    assert tones[1] - tones[2] > 20
    assert nurse.problems == []


# ---------------------------------------------------------------- hands


def fill_set(nurse: Clinician, *, pulse: str) -> None:
    for field, value in NUMBERS:
        nurse.find(f"field-{field}").fill(pulse if field == "pulse" else value)
    nurse.find("choice-supplemental_oxygen-false").click()
    nurse.find("choice-consciousness-A").click()
    nurse.find("field-temperature").fill("36.9")
    nurse.sees("live-score", "3" if pulse == "140" else "0")


def revoke_own_device(page: Page) -> None:
    """End this device's sign-in by a request of its own, beside the application, which did not ask for it."""
    page.evaluate(
        """async () => {
            const devices = await (await fetch('/rest-auth/devices/')).json();
            const own = (devices.results ?? devices).find((one) => one.is_current);
            await fetch(`/rest-auth/devices/${own.id}/`, {
                method: 'DELETE',
                headers: { 'X-CSRFToken': document.cookie.match(/csrftoken=([^;]+)/)[1] },
            });
        }"""
    )


LANDSCAPE = (842, 595)
"""A sheet of A4, points."""

SMALLEST_TEXT = """() => {
    const texts = document.createTreeWalker(document.querySelector('[data-testid=paper]'), NodeFilter.SHOW_TEXT);
    const points = [];
    while (texts.nextNode()) {
        const { parentElement: holder, textContent } = texts.currentNode;
        if (textContent.trim() === '' || holder.closest('.visually-hidden') !== null) continue;
        const drawing = holder.closest('svg');
        const scale = drawing === null ? 1 : drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
        points.push(parseFloat(getComputedStyle(holder).fontSize) * scale * 0.75);
    }
    return Math.min(...points);
}"""
"""How large the smallest text of the paper is, in points."""


def sheets_of(page: Page) -> list[tuple[int, ...]]:
    """The sheets that the page takes, each with its width and height in points."""
    printed = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)\]", printed)
    assert len(boxes) == len(re.findall(rb"/Type\s*/Page\b", printed))
    return [tuple(round(float(side)) for side in box) for box in boxes]
