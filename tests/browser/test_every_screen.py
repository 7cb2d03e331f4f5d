"""Every screen, as a person with poor sight, a keyboard or a small device meets it.

One server and one browser for all: axe (WCAG 2.2 A and AA) at two widths (in torture three) and in both modes, nothing
in the console, nothing wider than the screen, and the strict content security policy in force. On SQLite only: what a
page looks like does not depend on the engine behind the same API.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.overlaps import FIND_OVERLAPS
from tests.browser.ward import Clinician, now
from tests.observations import WELL
from tests.support.chromium import Chromium
from tests.support.counts import IS_TORTURE
from tests.support.processes import PROJECT

if TYPE_CHECKING:
    from tests.support.stacks import Stack, StackBuilder

AXE = PROJECT / "vue_frontend" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (390, 1024, 1920)
AXE_WIDTHS = WIDTHS if IS_TORTURE else (390, 1920)
"""Where axe looks; what is wrong at the width between alone is found in torture."""
DOUBLE_SIZE: ViewportSize = {"width": 683, "height": 384}
"""A desk's 1366 x 768 at 200 %."""
THEMES = ("light", "night")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")

NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
RUN_AXE = """([tags, isColourOnly, preload]) => {
    const colour = axe.getRules(['cat.color']).map(rule => rule.ruleId);
    const isSettled = rule => !rule.tags.includes('experimental') && !rule.tags.includes('deprecated');
    const ofTags = axe.getRules(tags).filter(isSettled).map(rule => rule.ruleId);
    const runOnly = isColourOnly ? ofTags.filter(rule => colour.includes(rule)) : ofTags;
    return axe.run({runOnly: {type: 'rule', values: runOnly}, resultTypes: ['violations'], preload})
        .then(found => found.violations.map(one =>
            `${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.target} (${
                node.any.concat(node.all).map(check => check.message).slice(0, 1)})`).join(', ')}`));
}"""
"""What axe finds, a line for each rule, with the first elements that break it.

At each width the rules about colour are run in both modes and all others once, for a mode changes colours only; the
style sheets, which axe fetches for its rule about the device's orientation, are the same at every width.
"""


@dataclass(frozen=True)
class Screen:
    """A page, what is pressed on it before it is looked at, and what is there then."""

    path: str
    press: tuple[str, ...] = ()
    waits_for: str = "#main"
    opens: str = "#main"


SCREENS = {
    "ward board": Screen("/", waits_for="[data-testid^=board-row-]"),
    "wall": Screen("/?mode=board", waits_for="[data-testid=wall]"),
    "patients": Screen("/patients", waits_for="[data-testid^=patient-row-]"),
    "discharged": Screen("/patients?status=discharged", waits_for="[data-testid^=patient-row-]"),
    "menu of a patient": Screen("/patients", press=("actions-{ill}",), opens="[role=menu]"),
    "discharge dialog": Screen(
        "/patients", press=("actions-{ill}", "actions-{ill}-discharge"), opens="[role=dialog]"
    ),
    "move dialog": Screen("/patients", press=("actions-{ill}", "actions-{ill}-move"), opens="[role=dialog]"),
    "admission": Screen("/patients/admit", press=("patient-form-save",)),
    "import": Screen("/patients/import", waits_for="[data-testid=import-form]"),
    "edit": Screen("/patients/{ill}/edit", waits_for="[data-testid=patient-form]"),
    "patient, chart": Screen("/patients/{ill}"),
    "patient, trends": Screen("/patients/{ill}?view=trends"),
    "patient, sets": Screen("/patients/{ill}?view=sets"),
    "patient, dengue": Screen("/patients/{new}?view=dengue"),
    "patient, fluids": Screen("/patients/{ill}?view=fluids"),
    "patient, plan": Screen("/patients/{ill}?view=plan", press=("plan-edit",)),
    "patient, changes": Screen("/patients/{ill}?view=changes", waits_for="[data-testid=changes]"),
    "versions of a report": Screen("/patients/{ill}/reports/{report}", waits_for="[data-testid^=version-]"),
    "print of a patient": Screen("/patients/{ill}/print"),
    "print of the ward": Screen("/print/ward"),
    "patient without a set": Screen("/patients/{new}"),
    "observation form": Screen("/patients/{new}/record", waits_for="[data-testid=observation-form]"),
    "notifications": Screen("/notifications", press=("show-resolved",)),
    "snooze dialog": Screen("/notifications", press=("snooze-{raised}", "snooze-confirm")),
    "settings": Screen("/settings", waits_for="[data-testid^=device-]"),
    "statistics": Screen("/statistics"),
    "not found": Screen("/nowhere"),
}


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """For the module: every screen is looked at by the same person, signed in once."""
    with chromium.lent() as lent:
        yield lent


@pytest.fixture(scope="module")
def ward(stack_builder: "StackBuilder", tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stack"]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("screens")) as stack:
        yield stack


@pytest.fixture(scope="module")
def ids(ward: "Stack") -> dict[str, int]:
    """Somebody ill with open notifications, somebody new, somebody discharged; their ids, and a notification's."""
    lead = ward.signed_in("lead")
    admitted_at = (now() - timedelta(days=2)).isoformat()
    ill = lead.admit(last_name="Ill", ward="7A", bed="1", admission_date=admitted_at, allergies="Penicillin")[
        "id"
    ]
    report = 0
    for hours, change in ((9, {}), (5, {"pulse": 95}), (1, {"respiration": 26, "o2sat": 91, "pulse": 118})):
        taken_at = (now() - timedelta(hours=hours)).isoformat()
        report = lead.record(ill, datetime=taken_at, fi_oral=200, fo_urine=150, **{**WELL, **change})["id"]
    new = lead.admit(last_name="New", ward="7B", bed="2", date_of_birth="1950-05-05", pathway="dengue")["id"]
    gone = lead.admit(last_name="Gone", ward="7A", bed="3", admission_date=admitted_at)
    lead.patch(f"/api/patients/{gone['id']}/", {"dismissal_date": now().isoformat()})
    raised = lead.read("/api/notifications/", patient=ill, kind="deterioration")["results"][0]["id"]
    return {"ill": ill, "new": new, "gone": gone["id"], "raised": raised, "report": report}


@pytest.fixture(scope="module")
def lead(browser: Browser, ward: "Stack", ids: dict[str, int]) -> Clinician:
    person = Clinician(browser, url=ward.url, username="lead")
    person.open(ward)
    person.page.evaluate("localStorage.setItem('wardlight.device.theme', 'light')")
    return person


def show(person: Clinician, screen: Screen, ids: dict[str, int]) -> None:
    """Open the screen anew and press what leads to what is to be looked at."""
    person.problems.clear()
    person.page.goto(person.url + screen.path.format(**ids))
    person.page.wait_for_selector(screen.waits_for.format(**ids))
    expect(person.find("connection-state")).to_have_text("Live")
    expect(person.page.locator(".loading")).to_have_count(0)
    for testid in screen.press:
        person.find(testid.format(**ids)).click()
    person.page.wait_for_selector(screen.opens)


def faults(person: Clinician) -> list[str]:
    """What is wrong with the page as it stands, at every width and in both modes."""
    found = []
    page = person.page
    # A colour on its way from one mode to the other is neither.
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE.read_text())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1080 if width > 1000 else 844})
        # What goes by a width that it measured follows a frame later.
        page.evaluate(NEXT_FRAME)
        for theme in THEMES if width in AXE_WIDTHS else ():
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            where = f"{width} px, {theme}"
            is_first = theme == THEMES[0]
            lines = page.evaluate(RUN_AXE, [list(TAGS), not is_first, is_first and width == WIDTHS[0]])
            found += [f"{where}: {line}" for line in lines]
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if too_wide > 0:
            found.append(f"{width} px: the page is {too_wide} px wider than the screen")
        found += [f"{width} px: {line}" for line in page.evaluate(FIND_OVERLAPS)]
    page.set_viewport_size(DOUBLE_SIZE)
    page.evaluate(NEXT_FRAME)
    return found + [f"200 %: {line}" for line in page.evaluate(FIND_OVERLAPS)]


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_fault_that_axe_finds_and_writes_nothing_to_the_console(
    name: str, lead: Clinician, ids: dict[str, int]
) -> None:
    show(lead, SCREENS[name], ids)
    assert faults(lead) == []
    assert lead.problems == []


def test_the_sign_in_page_has_no_fault_that_axe_finds(browser: Browser, ward: "Stack") -> None:
    stranger = Clinician(browser, url=ward.url, username="")
    stranger.page.goto(ward.url)
    stranger.find("sign-in-submit").click()
    expect(stranger.find("sign-in-problem")).to_be_visible()
    assert faults(stranger) == []
    stranger.context.close()


@pytest.mark.parametrize("language, live", [("de", "Live"), ("es", "Conectado")])
def test_every_language_fits_the_smallest_screen(
    lead: Clinician, ids: dict[str, int], language: str, live: str
) -> None:
    lead.page.evaluate(f"localStorage.setItem('wardlight.device.language', '{language}')")
    try:
        lead.page.set_viewport_size({"width": 390, "height": 844})
        for path in ("/", "/patients", f"/patients/{ids['ill']}", "/notifications", "/settings"):
            lead.page.goto(lead.url + path)
            expect(lead.find("connection-state")).to_have_text(live)
            assert lead.page.evaluate("document.documentElement.lang") == language
            lead.works_out(True, "document.documentElement.scrollWidth <= 390")
    finally:
        lead.page.evaluate("localStorage.removeItem('wardlight.device.language')")


def test_seven_patients_stand_on_a_phone_beside_an_alert(lead: Clinician, ward: "Stack") -> None:
    rest = ward.signed_in("lead")
    for number in range(8):
        patient = rest.admit(last_name=f"Hand{number}", first_name="Harriet", ward="Phone", bed=str(number))[
            "id"
        ]
        rest.record(patient, **(WELL if number else {**WELL, "respiration": 26, "o2sat": 91, "pulse": 118}))
    lead.page.set_viewport_size({"width": 390, "height": 844})
    lead.page.goto(f"{lead.url}/?ward=Phone")
    expect(lead.page.locator("[data-testid^=board-row-]")).to_have_count(8)
    expect(lead.page.locator("[data-testid^=alert-acknowledge-]")).to_be_visible()
    lead.works_out(
        7,
        """[...document.querySelectorAll('[data-testid^=board-row-]')]
            .filter(row => row.getBoundingClientRect().bottom <= innerHeight).length""",
    )


@pytest.mark.parametrize("width", [320, 390, 683, 820, 1366])
def test_the_ways_have_words_and_who_is_signed_in_stands_there_at_every_width(
    lead: Clinician, width: int
) -> None:
    lead.page.set_viewport_size({"width": width, "height": 844})
    for testid, word in (("nav-board", "Ward"), ("nav-patients", "Patients"), ("nav-notifications", "Notif")):
        [text] = lead.find(testid).get_by_text(word).all()
        assert (text.bounding_box() or {"width": 0})["width"] > 20
    for text in lead.find("account").locator(".name, .role").all():
        assert (text.bounding_box() or {"width": 0})["width"] > 20
    assert lead.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_thirty_beds_stand_on_one_big_screen_without_scrolling(lead: Clinician, ward: "Stack") -> None:
    rest = ward.signed_in("lead")
    for number in range(30):
        rest.admit(last_name=f"Bed{number}", ward="Wall", bed=str(number))
    lead.page.set_viewport_size({"width": 1920, "height": 1080})
    lead.page.goto(f"{lead.url}/?mode=board&ward=Wall")
    tiles = lead.page.locator("[data-testid^=tile-]")
    expect(tiles).to_have_count(30)
    lead.works_out(True, "document.documentElement.scrollHeight <= 1080")


def test_the_policy_allows_nothing_inline(ward: "Stack") -> None:
    answer = ward.signed_in("viewer").get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in answer.text
    assert " style=" not in answer.text


def test_the_board_loads_at_most_150_kilobytes_of_script_and_style(browser: Browser, ward: "Stack") -> None:
    """What the browser really fetches, compressed, from the empty cache to the live board."""
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.page.goto(ward.url)
    expect(nurse.find("connection-state")).to_have_text("Live")
    sizes = nurse.page.evaluate(
        """() => {
            // What is fetched ahead, once the board is live, is no part of it.
            const ahead = performance.getEntriesByName('wardlight.ahead')[0]?.startTime ?? Infinity;
            return performance.getEntriesByType('resource')
                .filter(one => /\\.(js|css)$/.test(one.name) && one.startTime < ahead)
                .map(one => [one.name, one.encodedBodySize]);
        }"""
    )
    assert len(sizes) >= 5
    assert 0 < sum(size for _name, size in sizes) <= 150_000, sizes
    nurse.context.close()
