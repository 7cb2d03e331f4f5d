"""What is installed is what was locked, by hash, and what may be handed on; nothing here asks a network."""

import importlib.metadata
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")
COPYLEFT = re.compile(
    r"(?<!L)\bA?GPL|GNU (Affero )?General|SSPL|BUSL|Commons Clause|UNLICENSED", re.IGNORECASE
)
"""Licences that would bind Wardlight itself. The LGPL does not, for a package that is used as it comes."""


def direct_dependencies(*, dev: bool) -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + (project["optional-dependencies"]["dev"] if dev else [])
    return [Requirement(line) for line in lines]


def locked(name: str) -> dict[str, list[Requirement]]:
    """By canonical name what a lock holds; the same package twice where markers choose."""
    entries: dict[str, list[Requirement]] = {}
    for line in (PROJECT / name).read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\"))
            entries.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return entries


def version_of(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    return specifier.version


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_hashes_and_no_address(name):
    text = (PROJECT / name).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.split("make lock\n")[1].strip())
    assert len(entries) > 50
    for entry in entries:
        first, *hashes = entry.split(" \\\n")
        version_of(Requirement(first))
        assert hashes, f"{first} has no hash"
        assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}", each) for each in hashes), first
    assert "://" not in text
    assert "index" not in re.sub(r"^[a-z0-9-]+==.*", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name, dev", [("requirements.txt", False), ("requirements-dev.txt", True)])
def test_the_locks_are_made_from_pyproject(name, dev):
    lock = locked(name)
    for requirement in direct_dependencies(dev=dev):
        versions = [version_of(each) for each in lock.get(canonicalize_name(requirement.name), [])]
        assert versions == [version_of(requirement)], f"{requirement}: make lock"


def test_what_tests_use_includes_what_runs_in_the_same_versions():
    development = locked("requirements-dev.txt")
    for name, entries in locked("requirements.txt").items():
        assert {version_of(each) for each in development[name]} == {version_of(each) for each in entries}


@pytest.mark.parametrize("name, dev", [("requirements.txt", False), ("requirements-dev.txt", True)])
def test_nothing_is_locked_that_nothing_asks_for(name, dev):
    lock = locked(name)
    asked: set[str] = set()
    waiting = direct_dependencies(dev=dev)
    while waiting:
        requirement = waiting.pop()
        package = canonicalize_name(requirement.name)
        if package not in lock or f"{package}{sorted(requirement.extras)}" in asked:
            continue
        asked |= {package, f"{package}{sorted(requirement.extras)}"}
        try:
            asks = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another Python or system
        for line in asks:
            wanted = Requirement(line)
            extras = re.findall(r"extra == ['\"]([^'\"]+)", str(wanted.marker or ""))
            if not extras or {canonicalize_name(each) for each in extras} & {
                canonicalize_name(each) for each in requirement.extras
            }:
                waiting.append(wanted)
    assert set(lock) - asked == set()


def test_the_locked_versions_are_installed():
    for name, entries in locked("requirements-dev.txt").items():
        for entry in entries:
            if entry.marker is None or entry.marker.evaluate():
                assert importlib.metadata.version(name) == version_of(entry), f"{name}: make tools"


def test_make_installs_by_hash_alone():
    printed = subprocess.run(
        ["make", "--dry-run", "--always-make", "tools"],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout.replace("\\\n", " ")
    installs = [line for line in printed.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert all("--require-hashes" in line and "--no-build-isolation" in line for line in installs)


def test_every_npm_package_is_locked_by_hash():
    packages = json.loads((PROJECT / "vue_frontend" / "package-lock.json").read_text())["packages"]
    del packages[""]
    for path, package in packages.items():
        assert package.get("integrity", "").startswith("sha512-"), path
        assert "resolved" not in package, f"{path} names the registry it came from"


def licences(title: str) -> dict[str, tuple[str, str]]:
    """Package → version, licence, of one table of docs/licences.md."""
    text = (PROJECT / "docs" / "licences.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+) \|$", text, re.MULTILINE)
    return {name: (version, licence) for name, version, licence in rows[1:]}


def test_the_licence_of_every_package_that_runs_is_listed():
    listed = {name: version for name, (version, _) in licences("What runs on the server").items()}
    lock = locked("requirements.txt")
    assert set(listed) == set(lock), "make licences"
    for name, version in listed.items():
        assert version in [version_of(each) for each in lock[name]], f"{name}: make licences"


def test_the_licence_of_every_package_that_the_browser_gets_is_listed():
    packages = json.loads((PROJECT / "vue_frontend" / "package-lock.json").read_text())["packages"]
    wanted = {
        path.split("node_modules/")[-1]
        for path, what in packages.items()
        if path and not what.get("dev") and not what.get("devOptional")
    }
    assert set(licences("What the browser gets")) == wanted, "make licences"


@pytest.mark.parametrize("title", ["What runs on the server", "What the browser gets"])
def test_nothing_that_is_handed_on_binds_wardlight_by_its_licence(title):
    bound = {name: what for name, what in licences(title).items() if COPYLEFT.search(what[1])}
    assert bound == {}


@pytest.mark.parametrize(
    "licence", ["GPL-3.0", "AGPL-3.0-only", "MIT AND GPL-2.0-only", "GNU General Public License"]
)
def test_copyleft_is_recognised(licence):
    assert COPYLEFT.search(licence)
    assert not COPYLEFT.search("LGPL-3.0-only OR MPL-2.0")
