"""Pages that cost the same wherever they lie: a place is a row's values, not a number of rows to skip."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    F,
    Field,
    Func,
    IntegerField,
    Model,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import OrderBy
from rest_framework.exceptions import ParseError, ValidationError

from ..keys import key_of
from ..prepared import Hole
from ..rules.news2 import RISKS
from .fields import read_instant, read_whole, show
from .parsers import read_json

DEFAULT_LIMIT: Final = 100
LARGEST_LIMIT: Final = 1000
LARGEST_OFFSET: Final = 10_000
COUNTED_AT_MOST: Final = 10_000
_LONGEST_CURSOR: Final = 2000
# What reading a cursor that nobody here wrote can raise: no base64, no JSON, other members, other types.
_MISREAD: Final = (ValueError, TypeError, OverflowError, ParseError, ValidationError, ModelValidationError)


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order. Nulls come last either way, on both databases, which differ by themselves.

    `is_present`: of rows without a null there.
    """

    column: "Field[Any, Any]"
    is_descending: bool = False
    nulls_first: bool = False
    is_present: bool = False

    @property
    def field(self) -> str:
        return self.column.name

    @property
    def is_nullable(self) -> bool:
        return self.column.null and not self.is_present

    def reversed(self) -> "Term":
        return Term(self.column, not self.is_descending, self.is_nullable and not self.nulls_first)

    def order_by(self) -> str | OrderBy:
        if not self.is_nullable:  # a plain column, so that its index serves
            return f"-{self.field}" if self.is_descending else self.field
        nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        column = F(self.field)
        return column.desc(**nulls) if self.is_descending else column.asc(**nulls)

    def is_equal(self, value: Any) -> Q:
        return Q(**{f"{self.field}__isnull": True}) if value is None else Q(**{self.field: value})

    def is_after(self, value: Any) -> Q | None:
        """The rows behind `value` in this order; None where there can be none."""
        if value is None:
            return Q(**{f"{self.field}__isnull": False}) if self.nulls_first else None
        behind = Q(**{f"{self.field}__{'lt' if self.is_descending else 'gt'}": value})
        if self.is_nullable and not self.nulls_first:
            behind |= Q(**{f"{self.field}__isnull": True})
        return behind

    def write_value(self, row: Model) -> Any:
        """What a cursor keeps of `row`, as JSON can hold it."""
        value = getattr(row, self.field)
        return value if value is None or isinstance(value, int) else self.column.value_to_string(row)

    def read_value(self, kept: Any) -> Any:
        """The column's value that a cursor kept. Raises one of `_MISREAD` where the cursor is made up."""
        if kept is None and not self.is_nullable:
            raise ValueError(f"{self.field} is never null.")
        if kept is None:
            return None
        if isinstance(self.column, DateTimeField):
            return read_instant(kept)
        if isinstance(self.column, IntegerField) and read_whole(kept) is None:
            raise ValueError(f"{self.field} is a whole number.")
        return self.column.to_python(kept)


@dataclass(frozen=True, slots=True)
class RankTerm(Term):
    """A column of few words in an order that is not the alphabet's: `ranks`, and behind them any other word and null.

    A cursor keeps the rank.
    """

    ranks: tuple[str, ...] = ()

    @property
    def is_nullable(self) -> bool:
        return False

    def reversed(self) -> "RankTerm":
        return replace(self, is_descending=not self.is_descending)

    def order_by(self) -> OrderBy:
        cases = [When(**{self.field: word}, then=Value(rank)) for rank, word in enumerate(self.ranks)]
        rank = Case(*cases, default=Value(len(self.ranks)), output_field=IntegerField())
        return OrderBy(rank, descending=self.is_descending)

    def is_equal(self, value: Any) -> Q:
        return self._is_one_of(range(value, value + 1))

    def is_after(self, value: Any) -> Q | None:
        behind = range(value) if self.is_descending else range(value + 1, len(self.ranks) + 1)
        return self._is_one_of(behind) if behind else None

    def write_value(self, row: Model) -> int:
        word = getattr(row, self.field)
        return self.ranks.index(word) if word in self.ranks else len(self.ranks)

    def read_value(self, kept: Any) -> int:
        if type(kept) is not int or not 0 <= kept <= len(self.ranks):
            raise ValueError(f"{self.field} has no rank {kept!r}.")
        return kept

    def _is_one_of(self, ranks: range) -> Q:
        named = Q(**{f"{self.field}__in": self.ranks[ranks.start : ranks.stop]})
        if len(self.ranks) not in ranks:
            return named
        return named | Q(**{f"{self.field}__isnull": True}) | ~Q(**{f"{self.field}__in": self.ranks})


# Orders by no column of their own: the column, and its words in order.
RANKED: Final = {
    "urgency": ("current_risk", tuple(reversed(RISKS[1:]))),
    "severity": ("severity", ("high", "medium")),
}


class RowComparison(Func):
    """`(datetime, id) < (…, …)`: a page begins in the index there.

    On PostgreSQL also among rows that share one datetime; SQLite goes to that datetime, its row id being no column.

    For columns without nulls that are all ordered one way.
    """

    output_field = BooleanField()

    def __init__(self, terms: Sequence[Term], values: Sequence[Any]) -> None:
        operator = "<" if terms[0].is_descending else ">"
        kept = [
            value if isinstance(value, Hole) else Value(value, output_field=term.column)
            for term, value in zip(terms, values, strict=True)
        ]
        super().__init__(
            Row(*(F(term.field) for term in terms)),
            Row(*kept),
            arg_joiner=f" {operator} ",
            template="%(expressions)s",
        )


class Row(Func):
    """Several columns, or several values, as one."""

    template = "(%(expressions)s)"


def _refusal(name: str, message: str) -> ValidationError:
    return ValidationError({name: [message]})


def read_ordering(text: Any, *, allowed: Sequence[str], default: str, model: type[Model]) -> tuple[Term, ...]:
    """The order that `text` ("-datetime" or "ward,last_name") asks for, made unambiguous by the primary key.

    Raises ValidationError (400) naming the field that cannot be ordered by.
    """
    text = default if text in (None, "") else text
    if not isinstance(text, str):
        raise _refusal("ordering", f"The name of a field is needed; {show(text)} was given.")
    key = model._meta.pk
    assert key is not None
    terms: dict[str, Term] = {}
    for name in text.split(","):
        field = name.strip().removeprefix("-")
        if field not in allowed:
            raise _refusal("ordering", f"Cannot order by {show(name)}. There are: {', '.join(allowed)}.")
        terms.setdefault(field, _term(model, field, is_descending=name.strip().startswith("-")))
    if key.name not in terms:
        last = next(reversed(terms.values()))
        terms[key.name] = Term(key, last.is_descending)
    return tuple(terms.values())


def _term(model: type[Model], name: str, *, is_descending: bool) -> Term:
    if name not in RANKED:
        return Term(column_of(model, name), is_descending)
    column, ranks = RANKED[name]
    return RankTerm(column_of(model, column), is_descending, ranks=ranks)


def column_of(model: type[Model], name: str) -> "Field[Any, Any]":
    """The column that holds the order of `name`: names and places have one beside them (patients/keys.py)."""
    column = key_of(model, name) or model._meta.get_field(name)
    assert isinstance(column, Field)  # orders are by columns of the model's own
    return column


def rows_after(terms: Sequence[Term], values: Sequence[Any]) -> Q | None:
    """The rows behind the row that has `values` in the order `terms`; None where there can be none."""
    if are_comparable(terms):
        return Q(RowComparison(terms, values))
    behind: Q | None = None
    equal_so_far = Q()
    for term, value in zip(terms, values, strict=True):
        after = term.is_after(value)
        if after is not None:
            here = equal_so_far & after
            behind = here if behind is None else behind | here
        equal_so_far &= term.is_equal(value)
    return behind


def parts_of(
    terms: tuple[Term, ...], values: Sequence[Any] | None
) -> Iterator[tuple[Q | None, tuple[Term, ...]]]:
    """What lies behind `values` (None: everything), in order: one part after the other, each with its own order.

    Two parts where the first column may be null: an index has its nulls at one end, but not on both databases and both
    ways at the end where they are shown.
    """
    first, rest = terms[0], terms[1:]
    if not first.is_nullable:
        behind = None if values is None else rows_after(terms, values)
        if behind is not None or values is None:
            yield behind, terms
        return
    null = Q(**{f"{first.field}__isnull": True})
    present = replace(first, is_present=True)
    for is_null in (True, False) if first.nulls_first else (False, True):
        part = null if is_null else ~null
        order = rest if is_null else (present, *rest)
        if values is not None and (values[0] is None) == is_null:
            behind = rows_after(order, values[1:] if is_null else values)
            if behind is None:
                continue
            part &= behind
        elif values is not None and is_null == first.nulls_first:
            continue  # this part lies before
        yield part, order


def are_comparable(terms: Sequence[Term]) -> bool:
    """Whether one comparison of rows says what lies behind another: one way in all columns, no nulls and no ranks."""
    return len({term.is_descending for term in terms}) == 1 and not any(
        term.is_nullable or isinstance(term, RankTerm) for term in terms
    )


# ---------------------------------------------------------------- cursors
def write_cursor(row: Model, *, terms: Sequence[Term], is_backward: bool) -> str:
    """Where to go on from `row`: opaque to clients, good for this order only."""
    packed = orjson.dumps([is_backward, _order_text(terms), [term.write_value(row) for term in terms]])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: Any, *, terms: Sequence[Term]) -> tuple[bool, list[Any]]:
    """Whether the cursor leads backward, and the values it stands at. Raises ValidationError (400)."""
    refusal = _refusal("cursor", "This is no cursor of this list. Begin again without one.")
    if not isinstance(text, str) or len(text) > _LONGEST_CURSOR or not text.isascii():
        raise refusal
    try:
        is_backward, order, kept = read_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(is_backward, bool) or order != _order_text(terms):
            raise refusal
        return is_backward, [term.read_value(value) for term, value in zip(terms, kept, strict=True)]
    except _MISREAD as error:
        raise refusal from error


def _order_text(terms: Sequence[Term]) -> str:
    return ",".join(f"{'-' if term.is_descending else ''}{term.field}" for term in terms)


# ---------------------------------------------------------------- limit, offset, count
def read_limit(value: Any) -> int:
    """How many rows a page may have: 100 unless said, 1000 at most. Raises ValidationError (400) below 1."""
    if value in (None, ""):
        return DEFAULT_LIMIT
    limit = read_whole(value)
    if limit is None or limit < 1:
        raise _refusal(
            "limit", f"A whole number from 1 to {LARGEST_LIMIT} is needed; {show(value)} was given."
        )
    return min(limit, LARGEST_LIMIT)


def read_max_bytes(value: Any) -> int | None:
    """How many bytes of JSON a page's objects may come to; None: any. Raises ValidationError (400) below 1."""
    if value in (None, ""):
        return None
    size = read_whole(value)
    if size is None or size < 1:
        raise _refusal("max_bytes", f"A whole number from 1 on is needed; {show(value)} was given.")
    return size


def read_offset(value: Any) -> int:
    """How many rows to skip. Raises ValidationError (400) above 10,000; there `next` leads on."""
    if value in (None, ""):
        return 0
    offset = read_whole(value)
    if offset is None or not 0 <= offset <= LARGEST_OFFSET:
        raise _refusal(
            "offset", f"0 to {LARGEST_OFFSET} is possible; {show(value)} was given. Follow `next`."
        )
    return offset


def counted_rows(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of `rows` as many as are counted, one more than is told, and nothing of them but the key."""
    return rows.order_by().values("pk")[: COUNTED_AT_MOST + 1]


def tell_count(count: int) -> int | None:
    """Exact up to 10,000; None above, where counting on would cost more than the page."""
    return count if count <= COUNTED_AT_MOST else None
