"""Who is not scored: no band, no points and no total on chart, trends and paper, and the reason in their place."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder

OF_A_SMALL_CHILD = {**WELL, "respiration": 34, "bp_sys": 88, "bp_dia": 50, "pulse": 140}
"""Usual at two years; an adult would score 9."""

CHILD = "Not scored: under 16"
PREGNANT = "Not scored: pregnant"

BANDS = ".band-1, .band-2, .band-3, .line-points"
TOTALS = ".total, .total-text"

HUES = """() => [...document.querySelectorAll('[data-testid=trends] canvas')].map(canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] > 0 && data[at] - data[at + 2] > 25) return true;
    }
    return false;
})"""
"""Of each graph whether anything in it is yellow, amber or red; lines and dots are grey, or blue under the pointer."""


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("not_scored")) as stack:
        yield stack


@pytest.fixture
def nurse(browser: Browser, ward: Stack) -> Iterator[Clinician]:
    person = Clinician(browser, url=ward.url, username="nurse", height=1600)
    person.open(ward)
    yield person
    assert person.problems == []
    person.context.close()


def admit(ward: Stack, name: str, **fields: object) -> int:
    patient: int = ward.signed_in("lead").admit(last_name=name, first_name="Sam", **fields)["id"]
    return patient


def test_a_child_has_values_and_a_reason_and_no_colour(nurse: Clinician, ward: Stack) -> None:
    patient = admit(ward, "Small", date_of_birth="2024-05-01")
    ward.signed_in("lead").record(patient, **OF_A_SMALL_CHILD)
    page = nurse.page
    page.goto(f"{ward.url}/patients/{patient}")
    nurse.sees("chart-not-scored", CHILD)
    nurse.sees("news-chart", "140")
    expect(page.locator(f"[data-testid=news-chart] :is({BANDS}, {TOTALS})")).to_have_count(0)
    expect(nurse.find("news-chart")).not_to_contain_text("NEWS2")
    nurse.sees("latest-values", CHILD)
    expect(page.locator("[data-testid=latest-values] .points")).to_have_count(0)

    nurse.find("tab-trends").click()
    nurse.sees("trends-not-scored", CHILD)
    expect(nurse.find("trend-pulse")).to_be_visible()
    expect(nurse.find("trend-total")).to_have_count(0)
    nurse.works_out([False] * 5, HUES)

    page.goto(f"{ward.url}/patients/{patient}/print")
    page.emulate_media(media="print")
    nurse.sees("chart-not-scored", CHILD)
    expect(page.locator(f"[data-testid=news-chart] :is({BANDS}, {TOTALS})")).to_have_count(0)


def test_a_stay_with_both_kinds_of_sets_is_coloured_where_it_was_scored(
    nurse: Clinician, ward: Stack
) -> None:
    patient = admit(ward, "Both", date_of_birth="1996-05-01", sex="female")
    rest = ward.signed_in("lead")
    for _ in range(2):
        rest.record(patient, **WELL)
    page = nurse.page
    page.goto(f"{ward.url}/patients/{patient}")
    expect(page.locator(".total-text")).to_have_text(["0", "0"])
    expect(page.locator(f"[data-testid=news-chart] :is({BANDS})")).not_to_have_count(0)
    nurse.find("tab-trends").click()
    nurse.works_out([True] * 6, HUES)
    nurse.find("tab-chart").click()

    # What becomes of the newest set is the server's to say; the oldest keeps its score and its colour.
    rest.patch(f"/api/patients/{patient}/", {"pregnant": True})
    rest.record(patient, **OF_A_SMALL_CHILD)
    nurse.sees("chart-not-scored", PREGNANT)
    nurse.sees("latest-values", PREGNANT)
    expect(page.locator("[data-testid=latest-values] .points")).to_have_count(0)
    reach = page.locator("[data-testid=news-chart] .band-3").first.bounding_box()
    readings = page.locator("[data-testid=news-chart] .reading", has_text="140").bounding_box()
    assert reach is not None
    assert readings is not None
    assert reach["x"] + reach["width"] < readings["x"]
    nurse.find("tab-sets").click()
    newest = page.locator("[data-testid^=set-]").first
    expect(newest).to_contain_text(PREGNANT)
    expect(newest.locator(".points-1, .points-2, .points-3")).to_have_count(0)
