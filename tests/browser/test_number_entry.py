"""What is typed stays in its field, whole: the rule of vue_frontend/src/domain/numberEntry.ts, by hand and by pad."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder

PHONE = {"width": 390, "height": 844, "is_touch": True}
TYPED = {
    "6097": ({"respiration": "60", "o2sat": "97"}, "choice-supplemental_oxygen-false"),
    "12097": ({"respiration": "120", "o2sat": "97"}, "choice-supplemental_oxygen-false"),
    "1297": ({"respiration": "12", "o2sat": "97"}, "choice-supplemental_oxygen-false"),
    "012": ({"respiration": "12", "o2sat": ""}, "field-o2sat"),
    "8": ({"respiration": "8", "o2sat": ""}, "field-respiration"),
}
"""Typed from the first field on: what stands there then, and where the next key goes."""


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("entry")) as stack:
        yield stack


@pytest.fixture(scope="module")
def patient(ward: Stack) -> int:
    lead = ward.signed_in("lead")
    patient = int(lead.admit(last_name="Typed", first_name="Sam", ward="7A", bed="1")["id"])
    lead.record(patient, **WELL)
    return patient


@pytest.fixture
def nurse(browser: Browser, ward: Stack, patient: int) -> Iterator[Clinician]:
    yield from at_the_form(browser, ward, patient)


@pytest.fixture
def nurse_on_phone(browser: Browser, ward: Stack, patient: int) -> Iterator[Clinician]:
    yield from at_the_form(browser, ward, patient, **PHONE)


def at_the_form(browser: Browser, ward: Stack, patient: int, **device: Any) -> Iterator[Clinician]:
    nurse = Clinician(browser, url=f"{ward.url}/patients/{patient}/record", username="nurse", **device)
    nurse.open(ward)
    nurse.focuses("field-respiration")
    yield nurse
    assert nurse.problems == []
    nurse.context.close()


def hold(nurse: Clinician, **texts: str) -> None:
    """Each of these fields shows this."""
    for field, text in texts.items():
        expect(nurse.find(f"field-{field}")).to_have_value(text)


def taps(nurse: Clinician, *keys: str) -> None:
    """Tap keys of the pad: digits, "delete" or "next"."""
    for key in keys:
        nurse.find(f"pad-{key}").tap()


@pytest.mark.parametrize("keys", TYPED)
def test_digits_stay_in_their_field_by_keyboard(nurse: Clinician, keys: str) -> None:
    texts, then = TYPED[keys]
    nurse.types(keys)
    hold(nurse, **texts)
    nurse.focuses(then)


@pytest.mark.parametrize("keys", TYPED)
def test_digits_stay_in_their_field_by_the_pad(nurse_on_phone: Clinician, keys: str) -> None:
    texts, then = TYPED[keys]
    taps(nurse_on_phone, *keys)
    hold(nurse_on_phone, **texts)
    nurse_on_phone.focuses(then)


def test_what_was_typed_is_what_is_stored(browser: Browser, ward: Stack) -> None:
    """A respiration of 60 was once stored as 6, and a temperature without its second decimal."""
    lead = ward.signed_in("lead")
    patient = int(lead.admit(last_name="Stored", first_name="Sam", ward="7A", bed="2")["id"])
    nurse = Clinician(browser, url=f"{ward.url}/patients/{patient}/record", username="nurse")
    nurse.open(ward)
    nurse.focuses("field-respiration")
    nurse.types("6097a", "12476", "72a", "36.85")
    hold(nurse, temperature="36.9")
    nurse.focuses("confirm-respiration")
    nurse.types("Enter")
    nurse.focuses("save")
    nurse.types("Enter")
    nurse.sees("saved-summary", "STORED, Sam")
    stored = lead.read("/api/reports/", patient=patient)["results"][0]
    assert [stored[field] for field in ("respiration", "o2sat", "temperature")] == [60, 97, 36.9]


def test_six_waits_for_enter_and_enter_after_a_number_that_went_on_skips_nothing(nurse: Clinician) -> None:
    nurse.types("6", "Enter")
    nurse.focuses("field-o2sat")
    nurse.types("97", "Enter")
    # By habit after each number. 97 had handed on already.
    nurse.focuses("choice-supplemental_oxygen-false")
    nurse.types("a", "124", "Enter")
    nurse.focuses("field-bp_dia")
    hold(nurse, respiration="6", o2sat="97", bp_sys="124")


def test_enter_says_that_a_number_is_whole_and_a_zero_after_it_is_the_next_ones(nurse: Clinician) -> None:
    nurse.types("12", "Enter", "0", "Enter")
    hold(nurse, respiration="12", o2sat="0")


@pytest.mark.parametrize("keys, text", [("36.85", "36.9"), ("3684", "36.8"), ("41", "41"), ("36,85", "36.9")])
def test_a_temperature_is_rounded_and_loses_no_digit(nurse: Clinician, keys: str, text: str) -> None:
    nurse.find("field-temperature").focus()
    nurse.types(keys)
    if keys == "41":
        nurse.focuses("field-temperature")
    nurse.find("field-pulse").focus()
    hold(nurse, temperature=text, pulse="")


def test_a_temperature_before_a_number_waits(nurse: Clinician) -> None:
    nurse.find("section-bedside").locator("summary").click()
    nurse.find("field-temperature").focus()
    nurse.types("36.85")
    nurse.focuses("field-temperature")
    nurse.types("Enter")
    nurse.focuses("field-pain_score")
    hold(nurse, temperature="36.9", pain_score="")
    # A 1 may be a 10, and a glucose may begin with a 0.
    nurse.types("1", "0", "5.6")
    hold(nurse, pain_score="10", blood_glucose="5.6")


def test_a_temperature_of_four_is_seen_and_refused(nurse: Clinician) -> None:
    nurse.find("field-temperature").focus()
    nurse.types("4", "Enter")
    nurse.sees("problem-temperature", "13")
    expect(nurse.find("save")).to_be_disabled()


def test_a_second_decimal_comes_back_from_the_end_by_the_pad(nurse_on_phone: Clinician) -> None:
    nurse = nurse_on_phone
    nurse.find("field-temperature").tap()
    taps(nurse, *"368")
    hold(nurse, temperature="36.8")
    expect(nurse.find("number-pad")).to_be_visible()
    taps(nurse, "5")
    nurse.find("field-pulse").tap()
    hold(nurse, temperature="36.9", pulse="")


def test_delete_after_handing_on_takes_back_the_last_digit(
    nurse: Clinician, nurse_on_phone: Clinician
) -> None:
    nurse.types("13", "Backspace", "2")
    hold(nurse, respiration="12", o2sat="")
    nurse.focuses("field-o2sat")
    taps(nurse_on_phone, "1", "3", "delete", "2")
    hold(nurse_on_phone, respiration="12", o2sat="")


def test_delete_after_retyping_spares_the_next_field(nurse: Clinician) -> None:
    """What stands in the next field is selected there: the key went to it once, and emptied it."""
    nurse.types("1697a")
    nurse.find("field-respiration").focus()
    nurse.types("13")
    nurse.focuses("field-o2sat")
    nurse.types("Backspace", "4")
    hold(nurse, respiration="14", o2sat="97")


def test_going_back_changes_nothing_and_typing_there_replaces(nurse: Clinician) -> None:
    nurse.types("1297")
    nurse.types("Shift+Tab", "Shift+Tab")
    nurse.focuses("field-respiration")
    hold(nurse, respiration="12", o2sat="97")
    nurse.types("12", "0")
    hold(nurse, respiration="120", o2sat="97")


def test_delete_in_an_empty_field_goes_back_and_takes_one_digit_away_at_a_time(nurse: Clinician) -> None:
    nurse.types("16", "Enter", "Backspace")
    nurse.focuses("field-respiration")
    hold(nurse, respiration="16")
    nurse.types("Backspace")
    hold(nurse, respiration="1")


def test_what_is_pasted_is_taken_whole_or_refused(nurse: Clinician) -> None:
    for text, shown in ((" 97 %", "97"), ("９７", "97"), ("0000097", "97"), ("97/60", "97/60")):
        nurse.find("field-o2sat").focus()
        nurse.page.keyboard.press("ControlOrMeta+a")
        nurse.page.keyboard.insert_text(text)
        nurse.find("field-pulse").focus()
        hold(nurse, o2sat=shown, pulse="")
    nurse.sees("problem-o2sat", "number")


def test_a_fraction_of_a_whole_field_is_told(nurse: Clinician) -> None:
    nurse.find("field-o2sat").focus()
    nurse.types("97.5")
    hold(nurse, o2sat="97.5")
    nurse.sees("problem-o2sat", "whole number")


def test_a_key_that_is_held_down_goes_into_no_other_field(nurse: Clinician) -> None:
    for _ in range(6):
        nurse.page.keyboard.down("9")
    nurse.page.keyboard.up("9")
    nurse.focuses("field-o2sat")
    hold(nurse, respiration="99", o2sat="")


def test_weight_and_fluids_keep_what_is_typed(nurse: Clinician) -> None:
    nurse.find("section-fluids").locator("summary").click()
    nurse.find("section-body").locator("summary").click()
    nurse.find("field-fi_oral").focus()
    nurse.types("600", "1200", "5000")
    hold(nurse, fi_oral="600", fi_parenteral="1200", fi_other="5000")
    nurse.find("field-weight").focus()
    nurse.types("72.54", "Enter", "172.5", "Enter")
    hold(nurse, weight="72.5", height="172.5")


def test_a_correction_hands_on_by_the_same_rule(browser: Browser, ward: Stack, patient: int) -> None:
    lead = ward.signed_in("lead")
    report = lead.record(patient, **WELL)["id"]
    nurse = Clinician(browser, url=f"{ward.url}/patients/{patient}/reports/{report}", username="nurse")
    nurse.open(ward)
    nurse.find("correct-report").click()
    nurse.find("field-respiration").focus()
    nurse.types("120")
    hold(nurse, respiration="120", o2sat="98")
