"""What the processes of one test run share: a folder, and locks.

pytest's main process makes the folder and takes it away; those that run tests beside each other inherit its name.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "WARDLIGHT_TEST_RUN"


def run_folder() -> Path:
    """The folder of this run, made at its first use."""
    if VARIABLE not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="wardlight-run-"))
        folder.chmod(0o755)  # where the test runs as root, PostgreSQL's own user must be able to enter
        os.environ[VARIABLE] = str(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(os.environ[VARIABLE])


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process of the run at a time; a process that dies lets go of it."""
    with (run_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
