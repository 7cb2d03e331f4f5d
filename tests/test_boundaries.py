"""What the rooms of the project may know of each other."""

import ast
import sys
from pathlib import Path

import pytest

RULES = Path(__file__).parent.parent / "patients" / "rules"
RULE_FILES = sorted(RULES.rglob("*.py"))
SERVICE_FILES = sorted((RULES.parent / "services").rglob("*.py"))
# What a file's row may hold is what a body may hold: the serializers say so.
READS_FILES_AS_BODIES = {"intake", "imported_reports"}
CLOCK_READERS = {"now", "today", "utcnow", "time", "monotonic", "time_ns", "localtime", "gmtime"}


def imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def is_allowed_in_rules(module):
    return module.split(".")[0] in sys.stdlib_module_names or f"{module}.".startswith("patients.rules.")


def clock_readings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            is_time_of_day = name == "time" and node.args  # time(6) makes one, time() reads the clock
            if name in CLOCK_READERS and not is_time_of_day:
                yield f"line {node.lineno}: {name}()"


def test_there_are_rules_to_look_at():
    assert {path.stem for path in RULE_FILES} >= {"news2", "ranges", "schedule", "deterioration", "pathways"}


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_the_rules_import_only_the_standard_library_and_each_other(path):
    modules = set(imported_modules(ast.parse(path.read_text(encoding="utf-8"))))
    assert {module for module in modules if not is_allowed_in_rules(module)} == set()


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_the_rules_never_read_the_clock(path):
    assert list(clock_readings(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source,module",
    [
        ("import django.utils", "django.utils"),
        ("def f():\n    from patients.models import Report", "patients.models"),
        ("from . import models", "."),
        ("from patients import clock", "patients"),
    ],
)
def test_a_forbidden_import_would_be_seen(source, module):
    modules = list(imported_modules(ast.parse(source)))
    assert modules == [module]
    assert not is_allowed_in_rules(module)


def test_a_reading_of_the_clock_would_be_seen():
    assert list(clock_readings(ast.parse("x = datetime.now(UTC)"))) == ["line 1: now()"]


def imports_of_doors(tree):
    """What a service takes from the doors that call it."""
    return {m for m in imported_modules(tree) if m.startswith(("..api", "..consumers", "..realtime"))}


@pytest.mark.parametrize(
    "path",
    [path for path in SERVICE_FILES if path.stem not in READS_FILES_AS_BODIES],
    ids=lambda path: path.stem,
)
def test_the_services_know_nothing_of_the_doors(path):
    assert imports_of_doors(ast.parse(path.read_text(encoding="utf-8"))) == set()


def test_a_service_that_knows_a_door_would_be_seen():
    assert imports_of_doors(ast.parse("def f():\n    from ..api.errors import answer_of")) == {"..api.errors"}
