"""Estimate the width of text in a wide sans-serif font, to wrap and clip it where no font can be measured."""

from __future__ import annotations

import unicodedata
from typing import Final

_NARROW: Final = frozenset("fijlrtI.,:;'|!()[]/ -")
_BROAD: Final = frozenset("mwMW@%—…")


def text_width(text: str, size: float) -> float:
    """Return the estimated width of a line.

    Args:
        text: The line.
        size: The font size; the width has the same unit.

    Example:
        >>> text_width("ill", 10) < text_width("mow", 10) < text_width("水温図", 10)
        True
    """
    return size * sum(map(_character_width, text))


def _character_width(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.38
    if character in _BROAD:
        return 0.95
    return 0.72 if character.isupper() else 0.62


def clipped(text: str, size: float, room: float) -> str:
    """Return a line that fits; a longer one ends in an ellipsis.

    Example:
        >>> clipped("Sea surface temperature", 10, 80)
        'Sea surface t…'
    """
    if text_width(text, size) <= room:
        return text
    kept = ""
    for character in text:
        if text_width(f"{kept}{character}…", size) > room:
            break
        kept += character
    return f"{kept.rstrip()}…"


def shortened(text: str, size: float, room: float) -> str:
    """Return a line that fits; a longer one is shortened in the middle, since names often differ at their ends.

    Example:
        >>> shortened("Sea surface temperature 2024", 10, 90)
        'Sea surfa…2024'
    """
    if text_width(text, size) <= room:
        return text
    end = clipped(text[::-1], size, room * 0.45)[-2::-1].lstrip()
    return clipped(text, size, room - text_width(end, size)) + end


def wrapped(text: str, size: float, room: float, *, lines: int) -> list[str]:
    """Wrap text at spaces into at most so many lines that fit; the last is shortened where needed.

    Example:
        >>> wrapped("Sea surface temperature of the reef, 2024", 10, 90, lines=2)
        ['Sea surface', 'temperatur…2024']
    """
    found: list[str] = []
    rest = text.split()
    while rest and len(found) < lines - 1:
        line = rest.pop(0)
        while rest and text_width(f"{line} {rest[0]}", size) <= room:
            line += f" {rest.pop(0)}"
        found.append(line)
    return [shortened(line, size, room) for line in [*found, *([" ".join(rest)] if rest else [])]]
