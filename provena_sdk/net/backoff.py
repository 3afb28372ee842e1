"""The wait before a retry: exponential back-off with jitter."""

from __future__ import annotations

import random


def backoff(
    attempt: int, *, first: float, longest: float, least: float = 0.0, chance: float | None = None
) -> float:
    """Return a random wait in seconds, whose upper bound doubles with every attempt.

    Args:
        attempt: The number of attempts so far, from 1.
        first: The bound after the first attempt, in seconds.
        longest: The highest bound, in seconds.
        least: The fixed share of the bound, from 0 to 1. The rest is random, so that many clients spread out.
        chance: A number in [0, 1) to use instead of a random one.

    Example:
        >>> backoff(1, first=0.5, longest=20, chance=0.5), backoff(3, first=0.5, longest=20, least=0.5, chance=0.0)
        (0.25, 1.0)
    """
    # 60 doublings reach any bound; many more would overflow a float.
    bound = min(longest, first * 2.0 ** min(attempt - 1, 60))
    drawn = random.random() if chance is None else chance  # noqa: S311  # no secret depends on it
    return bound * (least + (1 - least) * drawn)
