"""Rates as people write them."""

import math
from typing import Any

import pytest

from provena_sdk.errors import InvalidArgument
from provena_sdk.net.rates import bytes_per_second
from provena_sdk.operations.arguments import rate


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (5_000_000, 5e6),
        (1500.5, 1500.5),
        (10**30, 1e15),
        ("5MB/s", 5e6),
        ("5 mb/s", 5e6),
        ("  5MB ", 5e6),
        ("0.5 GB/s", 5e8),
        ("500kB/s", 5e5),
        ("500 KiB/s", 512_000.0),
        ("2MiB", 2_097_152.0),
        ("2000B/s", 2000.0),
        ("2000 bytes/s", 2000.0),
        ("40Mbit/s", 5e6),
        ("40 Mbits", 5e6),
        ("5MBps", 5e6),
    ],
)
def test_rates(given: Any, expected: float) -> None:
    assert rate("limit_rate", given) == pytest.approx(expected)


@pytest.mark.parametrize(
    "given",
    ["", "fast", "5", "5MB/h", "-5MB/s", "5 M", "MB/s", "1e6B/s", "5,5MB/s", True, None, b"5MB/s", math.nan],
)
def test_what_is_not_a_rate(given: Any) -> None:
    with pytest.raises(ValueError, match="a number of bytes per second, or text such as"):
        bytes_per_second(given)


@pytest.mark.parametrize("given", [0, -1, 999, "999B/s", "7kbit/s", -math.inf])
def test_rates_below_what_stores_serve(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be at least 1 kB/s") as caught:
        rate("limit_rate", given)
    assert caught.value.argument == "limit_rate"


def test_the_message_shows_the_text() -> None:
    with pytest.raises(InvalidArgument) as caught:
        rate("limit_rate", "5 apples")
    assert "limit_rate must be a number of bytes per second, or text such as '5MB/s', not '5 apples'." in str(
        caught.value
    )
