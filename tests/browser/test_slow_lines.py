"""A house of 300 patients at the end of a slow line."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import ILL, WELL
from tests.support.slow_line import SlowLine, slow_line
from tests.support.stacks import Stack, StackBuilder

PATIENTS = 300
RATE = 50_000  # bytes a second
ROUND_TRIP = 0.4  # seconds
QUIET = 5 * ROUND_TRIP
AHEAD = 5.0  # seconds: a page that is live is left alone for three before the other files are fetched
FILL = f"""
from datetime import timedelta
from django.contrib.auth.models import User
from patients import clock
from patients.models import Patient, Report
from patients.services.patients import admit_patient
from patients.services.reports import record_report
from patients.events import unit_of_work
well, ill = {WELL!r}, {ILL!r}
sets = [well, {{**well, "pulse": 95}}, {{**well, "respiration": 22}}, {{**well, "temperature": 38.4}}, ill]
by, now = User.objects.get(username="lead"), clock.now()
with unit_of_work():
    for n in range({PATIENTS}):
        patient = admit_patient(by=by, now=now, first_name="Pat" + "nmdlk"[n % 5], last_name=f"Slow{{n:03}}",
            hospital_number=f"S-{{n:05}}", ward=f"{{n % 10 + 1}}A", bed=str(n // 10 + 1), sex="female",
            date_of_birth=(now - timedelta(days=9000 + 61 * n)).date(), admission_date=now - timedelta(days=3),
            diagnosis=("Pneumonia", "Hip fracture, day 2", "Heart failure", "Sepsis, source unknown")[n % 4],
            allergies="Penicillin" if n % 3 == 0 else "")
        kind = 4 if n % 17 == 0 else 3 if n % 7 == 0 else n % 3
        report = record_report(patient_id=patient.pk, by=by, now=now, datetime=now - timedelta(minutes=n % 240 + 1),
            **sets[kind])
        before = Report.objects.get(pk=report.pk)
        older = []
        for hours in (4, 8, 12, 16, 20):
            before.pk, before.datetime = None, report.datetime - timedelta(hours=hours)
            older.append(Report(**{{f.attname: getattr(before, f.attname) for f in Report._meta.concrete_fields}}))
        Report.objects.bulk_create(older)
"""


@pytest.fixture(scope="module")
def house(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("slow")) as stack:
        stack.manage("shell", "--verbosity", "0", "--command", FILL)
        yield stack


@pytest.fixture
def line(house: Stack) -> Iterator[SlowLine]:
    with slow_line(urlsplit(house.url).port or 0) as line:
        yield line


def arrive(browser: Browser, house: Stack, line: SlowLine, *, form: str) -> Clinician:
    """Somebody whose browser has the files of board and form already, and whose line is slow from now on."""
    nurse = Clinician(browser, url=line.url, username="nurse", height=768)
    nurse.open(house)
    nurse.page.goto(form)
    expect(nurse.find("field-respiration")).to_be_visible()
    expect(nurse.find("connection-state")).to_have_text("Live")
    Watch(line).all_carried(quiet=AHEAD)
    nurse.page.goto("about:blank")
    line.rate, line.round_trip = RATE, ROUND_TRIP
    return nurse


def fill_in(nurse: Clinician) -> None:
    for field, value in (("respiration", "14"), ("o2sat", "98")):
        nurse.find(f"field-{field}").fill(value)
    nurse.find("choice-supplemental_oxygen-false").click()
    for field, value in (("bp_sys", "124"), ("bp_dia", "78"), ("pulse", "95")):
        nurse.find(f"field-{field}").fill(value)
    nurse.find("choice-consciousness-A").click()
    nurse.find("field-temperature").fill("36.8")
    expect(nurse.find("save")).to_be_enabled()


class Watch:
    """What comes over a line from now on."""

    def __init__(self, line: SlowLine) -> None:
        self.line, self.began, self.down = line, time.monotonic(), line.down.carried

    @property
    def carried(self) -> int:
        return self.line.down.carried - self.down

    def all_carried(self, *, quiet: float = QUIET) -> int:
        """What has come when nothing more came for so many seconds."""
        before = -1
        while before != self.carried:
            before = self.carried
            time.sleep(quiet)
        return before

    def told(self) -> str:
        return f"{time.monotonic() - self.began:.2f} s and {self.carried / 1000:.1f} kB"


@pytest.mark.torture
@pytest.mark.parametrize("has_compression", [True, False], ids=["compressed", "plain"])
@pytest.mark.long("a house comes over a slow line three times")
def test_rows_come_first_and_a_save_waits_for_a_page_at_most(
    browser: Browser, house: Stack, line: SlowLine, figure: Callable[[str], None], has_compression: bool
) -> None:
    line.has_compression = has_compression
    found = house.signed_in("nurse").read("/api/patients/", search="Slow001")
    form = f"{line.url}/patients/{found['results'][0]['id']}/record"
    nurse = arrive(browser, house, line, form=form)
    state, rows = nurse.find("connection-state"), nurse.page.locator("[data-testid^=board-row-]")
    name = "compressed" if has_compression else "plain"

    watch = Watch(line)
    nurse.page.goto(line.url, wait_until="commit")
    expect(rows.first).to_be_visible()
    first, shown = watch.carried, rows.count()
    told = [f"{shown} rows after {watch.told()}"]
    expect(nurse.find("board-more")).to_be_visible()
    assert 0 < shown < PATIENTS
    expect(state).to_have_text("Live")
    told.append(f"live after {watch.told()}")
    expect(rows).to_have_count(PATIENTS)
    told.append(f"{watch.all_carried() / 1000:.1f} kB in all")
    assert first < 20_000 + 20_000, "no more than the short first page comes before the first rows"

    watch = Watch(line)
    nurse.page.goto(form, wait_until="commit")
    expect(nurse.find("field-respiration")).to_be_visible()
    told.append(f"the form after {watch.told()}")
    fill_in(nurse)
    assert state.text_content() != "Live", f"the house is still on its way {told} {watch.told()}"
    watch = Watch(line)
    nurse.find("save").click()
    expect(nurse.find("saved-summary")).to_be_visible()
    told.append(f"a save meanwhile after {watch.told()}")
    assert watch.carried < 64_000 + 20_000, "no more than one page comes before the answer"
    expect(state).to_have_text("Live")
    figure(f"{PATIENTS} patients at {RATE // 1000} kB/s and {ROUND_TRIP} s, {name}: {', '.join(told)}")
