"""Compare what somebody typed with the names of persons, organisations, groups and datasets."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable
from typing import Final

from provena_sdk.display.text import READ_LIMIT

_ACCENTS: Final = dict.fromkeys(range(0x300, 0x370))


class Rank(enum.IntEnum):
    """How well a name matches, best first."""

    ID = 0
    """The same id or identifier, such as an e-mail address."""

    SAME = 1
    """The same name, except for upper and lower case."""

    WORDS = 2
    """The same words, in any order, except for accents and punctuation."""

    BEGINS = 3
    """Each word typed begins a word of the name."""

    CONTAINS = 4
    """The text typed occurs in the name."""


def rank(query: str, names: Iterable[str | None]) -> Rank | None:
    """Return how well the best of several names matches, or None if none does.

    Args:
        query: What was typed.
        names: The names of one person, organisation, group or dataset; None is skipped.

    Example:
        >>> rank("diver, ada", ["Ada Diver"]), rank("mull", ["Ana Müller"]), rank("Bob", ["Ada Diver"])
        (<Rank.WORDS: 2>, <Rank.BEGINS: 3>, None)
    """
    ranks = [_rank(query.strip()[:READ_LIMIT], name[:READ_LIMIT]) for name in names if name]
    return min((found for found in ranks if found is not None), default=None)


def _rank(query: str, name: str) -> Rank | None:
    if query.casefold() == name.strip().casefold():
        return Rank.SAME
    asked, held = _folded(query), _folded(name)
    asked_words, words = _words(asked), _words(held)
    if not asked_words:
        return None
    if sorted(asked_words) == sorted(words):
        return Rank.WORDS
    if all(any(word.startswith(part) for word in words) for part in asked_words):
        return Rank.BEGINS
    return Rank.CONTAINS if asked.strip() in held else None


def _words(text: str) -> list[str]:
    """Split a text at all that is not a letter, a number or a mark, which some scripts write vowels with."""
    return "".join(each if unicodedata.category(each)[0] in "LNM" else " " for each in text).split()


def _folded(text: str) -> str:
    """Return a text without case and without accents of Latin, Greek and Cyrillic letters."""
    return unicodedata.normalize("NFKD", text.casefold()).translate(_ACCENTS)
