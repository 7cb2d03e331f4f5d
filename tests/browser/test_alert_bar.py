"""A high notification on a phone and on a tablet: not to be overlooked, and in nobody's way."""

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


def admit_well(ward: Stack, name: str) -> int:
    rest = ward.signed_in("lead")
    patient: int = rest.admit(last_name=name, first_name="Sam", ward="7A", bed="1")["id"]
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
