"""JSON in, strictly: what the database or another reader could not take is refused here, with a reason."""

import json
from collections.abc import Mapping
from typing import IO, Any, Final

import orjson
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser as StandardJSONParser

from .fields import show

DEEPEST: Final = 20  # levels of lists and objects; a report has two
GIVEN_TWICE: Final = "It is given twice. Which one holds cannot be known."


def read_json(text: bytes | str) -> Any:
    """The value that `text` holds. REST bodies and WebSocket frames are read by this alone.

    Raises ParseError (400) where the text is no JSON, holds NaN, Infinity, a number beyond a double's range,
    a lone surrogate or a NUL character, or is nested deeper than `DEEPEST`; ValidationError (400) naming what an
    object says twice.
    """
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise ParseError(f"This is not JSON: {error}") from error
    _check(value)
    if (twice := name_given_twice(text)) is not None:
        raise ValidationError({show(twice): [GIVEN_TWICE]})
    return value


def name_given_twice(text: bytes | str) -> str | None:
    """A name that stands twice in one object of `text`, which is JSON and not deep; None where there is none.

    orjson keeps the last of them, so that one of two pulses would vanish with a 201.
    """
    try:
        _ONCE.decode(text.decode() if isinstance(text, bytes) else text)
    except _GivenTwice as found:
        return found.name
    return None


class _GivenTwice(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _refuse_twice(members: list[tuple[str, Any]]) -> None:
    names: set[str] = set()
    for name, _ in members:
        if name in names:
            raise _GivenTwice(name)
        names.add(name)


# Only names are looked at: numbers stay text, which a long one would be slow to leave.
_ONCE: Final = json.JSONDecoder(object_pairs_hook=_refuse_twice, parse_int=str, parse_float=str)


def _check(value: Any) -> None:
    # A list of what is left to look at, not recursion: the depth is what is in doubt.
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        member, depth = waiting.pop()
        if isinstance(member, str):
            if "\x00" in member:
                raise ParseError("A text holds a NUL character, which cannot be stored.")
            continue
        if not isinstance(member, dict | list):
            continue
        if depth > DEEPEST:
            raise ParseError(f"The body is nested deeper than {DEEPEST} levels.")
        if isinstance(member, dict):
            waiting.extend((key, depth + 1) for key in member)
            member = member.values()
        waiting.extend((inner, depth + 1) for inner in member)


class JSONParser(StandardJSONParser):
    """`application/json`, in UTF-8, as `read_json` reads it."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return read_json(stream.read())
