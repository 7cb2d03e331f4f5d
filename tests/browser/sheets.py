"""Every screen on a sheet of its own, for docs/screens.md: `python -m tests.browser.sheets`, after `make install`.

A sheet shows the screen on a desk, a tablet and a phone, by day and by night, in the demo ward; the wall on the big
screen it is made for. Names behind the command take only those. Look at every sheet before committing it.
"""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import (
    DESK,
    FOLDER,
    PHONE,
    SETTLED_AFTER,
    WIDE,
    enter_half_a_set,
    in_the_demo_ward,
    nothing,
    sign_in,
    write_picture,
)
from tests.browser.ward import PATIENCE
from tests.support.processes import PROJECT
from tests.support.stacks import Stack

SHEETS: Final = FOLDER / "screens"
PAGE: Final = PROJECT / "docs" / "screens.md"
TABLET: Final = (820, 1180)
MODES: Final = ("day", "night")
STRANGER, NURSE, DOCTOR, LEAD = "", "nurse2", "doctor", "lead"

# Pixels of the sheet for each size of screen.
SHOWN_WIDTH: Final = {DESK: 780, WIDE: 780, TABLET: 436, PHONE: 290}
SHEET_WIDTH: Final = 1600

STYLE: Final = """
    body { margin: 0; padding: 12px; display: flex; flex-wrap: wrap; gap: 12px; background: #6b7680; }
    img { display: block; height: auto; outline: 1px solid #39434d; }
"""


def press(*testids: str) -> Callable[[Page], None]:
    def press_all(page: Page) -> None:
        for testid in testids:
            page.get_by_test_id(testid).first.click()

    return press_all


@dataclass(frozen=True)
class Screen:
    """One screen: what it is called, where it is, who looks at it on what, and what is done on it first."""

    name: str
    title: str
    path: str
    person: str = LEAD
    prepare: Callable[[Page], None] = nothing
    sizes: tuple[tuple[int, int], ...] = (DESK, TABLET, PHONE)


SCREENS: Final = (
    Screen("sign-in", "Sign-in", "/", person=STRANGER),
    Screen("board", "Ward board, list", "/", person=NURSE),
    Screen("wall", "Ward board, the wall", "/?mode=board", person=NURSE, sizes=(WIDE, DESK)),
    Screen("patients", "Patients on the wards", "/patients"),
    Screen("discharged", "Patients discharged", "/patients?status=discharged"),
    Screen("actions", "What can be done with a stay", "/patients", prepare=press("actions-2")),
    Screen("move", "Moving a patient", "/patients", prepare=press("actions-2", "actions-2-move")),
    Screen(
        "discharge", "Discharging a patient", "/patients", prepare=press("actions-2", "actions-2-discharge")
    ),
    Screen(
        "admission", "Admission, with what is missing", "/patients/admit", prepare=press("patient-form-save")
    ),
    Screen("edit", "Editing a patient", "/patients/2/edit"),
    Screen("import", "Import of CSV files", "/patients/import"),
    Screen("patient", "Patient: values and NEWS2 chart", "/patients/2", person=NURSE),
    Screen("trends", "Patient: trends", "/patients/2?view=trends", person=NURSE),
    Screen("sets", "Patient: the sets as a table", "/patients/2?view=sets", person=NURSE),
    Screen("dengue", "Patient: dengue", "/patients/25?view=dengue", person=DOCTOR),
    Screen("fluids", "Patient: fluids", "/patients/25?view=fluids", person=NURSE),
    Screen(
        "plan", "Patient: plan and pauses", "/patients/2?view=plan", person=DOCTOR, prepare=press("plan-edit")
    ),
    Screen("changes", "Patient: changes", "/patients/2?view=changes"),
    Screen("record", "A set, half entered", "/patients/7/record", person=NURSE, prepare=enter_half_a_set),
    Screen("notifications", "Notifications", "/notifications", person=NURSE),
    Screen("statistics", "Statistics", "/statistics"),
    Screen("settings", "Settings", "/settings"),
    Screen("print-chart", "The 24 h chart on paper", "/patients/2/print", person=NURSE),
    Screen("print-ward", "The ward on paper", "/print/ward", person=NURSE),
    Screen("not-found", "An address that is not there", "/nowhere"),
)
"""The patients are those of the demo: 2 gets worse, 7 is overdue, 25 has dengue in its critical phase."""


def main() -> int:
    SHEETS.mkdir(exist_ok=True)
    in_the_demo_ward(draw_all)
    PAGE.write_text(_as_markdown())
    return 0


def draw_all(chromium: Browser, stack: Stack) -> None:
    signed_in = {person: sign_in(chromium, stack, person) for person in (NURSE, DOCTOR, LEAD)}
    for screen in SCREENS:
        if len(sys.argv) > 1 and screen.name not in sys.argv[1:]:
            continue
        state = signed_in.get(screen.person)
        shots = [
            (SHOWN_WIDTH[size], _shot(chromium, stack, screen, size=size, mode=mode, state=state))
            for size in screen.sizes
            for mode in MODES
        ]
        _draw(chromium, screen.name, shots)


def _shot(
    chromium: Browser, stack: Stack, screen: Screen, *, size: tuple[int, int], mode: str, state: str | None
) -> str:
    """The picture in base64."""
    is_touch = size in (TABLET, PHONE)
    context = chromium.new_context(
        storage_state=state,
        viewport={"width": size[0], "height": size[1]},
        has_touch=is_touch,
        is_mobile=is_touch,
        color_scheme="dark" if mode == "night" else "light",
        reduced_motion="reduce",
        service_workers="block",
    )
    page = context.new_page()
    page.goto(stack.url + screen.path)
    if state is not None:
        expect(page.get_by_test_id("connection-state")).to_have_text("Live", timeout=PATIENCE)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED_AFTER)
    screen.prepare(page)
    if screen.prepare is not nothing:  # a dialog is there some frames after the press
        page.wait_for_timeout(SETTLED_AFTER)
    if is_touch and "view=" in screen.path:  # what it is about, below the values
        page.get_by_role("tablist").evaluate("tabs => tabs.scrollIntoView()")
    page.evaluate("document.fonts.ready")
    picture = base64.b64encode(page.screenshot()).decode()
    context.close()
    return picture


def _draw(chromium: Browser, name: str, shots: list[tuple[int, str]]) -> None:
    """All of them side by side; a shot is its width on the sheet and the picture in base64."""
    page = chromium.new_page(viewport={"width": SHEET_WIDTH, "height": 100})
    images = "".join(f'<img width="{width}" src="data:image/png;base64,{shot}">' for width, shot in shots)
    page.set_content(f"<!doctype html><style>{STYLE}</style>{images}")
    height = int(page.evaluate("document.body.scrollHeight"))
    page.set_viewport_size({"width": SHEET_WIDTH, "height": height})
    write_picture(page, SHEETS / f"{name}.webp")
    page.close()


def _as_markdown() -> str:
    lines = [
        "# Every screen",
        "",
        "Each on a desk, a tablet and a phone, by day and by night, in the demo ward. Written, with its pictures, by",
        "`python -m tests.browser.sheets`. What the screens follow, and why: [ux.md](ux.md).",
    ]
    for screen in SCREENS:
        lines += ["", f"## {screen.title}", "", f"![{screen.title}](images/screens/{screen.name}.webp)"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
