"""Names of wards and beds: two that differ only by case or spaces name one place."""

import unicodedata

_UNSEEN = ("Cf", "Zs", "Cc")  # formatting characters such as a zero-width space, spaces of every width, tabs


def fold_place(name: str) -> str:
    """`name` without spaces and unseen characters, in small letters: equal for two spellings of one ward or bed."""
    letters = unicodedata.normalize("NFKC", name)
    return "".join(letter for letter in letters if unicodedata.category(letter) not in _UNSEEN).casefold()
