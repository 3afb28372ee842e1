"""Times and waits as HTTP headers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provena_sdk.net.http_dates import http_time, retry_after

MOMENT = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)
ODD = ["", "soon", "²", "٣", "-3", "+3", "1_0", "1e3", "1e400", "nan", "inf", "9" * 5_000, ".", "1.2.3"]


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_times_of_http_come_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert http_time(format_datetime(moment, usegmt=True)) == moment


@pytest.mark.parametrize(
    "text", ["Wed, 21 Oct 2026 07:28:00 GMT", "Wednesday, 21-Oct-26 07:28:00 GMT", "Wed Oct 21 07:28:00 2026"]
)
def test_each_of_the_three_forms_is_read(text: str) -> None:
    assert http_time(text) == MOMENT


@given(st.text(max_size=70) | st.from_regex(r"\A.{5}\d\d .{3} \d{4} \d\d:\d\d:\d\d GMT\Z"))
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("1 Jan 2026 00:00:00 +9999999")
def test_any_text_is_a_time_or_nothing(text: str) -> None:
    found = http_time(text)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
        ({"retry-after": "Wednesday, 21-Oct-26 07:28:00 GMT", "date": "Wed Oct 21 07:27:00 2026"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 40.0),
        ({}, None),
        ({"retry-after": "Fri, 99 Foo 2026 07:28:00 GMT"}, None),
        *(({"retry-after": odd}, None) for odd in ODD),
    ],
)
def test_waits_that_are_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, lambda: MOMENT.timestamp() - 40) == seconds


@settings(max_examples=300)
@given(st.text(max_size=70), st.text(max_size=70))
@example("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359")
@example("1 Jan 2026 00:00:00 +9999999", "")
@example("9" * 64, "")
def test_any_wait_is_finite_or_nothing(value: str, date: str) -> None:
    seconds = retry_after({"retry-after": value, "date": date}, lambda: 1e9)
    assert seconds is None or 0 <= seconds < float("inf")
