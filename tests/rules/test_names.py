"""How names, numbers and places are compared, ordered and shown; the browser is held by the same cases."""

import json
from pathlib import Path

import pytest

from patients.rules.names import (
    LONGEST_KEY,
    fold,
    name_key,
    place_key,
    search_text,
    search_words,
    shown_name,
    trimmed,
)

CASES = json.loads(
    (Path(__file__).parents[2] / "vue_frontend/src/domain/names.cases.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("text,folded", CASES["fold"])
def test_case_accents_apostrophes_and_what_is_invisible_do_not_count(text, folded):
    assert fold(text) == folded
    assert fold(fold(text)) == folded


@pytest.mark.parametrize("text,key", CASES["place"])
def test_numbers_of_beds_are_ordered_as_numbers(text, key):
    assert place_key(text) == key


@pytest.mark.parametrize("text,left", CASES["trimmed"])
def test_what_nobody_sees_is_trimmed(text, left):
    assert trimmed(text) == left


@pytest.mark.parametrize("person,name", CASES["name"])
def test_one_name_is_enough_and_none_turns_another_round(person, name):
    assert shown_name(**person) == name


def test_beds_follow_each_other_as_people_count():
    beds = ["10", "2", "B 10", "1", "b 9", "A", "02a"]
    assert sorted(beds, key=place_key) == ["1", "2", "02a", "10", "A", "b 9", "B 10"]


def test_a_key_is_short_enough_for_an_index_whatever_the_name():
    assert len(name_key("\ufdfa" * 100)) == LONGEST_KEY


def test_every_word_of_a_search_is_found_whichever_way_it_was_typed():
    text = search_text("O’Brien-Łoś", "Zoë", None)
    assert all(word in text for word in search_words("zoe, OBRIEN-LOS"))
    assert search_words(" ' ") == []
