"""The main job in the other two engines, Firefox's and WebKit's: each step is the same for both."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from tests.browser.ward import now
from tests.observations import WELL
from tests.support.engines import ENGINES, Engine
from tests.support.people import PASSWORD
from tests.support.processes import PROJECT
from tests.support.stacks import STACKS, Stack, StackBuilder
from tests.support.waiting import wait_until

pytestmark = pytest.mark.torture

HIT = """(element => {
    if (element === null || element.disabled) return null;
    element.scrollIntoView({block: 'nearest'});
    const {left, top, width, height} = element.getBoundingClientRect();
    const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
    return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
})"""
"""Where an element is to be clicked, as soon as nothing lies on it."""

INK = """[...document.querySelectorAll('[data-testid=trends] canvas')].map(canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0) colours.add(data.slice(at, at + 3).join());
    return colours.size;
})"""
"""Of each drawing, how many colours it has: of none, nothing was drawn."""

SAME_INK = """new Set(['.number', '[title]'].map(
    selector => getComputedStyle({tile}.querySelector(selector)).color
)).size === 1"""


class Person:
    """Somebody at one of these engines, with what they see and do.

    Attributes:
        engine: their browser.
    """

    def __init__(self, engine: Engine, *, url: str, username: str) -> None:
        self.engine = engine
        self.url = url
        self.username = username

    def sign_in(self) -> None:
        """Come to the page as a stranger, and fill in the form by keyboard."""
        self.engine.go(self.url)
        self.clicks("sign-in-username")
        self.engine.press(self.username)
        self.engine.press("Tab")
        self.focuses("sign-in-password")
        self.engine.press(PASSWORD)
        self.engine.press("Enter")
        self.sees("connection-state", "Live")

    def clicks(self, testid: str) -> None:
        """Click it, when nothing lies on it and it moves no more."""
        last: list[Any] = []

        def found() -> Any:
            point = self.engine.ask(f"{HIT}({element(testid)})")
            last.append(point)
            return point if last[-2:] == [point, point] else None

        self.engine.click(*wait_until(found, what=f"{testid} can be clicked"))

    def sees(self, testid: str, text: str) -> None:
        """Wait until the element shows this text."""
        found = element(testid)
        # A drawing has no innerText.
        shown = f"({found}?.innerText ?? {found}?.textContent ?? '')"
        self.works_out(f"{shown}.includes({text!r})", what=f"{testid} shows {text}")

    def focuses(self, testid: str) -> None:
        """Wait until the element has the focus: what is typed now goes there."""
        self.works_out(
            f"document.activeElement?.dataset.testid === {testid!r}", what=f"{testid} has the focus"
        )

    def works_out(self, expression: str, *, what: str) -> None:
        """Wait until the page's expression is true."""
        wait_until(lambda: self.engine.ask(expression), what=what)

    def shows_only_what_lies_in_the_window(self) -> None:
        self.works_out(
            "document.documentElement.scrollWidth <= innerWidth", what="nothing reaches beyond the window"
        )


def element(testid: str) -> str:
    return f"document.querySelector('[data-testid={testid}]')"


@pytest.fixture(scope="module", params=STACKS)
def ward(
    request: pytest.FixtureRequest, stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with stack_builder.running(request.param, folder=tmp_path_factory.mktemp("engines")) as stack:
        yield stack


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.long("two browsers are started, and a hand types")
def test_the_main_job_is_done_in_the_other_engines(ward: Stack, name: str) -> None:
    lead = ward.signed_in("lead")
    patient = lead.admit(
        last_name=name,
        first_name="Pat",
        ward="7A",
        bed="1",
        admission_date=(now() - timedelta(hours=9)).isoformat(),
    )["id"]
    for hours in (8, 4, 1):
        taken_at = (now() - timedelta(hours=hours)).isoformat()
        lead.record(patient, datetime=taken_at, **{**WELL, "pulse": 70 + hours})

    with ExitStack() as resources:
        nurse, doctor = (
            Person(resources.enter_context(ENGINES[name]()), url=server.url, username=username)
            for username, server in (("nurse", ward.servers[0]), ("doctor", ward.servers[-1]))
        )
        try:
            do_the_main_job(nurse, doctor, patient=patient, last_name=name.upper())
        except BaseException:
            for person in (nurse, doctor):
                take_picture(person, "failed")
            raise


def do_the_main_job(nurse: Person, doctor: Person, *, patient: int, last_name: str) -> None:
    """A nurse records a set by keyboard that scores 8, while a doctor looks at the board elsewhere."""
    row = f"board-row-{patient}"
    for person in (nurse, doctor):
        person.sign_in()
        person.sees(row, f"{last_name}, Pat")
        person.sees(row, "Low")
        person.shows_only_what_lies_in_the_window()

    nurse.clicks(row)
    nurse.sees("patient-name", f"{last_name}, Pat")
    nurse.clicks("record")
    nurse.focuses("field-respiration")
    for keys in ("1697a", "22090", "190", "a391"):
        nurse.engine.press(keys)
    # From the last field to the first question, from each to the next, and from the last one to the end.
    for field in ("bp_sys", "pulse"):
        nurse.focuses(f"confirm-{field}")
        nurse.engine.press("Enter")
    nurse.focuses("save")
    nurse.sees("live-score", "8")
    nurse.engine.press("Enter")
    nurse.sees("saved-summary", "8")
    nurse.sees("saved-summary", "High")

    # The other screen has it without a reload.
    doctor.sees(row, "High")

    nurse.clicks("saved-open")
    nurse.clicks("tab-chart")
    nurse.sees("news-chart", "190")
    nurse.shows_only_what_lies_in_the_window()
    nurse.clicks("tab-trends")
    nurse.works_out(f"({INK}).length > 3 && ({INK}).every(colours => colours > 1)", what="trends are drawn")
    nurse.shows_only_what_lies_in_the_window()

    doctor.clicks("board-wall")
    doctor.sees(f"tile-{patient}", last_name)
    doctor.sees(f"tile-{patient}", "8")
    doctor.works_out(
        SAME_INK.format(tile=element(f"tile-{patient}")), what="the rise is as legible as the score"
    )
    doctor.shows_only_what_lies_in_the_window()
    assert nurse.engine.problems() + doctor.engine.problems() == []


def take_picture(person: Person, what: str) -> None:
    folder = PROJECT / "test-results"
    folder.mkdir(exist_ok=True)
    name = type(person.engine).__name__
    (folder / f"{name}-{person.username}-{what}.png").write_bytes(person.engine.picture())
