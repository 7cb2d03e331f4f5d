"""A person at a browser: one Chromium context each, with what they can see and do."""

import re
import time
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.people import PASSWORD
from tests.support.stacks import Stack
from tests.support.waiting import DEADLINE

PATIENCE = DEADLINE * 1000  # ms
"""For what a person waits for: the server's part of it and the browser's, on one busy machine."""

# Playwright's own 5 s are fewer than a busy machine needs to draw what it has known for long.
expect.set_options(timeout=PATIENCE)

LOW = re.compile(r"1\s*Low")
"""A score on the board: number and word."""

HAND = 30
"""ms from key to key of a quick hand."""

LOST = ("WebSocket", "net::ERR_CONNECTION", "net::ERR_EMPTY_RESPONSE")
"""How the browser itself reports a connection that broke, or a question that was under way on it."""

NO_WORKER = "Service Worker registration blocked by Playwright"


class Clinician:
    """Somebody signed in on a device of their own.

    Attributes:
        page: their browser's only page.
        problems: what the page wrote to the console as an error or warning, and what it threw.
    """

    def __init__(
        self,
        browser: Browser,
        *,
        url: str,
        username: str,
        width: int = 1366,
        height: int = 900,
        is_touch: bool = False,
        has_service_worker: bool = False,
    ) -> None:
        self.url = url
        self.username = username
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=is_touch,
            is_mobile=is_touch,
            # With one, what it keeps would stand between a test and the server.
            service_workers="allow" if has_service_worker else "block",
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # Some of these tests bring a lost connection about.
        is_lost = any(sign in message.text for sign in (*LOST, NO_WORKER))
        if message.type in ("error", "warning") and not is_lost:
            self.problems.append(message.text)

    def open(self, stack: Stack) -> None:
        """Come to the page on a device that is signed in already."""
        session = stack.new_session(self.username)
        self.context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])
        self.page.goto(self.url)
        expect(self.find("connection-state")).to_have_text("Live")

    def sign_in(self) -> None:
        """Come to the page as a stranger, and fill in the form."""
        self.page.goto(self.url)
        self.find("sign-in-username").fill(self.username)
        self.find("sign-in-password").fill(PASSWORD)
        # A stranger's page asks who is there and is told 401, which the browser notes as an error.
        self.problems.clear()
        self.find("sign-in-submit").click()
        expect(self.find("connection-state")).to_have_text("Live")

    def find(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    def sees(self, testid: str, text: str) -> None:
        """Wait until the element holds the text, without a reload."""
        expect(self.find(testid)).to_contain_text(text)

    def focuses(self, testid: str) -> None:
        """Wait until the element has the focus: what is typed now goes there."""
        expect(self.find(testid)).to_be_focused()

    def types(self, *keys: str) -> None:
        """Press these keys as a hand does: a text for several, or the name of one, such as "Enter".

        No hand has five keys within 20 ms of each other. The pause is waited for, so a busy machine only makes it
        longer.
        """
        for key in keys:
            for one in [key] if len(key) > 1 and key[0].isupper() else key:
                self.page.keyboard.press(one)
                self.page.wait_for_timeout(HAND)

    def scans(self, number: str, *, end: str | None = "Enter", gap: float = 0.005) -> None:
        """Scan a wristband: its keys come `gap` seconds apart by their own clock, however late the page hears them."""
        session = self.context.new_cdp_session(self.page)
        began = time.time()
        for index, key in enumerate([*number, *([] if end is None else [end])]):
            text, code = {"Enter": ("\r", 13), "Tab": ("", 9)}.get(key, (key, ord(key[0].upper())))
            at = began + index * gap
            stroke = {"key": key, "code": key if len(key) > 1 else "", "windowsVirtualKeyCode": code}
            session.send(
                "Input.dispatchKeyEvent", {**stroke, "type": "keyDown", "text": text, "timestamp": at}
            )
            session.send("Input.dispatchKeyEvent", {**stroke, "type": "keyUp", "timestamp": at + gap / 2})
        session.detach()

    def board_row(self, patient: int) -> Locator:
        return self.find(f"board-row-{patient}")

    def works_out(self, answer: Any, expression: str, argument: Any = None) -> None:
        """Wait until the page's expression has this answer: what a page measures of itself, it heeds a frame later."""
        give_up_at = time.monotonic() + PATIENCE / 1000
        while (found := self.page.evaluate(expression, argument)) != answer:
            assert time.monotonic() < give_up_at, f"{found!r}, not {answer!r}"
            self.page.wait_for_timeout(50)

    def mark_page(self) -> None:
        """Leave something in the page that a reload would take away."""
        self.page.evaluate("window.wardlightTestMark = 1")

    def was_not_reloaded(self) -> bool:
        return bool(self.page.evaluate("window.wardlightTestMark === 1"))


def restart(stack: Stack, *people: Clinician) -> None:
    """Kill the server and start it again; every page notices both by itself."""
    stack.kill9()
    for person in people:
        expect(person.find("connection-state")).not_to_have_text("Live")
    stack.start()
    for person in people:
        expect(person.find("connection-state")).to_have_text("Live")
        # Whoever asked while it was starting was told so, which the browser notes by itself.
        person.problems = [one for one in person.problems if "503 (Service Unavailable)" not in one]


def now() -> datetime:
    return datetime.now(UTC)
