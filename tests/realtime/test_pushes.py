"""Whatever changes, and however: every client with the right to see it is told once, and screens stay true."""

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.observations import ILL, WELL
from tests.realtime.ward import Ward, ago, aside, assert_screens_agree, changes_of, numbers_of
from tests.support.clients import Frame, WardSocket

Action = Callable[[], Awaitable[Any]]


# ---------------------------------------------------------------- screens agree after each kind of write


async def admit(ward: Ward) -> Action:
    async def act() -> None:
        await aside(ward.admit, ward="North", hospital_number=None)

    return act


async def move_to_another_bed(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    return lambda: aside(ward.client().patch, f"/api/patients/{patient['id']}/", {"bed": "12"})


async def delete_a_patient(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    return lambda: aside(ward.client().delete, f"/api/patients/{patient['id']}/")


async def record_a_good_set(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    return lambda: aside(ward.client("nurse").record, patient["id"], **WELL)


async def record_a_set_that_raises_a_deterioration(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    return lambda: aside(ward.client("nurse").record, patient["id"], **ILL)


async def record_a_set_that_resolves_it(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], datetime=ago(minutes=20), **ILL)
    return lambda: aside(ward.client("nurse").record, patient["id"], **WELL)


async def record_a_late_entry(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], **WELL)
    return lambda: aside(ward.client("nurse").record, patient["id"], datetime=ago(minutes=30), **ILL)


async def record_over_the_socket(ward: Ward) -> Action:
    patient = await aside(ward.admit)

    async def act() -> None:
        async with await ward.open("nurse", server=-1) as socket:
            reply = await socket.request("reports", "create", data={"patient": patient["id"], **ILL})
            assert reply["response_status"] == 201

    return act


async def correct_a_report(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    report = await aside(ward.client().record, patient["id"], **ILL)
    body = {**WELL, "history_change_reason": "another patient's values"}
    return lambda: aside(ward.client("nurse").patch, f"/api/reports/{report['id']}/", body)


async def delete_the_newest_report(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], datetime=ago(minutes=20), **WELL)
    report = await aside(ward.client().record, patient["id"], **ILL)
    return lambda: aside(
        ward.client().delete, f"/api/reports/{report['id']}/", {"history_change_reason": "wrong"}
    )


async def corrected_report(ward: Ward) -> list[dict[str, Any]]:
    """The versions of a report that was corrected from ill to well, the newest first."""
    patient = await aside(ward.admit)
    report = await aside(ward.client().record, patient["id"], **ILL)
    body = {**WELL, "history_change_reason": "another patient's values"}
    await aside(ward.client("nurse").patch, f"/api/reports/{report['id']}/", body)
    versions: list[dict[str, Any]] = (await aside(ward.client().read, "/api/history/", report=report["id"]))[
        "results"
    ]
    return versions


async def amend_the_newest_version(ward: Ward) -> Action:
    newest, _ = await corrected_report(ward)
    body = {"pulse": 95, "history_change_reason": "read wrongly"}
    return lambda: aside(ward.client().patch, f"/api/history/{newest['history_id']}/", body)


async def amend_an_older_version_over_the_socket(ward: Ward) -> Action:
    _, older = await corrected_report(ward)

    async def act() -> None:
        async with await ward.open("lead", server=-1) as socket:
            for action, data in (("patch", {"pulse": 140}), ("update", {**WELL, "pulse": 141})):
                data["history_change_reason"] = "read wrongly"
                reply = await socket.request("history", action, pk=older["history_id"], data=data)
                assert (reply["response_status"], reply["data"]["pulse"]) == (200, data["pulse"])
            refused = await socket.request(
                "history", "patch", pk=older["history_id"], data={"pulse": 1, "version": 7}
            )
            assert refused["response_status"] == 400

    return act


async def retire_the_newest_version(ward: Ward) -> Action:
    newest, _ = await corrected_report(ward)
    body = {"history_change_reason": "the first was right"}
    return lambda: aside(ward.client().delete, f"/api/history/{newest['history_id']}/", body)


async def retire_both_versions_over_the_socket(ward: Ward) -> Action:
    versions = await corrected_report(ward)

    async def act() -> None:
        async with await ward.open("lead", server=-1) as socket:
            for version in reversed(versions):
                pk = version["history_id"]
                reply = await socket.request("history", "delete", pk=pk)
                assert (reply["response_status"], list(reply["errors"][0])) == (
                    400,
                    ["history_change_reason"],
                )
                reply = await socket.request(
                    "history", "delete", pk=pk, data={"history_change_reason": "wrong patient"}
                )
                assert reply["response_status"] == 204
                assert (await socket.request("history", "retrieve", pk=pk))["response_status"] == 404

    return act


async def acknowledge(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], **ILL)
    told = (await aside(ward.client().read, "/api/notifications/", patient=patient["id"]))["results"]
    return lambda: aside(ward.client("nurse").post, f"/api/notifications/{told[0]['id']}/acknowledge/")


async def acknowledge_all_of_a_patient(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    for number, values in enumerate((WELL, {**WELL, "respiration": 22}, ILL)):
        await aside(ward.client().record, patient["id"], **{**values, "datetime": ago(minutes=3 - number)})
    told = (await aside(ward.client().read, "/api/notifications/", patient=patient["id"]))["results"]
    assert told

    async def act() -> None:
        async with await ward.open("nurse", server=-1) as socket:
            reply = await socket.request("notifications", "acknowledge_all", pk=patient["id"])
            assert [one["status"] for one in reply["data"]["results"]] == ["acknowledged"] * len(told)

    return act


async def acknowledge_and_take_it_back(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], **ILL)
    (told,) = (await aside(ward.client().read, "/api/notifications/", patient=patient["id"]))["results"]

    async def act() -> None:
        async with await ward.open("nurse", server=-1) as socket:
            assert (await socket.request("notifications", "acknowledge", pk=told["id"]))[
                "response_status"
            ] == 200
            reply = await socket.request("notifications", "unacknowledge", pk=told["id"])
            assert (reply["response_status"], reply["data"]) == (200, told)

    return act


async def discharge(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], **ILL)
    return lambda: aside(
        ward.client().patch, f"/api/patients/{patient['id']}/", {"dismissal_date": ago(seconds=0)}
    )


async def change_the_plan(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    await aside(ward.client().record, patient["id"], **WELL)
    return lambda: aside(
        ward.client("doctor").patch, f"/api/patients/{patient['id']}/", {"monitoring_interval": 30}
    )


async def put_a_birth_right_over_the_socket(ward: Ward) -> Action:
    patient = await aside(ward.admit, date_of_birth="2018-05-01")
    report = await aside(ward.client().record, patient["id"], **ILL)
    assert report["news2"]["not_scored_because"] == "under_16"

    async def act() -> None:
        async with await ward.open("lead", server=-1) as socket:
            born = {"date_of_birth": "1958-05-01"}
            reply = await socket.request("patients", "patch", pk=patient["id"], data=born)
            assert (reply["response_status"], reply["data"]["current_risk"]) == (200, "high")
            assert reply["data"]["last_report"]["news2"]["not_scored_because"] is None
            child = {**reply["data"], "date_of_birth": "2018-05-01"}
            reply = await socket.request("patients", "update", pk=patient["id"], data=child)
            assert (reply["response_status"], reply["data"]["last_scored"]) == (200, None)
            reply = await socket.request("patients", "patch", pk=patient["id"], data=born)
            report_now = await socket.request("reports", "retrieve", pk=report["id"])
            assert (report_now["data"]["news2"]["risk"], report_now["data"]["version"]) == ("high", 4)

    return act


async def save_outside_every_service(ward: Ward) -> Action:
    patient = await aside(ward.admit)
    report = await aside(ward.client().record, patient["id"], **WELL)
    return lambda: aside(
        ward.shell,
        "from patients.models import Patient, Report",
        f"patient = Patient.objects.get(pk={patient['id']}); patient.bed = '99'; patient.save()",
        f"report = Report.objects.get(pk={report['id']}); report.diet = 'soft'; report.save()",
    )


async def import_csv(ward: Ward) -> Action:
    folder = ward.stack.folder
    (folder / "patients.csv").write_text(
        "hospital_number,first_name,last_name,admission_date,weight,height\n"
        f"CSV-1,Ida,Rhodes,{ago(hours=5)},61.5,170\n"
        f"CSV-2,Kay,McNulty,{ago(hours=5)},,\n"
    )
    names = list(ILL)
    values = ["" if ILL[name] is None else str(ILL[name]).lower().replace("a", "A") for name in names]
    values = ["false" if ILL[name] is False else value for name, value in zip(names, values, strict=True)]
    rows = [",".join([number, ago(minutes=1), *values]) for number in ("CSV-1", "CSV-2")]
    (folder / "reports.csv").write_text(
        "\n".join([",".join(["hospital_number", "datetime", *names]), *rows]) + "\n"
    )

    async def act() -> None:
        printed = await aside(
            ward.stack.manage, "import_csv", str(folder / "patients.csv"), str(folder / "reports.csv")
        )
        assert "2 patients and 3 reports" in printed

    return act


async def let_a_reminder_come_due(ward: Ward) -> Action:
    patient = await aside(ward.admit, admission_date=ago(hours=3))

    async def act() -> None:
        async with await ward.open() as socket:
            # Due at the moment it is stored: the worker tells it at once. With an interval so long, that it is overdue
            # is told half an hour later: not in the midst of the tests that follow.
            taken = {"datetime": ago(hours=2), "monitoring_interval": 120}
            await aside(ward.client().record, patient["id"], **taken, **WELL)
            await socket.wait_for_push(
                "notifications", lambda payload: payload["data"]["patient"] == patient["id"]
            )

    return act


WRITES = {
    make.__name__: make
    for make in (
        admit,
        move_to_another_bed,
        delete_a_patient,
        record_a_good_set,
        record_a_set_that_raises_a_deterioration,
        record_a_set_that_resolves_it,
        record_a_late_entry,
        record_over_the_socket,
        correct_a_report,
        delete_the_newest_report,
        amend_the_newest_version,
        amend_an_older_version_over_the_socket,
        retire_the_newest_version,
        retire_both_versions_over_the_socket,
        acknowledge,
        acknowledge_all_of_a_patient,
        acknowledge_and_take_it_back,
        discharge,
        change_the_plan,
        put_a_birth_right_over_the_socket,
        save_outside_every_service,
        import_csv,
        let_a_reminder_come_due,
    )
}

# What each kind of write tells, besides the marker: (stream, type, action), counted.
TOLD = {
    "admit": [("patients", "create")],
    "move_to_another_bed": [("patients", "update")],
    "delete_a_patient": [("patients", "delete")],
    "record_a_good_set": [("history", "create"), ("patients", "update"), ("reports", "create")],
    "record_a_set_that_raises_a_deterioration": [
        ("history", "create"),
        ("history", "told"),
        ("notifications", "create"),
        ("patients", "update"),
        ("reports", "create"),
    ],
    "record_over_the_socket": [
        ("history", "create"),
        ("history", "told"),
        ("notifications", "create"),
        ("patients", "update"),
        ("reports", "create"),
    ],
    "amend_the_newest_version": [("history", "update"), ("patients", "update"), ("reports", "update")],
    "amend_an_older_version_over_the_socket": [("history", "update"), ("history", "update")],
    "retire_both_versions_over_the_socket": [
        ("history", "create"),
        ("history", "delete"),
        ("history", "delete"),
        ("patients", "update"),
        ("reports", "delete"),
    ],
    "acknowledge": [("notifications", "update"), ("patients", "update")],
    "acknowledge_and_take_it_back": [("notifications", "update")] * 2 + [("patients", "update")] * 2,
    "save_outside_every_service": [("history", "create"), ("patients", "update"), ("reports", "update")],
}


@pytest.mark.parametrize("kind", WRITES)
async def test_a_screen_that_lives_on_pushes_shows_what_a_fresh_list_shows(
    shared_ward: Ward, kind: str
) -> None:
    action = await WRITES[kind](shared_ward)
    told = await assert_screens_agree(shared_ward, action)
    kinds = sorted(
        (
            frame["stream"],
            "told" if frame["payload"]["type"] == "notification" else frame["payload"]["action"],
        )
        for frame in told
    )
    kinds.remove(("patients", "create"))  # the marker
    assert kinds, "nothing was told"
    if kind in TOLD:
        assert kinds == TOLD[kind]


# ---------------------------------------------------------------- the form of what is pushed


async def wait_everywhere(sockets: list[WardSocket], stream: str, matches: Any, **kind: str) -> list[Frame]:
    return [await socket.wait_for_push(stream, matches, **kind) for socket in sockets]


async def test_a_pushed_object_is_rests_object(shared_ward: Ward) -> None:
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources, "viewer")
        patient = await aside(shared_ward.admit)
        report = await aside(shared_ward.client("nurse").record, patient["id"], **ILL)
        await shared_ward.catch_up(*sockets)
        read = shared_ward.client().read
        patient = await aside(read, f"/api/patients/{patient['id']}/")
        (version,) = (await aside(read, "/api/history/", report=report["id"]))["results"]
        (told,) = (await aside(read, "/api/notifications/", patient=patient["id"]))["results"]
        for socket in sockets:
            assert socket.pushed("patients")[-2]["data"] == patient  # the last one is the marker
            assert [push["data"] for push in socket.pushed("reports")] == [report]
            assert [push["data"] for push in socket.pushed("history")] == [version]
            assert [push["data"] for push in socket.pushed("notifications")] == [told]
            (banner,) = socket.pushed("history", type="notification")
            assert banner["data"] == told
            assert set(banner) == {"type", "data", "event"}
            (change,) = socket.pushed("notifications")
            assert set(change) == {"type", "action", "data", "event"}
            assert banner["event"] != change["event"]


async def test_a_deletion_tells_the_id_alone(shared_ward: Ward) -> None:
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources)
        patient = await aside(shared_ward.admit)
        report = await aside(shared_ward.client().record, patient["id"], **WELL)
        await aside(shared_ward.client().delete, f"/api/reports/{report['id']}/")
        await shared_ward.catch_up(*sockets)
        for socket in sockets:
            deleted = socket.pushed("reports")[-1]
            assert (deleted["action"], deleted["data"]) == ("delete", {"id": report["id"]})
            version = socket.pushed("history")[-1]
            assert (version["action"], version["data"]["history_type"]) == ("create", "-")


async def test_the_log_has_no_holes_and_everybody_gets_all_of_it_in_order(shared_ward: Ward) -> None:
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources, "viewer")
        hello = max([(await socket.hello())["event"] for socket in sockets])
        for _ in range(3):
            patient = await aside(shared_ward.admit)
            await aside(shared_ward.client("nurse", server=-1).record, patient["id"], **ILL)
        last = await shared_ward.catch_up(*sockets)
        for socket in sockets:
            assert [number for number in numbers_of(socket) if number > hello] == list(
                range(hello + 1, last + 1)
            )


async def test_a_change_beside_the_servers_arrives_with_nothing_else_happening(shared_ward: Ward) -> None:
    """No request follows that would show a process that its log has grown: the doorbell or the look must."""
    patient = await aside(shared_ward.admit)
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources, "viewer")
        await aside(
            shared_ward.shell,
            "from patients.models import Patient",
            f"patient = Patient.objects.get(pk={patient['id']}); patient.bed = '17'; patient.save()",
        )
        for socket in sockets:
            await socket.wait_for_push("patients", lambda push: push["data"]["bed"] == "17")


async def test_an_object_that_is_saved_twice_in_one_transaction_is_told_once_as_committed(
    shared_ward: Ward,
) -> None:
    patient = await aside(shared_ward.admit)
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources)
        await aside(
            shared_ward.shell,
            "from patients.events import unit_of_work",
            "from patients.models import Patient",
            "with unit_of_work():",
            f"    patient = Patient.objects.get(pk={patient['id']})",
            "    patient.bed = 'first'; patient.save()",
            "    patient.bed = 'second'; patient.save()",
        )
        await shared_ward.catch_up(*sockets)
        for socket in sockets:
            beds = [push["data"]["bed"] for push in socket.pushed("patients")[:-1]]
            assert beds == ["second"]


async def test_what_is_rolled_back_is_never_told(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources)
        before = await aside(shared_ward.last_event)
        await aside(
            shared_ward.shell,
            "from django.db import transaction",
            "from patients.events import unit_of_work",
            "from patients.models import Patient",
            f"patient = Patient.objects.get(pk={patient['id']})",
            "def save(bed):",
            "    patient.bed = bed; patient.save()",
            "class Stop(Exception): pass",
            "try:",
            "    with unit_of_work():",
            "        save('whole unit')",
            "        raise Stop",
            "except Stop: pass",
            "with unit_of_work():",
            "    try:",
            "        with unit_of_work():",
            "            save('inner unit')",
            "            raise Stop",
            "    except Stop: pass",
            "try:",
            "    with transaction.atomic():",
            "        save('plain transaction')",
            "        raise Stop",
            "except Stop: pass",
        )
        # A set that is refused in the middle of its transaction, too.
        refused = await aside(
            shared_ward.client().post, "/api/reports/", {"patient": patient["id"], **WELL, "bp_dia": 150}
        )
        assert refused.status_code == 400
        last = await shared_ward.catch_up(*sockets)
        assert last == before + 1, "a number was used up by what did not happen"
        for socket in sockets:
            assert len(changes_of(socket)) == 1
            assert "unit" not in json.dumps(socket.frames)


async def test_a_patient_admitted_in_a_savepoint_that_fails_is_not_told(shared_ward: Ward) -> None:
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources)
        await aside(
            shared_ward.shell,
            "from django.db import transaction",
            "from patients.events import unit_of_work",
            "from patients.models import Patient",
            "with unit_of_work():",
            "    Patient.objects.create(first_name='Kept', last_name='Test')",
            "    try:",
            "        with transaction.atomic():",
            "            Patient.objects.create(first_name='Dropped', last_name='Test')",
            "            raise ValueError",
            "    except ValueError: pass",
        )
        await shared_ward.catch_up(*sockets)
        for socket in sockets:
            assert [push["data"]["first_name"] for push in socket.pushed("patients")][:-1] == ["Kept"]


async def test_nobody_is_told_of_others_sign_outs(shared_ward: Ward) -> None:
    """They stand in the log, for the processes: a client sees the number missing, also when it resumes."""
    leaving = await aside(shared_ward.stack.sign_in, "doctor")
    async with await shared_ward.open("lead") as socket:
        since = (await socket.hello())["event"]
        await aside(leaving.sign_out)
        last = await shared_ward.catch_up(socket)
        assert last == since + 2
        await socket.resume(since=since)
        assert numbers_of(socket) == [last, last]
        assert {frame["stream"] for frame in socket.frames} == {"events", "patients"}


def test_the_rows_of_a_second_import_tell_nothing(shared_ward: Ward, tmp_path: Path) -> None:
    file = tmp_path / "patients.csv"
    file.write_text(f"hospital_number,first_name,last_name,admission_date\nTWICE,Ada,Test,{ago(hours=1)}\n")
    shared_ward.stack.manage("import_csv", str(file))
    before = shared_ward.last_event()
    shared_ward.stack.manage("import_csv", str(file))
    assert shared_ward.last_event() == before
