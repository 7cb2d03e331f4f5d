"""All that waits of one patient in one act, and back: in the list, on the patient's page and from the bar."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_alert_bar import ILL, admit_well, fall_ill
from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.realtime.ward import ago
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import wait_until

ATTEMPTS = 5  # at what has to be done within ten seconds, on one busy machine
RED = "rgb(179, 18, 29)"  # --high-fill by day


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("acknowledging")) as stack:
        yield stack


def admit_ill_and_late(ward: Stack, name: str) -> int:
    """A patient of high risk whose hourly set is an hour late: two notifications wait, both of them high."""
    rest = ward.signed_in("lead")
    patient: int = rest.admit(
        last_name=name, first_name="Sam", ward="7A", bed="2", admission_date=ago(hours=5)
    )["id"]
    rest.record(patient, **WELL, datetime=ago(hours=4))
    rest.record(patient, **ILL, datetime=ago(hours=2), monitoring_interval=60)
    wait_until(lambda: len(of(ward, patient)) == 2, what="it is told that the set is overdue")
    assert [(one["kind"], one["severity"]) for one in of(ward, patient)] == [
        ("deterioration", "high"),
        ("observation_overdue", "high"),
    ]
    return patient


def of(ward: Stack, patient: int) -> list[dict[str, Any]]:
    page = ward.signed_in("viewer").read("/api/notifications/", patient=patient, ordering="id")
    return list(page["results"])


def statuses(ward: Stack, patient: int) -> list[str]:
    return [one["status"] for one in of(ward, patient)]


def acknowledge_and_undo(person: Clinician, ward: Stack, *, button: str, patient: int, text: str) -> None:
    """Press and take it back: all of it waits again."""
    for _ in range(ATTEMPTS):
        person.find(button).click()
        person.sees("undo-bar", text)
        assert set(statuses(ward, patient)) == {"acknowledged"}
        person.find("undo").click()
        expect(person.find("undo-bar")).to_have_count(0)
        if set(statuses(ward, patient)) == {"open"}:
            expect(person.find(button)).to_be_enabled()
            return
        raise_again(person, ward, patient)  # the machine took longer than the ten seconds
    raise AssertionError("it was never taken back within ten seconds")


def raise_again(person: Clinician, ward: Stack, patient: int) -> None:
    rest = ward.signed_in("lead")
    rest.delete(f"/api/reports/{rest.record(patient, **WELL)['id']}/")
    rest.record(patient, **ILL, datetime=ago(hours=1.9), monitoring_interval=60)
    expect(person.page.locator("[data-status=open]").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1366])
def test_all_of_a_patient_are_acknowledged_in_one_act_and_taken_back(
    browser: Browser, ward: Stack, width: int
) -> None:
    patient = admit_ill_and_late(ward, f"Late{width}")
    name = f"LATE{width}, Sam"
    nurse = Clinician(browser, url=ward.url, username="nurse", width=width)
    doctor = Clinician(browser, url=ward.url, username="doctor")
    nurse.open(ward)
    doctor.open(ward)

    # Lateness is black with a clock; the colour of high is the deterioration's.
    deterioration, overdue = of(ward, patient)
    for person in (nurse, doctor):
        person.find("nav-notifications").click()
        for one, is_red in ((deterioration, True), (overdue, False)):
            badge = person.find(f"notification-{one['id']}").locator(".severity")
            expect(badge).to_have_text("High")
            fill = badge.evaluate("badge => getComputedStyle(badge).backgroundColor")
            assert (fill == RED) == is_red, fill
            assert badge.locator("svg").count() == (not is_red)

    # In the list, and every screen hears of both.
    nurse.sees(f"acknowledge-all-{patient}", "Acknowledge all 2")
    acknowledge_and_undo(
        nurse, ward, button=f"acknowledge-all-{patient}", patient=patient, text=f"{name}: 2 acknowledged"
    )
    doctor.sees(f"group-{patient}", name)

    # On the page of the patient, in one act as well; after ten seconds it is offered no more.
    nurse.page.goto(f"{ward.url}/patients/{patient}")
    if nurse.find("unfold-notifications").count() or width < 700:
        nurse.find("unfold-notifications").click()
    nurse.find("acknowledge-all").click()
    nurse.sees("undo-bar", f"{name}: 2 acknowledged")
    expect(doctor.find(f"group-{patient}")).to_have_count(0)
    for one in (deterioration, overdue):
        doctor.sees("notifications-acknowledged", "Nurse Test")
        expect(doctor.find(f"notification-{one['id']}")).to_have_attribute("data-status", "acknowledged")
    assert statuses(ward, patient) == ["acknowledged", "acknowledged"]
    expect(nurse.find("undo-bar")).to_have_count(0)
    assert statuses(ward, patient) == ["acknowledged", "acknowledged"]
    # What the server answers who comes too late belongs to the machine, not to the page.
    assert nurse.problems == doctor.problems == []


def test_what_the_bar_acknowledged_is_taken_back_in_its_place(browser: Browser, ward: Stack) -> None:
    patient = admit_well(ward, "Bar")
    nurse = Clinician(browser, url=ward.url, username="nurse", width=390, height=844, is_touch=True)
    nurse.open(ward)
    raised = fall_ill(ward, patient)
    for _ in range(ATTEMPTS):
        nurse.find(f"alert-acknowledge-{raised}").tap()
        nurse.sees("undo-bar", "BAR, Sam: acknowledged")
        expect(nurse.find(f"alert-{raised}")).to_have_count(0)
        box = nurse.find("undo-bar").bounding_box()
        assert box is not None
        assert (box["width"], box["height"] <= 64) == (390, True)
        # A double press on "Acknowledge" undoes nothing: the button takes no press at first.
        nurse.find("undo").tap()
        expect(nurse.find("undo-bar")).to_have_count(0)
        rest = ward.signed_in("lead")
        if rest.read(f"/api/notifications/{raised}/")["status"] == "open":
            break
        rest.record(patient, **WELL)
        raised = fall_ill(ward, patient)
    else:
        raise AssertionError("it was never taken back within ten seconds")
    # What interrupted does so again.
    nurse.sees(f"alert-{raised}", "BAR, Sam")
    expect(nurse.find("undo-bar")).to_have_count(0)
    assert nurse.problems == []
