"""Reminders end to end: due, overdue, moved, resolved; with everybody connected and with nobody."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

from tests.observations import ILL, WELL
from tests.realtime.ward import Ward, ago, aside
from tests.support.clients import Frame
from tests.tasks.due import (
    admit_with_first_set_due_in,
    assert_told_once_each,
    let_become_overdue_in,
    record_set_due_in,
    reminders_of,
    see_another_look,
    wait_for_reminders,
)


def of(patient: int, **values: str) -> Callable[[Frame], bool]:
    """Whether a pushed notification is this patient's and has these values."""
    return lambda push: push["data"]["patient"] == patient and values.items() <= push["data"].items()


async def test_a_reminder_goes_out_to_every_connected_client(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with AsyncExitStack() as resources:
        sockets = [
            *await shared_ward.open_everywhere(resources, "viewer"),
            *await shared_ward.open_everywhere(resources, "nurse"),
        ]
        report = await aside(record_set_due_in, shared_ward, patient["id"], seconds=1.5)
        for socket in sockets:
            banner = await socket.wait_for_push("history", of(patient["id"]), type="notification")
            change = await socket.wait_for_push("notifications", of(patient["id"]))
            assert banner["data"] == change["data"]
        (stored,) = await aside(reminders_of, shared_ward, patient["id"])
        await shared_ward.catch_up(*sockets)
        for socket in sockets:
            (change,) = filter(of(patient["id"]), socket.pushed("notifications"))
            (banner,) = filter(of(patient["id"]), socket.pushed("history", type="notification"))
            assert change["data"] == banner["data"] == stored
            board = [push for push in socket.pushed("patients") if push["data"]["id"] == patient["id"]]
            assert board[-1]["data"]["open_notifications"] == 1
        assert stored["kind"] == "observation_due"
        assert (stored["severity"], stored["status"]) == ("low", "open")
        assert (stored["patient"], stored["report"]) == (patient["id"], report["id"])
        assert stored["due_at"] == report["due_at"]
        assert datetime.fromisoformat(stored["created_at"]) >= datetime.fromisoformat(stored["due_at"]), (
            "early"
        )


def test_a_reminder_is_stored_with_nobody_connected(shared_ward: Ward) -> None:
    patient = shared_ward.admit()
    record_set_due_in(shared_ward, patient["id"], seconds=0.5)
    wait_for_reminders(shared_ward, patient["id"], count=1)
    see_another_look(shared_ward)
    (stored,) = reminders_of(shared_ward, patient["id"])
    assert (stored["kind"], stored["patient"]) == ("observation_due", patient["id"])


async def test_what_is_not_done_becomes_overdue_once_and_one_step_more_severe(shared_ward: Ward) -> None:
    well, ill = await aside(shared_ward.admit), await aside(shared_ward.admit)
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources, "viewer")
        await aside(record_set_due_in, shared_ward, well["id"], seconds=0)
        await aside(record_set_due_in, shared_ward, ill["id"], seconds=0, **ILL)
        await aside(wait_for_reminders, shared_ward, well["id"], ill["id"], count=2)
        await aside(let_become_overdue_in, shared_ward, well["id"], ill["id"], seconds=0)
        rows = await aside(wait_for_reminders, shared_ward, well["id"], ill["id"], count=4)
        await aside(see_another_look, shared_ward)
        rows = await aside(reminders_of, shared_ward, well["id"], ill["id"])
        await shared_ward.catch_up(*sockets)
        for patient, severities in ((well, ["low", "medium"]), (ill, ["medium", "high"])):
            mine = [row for row in rows if row["patient"] == patient["id"]]
            assert [row["kind"] for row in mine] == ["observation_due", "observation_overdue"]
            assert [row["severity"] for row in mine] == severities
            assert mine[0]["due_at"] == mine[1]["due_at"]
            assert [(row["status"], row["resolved_because"]) for row in mine] == [
                ("resolved", "overdue"),
                ("open", ""),
            ]
            assert (await aside(shared_ward.client().read, f"/api/patients/{patient['id']}/"))[
                "open_notifications"
            ] == 1 + (patient is ill)
        for socket in sockets:
            reminders = {row["id"] for row in rows}
            assert_told_once_each(
                rows,
                changes=[push for push in socket.pushed("notifications") if push["data"]["id"] in reminders],
                banners=[
                    push
                    for push in socket.pushed("history", type="notification")
                    if push["data"]["id"] in reminders
                ],
            )


async def test_a_set_a_discharge_and_a_longer_interval_call_it_off_and_an_acknowledgement_does_not(
    shared_ward: Ward,
) -> None:
    """One test for four patients, since all of them wait for the same ten seconds."""
    due_in = 10.0
    while (patients := await call_off_before_due(shared_ward, due_in=due_in)) is None:
        due_in *= 4  # it was due before the machine was through with all that
    new_set, discharged, longer = patients
    acknowledged = (await aside(shared_ward.admit))["id"]
    async with (
        await shared_ward.open("nurse") as mine,
        await shared_ward.open("doctor", server=-1) as other,
    ):
        await aside(record_set_due_in, shared_ward, acknowledged, seconds=0)
        due = await mine.wait_for_push("notifications", of(acknowledged))
        reply = await mine.request("notifications", "acknowledge", pk=due["data"]["id"])
        assert reply["response_status"] == 200
        seen = await other.wait_for_push("notifications", of(acknowledged, status="acknowledged"))
        assert seen["data"] == reply["data"]
        # Overdue after all the others would have been due: when that is here, they are not coming.
        await aside(let_become_overdue_in, shared_ward, acknowledged, seconds=due_in + 0.5)
        await other.wait_for_push("notifications", of(acknowledged, kind="observation_overdue"))
        assert await aside(reminders_of, shared_ward, new_set, discharged, longer) == []
    for patient, is_due in ((new_set, True), (discharged, False), (longer, True)):
        due_at = (await aside(shared_ward.client().read, f"/api/patients/{patient}/"))["next_due_at"]
        assert (due_at is not None) == is_due


async def call_off_before_due(ward: Ward, *, due_in: float) -> tuple[int, int, int] | None:
    """Three patients whose next sets would be due in so many seconds, did not a new set, a discharge and a longer
    interval call it off; None where that took longer."""
    new_set, discharged, longer = [(await aside(ward.admit))["id"] for _ in range(3)]
    started = time.monotonic()
    for patient in (new_set, discharged, longer):
        await aside(record_set_due_in, ward, patient, seconds=due_in)
    client = ward.client("lead")
    await aside(client.record, new_set, **WELL)
    await aside(client.patch, f"/api/patients/{discharged}/", {"dismissal_date": ago(seconds=0)})
    (report,) = (await aside(client.read, "/api/reports/", patient=longer))["results"]
    await aside(client.patch, f"/api/reports/{report['id']}/", {"monitoring_interval": 60})
    return (new_set, discharged, longer) if time.monotonic() - started < due_in else None


async def test_the_next_set_resolves_the_reminder_on_every_screen(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources, "viewer")
        await aside(record_set_due_in, shared_ward, patient["id"], seconds=0)
        for socket in sockets:
            await socket.wait_for_push("notifications", of(patient["id"], status="open"))
        await aside(shared_ward.client("nurse").record, patient["id"], **WELL)
        for socket in sockets:
            push = await socket.wait_for_push("notifications", of(patient["id"], status="resolved"))
            assert push["data"]["resolved_because"]
        board = await aside(shared_ward.client().read, f"/api/patients/{patient['id']}/")
        assert board["open_notifications"] == 0


async def test_deleting_the_newest_set_makes_the_one_before_due_at_once(shared_ward: Ward) -> None:
    patient = (await aside(shared_ward.admit))["id"]
    old = await aside(record_set_due_in, shared_ward, patient, seconds=-30)
    await aside(wait_for_reminders, shared_ward, patient, count=1)
    newer = await aside(shared_ward.client().record, patient, **WELL)
    (resolved,) = await aside(reminders_of, shared_ward, patient)
    assert resolved["status"] == "resolved"
    async with await shared_ward.open("viewer", server=-1) as socket:
        await aside(shared_ward.client().delete, f"/api/reports/{newer['id']}/")
        push = await socket.wait_for_push("notifications", of(patient, status="open"))
        assert (push["data"]["report"], push["data"]["due_at"]) == (old["id"], old["due_at"])
        # One row: patient, kind, due time and report are unique.
        assert [row["id"] for row in await aside(reminders_of, shared_ward, patient)] == [resolved["id"]]


async def test_the_first_set_is_asked_for_15_minutes_after_admission_once(shared_ward: Ward) -> None:
    await aside(admit_with_first_set_due_in, shared_ward, seconds=[0.5, 1.0, 1.5], last_name="Newcomer")
    found = await aside(shared_ward.client().read, "/api/patients/", search="Newcomer")
    patients = [patient["id"] for patient in found["results"]]
    await aside(wait_for_reminders, shared_ward, *patients, count=3)
    await aside(see_another_look, shared_ward)
    rows = await aside(reminders_of, shared_ward, *patients)
    assert [(row["kind"], row["report"]) for row in rows] == [("observation_due", None)] * 3
    assert len({row["patient"] for row in rows}) == 3


async def test_what_came_due_while_nothing_ran_is_told_late_once(ward: Ward) -> None:
    """As after a power cut: the tasks stand in the database, and nobody was there at their time."""
    since = await aside(ward.last_event)
    ward.stack.kill9()
    await aside(admit_with_first_set_due_in, ward, seconds=[-1.0] * 5)
    await aside(ward.stack.start)
    await aside(wait_for_reminders, ward, count=5)
    await aside(see_another_look, ward)
    rows = await aside(reminders_of, ward)
    async with await ward.open("viewer", server=-1) as socket:
        assert (await socket.resume(since=since))["response_status"] == 200
        assert len(rows) == 5 + 1, "one is of the look"
        assert_told_once_each(
            rows,
            changes=socket.pushed("notifications"),
            banners=socket.pushed("history", type="notification"),
        )
