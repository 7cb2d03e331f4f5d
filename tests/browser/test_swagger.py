"""/swagger in a browser: "try it" works with the session, CSRF included, and with a token."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.browser.ward import PATIENCE
from tests.support.people import KEY, PASSWORD
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture
def stack(stack_builder: StackBuilder, tmp_path: Path) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path) as running:
        yield running


def open_operation(page: Page, method: str, path: str) -> Locator:
    """The operation, unfolded and ready to be sent."""
    operation = page.locator(f".opblock-{method}").filter(
        has=page.locator(f'.opblock-summary-path[data-path="{path}"]')
    )
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def execute(operation: Locator, status: str) -> Request:
    """What was sent, once the page shows this status for it."""
    path = operation.locator(".opblock-summary-path").get_attribute("data-path")
    with operation.page.expect_request(f"**{path}") as sent:
        operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text(status)
    return sent.value


def test_try_it_reads_and_writes_by_the_session_and_by_a_token(browser: Browser, stack: Stack) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(stack.url + "/swagger")
    page.get_by_test_id("sign-in-username").fill("lead")
    page.get_by_test_id("sign-in-password").fill(PASSWORD)
    page.get_by_test_id("sign-in-submit").click()

    execute(open_operation(page, "get", "/api/ranges/"), "200")
    sent = execute(open_operation(page, "post", "/api/patients/"), "201")
    assert "x-csrftoken" in sent.all_headers()
    (ada,) = stack.signed_in("lead").read("/api/patients/")["results"]

    # Another user's token: it counts, not the session.
    page.get_by_role("button", name="Authorize").click()
    expect(page.locator(".modal-ux")).to_contain_text("Token <key>")
    page.locator(".modal-ux input").fill(f"Token {KEY.format(role='service')}")
    page.locator(".modal-ux .authorize").click()
    page.locator(".modal-ux .btn-done").click()
    reports = open_operation(page, "post", "/api/reports/")
    body = reports.locator("textarea.body-param__text")
    body.fill(json.dumps({"patient": ada["id"], "pulse": 80}))
    execute(reports, "201")
    (report,) = stack.signed_in("lead").read("/api/reports/")["results"]
    assert report["recorded_by"]["name"] == "Service Test"
