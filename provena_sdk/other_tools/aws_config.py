"""Change one profile in the text of an AWS configuration file, and leave everything else in it as it is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

Settings: TypeAlias = Mapping[str, "str | Mapping[str, str]"]
"""The settings of a profile; a mapping stands for indented settings, such as those of ``s3``."""

_LINE_END: Final = re.compile(r"\r?\n")
_HEADER: Final = re.compile(r"\[([^\]]*)\]")
_SETTING: Final = re.compile(r"([^\s#;=:\[][^=:]*?)\s*[=:]\s*(.*)")


class _Span(NamedTuple):
    """Consecutive lines.

    Args:
        start: The first.
        stop: The one after the last.
    """

    start: int
    stop: int


def profile_settings(text: str, name: str) -> dict[str, str] | None:
    r"""Return the settings of a profile, without those that are indented; None if there is no such profile.

    Args:
        text: The text of the file.
        name: The profile.

    Raises:
        ValueError: The file has several profiles of this name.

    Example:
        >>> profile_settings("[profile reef]\nregion = us-east-1\ns3 =\n  addressing_style = path\n", "reef")
        {'region': 'us-east-1', 's3': ''}
    """
    lines = _lines(text)
    section = _section(lines, name)
    if section is None:
        return None
    found = (_SETTING.match(line) for line in lines[section.start + 1 : section.stop])
    return {setting[1].lower(): setting[2].strip() for setting in found if setting}


def with_profile(text: str, name: str, settings: Settings) -> str:
    r"""Return the text of an AWS configuration file in which a profile has some settings.

    Other profiles, other settings of this one, comments and line ends stay as they are. A text that has these settings
    is returned unchanged.

    Args:
        text: The text of the file.
        name: The profile, which is added if there is none.
        settings: The settings.

    Raises:
        ValueError: The file has several profiles of this name.

    Example:
        >>> print(with_profile("[default]\nregion = us-east-1\n", "reef", {"output": "json"}), end="")
        [default]
        region = us-east-1
        <BLANKLINE>
        [profile reef]
        output = json
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _lines(text)
    before = list(lines)
    section = _section(lines, name)
    if section is None:
        gap = [""] if lines and lines[-1].strip() else []
        section = _Span(len(lines) + len(gap), len(lines) + len(gap) + 1)
        lines += [*gap, "[default]" if name == "default" else f"[profile {name}]"]
    body = lines[section.start + 1 : section.stop]
    for key, value in settings.items():
        body = _with_setting(body, key, value)
    lines[section.start + 1 : section.stop] = body
    return text if lines == before else newline.join(lines) + newline


def _lines(text: str) -> list[str]:
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def _section(lines: Sequence[str], name: str) -> _Span | None:
    """Return the lines of a profile, from its header up to the next one."""
    headers = [number for number, line in enumerate(lines) if line.startswith("[")]
    found = [
        _Span(start, stop)
        for start, stop in pairwise([*headers, len(lines)])
        if _profile_of(lines[start]) == name
    ]
    if len(found) > 1:
        raise ValueError(f"there are {len(found)} profiles {name!r}")
    return found[0] if found else None


def _profile_of(header: str) -> str | None:
    """Return the name of the profile that a header begins; None for a section of another kind."""
    match = _HEADER.match(header)
    try:
        words = shlex.split(match[1]) if match else []
    except ValueError:
        return None
    if words == ["default"]:
        return "default"
    return words[1] if len(words) == 2 and words[0] == "profile" else None


def _with_setting(body: Sequence[str], key: str, value: str | Mapping[str, str]) -> list[str]:
    span = _lines_of(body, key)
    if span is None:
        end = max((number + 1 for number, line in enumerate(body) if line.strip()), default=0)
        return [*body[:end], *_written(key, value), *body[end:]]
    if isinstance(value, str):
        match = _SETTING.match(body[span.start])
        same = match is not None and match[2].strip() == value and span.stop == span.start + 1
        new = body[span.start : span.stop] if same else [f"{key} = {value}"]
    else:
        new = [body[span.start], *_with_indented(body[span.start + 1 : span.stop], value)]
    return [*body[: span.start], *new, *body[span.stop :]]


def _with_indented(lines: Sequence[str], settings: Mapping[str, str]) -> list[str]:
    changed = list(lines)
    for key, value in settings.items():
        for number, line in enumerate(changed):
            setting = _SETTING.match(line.strip())
            if setting and setting[1].lower() == key:
                if setting[2].strip() != value:
                    changed[number] = _indented(key, value)
                break
        else:
            changed.insert(0, _indented(key, value))
    return changed


def _lines_of(body: Sequence[str], key: str) -> _Span | None:
    """Return the line of a setting, with the indented ones that belong to it."""
    for start, line in enumerate(body):
        setting = _SETTING.match(line)
        if setting and setting[1].lower() == key:
            stop = start + 1
            while stop < len(body) and body[stop][:1] in (" ", "\t") and body[stop].strip():
                stop += 1
            return _Span(start, stop)
    return None


def _written(key: str, value: str | Mapping[str, str]) -> list[str]:
    if isinstance(value, str):
        return [f"{key} = {value}"]
    return [f"{key} =", *(_indented(name, text) for name, text in value.items())]


def _indented(key: str, value: str) -> str:
    return f"    {key} = {value}"
