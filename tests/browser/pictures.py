"""The pictures in README.md and docs/ux.md, taken from the demo ward: `python -m tests.browser.pictures`.

Names behind it take only those: `python -m tests.browser.pictures board wall`.

To be run after whatever changes the look of a screen (after `make install`, which builds it); look at each of them
before committing. They are WebP, for Chromium writes it and a screen then needs a tenth of a megabyte at most.
"""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect

from tests.browser.ward import PATIENCE
from tests.support.chromium import running_chromium
from tests.support.processes import PROJECT
from tests.support.stacks import Stack, StackBuilder

FOLDER = PROJECT / "docs" / "images"
DEMO_PASSWORD = "wardlight-demo"
QUALITY = 78
LOST = "lost"
SETTLED_AFTER = 1500  # ms

WIDE, DESK, TABLET, PHONE = (1920, 1080), (1366, 860), (1024, 768), (390, 844)


def nothing(page: Page) -> None:
    """The screen as it opens."""


def enter_half_a_set(page: Page) -> None:
    for field, digits in (("respiration", "22"), ("o2sat", "94")):
        page.get_by_test_id(f"field-{field}").fill(digits)
    page.get_by_test_id("choice-supplemental_oxygen-false").click()
    for field, digits in (("bp_sys", "104"), ("bp_dia", "68"), ("pulse", "112")):
        page.get_by_test_id(f"field-{field}").fill(digits)
    expect(page.get_by_test_id("live-score")).to_contain_text("Partial", timeout=PATIENCE)
    page.get_by_test_id("field-temperature").focus()
    page.get_by_test_id("row-temperature").scroll_into_view_if_needed()


@dataclass(frozen=True)
class Picture:
    """One screen: at which address, of which size, in which mode, and what is done on it first."""

    name: str
    path: str
    size: tuple[int, int]
    is_night: bool = False
    prepare: Callable[[Page], None] = nothing


PICTURES = (
    Picture("board", "/", DESK),
    Picture("wall", "/?mode=board", WIDE, is_night=True),
    Picture("patient", "/patients/2", DESK),
    Picture("trends", "/patients/2?view=trends", DESK, is_night=True),
    Picture("dengue", "/patients/25?view=dengue", DESK),
    Picture("fluids", "/patients/25?view=fluids", DESK),
    Picture("record", "/patients/7/record", TABLET, prepare=enter_half_a_set),
    Picture("record-phone", "/patients/7/record", PHONE, is_night=True, prepare=enter_half_a_set),
    Picture("board-phone", "/", PHONE),
    Picture("notifications", "/notifications", TABLET),
    Picture("changes", "/patients/2?view=changes", DESK),
)
"""The patients are those of the demo: 2 gets worse, 7 is overdue, 25 has dengue in its critical phase."""


def main() -> int:
    in_the_demo_ward(take_all)
    return 0


def in_the_demo_ward(look: Callable[[Browser, Stack], None]) -> None:
    """Serve the demo ward from an empty folder and look at it in a browser."""
    with TemporaryDirectory() as folder, running_chromium() as chromium:
        builder = StackBuilder()
        try:
            (Path(folder) / "stack").mkdir()
            with builder.prepared("sqlite", folder=Path(folder) / "stack") as stack:
                stack.manage("demo")
                try:
                    stack.start()
                    look(chromium, stack)
                finally:
                    stack.stop()
        finally:
            builder.close()


def is_wanted(name: str) -> bool:
    return name in sys.argv[1:] or len(sys.argv) == 1


def take_all(chromium: Browser, stack: Stack) -> None:
    state = sign_in(chromium, stack, "nurse2")
    for picture in PICTURES:
        if not is_wanted(picture.name):
            continue
        page = opened(chromium, stack, picture, state)
        picture.prepare(page)
        take(page, picture.name)
        page.context.close()
    if not is_wanted(LOST):
        return
    # The last one is of a line that is lost.
    page = opened(chromium, stack, Picture(LOST, "/", TABLET), state)
    stack.kill9()
    expect(page.get_by_test_id("stale-bar")).to_be_visible(timeout=PATIENCE)
    take(page, LOST)


def sign_in(chromium: Browser, stack: Stack, username: str) -> str:
    """The path of a file with a sign-in of one of the demo's people."""
    context = chromium.new_context(service_workers="block")
    page = context.new_page()
    page.goto(stack.url)
    page.get_by_test_id("sign-in-username").fill(username)
    page.get_by_test_id("sign-in-password").fill(DEMO_PASSWORD)
    page.get_by_test_id("sign-in-submit").click()
    expect(page.get_by_test_id("connection-state")).to_have_text("Live", timeout=PATIENCE)
    path = str(stack.folder / f"{username}.json")
    context.storage_state(path=path)
    context.close()
    return path


def opened(chromium: Browser, stack: Stack, picture: Picture, state: str) -> Page:
    width, height = picture.size
    is_touch = picture.size in (TABLET, PHONE)
    context = chromium.new_context(
        storage_state=state,
        viewport={"width": width, "height": height},
        has_touch=is_touch,
        is_mobile=is_touch,
        color_scheme="dark" if picture.is_night else "light",
        reduced_motion="reduce",
        service_workers="block",
    )
    page = context.new_page()
    page.goto(stack.url + picture.path)
    expect(page.get_by_test_id("connection-state")).to_have_text("Live", timeout=PATIENCE)
    expect(page.locator("#main")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".loading")).to_have_count(0, timeout=PATIENCE)
    page.wait_for_load_state("networkidle")
    # What a tab fetches by itself, and the line of totals.
    page.wait_for_timeout(SETTLED_AFTER)
    expect(page.locator(".loading")).to_have_count(0, timeout=PATIENCE)
    return page


def take(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready")
    write_picture(page, FOLDER / f"{name}.webp")


def write_picture(page: Page, path: Path) -> None:
    answer = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot", {"format": "webp", "quality": QUALITY}
    )
    picture = base64.b64decode(answer["data"])
    path.write_bytes(picture)
    sys.stdout.write(f"{path.name}: {len(picture) / 1000:.0f} KB\n")


if __name__ == "__main__":
    sys.exit(main())
