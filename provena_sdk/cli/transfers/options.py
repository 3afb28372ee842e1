"""The options of commands that move files. They are keyword arguments of the SDK's methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import click

_Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]


def _all(*options: _Decorator) -> _Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


SELECTION: Final = _all(
    click.option(
        "--include",
        metavar="PATTERN",
        multiple=True,
        help="Only such files, such as '*.csv' or 'obs/**'; upper and lower case differ.",
    ),
    click.option("--exclude", metavar="PATTERN", multiple=True, help="Leave out such files, such as 'tmp/'."),
)
"""Which files."""

NAMES: Final = click.option(
    "--map-names", is_flag=True, help="Encode names that Windows does not allow, and decode them in uploads."
)
"""Whether names are mapped."""

LIMITS: Final = _all(
    click.option("--limit-rate", metavar="RATE", help="At most so many bytes per second, such as 5MB/s."),
    click.option(
        "--max-connections", metavar="N", type=int, help="At most so many requests to the store at once."
    ),
)
"""The share of the line to use."""

VERIFY: Final = click.option(
    "--verify",
    type=click.Choice(["checksum", "size"]),
    default="checksum",
    help="What to check in each file that arrives; the size alone is faster.",
)
"""How downloaded files are verified."""

SYNC: Final = _all(
    click.option(
        "--delete", is_flag=True, help="Delete files that are only in DST, after all others are in place."
    ),
    click.option(
        "--compare",
        type=click.Choice(["checksum", "time"]),
        default="checksum",
        help="How to compare files of the same size; by time is faster.",
    ),
)
"""How the sides of a sync are made equal."""
