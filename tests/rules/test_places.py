"""Two spellings of one ward or bed are one place; two places are two."""

import pytest

from patients.rules.places import fold_place


@pytest.mark.parametrize(
    "one,other",
    [
        ("7A", "7a"),
        ("7A", "7 A"),
        ("7A", " 7A "),
        ("7A", "7\u00a0A"),
        ("7A", "7\u200bA"),
        ("7A", "7\tA"),
        ("7A", "\uff17\uff21"),
        ("Intensive Care", "INTENSIVE  CARE"),
        ("Weißstation", "WEISSSTATION"),
    ],
)
def test_case_and_spaces_make_no_other_place(one, other):
    assert fold_place(one) == fold_place(other)


@pytest.mark.parametrize("one,other", [("7A", "7B"), ("7A", "17A"), ("3", "03"), ("3-1", "31"), ("", "1")])
def test_everything_else_does(one, other):
    assert fold_place(one) != fold_place(other)
