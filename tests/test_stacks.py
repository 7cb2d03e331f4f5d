"""Both shapes in which Wardlight runs do the main job, as real processes."""

from tests.support.stacks import Stack


async def test_a_saved_report_reaches_a_socket_on_every_web_process(stack: Stack) -> None:
    nurse, viewer = stack.sign_in("nurse"), stack.sign_in("viewer")
    patient = stack.sign_in("lead").admit(last_name="Everywhere")
    sockets = [await stack.connect(viewer, server=number) for number in range(len(stack.servers))]
    for socket in sockets:
        await socket.hello()

    report = nurse.record(patient["id"], pulse=72)

    for socket in sockets:
        change = await socket.wait_for_push("reports")
        assert change["action"] == "create"
        assert change["data"] == report
        await socket.close()


async def test_a_report_saved_on_the_socket_is_what_rest_then_reads(stack: Stack) -> None:
    nurse = stack.sign_in("nurse")
    patient = stack.sign_in("lead").admit()
    async with await stack.connect(nurse) as socket:
        reply = await socket.request("reports", "create", data={"patient": patient["id"], "pulse": 0})

    assert reply["response_status"] == 201, reply
    assert nurse.read(f"/api/reports/{reply['data']['id']}/") == reply["data"]


async def test_every_process_ends_cleanly_and_tells_its_sockets(stack: Stack) -> None:
    viewer = stack.sign_in("viewer")
    sockets = [await stack.connect(viewer, server=number) for number in range(len(stack.servers))]
    for socket in sockets:
        await socket.hello()

    assert [process.terminate() for process in stack.processes] == [0] * len(stack.processes)
    assert [await socket.wait_until_closed() for socket in sockets] == [1012] * len(sockets)


async def test_what_was_saved_survives_a_power_cut(stack: Stack) -> None:
    nurse = stack.sign_in("nurse")
    report = nurse.record(stack.sign_in("lead").admit()["id"], pulse=72)

    stack.kill9()
    stack.start()

    assert nurse.read(f"/api/reports/{report['id']}/") == report
