"""Documents whose examples are run: their code blocks, and answers held against what is shown."""

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.support.processes import PROJECT

VARIES = "…"
_BLOCK = re.compile(r"^```(?P<kind>[^\n`]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One code block.

    Attributes:
        kind: what follows the three backticks, such as `bash`.
        code: its lines.
        before: the paragraph that stands before it.
        answer: the block of `json` or `text` that follows it, showing what it prints; None without one.
    """

    kind: str
    code: str
    before: str
    answer: "Block | None" = None


def blocks_of(name: str) -> list[Block]:
    """The code blocks of `docs/<name>`, in order; those that show an answer belong to the one before."""
    text = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    blocks: list[Block] = []
    for found in _BLOCK.finditer(text):
        before = text[: found.start()].rstrip().rpartition("\n\n")[2]
        block = Block(found["kind"].strip(), found["code"], before)
        if block.kind in ("json", "text"):
            asked = blocks.pop()
            block = Block(asked.kind, asked.code, asked.before, answer=block)
        blocks.append(block)
    return blocks


def assert_is_as_shown(printed: str, answer: Block) -> None:
    """What was printed is what the document shows.

    `…` in the document stands for anything; of objects it may show some members only.
    """
    if answer.kind == "json":
        assert_holds(json.loads(printed), json.loads(answer.code), place="answer")
        return
    pattern = ".*".join(re.escape(piece) for piece in answer.code.strip().split(VARIES))
    assert re.fullmatch(pattern, printed.strip()), f"{printed!r} is not {answer.code!r}"


def assert_holds(value: Any, shown: Any, *, place: str) -> None:
    if shown == VARIES:
        return
    if isinstance(shown, dict):
        assert isinstance(value, dict), f"{place}: {value!r}"
        assert set(shown) <= set(value), f"{place}: {sorted(value)}"
        for name, inner in shown.items():
            assert_holds(value[name], inner, place=f"{place}.{name}")
    elif isinstance(shown, list):
        assert isinstance(value, list), f"{place}: {value!r}"
        if shown[-1:] == [VARIES]:
            shown, value = shown[:-1], value[: len(shown) - 1]
        assert len(value) == len(shown), f"{place}: {value!r}"
        for number, (inner_value, inner) in enumerate(zip(value, shown, strict=True)):
            assert_holds(inner_value, inner, place=f"{place}[{number}]")
    else:
        assert value == shown, f"{place}: {value!r}"
