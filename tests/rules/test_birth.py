"""A birth of which only the year or the month is known."""

from datetime import date

import pytest

from patients.rules.birth import Birth

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    "day,precision,middle",
    [
        (date(1958, 12, 31), "year", date(1958, 7, 1)),
        (date(1958, 2, 28), "month", date(1958, 2, 15)),
        (date(1958, 2, 28), "day", date(1958, 2, 28)),
        (date(2026, 1, 1), "year", TODAY),
        (date(2026, 3, 1), "month", TODAY),
        (date(2027, 1, 1), "year", date(2027, 7, 1)),
    ],
)
def test_what_is_known_is_kept_as_its_middle_today_at_the_latest_and_the_future_as_it_is(
    day, precision, middle
):
    assert Birth(day).known_to(precision, today=TODAY) == Birth(middle, precision)


@pytest.mark.parametrize(
    "precision,first,text",
    [
        ("year", date(1956, 1, 1), "1956"),
        ("month", date(1956, 2, 1), "1956-02"),
        ("day", date(1956, 2, 29), "1956-02-29"),
    ],
)
def test_its_first_day_and_as_much_as_is_known_of_it(precision, first, text):
    birth = Birth(date(1956, 2, 29), precision)
    assert (birth.first_day, birth.as_text()) == (first, text)


def test_a_day_is_finer_than_a_month_and_a_month_than_a_year():
    year, month, day = (Birth(TODAY, precision) for precision in ("year", "month", "day"))
    assert day.is_finer_than(month)
    assert month.is_finer_than(year)
    assert not year.is_finer_than(year)
