"""Start Python processes without importing Django, REST framework and Twisted each time.

More than half of the processor time of a start goes into packages, and a run starts hundreds of processes. So one
process, the starter, imports them once, and forks for each that is asked for: a process of its own, with its own
environment, session and files, that runs `manage.py` from its first line. Nothing of Wardlight itself is imported
before, and nothing that opens a file or reads the settings. Passwords are hashed in few rounds. `make torture` starts
every process anew.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from tests.support.counts import IS_TORTURE

PACKAGES = (
    "asyncio",
    "autobahn.twisted.websocket",
    "django.contrib.admin.options",
    "django.contrib.auth.hashers",
    "django.core.management.commands.migrate",
    "django.core.management.commands.shell",
    "django.core.servers.basehttp",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.template.backends.django",
    "django.views.debug",
    "logging.config",
    "prometheus_client",
    "redis.asyncio",
    "rest_framework.compat",
    "rest_framework.fields",
    "rest_framework.serializers",
    "rest_framework.settings",
    "twisted.internet.asyncioreactor",
    "twisted.protocols.tls",
    "twisted.web.http",
)
"""What takes long to import, and needs neither settings nor an event loop for it."""

LONGEST_ORDER = 1 << 20  # bytes
ROUNDS = 1_000
"""Of a password's hash. Django's own million takes half a second, and no test is about that."""


class Process(Protocol):
    """What is used of a process: of `subprocess.Popen`, or of one that the starter forked."""

    pid: int
    returncode: Any

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def terminate(self) -> None: ...


def start(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdout: int,
    stdin: int = subprocess.DEVNULL,
) -> Process:
    """Start `python COMMAND` in a group of its own; it writes errors to `stdout`, too.

    Args:
        command: a script in `cwd`, `-m` and a module, or `-c` and code, and arguments. Of code, which may become
            another program, nothing is imported before.
        stdout, stdin: file descriptors; `subprocess.DEVNULL` for no input.
    """
    if IS_TORTURE or command[0] == "-c":
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=cwd,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    order = {"command": list(command), "cwd": str(cwd), "environment": dict(environment)}
    if stdin != subprocess.DEVNULL:
        return _starter().start(order, stdin, stdout)
    with Path(os.devnull).open() as nothing:
        return _starter().start(order, nothing.fileno(), stdout)


class Starter:
    """The process that forks. It ends with the one that made it."""

    def __init__(self) -> None:
        # Datagrams keep their bounds: one for each order and each answer.
        self.line, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.line, its_end):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LONGEST_ORDER)
        with its_end:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.starter", str(its_end.fileno())],
                pass_fds=[its_end.fileno()],
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""},
                cwd=Path(__file__).resolve().parents[2],
                start_new_session=True,
            )

    def start(self, order: dict[str, Any], stdin: int, stdout: int) -> "ForkedProcess":
        return ForkedProcess(self, int(self.ask(order, stdin, stdout)))

    def ask(self, order: dict[str, Any], *descriptors: int) -> Any:
        socket.send_fds(self.line, [json.dumps(order).encode()], descriptors)
        answer = self.line.recv(LONGEST_ORDER)
        if not answer:
            raise RuntimeError("the starter of processes has ended")
        return json.loads(answer)

    def close(self) -> None:
        self.line.close()
        self.process.wait()


@cache
def _starter() -> Starter:
    starter = Starter()
    atexit.register(starter.close)
    return starter


class ForkedProcess:
    """A child of the starter, with what is used of `subprocess.Popen`."""

    def __init__(self, starter: Starter, pid: int) -> None:
        self.starter = starter
        self.pid = pid
        self.handle = os.pidfd_open(pid)  # stays this process, whoever has its number later
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; a negative one names the signal that ended it. None while it runs."""
        if self.returncode is None and self._has_ended(timeout=0):
            self.returncode = int(self.starter.ask({"ended": self.pid}))
            os.close(self.handle)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and not self._has_ended(timeout=timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _has_ended(self, *, timeout: float | None) -> bool:
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))


def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run `python COMMAND` to its end; its exit code and what it printed."""
    reading, writing = os.pipe()
    with os.fdopen(reading, errors="replace") as output:
        try:
            process = start(command, cwd=cwd, environment=environment, stdout=writing)
        finally:
            os.close(writing)
        printed = output.read()
    return process.wait(), printed


# ---------------------------------------------------------------- in the starter


def serve(line: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each order. Returns in the starter when nobody asks any more: nothing; in a child: what it is to do."""
    while True:
        text, descriptors, _, _ = socket.recv_fds(line, LONGEST_ORDER, 2)
        if not text:
            return None
        order = json.loads(text)
        if "ended" in order:
            _, status = os.waitpid(order["ended"], 0)
            line.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())
            continue
        child = os.fork()
        if not child:
            return order, list(descriptors)
        os.setpgid(child, child)  # whoever is told of it may kill its group at once
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(json.dumps(child).encode())


def become(order: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Be the process that was asked for, to its end."""
    stdin, stdout = descriptors
    for given, usual in ((stdin, 0), (stdout, 1), (stdout, 2)):
        os.dup2(given, usual)
    for descriptor in descriptors:
        os.close(descriptor)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = order["cwd"]
    program, *arguments = order["command"]
    if program == "-m":
        module, *arguments = arguments
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [program, *arguments]
        runpy.run_path(program, run_name="__main__")


def main(descriptor: int) -> None:
    line = socket.socket(fileno=descriptor)
    for package in PACKAGES:
        importlib.import_module(package)
    sys.modules["django.contrib.auth.hashers"].PBKDF2PasswordHasher.iterations = ROUNDS
    gc.collect()
    gc.freeze()  # so that a child's collector leaves the memory that it shares alone
    asked = serve(line)
    line.close()
    if asked is not None:
        become(*asked)


if __name__ == "__main__":
    main(int(sys.argv[1]))
