"""Show what differs between two states: as text, in colours, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from provena_sdk.display.html import Html, element, html, rows
from provena_sdk.display.text import READ_LIMIT, printable

MOST: Final = 100
"""Most differences to show; the number of the others follows."""

_WIDTH: Final = 100
_CONTEXT: Final = 24
_BOLD, _RED, _GREEN, _MARKED, _UNMARKED, _END = (
    "\x1b[1m",
    "\x1b[31m",
    "\x1b[32m",
    "\x1b[7m",
    "\x1b[27m",
    "\x1b[0m",
)
# Translucent, so that they read on light and on dark ground.
_REMOVED: Final = "background:rgba(248,81,73,.25);text-decoration:none"
_ADDED: Final = "background:rgba(46,160,67,.25);text-decoration:none"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    Attributes:
        place: What differs, such as the name of a field.
        before: Its former value as text; None when it had none.
        after: Its new value as text; None when it has none.
    """

    place: str
    before: str | None
    after: str | None


def diff_text(differences: Sequence[Difference], *, colour: bool = False) -> str:
    """Format differences as lines: the place, the former value after ``-``, and the new one after ``+``.

    Args:
        differences: What differs, in order; it may come from a service: it is escaped and bounded.
        colour: True for red and green, and the part that differs reversed, by ANSI escape sequences.

    Example:
        >>> print(diff_text([Difference("name", "Reef survay", "Reef survey"), Difference("rights", "all", None)]))
        name
        - Reef survay
        + Reef survey
        rights
        - all
    """
    lines: list[str] = []
    for difference in differences[:MOST]:
        place = printable(difference.place)
        lines.append(f"{_BOLD}{place}{_END}" if colour else place)
        for sign, paint, value in zip("-+", (_RED, _GREEN), _shown(difference), strict=True):
            if value is not None and colour:
                marked = f"{_MARKED}{value.middle}{_UNMARKED}" if value.middle else ""
                lines.append(f"{paint}{sign} {value.start}{marked}{value.end}{_END}")
            elif value is not None:
                lines.append(f"{sign} {value.start}{value.middle}{value.end}")
    return "\n".join([*lines, *_left_out(differences)])


def diff_html(differences: Sequence[Difference]) -> Html:
    """Format differences as an HTML table; what differs is marked as removed and added.

    Args:
        differences: What differs, in order, as in :func:`diff_text`.

    Example:
        >>> "&lt;b&gt;</del>" in diff_html([Difference("name", "<b>", "c")])
        True
    """
    cells = [
        [html(difference.place), *map(_marked, ("del", "ins"), (_REMOVED, _ADDED), _shown(difference))]
        for difference in differences[:MOST]
    ]
    left_out = [element("div", line) for line in _left_out(differences)]
    return Html("".join([rows(["field", "before", "after"], cells), *left_out]))


def _marked(tag: str, style: str, value: _Value | None) -> Html:
    if value is None:
        return Html("")
    middle = f'<{tag} style="{style}">{escape(value.middle)}</{tag}>' if value.middle else ""
    return Html(f"{escape(value.start)}{middle}{escape(value.end)}")


@dataclass(frozen=True, slots=True)
class _Value:
    """A value in three parts; the one in the middle differs from the other value's."""

    start: str
    middle: str
    end: str


def _shown(difference: Difference) -> tuple[_Value | None, _Value | None]:
    before, after = (
        None if text is None else printable(text, READ_LIMIT)
        for text in (difference.before, difference.after)
    )
    if before is None or after is None:
        return _whole(before), _whole(after)
    start = _common_start(before, after)
    end = _common_end(before[start:], after[start:])
    return _cut(before, start, end), _cut(after, start, end)


def _whole(text: str | None) -> _Value | None:
    return None if text is None else _Value("", printable(text, _WIDTH), "")


def _common_start(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike, in whole words."""
    length = _alike(one, other)
    if all(length == len(text) or text[length] == " " for text in (one, other)):
        return length
    return one.rfind(" ", 0, length) + 1


def _common_end(one: str, other: str) -> int:
    """Return how many characters two texts end with alike, in whole words."""
    return _common_start(one[::-1], other[::-1])


def _alike(one: str, other: str) -> int:
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _cut(text: str, start: int, end: int) -> _Value:
    """Split a text into what precedes, what differs and what follows; long ones are shortened."""
    stop = len(text) - end
    before, middle, after = text[:start], text[start:stop], text[stop:]
    if len(text) > _WIDTH:
        before = before if len(before) <= _CONTEXT else f"…{before[-_CONTEXT:]}"
        after = after if len(after) <= _CONTEXT else f"{after[:_CONTEXT]}…"
    return _Value(before, middle if len(middle) <= _WIDTH else f"{middle[: _WIDTH - 1]}…", after)


def _left_out(differences: Sequence[Difference]) -> list[str]:
    return [f"… and {len(differences) - MOST:,} more"] if len(differences) > MOST else []
