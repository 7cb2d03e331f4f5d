"""What is chosen for a device (sound, notifications of the browser, language), and a new version that is offered."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.ward import Clinician, restart
from tests.observations import ILL, WELL
from tests.support.stacks import Stack, StackBuilder

HEAR_AND_SEE = """
    window.wardlightTones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when) { window.wardlightTones += 1; start.call(this, when); };
    window.wardlightShown = [];
    window.Notification = class {
        static permission = 'default';
        static async requestPermission() { return (this.permission = 'granted'); }
        constructor(title, options) { window.wardlightShown.push([title, options.body]); }
    };
"""
"""Counts the tones that are played, and keeps what would be shown outside of the page."""


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("device")) as stack:
        yield stack


def raise_high(ward: Stack, nurse: Clinician, *, bed: str) -> None:
    """Somebody gets ill, the bar about it stands on the screen and is acknowledged: one has room at a time."""
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name=f"Silent{bed}", first_name="Sam", ward="7A", bed=bed)["id"]
    rest.record(patient, **WELL)
    rest.record(patient, **ILL)
    raised = rest.read("/api/notifications/", patient=patient, kind="deterioration")["results"][0]["id"]
    nurse.sees(f"alert-{raised}", "SILENT")
    nurse.find(f"alert-acknowledge-{raised}").click()
    expect(nurse.find(f"alert-{raised}")).to_have_count(0)


def test_sound_and_the_browsers_notifications_come_only_where_they_were_chosen(
    browser: Browser, ward: Stack
) -> None:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.context.add_init_script(HEAR_AND_SEE)
    nurse.open(ward)
    raise_high(ward, nurse, bed="1")
    assert nurse.page.evaluate("window.wardlightTones") == 0

    nurse.find("nav-notifications").click()
    nurse.sees("sound-switch", "Sound off")
    nurse.find("sound-switch").click()
    nurse.sees("sound-switch", "Sound on")
    raise_high(ward, nurse, bed="2")
    nurse.page.wait_for_function("window.wardlightTones === 2")  # one signal of two tones

    nurse.find("account").click()
    nurse.find("nav-settings").click()
    nurse.find("choice-browser-notifications-on").click()
    # In sight the page speaks for itself; only in the background does the browser.
    raise_high(ward, nurse, bed="3")
    assert nurse.page.evaluate("window.wardlightShown") == []
    nurse.page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    raise_high(ward, nurse, bed="4")
    nurse.page.wait_for_function("window.wardlightShown.length === 1")
    [[title, body]] = nurse.page.evaluate("window.wardlightShown")
    assert "Deterioration" in title
    assert body == "Ward 7A · Bed 4"  # a locked screen shows it: no name
    assert nurse.problems == []


def test_the_language_changes_at_once_and_stays_on_the_device(browser: Browser, ward: Stack) -> None:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.mark_page()
    nurse.find("account").click()
    nurse.find("nav-settings").click()
    nurse.find("choice-language-es").click()
    nurse.sees("nav-patients", "Pacientes")
    expect(nurse.page.locator("html")).to_have_attribute("lang", "es")
    nurse.find("choice-language-de").click()
    nurse.sees("nav-patients", "Patienten")
    assert nurse.was_not_reloaded()
    nurse.page.reload()
    nurse.sees("nav-patients", "Patienten")
    expect(nurse.page.locator("html")).to_have_attribute("lang", "de")
    assert nurse.problems == []


def test_a_new_version_is_offered_and_not_forced(browser: Browser, ward: Stack) -> None:
    def as_newer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"main\.\w+\.js", "main.0123456789.js", answer.text()))

    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.find("board-search").fill("in the middle of it")
    nurse.mark_page()
    nurse.page.route(f"{ward.url}/", as_newer)
    # A restart is how versions change.
    restart(ward, nurse)
    expect(nurse.find("new-version")).to_be_visible()
    expect(nurse.find("board-search")).to_have_value("in the middle of it")
    assert nurse.was_not_reloaded()

    nurse.find("new-version").get_by_role("button", name="Later").click()
    expect(nurse.find("new-version")).to_have_count(0)
    assert nurse.was_not_reloaded()
    assert nurse.problems == []
