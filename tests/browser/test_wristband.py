"""A scanner is no keyboard: what it types is taken back and read as a wristband, wherever the focus is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder

PLACES = (
    "field-respiration", "field-temperature", "field-weight", "field-additional", "time-edit", "save",
    "choice-supplemental_oxygen-false", "choice-consciousness-A",
)  # fmt: skip
"""Where the focus may be: numbers, text, buttons, and choices that letters make."""

NUMBERS = ("respiration", "o2sat", "bp_sys", "bp_dia", "pulse", "temperature")


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("wristband")) as stack:
        yield stack


@pytest.fixture(scope="module")
def ada(ward: Stack) -> int:
    """Wristband 0013: nothing but digits, and a respiration by itself."""
    return admit(ward, last_name="Right", hospital_number="0013", bed="1")


@pytest.fixture(scope="module")
def ben(ward: Stack) -> int:
    return admit(ward, last_name="Other", hospital_number="AC0014", bed="2")


def admit(ward: Stack, **fields: str) -> int:
    return int(ward.signed_in("lead").admit(first_name="Sam", ward="7A", **fields)["id"])


@pytest.fixture
def nurse(browser: Browser, ward: Stack, ada: int, ben: int) -> Iterator[Clinician]:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    yield nurse
    assert nurse.problems == []
    nurse.context.close()


def open_form(nurse: Clinician, patient: int) -> None:
    nurse.page.goto(f"{nurse.url}/patients/{patient}/record")
    nurse.focuses("field-respiration")


def open_sections(nurse: Clinician) -> None:
    for section in ("body", "course"):
        nurse.find(f"section-{section}").locator("summary").click()


def numbers(nurse: Clinician) -> list[str]:
    return [nurse.find(f"field-{field}").input_value() for field in NUMBERS]


@pytest.mark.parametrize("end", ["Enter", "Tab", None])
def test_a_scan_into_the_form_is_taken_back_and_checked(
    nurse: Clinician, ward: Stack, end: str | None
) -> None:
    number = f"7AC00{end or 'x'}"
    open_form(nurse, admit(ward, last_name="Band", hospital_number=number, bed="3"))
    open_sections(nurse)
    nurse.find("field-pulse").focus()
    nurse.types("72")
    for focus in PLACES:
        nurse.find(focus).focus()
        nurse.scans(number, end=end)
        nurse.sees("wristband-notice", "BAND, Sam")
        expect(nurse.find("wristband-right")).to_be_visible()
        # Whoever was in the middle of something goes on there.
        nurse.focuses(focus)
        assert numbers(nurse) == ["", "", "", "", "72", ""], focus
        for field in ("weight", "additional"):
            expect(nurse.find(f"field-{field}")).to_have_value("")
        assert nurse.page.locator("[data-testid=observation-form] input:checked").count() == 0, focus
        nurse.find("wristband-close").click()
    expect(nurse.find("saved-summary")).to_have_count(0)
    expect(nurse.find("partial-dialog")).to_have_count(0)


def test_a_scan_of_four_digits_and_enter_is_no_respiration(nurse: Clinician, ada: int) -> None:
    """0013 was once a respiration of 13."""
    open_form(nurse, ada)
    nurse.scans("0013")
    expect(nurse.find("wristband-right")).to_be_visible()
    assert numbers(nurse) == [""] * 6
    nurse.focuses("field-respiration")
    nurse.types("1697")
    assert numbers(nurse)[:2] == ["16", "97"]


def test_letters_of_a_scan_choose_nothing(nurse: Clinician, ada: int) -> None:
    open_form(nurse, ada)
    nurse.types("1697", "o")
    nurse.find("choice-supplemental_oxygen-true").focus()
    nurse.scans("AC0014")  # A is air, and C new confusion
    nurse.sees("wristband-wrong", "OTHER, Sam")
    expect(nurse.find("choice-supplemental_oxygen-true")).to_be_checked()
    nurse.find("choice-consciousness-A").focus()
    nurse.scans("AC0014")
    nurse.sees("wristband-notice", "OTHER, Sam")
    assert nurse.page.locator("[data-testid=field-consciousness] input:checked").count() == 0


def test_another_wristband_is_named_stops_the_save_and_opens_nobody(nurse: Clinician, ada: int) -> None:
    open_form(nurse, ada)
    nurse.types("1697a", "12476", "72a", "36.8")
    nurse.sees("live-score", "0")
    nurse.focuses("save")
    nurse.scans("AC0014")
    for place in ("wristband-notice", "wristband-wrong"):
        nurse.sees(place, "This is the wristband of OTHER, Sam, not of RIGHT, Sam")
    expect(nurse.find("save")).to_be_disabled()
    assert nurse.page.url.endswith(f"/patients/{ada}/record")
    nurse.scans("0013")
    expect(nurse.find("wristband-wrong")).to_have_count(0)
    expect(nurse.find("save")).to_be_enabled()
    nurse.find("save").click()
    nurse.sees("saved-summary", "RIGHT, Sam")


def test_another_wristband_stops_a_save_that_was_being_asked_about(nurse: Clinician, ada: int) -> None:
    open_form(nurse, ada)
    nurse.types("16")
    nurse.find("save").click()
    expect(nurse.find("partial-dialog")).to_be_visible()
    nurse.scans("AC0014")
    expect(nurse.find("partial-dialog")).to_have_count(0)
    nurse.sees("wristband-wrong", "OTHER, Sam")
    expect(nurse.find("save")).to_be_disabled()


def test_a_scan_presses_nothing(nurse: Clinician, ward: Stack, ada: int) -> None:
    lead = ward.signed_in("lead")
    ill = admit(ward, last_name="Ill", bed="9")
    nurse.page.goto(f"{nurse.url}/patients/{ada}")
    nurse.sees("connection-state", "Live")
    lead.record(ill, **{**WELL, "respiration": 26, "o2sat": 90, "pulse": 132})
    alert = lead.read("/api/notifications/", patient=ill, kind="deterioration")["results"][0]["id"]
    for button in (f"alert-acknowledge-{alert}", "account", "record"):
        expect(nurse.find(button)).to_be_enabled()
        for number in ("AC 0014", " AC 0014"):
            nurse.find(button).focus()
            nurse.scans(number)
            nurse.sees("wristband-notice", "AC 0014")
            nurse.find("wristband-close").click()
    assert nurse.page.url.endswith(f"/patients/{ada}")
    assert lead.read(f"/api/notifications/{alert}/")["status"] == "open"


def test_on_a_patients_page_another_wristband_is_named_and_led_to(
    nurse: Clinician, ada: int, ben: int
) -> None:
    nurse.page.goto(f"{nurse.url}/patients/{ada}")
    nurse.sees("patient-name", "RIGHT, Sam")
    nurse.scans("0013")
    nurse.sees("wristband-notice", "this is RIGHT, Sam")
    nurse.scans("AC0014")
    nurse.sees("wristband-notice", "OTHER, Sam")
    assert nurse.page.url.endswith(f"/patients/{ada}")
    nurse.find("wristband-open-other").click()
    nurse.page.wait_for_url(f"**/patients/{ben}")
    expect(nurse.find("wristband-close")).to_have_count(0)


@pytest.mark.parametrize("focus", [None, "board-search"])
@pytest.mark.parametrize("end", ["Enter", None])
def test_on_the_board_a_scan_opens_the_patient(
    nurse: Clinician, ada: int, ben: int, focus: str | None, end: str | None
) -> None:
    expect(nurse.board_row(ada)).to_be_visible()
    if focus is not None:
        nurse.find(focus).focus()
    nurse.scans("99999", end=end)
    nurse.sees("wristband-notice", "No patient on the wards has this number")
    expect(nurse.find("board-search")).to_have_value("")
    nurse.scans("AC0014", end=end)
    nurse.page.wait_for_url(f"**/patients/{ben}")
    nurse.sees("patient-name", "OTHER, Sam")
    # What the search was for a moment is gone from the way back, too.
    nurse.page.go_back()
    expect(nurse.board_row(ada)).to_be_visible()


def test_typing_and_pasting_are_no_scan(nurse: Clinician, ada: int) -> None:
    open_form(nurse, ada)
    nurse.find("wristband-open").click()
    nurse.page.keyboard.insert_text("AC0014")
    expect(nurse.find("wristband")).to_have_value("AC0014")
    nurse.find("wristband").fill("")
    nurse.types("0013")
    expect(nurse.find("wristband")).to_have_value("0013")
    nurse.types("Enter")
    expect(nurse.find("wristband-right")).to_be_visible()
    # What a scan says stands there for eight seconds: this is no time to wait for it to go.
    assert nurse.find("wristband-close").count() == 0
    nurse.focuses("field-respiration")


def test_a_scan_fills_the_number_of_who_is_being_admitted(browser: Browser, ward: Stack) -> None:
    lead = Clinician(browser, url=f"{ward.url}/patients/admit", username="lead")
    lead.open(ward)
    lead.find("field-hospital_number").fill("half")
    lead.scans("N0077")
    expect(lead.find("field-hospital_number")).to_have_value("N0077")
    lead.find("field-last_name").focus()
    lead.scans("N0077")
    lead.sees("wristband-notice", "No patient on the wards has this number")
    expect(lead.find("field-last_name")).to_have_value("")
    assert lead.page.url.endswith("/admit")


def test_a_patient_without_a_number_is_not_taken_for_the_right_one(nurse: Clinician, ward: Stack) -> None:
    patient = admit(ward, last_name="Bare", bed="8")
    open_form(nurse, patient)
    nurse.scans("55555")
    nurse.sees("wristband-notice", "No number is recorded for BARE, Sam")
    nurse.scans("AC0014")
    nurse.sees("wristband-wrong", "OTHER, Sam")
