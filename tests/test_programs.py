"""What the tests need beside Wardlight is found, installed, or asked for by the command to run; never left out."""

import os
import subprocess
import sys

import pytest

from tests.support import programs
from tests.support.processes import PROJECT
from tests.support.programs import CHROMIUM, CURL, OF_EVERY_RUN, OF_TORTURE, PROGRAMS


def test_what_is_missing_is_asked_for_by_the_command_that_installs_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert programs.main() == 1
    said = capsys.readouterr().err
    for program in PROGRAMS:
        command = f"sudo apt-get install --yes --no-install-recommends {program.package}"
        assert command in said
        with pytest.raises(RuntimeError, match=command):
            program.require()


def test_as_root_on_debian_only_what_is_missing_is_installed(monkeypatch, tmp_path):
    (tmp_path / "curl").touch(mode=0o755)
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(programs, "PROGRAMS", OF_EVERY_RUN)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    ran = []

    def run(command, **options):
        ran.append(command)
        (tmp_path / command[-1]).touch(mode=0o755)

    monkeypatch.setattr(subprocess, "run", run)
    assert programs.main() == 0
    assert [command[1] for command in ran] == ["update", "install"]
    assert ran[1] == CHROMIUM.install
    assert programs.main() == 0
    assert len(ran) == 2


@pytest.mark.parametrize("torture, installed", [("0", OF_EVERY_RUN), ("1", OF_EVERY_RUN + OF_TORTURE)])
def test_what_torture_alone_needs_is_installed_for_it_alone(monkeypatch, torture, installed):
    monkeypatch.setenv("TORTURE", torture)
    read_anew = "from tests.support.programs import PROGRAMS; print(*(one.package for one in PROGRAMS))"
    packages = subprocess.check_output([sys.executable, "-c", read_anew], cwd=PROJECT, text=True)
    assert packages.split() == [program.package for program in installed]


def test_the_environment_names_another_chromium(monkeypatch, tmp_path):
    other = tmp_path / "my-chromium"
    other.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(other))
    monkeypatch.setenv("CURL", str(other))
    assert CHROMIUM.require() == str(other)
    assert CURL.find() != str(other)
