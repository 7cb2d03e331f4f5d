"""Real Wardlight processes: web servers and workers, started, killed and looked at from outside."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import requests

from tests.support.servers import free_port
from tests.support.starter import Process, run, start
from tests.support.waiting import DEADLINE, wait_until

PROJECT = Path(__file__).resolve().parents[2]

# Every name that settings.py reads, so that neither the shell nor a .env in the folder reaches a test.
CONFIGURATION = {
    "SECRET_KEY": "only-for-tests-" + "0" * 40,
    "DEBUG": "0",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "SECRET_KEY_FALLBACKS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "HTTPS": "0",
    "TIME_ZONE": "UTC",
    "LANGUAGE_CODE": "en-gb",
    "LOG_LEVEL": "WARNING",
    "LOG_FORMAT": "line",
    "DATABASE_THREADS": "4",
    "SOCKETS_PER_SIGN_IN": "0",  # tests of crowds sign in once
    "WAITING_CONNECTIONS_PER_ADDRESS": "1000",
    "RETELL_AFTER_MINUTES": "60",
    "ESCALATE_AFTER_MINUTES": "15",
}


def environment_of(configuration: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a process with this configuration on top of the tests' own."""
    # Hundreds of processes start in a run: where the environment forbids to keep what was compiled, each would compile
    # all of our own sources for itself.
    started = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}
    return {**os.environ, **started, **CONFIGURATION, **configuration}


def manage(*arguments: str, configuration: Mapping[str, str]) -> str:
    """Run one management command to its end and return what it printed.

    Raises:
        RuntimeError: with its output, where it failed.
    """
    code, printed = run(["manage.py", *arguments], cwd=PROJECT, environment=environment_of(configuration))
    if code:
        raise RuntimeError(f"manage.py {' '.join(arguments)} ended with {code}:\n{printed}")
    return printed


class WardlightProcess:
    """One process of Wardlight. Usable as a context manager; start() and kill9() may alternate.

    Attributes:
        name: how the log and failures call it.
        log: the file that takes what it prints, over all its starts.
        project: the folder it runs in; another one holds an altered copy of the project.
    """

    def __init__(self, *command: str, name: str, configuration: Mapping[str, str], folder: Path) -> None:
        self.command = command
        self.name = name
        self.configuration = dict(configuration)
        self.log = folder / f"{name}.log"
        self.project = PROJECT
        self.process: Process | None = None

    def __enter__(self) -> "WardlightProcess":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and return when it does its work.

        Raises:
            RuntimeError: with its log, where it ended at once.
        """
        self.launch()
        self.wait_until_up()

    def launch(self) -> None:
        """Start it without waiting."""
        if self.process is not None:
            raise RuntimeError(f"{self.name} runs already")
        with self.log.open("ab") as log:
            self.process = start(
                self.command,
                cwd=self.project,
                environment=environment_of(self.configuration),
                stdout=log.fileno(),
            )

    def wait_until_up(self) -> None:
        """Return when it does its work; a process that does not get there is killed."""
        try:
            wait_until(self.is_up, what=f"{self.name} is up")
        except BaseException:
            self.kill9()
            raise

    def is_up(self) -> bool:
        return self.require_running() is not None

    def require_running(self) -> Process:
        """The process, as long as it has not ended by itself."""
        if self.process is None:
            raise RuntimeError(f"{self.name} is not running")
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.read_log()}")
        return self.process

    @property
    def pid(self) -> int:
        return self.require_running().pid

    def kill9(self) -> None:
        """End it as a crash would: nothing is flushed, nothing is said."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def terminate(self, *, timeout: float = DEADLINE) -> int:
        """Ask it to end (SIGTERM) and return its exit code; a negative one names the signal that ended it.

        Raises:
            TimeoutError: where it goes on; it is killed then.
        """
        process = self.require_running()
        process.terminate()
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise TimeoutError(f"{self.name} went on for {timeout:g} s after SIGTERM") from None
        self.process = None
        return code

    def stop(self) -> None:
        """End it in whatever state it is; for the end of a test."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill9()

    def read_log(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class WardlightServer(WardlightProcess):
    """A web process: `manage.py serve` with its worker inside, or another command on a port of its own.

    Attributes:
        url: `http://127.0.0.1:<port>`.
        ws_url: the same for WebSockets, without a path.
    """

    def __init__(
        self,
        *,
        configuration: Mapping[str, str],
        folder: Path,
        name: str = "web",
        has_worker: bool = True,
        port: int | None = None,
    ) -> None:
        self.port = port or free_port()
        command = ["manage.py", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        if not has_worker:
            command.append("--no-worker")
        super().__init__(*command, name=name, configuration=configuration, folder=folder)
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"

    def is_up(self) -> bool:
        self.require_running()
        return self.answers_ok("/health/live")

    def is_ready(self) -> bool:
        self.require_running()
        return self.answers_ok("/health/full")

    def answers_ok(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def wait_until_ready(self) -> None:
        """Return when database, Redis where used, and a worker are there."""
        wait_until(self.is_ready, what=f"{self.name} is ready")


class DaphneServer(WardlightServer):
    """Plain Daphne on the ASGI application, as operators with their own process manager run it; no worker."""

    def __init__(self, *, configuration: Mapping[str, str], folder: Path, name: str = "daphne") -> None:
        super().__init__(configuration=configuration, folder=folder, name=name, has_worker=False)
        self.command = ("-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "config.asgi:application")


class Worker(WardlightProcess):
    """A worker beside the web processes: `manage.py process_tasks`."""

    def __init__(self, *, configuration: Mapping[str, str], folder: Path, name: str = "worker") -> None:
        super().__init__("manage.py", "process_tasks", name=name, configuration=configuration, folder=folder)
