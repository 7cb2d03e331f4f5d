"""How names, numbers and places are trimmed, compared, ordered and shown.

`vue_frontend/src/domain/names.ts` does the same in the browser; both are held by the cases of
`vue_frontend/src/domain/names.cases.json`.
"""

import re
import unicodedata
from typing import Final

# Characters, more than any of these texts holds; an index of PostgreSQL takes no row of over 2,704 bytes.
LONGEST_KEY: Final = 200

# Letters that Unicode does not take apart, as they are written where the keyboard lacks them.
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
     "ŧ": "t", "ς": "σ"}
)  # fmt: skip
_APOSTROPHES: Final = re.compile("['`´‘’‛′‵ʹʻʼʽʾʿ׳]")
_DASHES: Final = re.compile("[‐‑‒–—―−]")
# Accents of Latin, Greek and Cyrillic letters, and the points of Hebrew and Arabic. Not what makes another letter
# (Japanese voicing) or a vowel (Indic and Thai scripts).
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]"
)
_NUMBER: Final = re.compile("0*([0-9]+)")
_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def trimmed(text: str) -> str:
    """`text` without what nobody sees at its ends: spaces of every kind, tabs, line ends, zero-width characters."""
    start, end = 0, len(text)
    while start < end and _is_unseen(text[start]):
        start += 1
    while end > start and _is_unseen(text[end - 1]):
        end -= 1
    return text[start:end]


def fold(text: str) -> str:
    """`text` as it is searched and compared: without case, accents, apostrophes and what is invisible.

    Composed and decomposed letters are one, ß æ œ ø ł đ count as ss ae oe o l d; spaces are single.
    """
    taken_apart = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text))
    bare = _ACCENTS.sub("", "".join(letter for letter in taken_apart if unicodedata.category(letter) != "Cf"))
    plain = _DASHES.sub("-", _APOSTROPHES.sub("", bare.casefold().translate(_LETTERS)))
    return unicodedata.normalize("NFKC", " ".join(plain.split()))


def name_key(name: str) -> str:
    """What a name is ordered by, letter by letter."""
    return fold(name)[:LONGEST_KEY]


def place_key(text: str) -> str:
    """What a bed, a ward or a hospital number is ordered by: 1, 2, 10. Leading zeros do not count.

    Each number is led by how many digits it has, so that comparing letter by letter compares the numbers.
    """
    return _NUMBER.sub(lambda found: f"{len(found[1]):02}{found[1]}", fold(text))[:LONGEST_KEY]


def search_text(*texts: str | None) -> str:
    """All that a patient is searched by, in which every word of a search must be found."""
    return "\n".join(fold(text) for text in texts if text)


def search_words(text: str) -> list[str]:
    """The words of a search as `search_text` holds them."""
    return fold(text.replace(",", " ")).split()


def shown_name(*, last_name: str, first_name: str) -> str:
    """SMITH, John; where there is one name alone, that one."""
    names = (without_direction(last_name).upper(), without_direction(first_name))
    return ", ".join(name for name in names if name)


def without_direction(text: str) -> str:
    """`text` without the characters that turn round how it, and what follows it, is written. None of them is seen."""
    return _DIRECTION.sub("", text)


def _is_unseen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"
