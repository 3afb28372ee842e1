"""Periods, days and durations."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from provena_sdk.coverage import durations
from provena_sdk.coverage.period import Period, day


@pytest.mark.parametrize(
    ("since", "until", "overlaps"),
    [
        (None, None, True),
        (date(2024, 12, 31), None, True),
        (date(2025, 1, 1), None, False),
        (None, date(2019, 1, 1), True),
        (None, date(2018, 12, 31), False),
        (date(2020, 1, 1), date(2020, 1, 2), True),
    ],
)
def test_a_period_includes_its_first_and_last_day(
    since: date | None, until: date | None, overlaps: bool
) -> None:
    assert Period(date(2019, 1, 1), date(2024, 12, 31)).overlaps(since, until) is overlaps


def test_a_day_is_read_from_what_people_write() -> None:
    assert day("2024-12-31") == day(date(2024, 12, 31)) == day(datetime(2024, 12, 31, 5, tzinfo=UTC))
    assert (day("2024"), day("2024", last=True)) == (date(2024, 1, 1), date(2024, 12, 31))
    assert (day("2024-02"), day("2024-02", last=True)) == (date(2024, 2, 1), date(2024, 2, 29))


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13", "24", "2024-1-1", "2024-02-30"])
def test_other_text_is_not_a_day(text: str) -> None:
    with pytest.raises(ValueError):
        day(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P1D", "1 day"),
        ("PT10M", "10 minutes"),
        ("P1Y6M", "1 year 6 months"),
        ("P0.5W", "0.5 weeks"),
        ("PT0S", "0 seconds"),
        ("P1DT12H30M5S", "1 day 12 hours 30 minutes 5 seconds"),
    ],
)
def test_durations_in_words(text: str, words: str) -> None:
    assert str(durations.parse(text)) == words


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1", "P1H", "PT1D", "daily", "P1D ", "P-1D"])
def test_other_text_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        durations.parse(text)
