"""The oldest browsers that are served, and those that are too old: a Chromium from which what they lack is taken away.

Its styles come with the names of newer functions spoilt, which it then drops as an old one would; its scripts find
none of the newer methods.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.browser.ward import Clinician
from tests.observations import ILL
from tests.support.stacks import Stack, StackBuilder

LACKING = re.compile(r"light-dark\(|color-mix\(|:has\(|subgrid|text-wrap|:popover-open")
"""In styles, of Chrome 109, Firefox 115 and Safari 16.4: one of them lacks it."""

TAKE_AWAY = """
    for (const [owner, names] of [
        [HTMLElement.prototype, ['popover', 'showPopover', 'hidePopover', 'togglePopover']],
        [Array.prototype, ['toSorted', 'toReversed', 'toSpliced', 'with']],
        [Object, ['groupBy']], [Map, ['groupBy']], [Promise, ['withResolvers', 'try']], [Array, ['fromAsync']],
        [URL, ['canParse', 'parse']], [AbortSignal, ['any']], [String.prototype, ['isWellFormed', 'toWellFormed']],
        [Iterator.prototype, ['map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some',
                              'every', 'find']],
        [Set.prototype, ['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf',
                         'isDisjointFrom']],
        [Element.prototype, ['checkVisibility']], [Intl, ['Segmenter', 'DurationFormat']],
        [window, ['Iterator', 'requestIdleCallback', 'cancelIdleCallback', 'scheduler', 'navigation']],
    ]) for (const name of names) delete owner[name];
"""
"""What Chrome 109, Firefox 115 or Safari 16.4 lacks in scripts, of what a page like this one might use."""

CONTRAST = """element => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const light = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        if (a === 0) return null;
        const [x, y, z] = [r, g, b].map(one => one / 255)
            .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const ink = light(getComputedStyle(element).color);
    let fill = null;
    for (let one = element; one !== null && fill === null; one = one.parentElement)
        fill = light(getComputedStyle(one).backgroundColor);
    const [low, high] = [ink, fill ?? 1].sort((a, b) => a - b);
    return [Math.round((high + 0.05) / (low + 0.05)), fill === null ? null : Math.round(fill * 100)];
}"""
"""Of an element's text: its contrast, and how light its ground is in per cent (null: nobody painted it)."""


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("old-browsers")) as stack:
        yield stack


def spoil(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=LACKING.sub("lacking-", answer.text()))


def old_browser_of(browser: Browser, ward: Stack) -> Clinician:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.page.route("**/*.css", spoil)
    nurse.context.add_init_script(TAKE_AWAY)
    return nurse


def is_legible(text: Locator, *, is_night: bool) -> None:
    contrast, lightness = text.evaluate(CONTRAST)
    assert contrast >= 4, f"{contrast}:1, on a ground of {lightness} %"
    assert lightness is not None
    # The badge keeps its red at night; the page turns dark.
    assert lightness < 60 if is_night else lightness > 5


def test_the_main_job_is_done_in_the_oldest_browser_that_is_served(browser: Browser, ward: Stack) -> None:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name="Before", first_name="Bea", ward="7A", bed="1")["id"]
    rest.record(patient, **ILL)
    nurse = old_browser_of(browser, ward)
    nurse.sign_in()
    row = nurse.board_row(patient)
    badge = row.get_by_test_id("score")
    for is_night in (False, True):
        nurse.page.emulate_media(color_scheme="dark" if is_night else "light")
        expect(badge).to_contain_text("12")
        is_legible(badge, is_night=is_night)
        is_legible(row.locator(".name").first, is_night=is_night)

    # What is chosen for the device goes before what the system has.
    expect(nurse.find("sign-out")).to_be_hidden()
    nurse.find("account").click()
    nurse.page.get_by_role("radio", name="Light", exact=True).check()
    is_legible(row.locator(".name").first, is_night=False)
    nurse.page.keyboard.press("Escape")
    expect(nurse.find("sign-out")).to_be_hidden()
    nurse.focuses("account")

    nurse.page.goto(f"{ward.url}/patients/{patient}/record")
    for field in ("respiration", "o2sat", "bp_sys", "bp_dia", "pulse", "temperature"):
        nurse.find(f"field-{field}").fill(str(ILL[field]))
    nurse.find("choice-supplemental_oxygen-false").click()
    nurse.find("choice-consciousness-A").click()
    is_legible(nurse.find("live-score"), is_night=False)
    nurse.find("save").click()
    nurse.sees("saved-summary", "12")

    nurse.find("account").click()
    nurse.find("sign-out").click()
    expect(nurse.find("sign-in-username")).to_be_visible()
    assert nurse.problems == []


def test_a_browser_that_is_too_old_is_told_so_and_shows_no_ward(browser: Browser, ward: Stack) -> None:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.context.add_init_script("CSS.supports = () => false")
    # Nor does it read the application's scripts.
    nurse.page.route("**/main.*.js", lambda route: route.fulfill(body="let a ?? = 1"))
    nurse.page.goto(ward.url)
    told = nurse.page.locator("#old-browser")
    for words in ("too old", "zu alt", "demasiado antiguo"):
        expect(told).to_contain_text(words)
    expect(nurse.page.locator("#app")).to_have_count(0)
