"""docs/extending.md, followed to the letter in a copy of the project: what it adds works at every door."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import RestClient, WardSocket
from tests.support.databases import database
from tests.support.guides import VARIES, Block, blocks_of
from tests.support.people import KEY
from tests.support.processes import PROJECT, WardlightServer, environment_of

GUIDE = blocks_of("extending.md")
COPIED = ("config", "patients", "templates", "docs", "static", "manage.py")
_PLACE = re.compile(
    r"\*\*`(?P<path>[^`]+)`\*\*, (?:(?P<new>a new file)|(?P<end>at the end)|after the line `(?P<line>[^`]+)`):"
)


def follow(block: Block, *, copy: Path) -> None:
    """Put a block of Python, or of lines that begin with `+`, where the guide says."""
    place = _PLACE.fullmatch(block.before)
    assert place is not None, f"Say where it goes: {block.before}"
    path, code = copy / place["path"], block.code
    if block.kind == "diff":
        code = re.sub(r"^\+", "", code, flags=re.MULTILINE)
    if place["new"]:
        assert not path.exists(), path
        path.write_text(code, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    number = len(lines)
    if place["line"]:
        pattern = re.compile(".*".join(map(re.escape, place["line"].split(VARIES))))
        found = [number for number, line in enumerate(lines, start=1) if pattern.fullmatch(line)]
        assert len(found) == 1, f"{place['path']} has {len(found)} lines {place['line']}"
        number = found[0]
    added = code.splitlines() if place["line"] else ["", "", *code.splitlines()]
    path.write_text("\n".join([*lines[:number], *added, *lines[number:], ""]), encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WardlightServer]:
    folder = tmp_path_factory.mktemp("extended")
    copy = folder / "project"
    copy.mkdir()
    for name in COPIED:
        if (PROJECT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "app", "images", "fixtures")
            shutil.copytree(PROJECT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(PROJECT / name, copy / name)
    with database("sqlite", folder=folder) as database_url:
        configuration = {"DATABASE_URL": database_url}
        for block in GUIDE:
            if block.kind in ("python", "diff"):
                follow(block, copy=copy)
            else:
                assert block.kind == "bash"
                run(block.code, copy=copy, configuration=configuration)
        server = WardlightServer(configuration=configuration, folder=folder)
        server.project = copy
        with server:
            server.wait_until_ready()
            yield server


def run(commands: str, *, copy: Path, configuration: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-ec", commands.replace(".venv/bin/python", sys.executable)],
        cwd=copy,
        env=environment_of(configuration),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ward(server: WardlightServer) -> dict[str, RestClient]:
    clients = {
        role: RestClient(server.url, token=KEY.format(role=role)) for role in ("lead", "nurse", "viewer")
    }
    clients["lead"].admit(ward="7A")
    return clients


def test_the_new_object_is_written_listed_and_read(ward):
    nurse = ward["nurse"]
    note = nurse.create("/api/ward_notes/", {"ward": "7A", "text": "Fire drill at 14:00."})
    assert note["written_by"]["name"] == "Nurse Test"
    assert nurse.read("/api/ward_notes/", ward="7A")["results"][0] == note
    assert nurse.read("/api/ward_notes/", ward="7B")["count"] == 0
    assert nurse.read(f"/api/ward_notes/{note['id']}/") == note
    once = {"Idempotency-Key": "note-1"}
    body = {"ward": "7A", "text": "Once."}
    assert nurse.create("/api/ward_notes/", body, **once) == nurse.create("/api/ward_notes/", body, **once)


def test_what_service_and_serializer_refuse_is_told(ward):
    refused = ward["nurse"].post("/api/ward_notes/", {"ward": "70A", "text": "Misspelt."})
    assert (refused.status_code, refused.json()) == (400, {"ward": ["No patient is on this ward."]})
    refused = ward["nurse"].post("/api/ward_notes/", {"ward": "7A", "txt": "Misspelt."})
    assert (refused.status_code, set(refused.json())) == (400, {"text", "txt"})


def test_the_table_of_permissions_decides_at_both_doors_and_in_the_documents(ward, server):
    viewer = ward["viewer"]
    assert viewer.get("/api/ward_notes/").status_code == 403
    assert viewer.post("/api/ward_notes/", {"ward": "7A", "text": "I only look on."}).status_code == 403
    described = viewer.read("/swagger.json")["paths"]["/api/ward_notes/"]
    assert described["post"]["x-roles"] == ["nurse", "service", "doctor", "lead", "superuser"]
    roles = (server.project / "docs" / "roles.md").read_text(encoding="utf-8")
    assert "| ward_notes.view | – | ✓ |" in roles


async def test_the_stream_lists_creates_and_pushes_to_those_who_may_see(ward, server):
    async def connect(role: str, path: str = "/ws/") -> WardSocket:
        return await WardSocket.connect(server.ws_url + path, token=ward[role].token)

    async with await connect("nurse") as nurse, await connect("viewer") as viewer:
        async with await connect("lead", "/ws/ward_notes/") as bare:
            data = {"ward": "7A", "text": "Visitors until 20:00."}
            created = await nurse.request("ward_notes", "create", data=data)
            assert created["response_status"] == 201
            pushed = await nurse.wait_for_push("ward_notes")
            assert (pushed["action"], pushed["data"]) == ("create", created["data"])
            assert await bare.wait_for(lambda frame: frame.get("type") == "change") == pushed
        listed = await nurse.request("ward_notes", "list", filters={"ward": "7A"}, limit=1)
        assert listed["data"]["results"] == [created["data"]]
        assert listed["event"] >= pushed["event"]

        assert (await viewer.request("ward_notes", "list"))["response_status"] == 403
        assert (await viewer.request("ward_notes", "create", data=data))["response_status"] == 403
        moved = await nurse.request("patients", "list")
        patient = moved["data"]["results"][0]["id"]
        assert (await nurse.request("reports", "create", data={"patient": patient, "pulse": 80}))["data"]
        await viewer.wait_for_push("reports")  # comes after the note, had there been one
        assert viewer.pushed("ward_notes") == []
