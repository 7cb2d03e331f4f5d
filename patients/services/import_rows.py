"""Rows of a file that is imported, and what becomes of each: no row spoils a file."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import InterfaceError, OperationalError
from rest_framework.exceptions import ValidationError

from ..rules.names import trimmed
from .cells import remarks_on
from .errors import NotAllowed, Refused

logger = logging.getLogger("wardlight.import")

LINK: Final = "hospital_number"
BECAUSE_IMPORTED: Final = "imported"  # why the versions are there, where the file does not say
UNFORESEEN: Final = "It could not be stored, and nothing of it was; the server's log says why."


class RecordChanged(Exception):
    """The patient's record is no longer the one that the reports were checked and scored by."""


# Those of the database are not of a row: all that follow would fail alike, and nobody knows what was stored.
NO_FAULT_OF_A_ROW: Final = (OperationalError, InterfaceError, RecordChanged)


@dataclass(frozen=True)
class Row:
    """One row of a file: the line on which it begins, and its columns as text, without what nobody sees at their ends;
    an empty column is left out.

    `has_surplus`: it has values for which the header names no column. `patient_row`: the patient's own row, where this
    one is the first report that was made of it.
    """

    line: int
    columns: Mapping[str, str]
    has_surplus: bool = False
    patient_row: "Row | None" = None

    def __post_init__(self) -> None:
        # Here, once: else a number is one thing where it is looked up and another where it is stored.
        seen = ((name, trimmed(cell)) for name, cell in self.columns.items())
        object.__setattr__(self, "columns", {name: cell for name, cell in seen if cell})


@dataclass(frozen=True)
class Remark:
    """Why a row was not imported, or what of one that was is to be looked at."""

    row: Row
    field: str
    reason: str


@dataclass
class Outcome:
    """What became of the rows."""

    patients: int = 0
    reports: int = 0
    known: int = 0  # rows that were there already
    rejects: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)  # of rows that were imported

    @property
    def rejected_rows(self) -> list[Row]:
        """The rows that were not imported, or not all of them, in the file's order."""
        rows = {id(reject.row): reject.row for reject in self.rejects}
        return sorted(rows.values(), key=lambda row: row.line)

    def reject(self, row: Row, errors: Any) -> None:
        """Note why `row` failed, one entry a field; `errors` in DRF's shape."""
        if not isinstance(errors, Mapping):
            errors = {"": errors}
        for name, messages in errors.items():
            messages = messages if isinstance(messages, list) else [messages]
            self.rejects.append(Remark(row, str(name), " ".join(str(message) for message in messages)))

    def add(self, other: "Outcome") -> None:
        """What became of further rows."""
        self.patients += other.patients
        self.reports += other.reports
        self.known += other.known
        self.rejects += other.rejects
        self.warnings += other.warnings

    def warn(self, row: Row, unusual: Mapping[str, list[str]]) -> None:
        """Note what of `row` is improbable: field to messages."""
        for name, messages in unusual.items():
            self.warnings += [Remark(row, name, message) for message in messages]


@contextmanager
def one_row(row: Row, *, outcome: Outcome) -> Iterator[None]:
    """Whatever is raised within becomes the reject of this row, so that no row spoils a file."""
    try:
        yield
    except ValidationError as error:
        outcome.reject(row, error.detail)
    except (Refused, NotAllowed) as error:
        outcome.reject(row, error.errors)
    except NO_FAULT_OF_A_ROW:
        raise
    except Exception:
        logger.exception("line %d of a file could not be stored", row.line)
        outcome.reject(row, {"": [UNFORESEEN]})


def refuse_cells(serializer: Any, *, columns: Mapping[str, str]) -> None:
    """Raise Refused for what the serializer refuses, and for cells that hold a word for "nothing"."""
    remarks = remarks_on(columns)
    if not serializer.is_valid() or remarks:
        raise Refused({**serializer.errors, **remarks})
