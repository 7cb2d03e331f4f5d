"""Strategies for what a client may send: values of every kind, and bodies with possible measurements among them."""

import json
import math
from typing import Any

from hypothesis import strategies as st

from patients.rules.ranges import RANGES

# What has broken servers before: traps.md, "Input".
HARMFUL: list[Any] = [
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff", "１２", "٣", "1e999", "nan", "-Infinity", "0x10", "1_0", "%", "_",
    "'", "\\", "\u202e", "\ufeff", "😀", "x" * 5000, "-" * 50, "A", "febrile", "__class__", "{}", "null",
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+23:59", "9999-12-31T23:59:59-14:00", "0001-01-01", "2026-02-30",
    2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 1e308, 5e-324, -0.0, 0.1, 1.5,
    math.nan, math.inf, -math.inf, True, False, None, [], {}, [[]], [None], {"": None}, {"id": 1},
]  # fmt: skip
harmful = st.sampled_from(HARMFUL)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | harmful,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def possible_values(field: str) -> st.SearchStrategy[Any]:
    """What may have been measured."""
    limits = RANGES[field]
    low, high = limits.hard
    return st.integers(int(low), int(high)) if limits.is_whole else st.floats(low, high)


def bodies(fields: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Possible measurements, and now and then anything at all for one of `fields` or one that does not exist."""
    names = st.sampled_from(sorted(fields)) | st.text(max_size=5)
    possible = st.fixed_dictionaries({}, optional={field: possible_values(field) for field in RANGES})
    wild = st.one_of(st.just({}), st.dictionaries(names, anything, max_size=4))
    return st.builds(lambda known, other: {**known, **other}, possible, wild)


def as_json(value: Any) -> str:
    """The text of `value`, with NaN, Infinity, lone surrogates and whole numbers of any length."""
    return json.dumps(value)


def has_no_json_form(value: Any) -> bool:
    """Whether it holds what no JSON body may: NUL, a lone surrogate, NaN or Infinity, a number beyond a double's."""
    if isinstance(value, dict):
        return any(map(has_no_json_form, (*value, *value.values())))
    if isinstance(value, list):
        return any(map(has_no_json_form, value))
    if isinstance(value, str):
        return any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) >= 2**1024 or not math.isfinite(value)
