"""The kinds of values a client may send, each read strictly: nothing is guessed and nothing vanishes.

Numbers are JSON numbers or plain ASCII numerals; true and false are no numbers, and neither are fullwidth or
Arabic digits, NaN and Infinity. Every message says which value was refused and what would be taken.
"""

import math
import re
from datetime import UTC, date, datetime, timezone
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.fields import empty

from ..rules.birth import Birth
from ..rules.names import trimmed
from ..rules.news2 import NOT_MEASURED_REASONS
from ..rules.ranges import RANGES, check_possible, round_half_up

# Outside these years a time is a slip of the finger, and some would not survive a change of time zone.
EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2199
EARLIEST_BIRTH_YEAR: Final = 1850

_WHOLE_TEXT: Final = re.compile(r"[+-]?[0-9]{1,18}")
_YEAR_LAST: Final = re.compile(r"\s*[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}\b")
_YEAR: Final = re.compile(r"[0-9]{4}")
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_EMPTY_FRACTION: Final = re.compile(r"\.0+")
_LARGEST_WHOLE: Final = 2**63 - 1
_LONGEST_NUMBER: Final = 40
_LONGEST_SHOWN: Final = 40


def show(value: Any) -> str:
    """`value` as a message may quote it: short, whatever was sent."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def read_whole(value: Any) -> int | None:
    """The whole number that `value` is, else None: 12, "12" and "+12" are; 12.0, "12.0" and true are not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _WHOLE_TEXT.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, int) and abs(value) <= _LARGEST_WHOLE:
        return value
    return None


def read_instant(text: Any) -> datetime:
    """The instant, in UTC, that ISO 8601 `text` names; without an offset it is ward time.

    Raises serializers.ValidationError.
    """
    if not isinstance(text, str) or not text.isascii() or len(text) > _LONGEST_NUMBER:
        raise serializers.ValidationError(_not_an_instant(text))
    zone = ZoneInfo(settings.TIME_ZONE)
    try:
        value = serializers.DateTimeField(default_timezone=zone).to_internal_value(text)
        in_utc: datetime = value.astimezone(UTC)
    except (OverflowError, serializers.ValidationError) as error:
        raise serializers.ValidationError(_not_an_instant(text)) from error
    if ":" in text or "T" in text:  # a day alone stands for its beginning, whenever that was
        _refuse_at_a_clock_change(text, zone=zone)
    if not EARLIEST_YEAR <= in_utc.year <= LATEST_YEAR:
        raise serializers.ValidationError(
            f"The year must be between {EARLIEST_YEAR} and {LATEST_YEAR}; {show(text)} was given."
        )
    return in_utc


def _not_an_instant(value: Any) -> str:
    return (
        f"A time such as 2026-03-01T14:30:00Z (ISO 8601) is needed; {show(value)} was given."
        f"{_how_to_write_a_date(value)}"
    )


def _how_to_write_a_date(value: Any) -> str:
    """What to do with 12/31/1958 and 31.12.1958, beside what is needed; "" of anything else."""
    is_year_last = isinstance(value, str) and _YEAR_LAST.match(value)
    return " Write year, month, day: which of them is the month is not guessed." if is_year_last else ""


def _refuse_at_a_clock_change(text: str, *, zone: ZoneInfo) -> None:
    """Raise serializers.ValidationError for a local time that came twice that day, or never: which is not guessed."""
    local = parse_datetime(text)
    if local is None or local.tzinfo is not None:
        return
    earlier, later = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    if earlier is None or later is None or earlier == later:
        return
    if earlier < later:
        raise serializers.ValidationError(
            f"The clocks were set forward then: {show(text)} never came. Check the time."
        )
    first, second = (local.replace(tzinfo=timezone(offset)).isoformat() for offset in (earlier, later))
    raise serializers.ValidationError(
        f"The clocks were set back then: {show(text)} came twice. "
        f"Write which one it is, {first} or {second}, or the time in UTC."
    )


class WholeNumberField(serializers.IntegerField):
    """A whole number; a fraction is refused. 5.0 is none: programs that know only floats write so, and CSV files."""

    default_error_messages = {"invalid": "A whole number is needed; {input} was given."}

    def to_internal_value(self, data: Any) -> int:
        number = read_whole(_without_empty_fraction(data))
        if number is None:
            self.fail("invalid", input=show(data))
        return number


def _without_empty_fraction(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        number, point, zeros = value.strip().partition(".")
        return number if _EMPTY_FRACTION.fullmatch(point + zeros) else value
    return value


class DecimalNumberField(serializers.FloatField):
    """A decimal number, kept to one decimal after rounding half up."""

    default_error_messages = {"invalid": "A number is needed; {input} was given."}

    def to_internal_value(self, data: Any) -> float:
        number = self._read(data)
        if number is None or not math.isfinite(number):
            self.fail("invalid", input=show(data))
        return number

    def _read(self, data: Any) -> float | None:
        if (
            isinstance(data, bool)
            or not isinstance(data, int | float | str)
            or len(str(data)) > _LONGEST_NUMBER
        ):
            return None
        if isinstance(data, float) and math.isfinite(data) and abs(data) > _LARGEST_WHOLE:
            return data  # too large to round, and so for the range to refuse
        try:
            return round_half_up(data)
        except ValueError:
            return None


class TruthField(serializers.BooleanField):
    """True or false and nothing like it; text of a file (context `reads_text`) in any of DRF's spellings."""

    default_error_messages = {"invalid": "true or false is needed; {input} was given."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool):
            return data
        if not self.context.get("reads_text"):
            self.fail("invalid", input=show(data))
        return super().to_internal_value(data)


class ChoiceField(serializers.ChoiceField):
    """One of a few values."""

    default_error_messages = {"invalid_choice": '"{input}" is not a valid choice. There are: {choices}.'}

    def fail(self, key: str, **details: Any) -> NoReturn:
        choices = ", ".join(map(str, self.choices))
        super().fail(key, **{**details, "input": show(details.get("input")), "choices": choices})


class TextField(serializers.CharField):
    """Text; a number is none. What nobody sees at its ends is taken off, zero-width characters too."""

    default_error_messages = {"invalid": "A text is needed; {input} was given."}

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(trimmed(data) if isinstance(data, str) else data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid", input=show(data))
        text: str = super().to_internal_value(data)
        return text


# A measured field's name in the table of ranges is its own, or the `source` it is given.
class MeasuredWholeField(WholeNumberField):
    """A whole measurement, refused outside its hard range (rules.ranges)."""

    def to_internal_value(self, data: Any) -> int:
        return _refuse_impossible(super().to_internal_value(data), field_name=str(self.source))


class MeasuredDecimalField(DecimalNumberField):
    """A decimal measurement, rounded and then refused outside its hard range (rules.ranges)."""

    def to_internal_value(self, data: Any) -> float:
        return _refuse_impossible(super().to_internal_value(data), field_name=str(self.source))


def _refuse_impossible(value: Any, *, field_name: str) -> Any:
    message = check_possible({field_name: value}).get(field_name)
    if message is not None:
        raise serializers.ValidationError(message)
    return value


def measured_field(field_name: str) -> serializers.Field:
    """The field for one measurement of `rules.ranges`; null and absent are "not measured"."""
    limits = RANGES[field_name]
    unit = f" {limits.unit}" if limits.unit else ""
    explanation = f"{limits.label}: {limits.hard[0]} to {limits.hard[1]}{unit}; null: not measured."
    field_class = MeasuredWholeField if limits.is_whole else MeasuredDecimalField
    return field_class(allow_null=True, default=None, help_text=explanation)


class InstantField(serializers.DateTimeField):
    """A moment in ISO 8601, kept in UTC; without an offset it is ward time.

    `needs_time`: a day alone is refused, which stands for its midnight else.
    """

    def __init__(self, *, needs_time: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.needs_time = needs_time

    def to_internal_value(self, value: Any) -> datetime:
        instant = read_instant(value)
        if self.needs_time and ":" not in value and "T" not in value:
            raise serializers.ValidationError(_not_an_instant(value))
        return instant


class BirthDateField(serializers.DateField):
    """A day of the calendar, YYYY-MM-DD; or, as a Birth, the month YYYY-MM or the year YYYY where no more is known.

    The service takes its middle, and refuses the future.
    """

    def to_internal_value(self, value: Any) -> date | Birth:  # type: ignore[override]
        if not isinstance(value, str) or not value.isascii():
            raise serializers.ValidationError(_not_a_birth(value))
        text = value.strip()
        if not _YEAR.fullmatch(text[:4]) or int(text[:4]) == 0:
            raise serializers.ValidationError(_not_a_birth(value))
        if int(text[:4]) < EARLIEST_BIRTH_YEAR:
            raise serializers.ValidationError(
                f"The year must not be before {EARLIEST_BIRTH_YEAR}; {show(value)} was given."
            )
        if _YEAR.fullmatch(text):
            return Birth(date(int(text), 1, 1), "year")
        if _MONTH.fullmatch(text):
            return Birth(date(int(text[:4]), int(text[5:]), 1), "month")
        try:
            return super().to_internal_value(text)
        except serializers.ValidationError as error:
            raise serializers.ValidationError(_not_a_birth(value)) from error


def _not_a_birth(value: Any) -> str:
    return (
        "A date such as 1950-12-31 is needed, or 1950-12 or 1950 where no more is known; "
        f"{show(value)} was given.{_how_to_write_a_date(value)}"
    )


class CodesField(serializers.ListField):
    """A list of known codes, each once; null: not assessed, []: none. Text of a file (context `reads_text`): the codes
    with spaces or commas between; what of a broken list is left is no code, and never "none"."""

    def __init__(self, *, codes: tuple[str, ...], **options: Any) -> None:
        super().__init__(
            child=ChoiceField(choices=codes),
            allow_null=True,
            max_length=len(codes) * 4,
            **options,
        )

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, str) and self.context.get("reads_text"):
            data = data.replace(",", " ").split() or [data]
        return list(dict.fromkeys(super().to_internal_value(data)))


class NotMeasuredField(serializers.Field):
    """`{field: reason}`: why a measurement that was due was not taken."""

    is_json_object: Final = True  # for /swagger
    REASONS: Final = NOT_MEASURED_REASONS
    FIELDS: Final = frozenset(RANGES) | {"supplemental_oxygen", "consciousness"}

    default_error_messages = {
        "not_an_object": 'An object such as {{"temperature": "refused"}} is needed; {input} was given.',
        "no_such_field": "No such measurement.",
        "no_such_reason": f"One of {', '.join(NOT_MEASURED_REASONS)} is needed; {{input}} was given.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_an_object", input=show(data))
        errors = {}
        for field_name, reason in data.items():
            if field_name not in self.FIELDS:
                errors[show(field_name)] = [self.error_messages["no_such_field"]]
            elif not isinstance(reason, str) or reason not in self.REASONS:
                errors[field_name] = [self.error_messages["no_such_reason"].format(input=show(reason))]
        if errors:
            raise serializers.ValidationError(errors)
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value
