"""docs/clinical-safety.md names, for each hazard, a test that shows its control."""

import re
from pathlib import Path

PROJECT = Path(__file__).parent.parent
LOG = (PROJECT / "docs" / "clinical-safety.md").read_text(encoding="utf-8")
HAZARDS, SEEN_TO_FAIL = LOG.split("### Seen to fail")
ROWS = [line for line in HAZARDS.splitlines() if re.match(r"\| \d+ \|", line)]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", LOG)


def test_each_hazard_has_a_number_a_control_and_a_test():
    assert [int(row.split("|")[1]) for row in ROWS] == list(range(1, len(ROWS) + 1))
    for row in ROWS:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6, row
        assert all(cells), row
        assert "::test_" in cells[5], row


def test_every_test_that_the_log_names_exists():
    assert len(NAMED) >= len(ROWS)
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not re.search(
            rf"^ *(async )?def {name}\(", (PROJECT / path).read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert missing == []


def test_each_hazard_was_seen_to_fail():
    seen = {int(number) for number in re.findall(r"^\| (\d+) \|", SEEN_TO_FAIL, re.MULTILINE)}
    assert seen == set(range(1, len(ROWS) + 1))
    for test in re.findall(r"`(test_\w+)`", SEEN_TO_FAIL):
        assert f"::{test}`" in HAZARDS, f"the log does not name {test}"


def test_every_file_of_rules_that_the_sources_name_exists():
    for path in re.findall(r"`(patients/[\w/]+\.py)`", LOG):
        assert (PROJECT / path).exists(), path
