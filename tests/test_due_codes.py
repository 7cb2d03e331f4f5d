"""The codes of `due_because` are the same in the rules, in the guide and in the browser."""

import re
from pathlib import Path

from patients.rules.due_limit import CODES

PROJECT = Path(__file__).parent.parent


def test_the_guide_names_every_code_and_no_other():
    guide = (PROJECT / "docs" / "integration.md").read_text(encoding="utf-8")
    table = guide.split("| `code` |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == CODES


def test_the_browser_knows_every_code_and_no_other():
    texts = PROJECT / "vue_frontend" / "src" / "composables" / "useDueReasons.ts"
    assert tuple(re.findall(r"case '(\w+)'", texts.read_text(encoding="utf-8"))) == CODES
