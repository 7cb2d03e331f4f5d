"""The rows of a CSV file, for the services that take them in. Nothing of a file is guessed at or left out unsaid."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ..rules.names import trimmed
from .import_rows import Row

_OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


class UnreadableFile(Exception):
    """What is wrong with the file as a whole, and where."""


def read_rows(path: Path) -> list[Row]:
    """The rows of a file, as `rows_of` its bytes. Raises OSError too."""
    return rows_of(path.read_bytes())


def rows_of(content: bytes) -> list[Row]:
    """The rows below the header, each with the line on which it begins; empty lines and empty cells are left out.

    UTF-8, with or without a byte order mark; commas between the cells. Raises UnreadableFile: another encoding, a
    NUL, quotes that do not close, a header that is missing or names a column twice.
    """
    reader = csv.reader(StringIO(_decoded(content), newline=""), strict=True)
    try:
        header = [trimmed(name) for name in next(reader, [])]
        _check_header(header)
        return list(_rows(reader, header=header))
    except csv.Error as error:
        raise UnreadableFile(f"Line {reader.line_num}: {error}.") from error


def columns_of(rows: list[Row]) -> set[str]:
    """The columns in which any of these rows has a value."""
    return {name for row in rows for name in row.columns}


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"Line {line} is not UTF-8. Save the file with that encoding.") from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise UnreadableFile(f"Line {line} holds a NUL character: this is no text.")
    return text


def _check_header(header: list[str]) -> None:
    if not any(header):
        raise UnreadableFile("The first line must name the columns.")
    for separator, called in _OTHER_SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise UnreadableFile(
                f"The cells are separated by {called}. Save the file as CSV with commas (CSV UTF-8) and send that one."
            )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise UnreadableFile(f"The first line names {', '.join(twice)} twice.")


def _rows(reader: Any, *, header: list[str]) -> Iterator[Row]:
    begins = reader.line_num + 1
    for cells in reader:
        line, begins = begins, reader.line_num + 1
        if not any(trimmed(cell) for cell in cells):
            continue
        columns = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}
        surplus = [cell for cell in cells[len(header) :] if trimmed(cell)]
        surplus += [cell for name, cell in zip(header, cells, strict=False) if trimmed(cell) and not name]
        yield Row(line, columns, has_surplus=bool(surplus))
