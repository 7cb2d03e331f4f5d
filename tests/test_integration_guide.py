"""docs/integration.md: every example is run against a server, and answers what the document says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.clients import RestClient
from tests.support.guides import Block, assert_is_as_shown, blocks_of
from tests.support.people import KEY, PASSWORD
from tests.support.processes import PROJECT
from tests.support.programs import CURL
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import DEADLINE

GUIDE = blocks_of("integration.md")
ADDRESS_IN_GUIDE = "http://127.0.0.1:8000"
LANGUAGES = {"bash", "python", "js", "js browser"}
END_OF_BLOCK = "---- end of block ----"


def guide_in(language: str) -> list[Block]:
    return [block for block in GUIDE if block.kind == language]


@pytest.fixture(scope="module")
def stack(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("guide")) as running:
        yield running


@pytest.fixture(scope="module")
def service(stack: Stack) -> RestClient:
    return stack.signed_in("service")


def run(command: list[str], *, stack: Stack, folder: Path, **environment: str) -> str:
    """What the command prints. It must succeed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "WARDLIGHT": stack.url, "KEY": KEY.format(role="service"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_block_is_in_a_language_that_is_run():
    assert {block.kind for block in GUIDE} == LANGUAGES


def test_the_commands_answer_what_the_guide_shows(stack: Stack, tmp_path: Path):
    CURL.require()
    blocks = guide_in("bash")
    script = "set -euo pipefail\n" + "".join(
        f"{block.code}\necho; echo '{END_OF_BLOCK}'\n" for block in blocks
    )
    script = script.replace(ADDRESS_IN_GUIDE, stack.url).replace("your password", PASSWORD)
    printed = run(["bash", "-c", script], stack=stack, folder=tmp_path).split(END_OF_BLOCK)[:-1]
    for block, text in zip(blocks, printed, strict=True):
        if block.answer is None:
            assert text.strip() == "", block.code
        else:
            assert_is_as_shown(text, block.answer)


# What a reader of the guide would write around its functions.
PROGRAM = """
async def until(holds):
    async with asyncio.timeout(float(os.environ["DEADLINE"])):
        while not holds():
            await asyncio.sleep(0.02)


def fresh():
    copy = Copy()
    copy.read_lists()
    return copy.objects


async def main():
    patient, copy = int(os.environ["PATIENT"]), Copy()
    following = asyncio.create_task(follow_for_ever(copy))
    await until(lambda: ("patients", patient) in copy.objects)
    report = await record(patient)
    assert (await record(patient))["id"] == report["id"], "the key makes it once"
    await until(lambda: copy.objects.get(("reports", report["id"])) == report)
    await until(lambda: copy.objects == fresh())

    following.cancel()
    await asyncio.wait([following])
    async with open_socket() as socket:
        bed = await ask(socket, "patients", "patch", pk=patient, data={"bed": "12"})
        assert (bed["response_status"], bed["data"]["bed"]) == (200, "12"), bed
        gone = await ask(socket, "patients", "retrieve", pk=10**9)
        assert (gone["response_status"], gone["errors"]) == (404, [{"detail": "There is no such patient."}])
    assert copy.objects["patients", patient]["bed"] != "12"

    read_lists, readings = copy.read_lists, []
    copy.read_lists = lambda: (readings.append(1), read_lists())
    following = asyncio.create_task(follow_for_ever(copy))
    await until(lambda: copy.objects["patients", patient]["bed"] == "12")
    assert readings == [], "it resumed"
    await until(lambda: copy.objects == fresh())

    following.cancel()
    await asyncio.wait([following])
    copy.epoch = "before the backup was restored"
    following = asyncio.create_task(follow_for_ever(copy))
    await until(lambda: readings and copy.epoch != "before the backup was restored" and copy.objects == fresh())
    following.cancel()

    late = Copy()
    late.put("reports", 1, None, 7)
    late.put("reports", 1, {"id": 1}, 5)
    assert late.objects == {}, "an older list does not bring back what was deleted"


asyncio.run(main())
"""


def test_the_program_keeps_a_copy_right(stack: Stack, service: RestClient, tmp_path: Path):
    patient = service.admit(last_name="Copied")
    program = tmp_path / "program.py"
    program.write_text("\n\n".join(block.code for block in guide_in("python")) + PROGRAM, encoding="utf-8")
    run(
        [sys.executable, "-W", "error", program.name],
        stack=stack,
        folder=tmp_path,
        PATIENT=str(patient["id"]),
        DEADLINE=str(DEADLINE),
    )


def test_a_script_in_node_lists_a_ward(stack: Stack, service: RestClient, tmp_path: Path):
    for ward, name in (("7A", "Byron"), ("7B", "Elsewhere")):
        service.admit(last_name=name, ward=ward, bed="3")
    (block,) = guide_in("js")
    node = str(PROJECT / ".venv" / "bin" / "node")
    printed = run([node, "--input-type=module", "--eval", block.code], stack=stack, folder=tmp_path)
    assert block.answer is not None
    assert_is_as_shown(printed.splitlines()[0], block.answer)
    assert "Elsewhere" not in printed


IN_THE_PAGE = """
async () => {
  %s
  const changes = [];
  const socket = listen((stream, payload) => changes.push([stream, payload.action, payload.data.last_name]));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const answer = await send("POST", "/api/patients/", { first_name: "Ada", last_name: "Paged" });
  while (!changes.some((change) => change[2] === "Paged")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.close();
  return { status: answer.status, changes };
}
"""


def test_a_page_of_the_same_origin_writes_and_listens_by_its_session(browser: Browser, stack: Stack):
    page = browser.new_page()
    page.set_default_timeout(DEADLINE * 1000)
    page.goto(stack.url + "/sign-in")
    page.get_by_test_id("sign-in-username").fill("service")
    page.get_by_test_id("sign-in-password").fill(PASSWORD)
    page.get_by_test_id("sign-in-submit").click()
    page.get_by_test_id("sign-in-submit").wait_for(state="detached")
    (block,) = guide_in("js browser")
    seen: Any = page.evaluate(IN_THE_PAGE % block.code)
    assert seen["status"] == 201
    assert ["patients", "create", "Paged"] in seen["changes"]
