"""A line that is dead, a page that is opened without one, and a part of the page that does not come."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder

KEPT = "caches.open('wardlight').then(cache => cache.keys()).then(keys => keys.map(one => new URL(one.url).pathname))"
IS_READY = f"""async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'
    && (await {KEPT}).includes('/')"""


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("lines")) as stack:
        yield stack


def admit(ward: Stack, *, last_name: str) -> int:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name=last_name, first_name="Ines", ward="7A", bed="1")["id"]
    rest.record(patient, **WELL)
    return int(patient)


def test_a_lost_network_is_told_at_once(browser: Browser, ward: Stack) -> None:
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.context.set_offline(True)
    expect(nurse.find("connection-state")).to_contain_text("Not connected since")
    expect(nurse.find("stale-bar")).to_be_visible()
    nurse.context.set_offline(False)
    expect(nurse.find("connection-state")).to_have_text("Live")


def test_a_part_that_cannot_be_fetched_says_so_and_comes_when_it_is_there(
    browser: Browser, ward: Stack
) -> None:
    patient = admit(ward, last_name="Part")
    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.page.route("**/trends.*.css", lambda route: route.fulfill(status=404))
    nurse.page.route("**/notifications.*.js", lambda route: route.fulfill(status=404))
    nurse.open(ward)
    nurse.page.goto(f"{ward.url}/patients/{patient}?view=trends")
    nurse.sees("parts-bar", "A part of this page could not be loaded")
    expect(nurse.find("parts-reload")).to_be_visible()
    # A way that leads nowhere says so as well.
    nurse.find("nav-notifications").click()
    expect(nurse.find("parts-bar")).to_be_visible()
    nurse.page.unroute_all()
    nurse.find("parts-try").click()
    expect(nurse.page.locator("h1")).to_have_text("Notifications")
    expect(nurse.find("parts-bar")).to_have_count(0)


# The last one: where it fails, it leaves the ward without a server.
def test_a_reload_without_a_line_says_since_when_and_what_is_unsaved_and_goes_on_by_itself(
    browser: Browser, ward: Stack
) -> None:
    patient = admit(ward, last_name="Away")
    nurse = Clinician(browser, url=ward.url, username="nurse", has_service_worker=True)
    nurse.open(ward)
    nurse.works_out(True, IS_READY)
    kept = nurse.page.evaluate(KEPT)
    assert all(path == "/" or path.startswith("/static/app/") for path in kept), kept
    shell = nurse.page.evaluate("caches.match('/').then(answer => answer.text())")
    assert 'data-signed-in="unknown"' in shell
    assert "csrf" not in shell

    nurse.page.goto(f"{ward.url}/patients/{patient}/record")
    nurse.find("field-respiration").fill("15")
    ward.kill9()
    # The draft is kept a moment after it was typed.
    nurse.works_out(
        True, "Object.keys(localStorage).some(key => /^wardlight.draft.[0-9]+.[0-9]+$/.test(key))"
    )
    nurse.page.reload()
    nurse.sees("away", "Not connected since")
    nurse.sees("away", "1 unsaved set on this device")

    ward.start()
    expect(nurse.find("field-respiration")).to_have_value("15")
    assert nurse.page.url.endswith(f"/patients/{patient}/record")
