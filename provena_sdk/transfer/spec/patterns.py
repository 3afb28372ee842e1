"""Select files by patterns like those of shells and ``.gitignore``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from provena_sdk.errors import InvalidArgument

Patterns: TypeAlias = str | Iterable[str]
"""One pattern or several; see :class:`Selection`."""

_FOLDERS = "(?:[^/]*/)*"
_CLASS = re.compile(r"\[!?[^/][^]/]*\]")
_ALTERNATIVES = re.compile(r"\{[^{}]*,[^{}]*\}")


class Selection:
    """A selection of a dataset's files, by patterns on their paths within the dataset.

    ===============  =====================================================================
    ``*``            any characters except a slash
    ``**``           as a whole segment: zero or more folders; at the end, everything below
    ``?``            one character except a slash
    ``[a-c]``        one of these characters; ``[!a-c]`` any other; ``[*]`` a literal star
    ``*.csv``        without a slash: files with such a name in any folder
    ``obs/*.csv``    with a slash: paths from the dataset's root, like ``/*.csv``
    ``tmp/``         with a slash at the end: everything in folders with that name
    ===============  =====================================================================

    Alternatives in braces, as in ``*.{csv,txt}``, are not supported: use several patterns.

    Args:
        include: Select only files that match any of these patterns; without patterns, all files.
        exclude: Leave out files that match any of these patterns, even if they are included.

    Raises:
        InvalidArgument: A pattern is malformed.

    Example:
        >>> chosen = Selection(include=["*.csv", "run/**"], exclude="tmp/")
        >>> [path for path in ["a.csv", "obs/b.csv", "run/log", "run/tmp/x.csv", "c.nc"] if chosen.takes(path)]
        ['a.csv', 'obs/b.csv', 'run/log']
    """

    __slots__ = ("_exclude", "_include")

    def __init__(self, include: Patterns = (), exclude: Patterns = ()) -> None:
        self._include = _compiled("include", include)
        self._exclude = _compiled("exclude", exclude)

    @property
    def everything(self) -> bool:
        """Whether all files are selected."""
        return self._include is None and self._exclude is None

    def takes(self, path: str) -> bool:
        """Return whether a file is selected.

        Args:
            path: Its path within the dataset.
        """
        if self._include is not None and self._include.fullmatch(path) is None:
            return False
        return self._exclude is None or self._exclude.fullmatch(path) is None


def _compiled(argument: str, patterns: Patterns) -> re.Pattern[str] | None:
    given = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(given, Iterable):
        raise InvalidArgument(argument, f"must be a str or several, not {type(given).__name__}.")
    expressions = [_expression(argument, pattern) for pattern in given]
    return re.compile("|".join(expressions), re.DOTALL) if expressions else None


def _expression(argument: str, pattern: str) -> str:
    if not isinstance(pattern, str):
        raise InvalidArgument(argument, f"must be a str or several, not {type(pattern).__name__}.")
    if "\\" in pattern:
        raise InvalidArgument(
            argument,
            f"{pattern!r} contains a backslash.",
            hint="Separate folders by '/', and write a literal star as '[*]'.",
        )
    if _ALTERNATIVES.search(_CLASS.sub("", pattern)):
        raise InvalidArgument(
            argument,
            f"{pattern!r} has alternatives in braces, which are not supported.",
            hint="Use several patterns, such as ['*.csv', '*.txt'], and write a literal brace as '[{]'.",
        )
    body = pattern.removesuffix("/")
    anchored = "/" in body
    segments = body.removeprefix("/").split("/")
    if "" in segments:
        raise InvalidArgument(argument, f"{pattern!r} has an empty segment.", hint="Write 'obs/*.csv'.")
    parts = [] if anchored else [_FOLDERS]
    for segment in segments[:-1]:
        part = _FOLDERS if segment == "**" else _segment(argument, pattern, segment) + "/"
        # Two in a row mean the same as one, but a mismatch would take much longer.
        if part != _FOLDERS or parts[-1:] != [_FOLDERS]:
            parts.append(part)
    parts.append(".+" if segments[-1] == "**" else _segment(argument, pattern, segments[-1]))
    if pattern.endswith("/"):
        parts.append("/.+")
    return "".join(parts)


def _segment(argument: str, pattern: str, segment: str) -> str:
    runs: list[str] = [""]
    place = 0
    while place < len(segment):
        letter = segment[place]
        place += 1
        if letter == "*":
            runs.append("")
        elif letter == "?":
            runs[-1] += "[^/]"
        elif letter == "[":
            end = segment.find("]", place + 1 + (segment[place : place + 1] == "!"))
            if end < 0:
                raise InvalidArgument(
                    argument,
                    f"{pattern!r} has a bracket that is not closed.",
                    hint="Write a literal bracket as '[[]'.",
                )
            runs[-1] += _class(argument, pattern, segment[place:end])
            place = end + 1
        else:
            runs[-1] += re.escape(letter)
    first, *later = runs
    if not later:
        return first
    # The first match of a run between two stars is as good as any later one, so no backtracking is needed.
    between = "".join(f"(?>[^/]*?{run})" for run in later[:-1] if run)
    return f"{first}{between}[^/]*{later[-1]}"


def _class(argument: str, pattern: str, inner: str) -> str:
    negated = inner.startswith("!")
    letters = inner.removeprefix("!")
    out, place = "", 0
    while place < len(letters):
        if letters[place + 1 : place + 2] == "-" and place + 2 < len(letters):
            low, high = letters[place], letters[place + 2]
            if low > high:
                raise InvalidArgument(argument, f"{pattern!r} has the empty range {low}-{high}.")
            out += f"{re.escape(low)}-{re.escape(high)}"
            place += 3
        else:
            out += re.escape(letters[place])
            place += 1
    return f"[^/{out}]" if negated else f"(?!/)[{out}]"
