"""How long to wait before a request is sent again: exponential back-off with jitter."""

from __future__ import annotations

import random


def backoff(
    attempt: int, *, first: float, longest: float, least: float = 0.0, chance: float | None = None
) -> float:
    """Return a random wait in seconds; its bound doubles with every attempt.

    Args:
        attempt: How many times the request was sent so far, from 1.
        first: The bound after the first attempt, in seconds.
        longest: The highest bound, in seconds.
        least: The share of the bound that is always waited, from 0 to 1. The rest is drawn, so that a crowd of
            clients spreads out.
        chance: A number in [0, 1) in place of a random one.

    Example:
        >>> backoff(1, first=0.5, longest=20, chance=0.5), backoff(3, first=0.5, longest=20, least=0.5, chance=0.0)
        (0.25, 1.0)
    """
    # Beyond 60 doublings any bound is reached, and soon a float would overflow.
    bound = min(longest, first * 2.0 ** min(attempt - 1, 60))
    drawn = random.random() if chance is None else chance  # noqa: S311  # no secret depends on it
    return bound * (least + (1 - least) * drawn)
