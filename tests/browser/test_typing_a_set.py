"""What a set that is being typed lives through: questions, an alert, an answer that never came."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, WebSocketRoute, expect

from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("typing")) as stack:
        yield stack


def admit_well(ward: Stack, name: str, **fields: Any) -> int:
    lead = ward.signed_in("lead")
    patient = int(lead.admit(last_name=name, first_name="Sam", ward="7A", bed=name[:1], **fields)["id"])
    lead.record(patient, **WELL)
    return patient


def begin(browser: Browser, ward: Stack, patient: int, **device: Any) -> Clinician:
    nurse = Clinician(browser, url=ward.url, username="nurse", **device)
    nurse.open(ward)
    open_form(nurse, patient)
    return nurse


def open_form(nurse: Clinician, patient: int) -> None:
    nurse.page.goto(f"{nurse.url}/patients/{patient}/record")
    nurse.focuses("field-respiration")


def test_the_keyboard_alone_answers_every_question_and_saves(browser: Browser, ward: Stack) -> None:
    patient = admit_well(ward, "Asked")
    nurse = begin(browser, ward, patient)
    nurse.types("1697a")
    nurse.types("22090")
    nurse.types("190")
    nurse.types("a391")
    # From the last field to the first question, from each to the next, and from the last one to the end.
    for field in ("bp_sys", "pulse"):
        nurse.focuses(f"confirm-{field}")
        nurse.page.keyboard.press("Enter")
    nurse.focuses("save")
    nurse.page.keyboard.press("Enter")
    nurse.sees("saved-summary", "8")
    assert nurse.problems == []


def test_typing_begins_when_the_table_is_here_by_which_a_field_hands_on(
    browser: Browser, ward: Stack
) -> None:
    """Once the form was there before, and digits piled up in its first field."""
    patient = admit_well(ward, "Early")
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    held: list[Route] = []
    nurse.page.route("**/api/ranges/", lambda route: held.append(route))
    nurse.board_row(patient).click()
    nurse.find("record").click()
    while not held:
        nurse.page.wait_for_timeout(50)
    # What else the page needs comes meanwhile.
    nurse.page.wait_for_timeout(500)
    expect(nurse.page.locator("#main .loading")).to_be_visible()
    expect(nurse.find("observation-form")).to_have_count(0)
    held.pop().continue_()
    nurse.focuses("field-respiration")
    nurse.types("1697")
    for field, text in (("respiration", "16"), ("o2sat", "97")):
        expect(nurse.find(f"field-{field}")).to_have_value(text)


@pytest.mark.parametrize("language, width", [("en", 1366), ("de", 1366), ("es", 1024)])
def test_the_save_button_stays_where_it_is_when_the_score_comes(
    browser: Browser, ward: Stack, language: str, width: int
) -> None:
    """A press whose button slips away before it is released does nothing."""
    patient = admit_well(ward, "Steady")
    nurse = Clinician(browser, url=ward.url, username="nurse", width=width)
    nurse.context.add_init_script(f"localStorage.setItem('wardlight.device.language', '{language}')")
    nurse.page.goto(ward.url)
    session = ward.new_session("nurse")
    nurse.context.add_cookies([{"name": "sessionid", "value": session, "url": ward.url}])
    open_form(nurse, patient)
    top = "document.querySelector('[data-testid=save]').getBoundingClientRect().top"
    stands_at = nurse.page.evaluate(top)
    # Nothing is said yet; then what each level asks for.
    nurse.types("1697a", "12476", "72a", "36.8")
    for field, value, total in (
        ("pulse", 72, 0), ("pulse", 95, 1), ("pulse", 135, 3), ("o2sat", 93, 5), ("o2sat", 91, 6), ("bp_sys", 88, 9)
    ):  # fmt: skip
        nurse.find(f"field-{field}").fill(str(value))
        expect(nurse.find("live-score").locator(".score")).to_contain_text(str(total))
        if nurse.find("save").is_disabled():  # until what is unusual is confirmed
            nurse.find(f"confirm-{field}").click()
            expect(nurse.find("save")).to_be_enabled()
        assert nurse.page.evaluate(top) == stands_at, total


def test_without_the_table_the_form_opens_all_the_same(browser: Browser, ward: Stack) -> None:
    patient = admit_well(ward, "Bare")
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.page.route("**/api/ranges/", lambda route: route.abort())
    open_form(nurse, patient)
    nurse.types("16")
    expect(nurse.find("field-respiration")).to_have_value("16")


def test_after_a_question_in_the_middle_typing_goes_on_at_the_next_empty_field(
    browser: Browser, ward: Stack
) -> None:
    patient = admit_well(ward, "Midway")
    nurse = begin(browser, ward, patient, width=375, height=667, is_touch=True)
    for digit in "40":
        nurse.find(f"pad-{digit}").tap()
    nurse.find("confirm-respiration").tap()
    nurse.focuses("field-o2sat")
    expect(nurse.find("number-pad")).to_be_visible()
    # Come back to it later: nothing that was typed is selected, to be typed over.
    nurse.page.reload()
    nurse.sees("draft", "not yet saved")
    nurse.focuses("field-o2sat")


def test_an_extreme_pressure_and_temperature_are_typed_like_any_other(browser: Browser, ward: Stack) -> None:
    nurse = begin(browser, ward, admit_well(ward, "Extreme"))
    nurse.types("1697a")
    nurse.types("27090")
    for field, text in (("bp_sys", "270"), ("bp_dia", "90")):
        expect(nurse.find(f"field-{field}")).to_have_value(text)
    nurse.find("field-temperature").focus()
    nurse.types("421")
    expect(nurse.find("field-temperature")).to_have_value("42.1")


def test_typing_goes_on_where_it_was_after_an_alert_is_acknowledged(browser: Browser, ward: Stack) -> None:
    patient = admit_well(ward, "Falls")  # in the form of another patient nothing is to be acknowledged
    nurse = begin(browser, ward, patient)
    nurse.types("1")
    lead = ward.signed_in("lead")
    lead.record(patient, **{**WELL, "respiration": 26, "o2sat": 90, "pulse": 132})
    alert = lead.read("/api/notifications/", patient=patient, kind="deterioration")["results"][0]["id"]
    expect(nurse.find(f"alert-acknowledge-{alert}")).to_be_enabled()
    nurse.find(f"alert-acknowledge-{alert}").click()
    expect(nurse.find(f"alert-{alert}")).to_have_count(0)
    nurse.focuses("field-respiration")
    nurse.types("6")
    expect(nurse.find("field-respiration")).to_have_value("16")


def test_an_alert_on_a_small_phone_leaves_the_field_in_sight(browser: Browser, ward: Stack) -> None:
    patient = admit_well(ward, "Small", hospital_number="S-1")
    nurse = begin(browser, ward, patient, width=375, height=667, is_touch=True)
    nurse.find("pad-1").tap()
    nurse.sees("obstacle", "unusual")
    ward.signed_in("lead").record(patient, **{**WELL, "respiration": 26, "o2sat": 90, "pulse": 132})
    expect(nurse.page.locator("[data-testid^=alert-acknowledge]")).to_be_visible()
    nurse.page.wait_for_function(
        """() => {
            const field = document.querySelector('[data-testid=field-respiration]');
            const { left, top, bottom } = field.getBoundingClientRect();
            return [top + 2, bottom - 2].every((y) => document.elementFromPoint(left + 9, y) === field);
        }"""
    )
    nurse.context.close()


def test_a_set_whose_answer_was_lost_is_not_saved_twice_after_a_reload(browser: Browser, ward: Stack) -> None:
    patient = int(ward.signed_in("lead").admit(last_name="Once", ward="7A", bed="1")["id"])
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    is_lost = True

    def lose_what_was_saved(line: WebSocketRoute) -> None:
        server = line.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if not (is_lost and "rotate the drip" in str(frame)):
                line.send(frame)

        server.on_message(pass_on)

    nurse.page.route_web_socket("**/ws/", lose_what_was_saved)
    open_form(nurse, patient)
    nurse.types("1697a12080")
    nurse.types("72a368")
    nurse.find("section-course").locator("summary").click()
    nurse.page.locator("textarea").first.fill("rotate the drip")
    nurse.find("save").click()
    nurse.sees("save", "Send again")
    is_lost = False
    nurse.page.reload()
    nurse.sees("form-message", "cannot be saved twice")
    expect(nurse.find("field-respiration")).to_be_disabled()
    nurse.find("save").click()
    nurse.sees("saved-summary", "0")
    assert ward.signed_in("lead").read("/api/reports/", patient=patient)["count"] == 1
