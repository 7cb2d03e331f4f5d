"""The production shape: its files are valid, and every command of docker-compose.yml runs."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.processes import PROJECT


@pytest.mark.timeout(600)
@pytest.mark.long("every process of a whole installation starts, and is restarted, one by one")
def test_web_processes_and_workers_are_restarted_one_by_one_and_nothing_is_lost() -> None:
    assert "restarted behind the proxy" in rehearse()


@pytest.mark.torture
@pytest.mark.timeout(3600)
@pytest.mark.long("a Debian is made, and an image on it is built")
def test_the_image_is_built_and_does_the_same_in_a_read_only_root(figure: Callable[[str], None]) -> None:
    told = rehearse("--image")
    assert "restarted behind the proxy" in told
    (sizes,) = [line for line in told.splitlines() if line.startswith("The image was built")]
    figure(sizes)


def rehearse(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "deploy/rehearse", *options],
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout
