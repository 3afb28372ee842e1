"""Make external text safe to display: on one line, printable, bounded, without secrets.

Text from servers, file names and other users may contain escape sequences that clear the screen or write to the
clipboard, characters that reverse the reading direction, or megabytes of anything. All of it passes through this module
before it appears in a message, a table or a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LIMIT: Final = 200
"""Most characters of a name or a value to show."""

SERVER_LIMIT: Final = 500
"""Most characters of a server's explanation to show."""

MESSAGE_LIMIT: Final = 900
"""Most characters of a message, and of its hint."""

READ_LIMIT: Final = 4096
"""Most characters of external text that a regular expression reads."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible characters that are part of the spelling in some scripts."""

# Each repetition is bounded, so that matching takes linear time.
_SECRET: Final = re.compile(
    r"eyJ[\w-]{8,4096}(?:\.[\w-]{0,4096}){0,4}"
    r"|Bearer\s{1,8}[^\s\"',;]+"
    r"|(?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|AccessKeyId|SecretAccessKey"
    r"|SessionToken|\baws_\w{1,40}|(?:access|refresh|id|session|security)_token|client_secret|password"
    r"|presigned_url|console_session_url)[\"']?\s{0,8}[=:]\s{0,8}[\"']?[^\s&\"',}]+",
    re.IGNORECASE,
)


def printable(text: object, limit: int = LIMIT) -> str:
    r"""Format a name or a value on one line.

    Args:
        text: The text; anything but a string is converted with ``str``.
        limit: Most characters to show; a longer text ends in an ellipsis.

    Returns:
        The text with runs of white space collapsed to one space, and unprintable characters escaped.

    Example:
        >>> printable("reef\x1b[2J  2024\n")
        'reef\\x1b[2J 2024'
        >>> printable("abcdef", limit=4)
        'abc…'
    """
    whole = str(text)
    read = whole[: 10 * limit]  # ten times the limit, because runs of white space shrink
    line = escaped(" ".join(read.split()))
    return line if len(line) <= limit and len(read) == len(whole) else f"{line[: limit - 1]}…"


def quoted(text: object, limit: int = LIMIT) -> str:
    r"""Format a name or a path in quotes, so that it stands out from the text around it.

    Args:
        text: The text; anything but a string is converted with ``str``.
        limit: Most characters to show, including the quotes; a longer text is shortened in the middle.

    Example:
        >>> quoted("reef\x1b[2J.csv"), quoted("a/very/long/path/to/2024.csv", limit=20)
        ("'reef\\x1b[2J.csv'", "'a/very/long/…4.csv'")
    """
    whole = str(text)
    line = repr(whole if len(whole) <= 2 * limit else whole[:limit] + whole[-limit:])
    if len(line) <= limit:
        return line
    end = limit // 3
    return f"{line[: limit - end - 1]}…{line[len(line) - end :]}"


def alternatives(values: Iterable[object]) -> str:
    """List the values that an argument may have, for a message that says what it must be.

    Args:
        values: The values.

    Example:
        >>> f"compare must be {alternatives(['checksum', 'time'])}, not 'md5'."
        "compare must be 'checksum' or 'time', not 'md5'."
    """
    *others, last = [repr(value) for value in values]
    return f"{', '.join(others)} or {last}" if others else last


def printable_lines(text: str, limit: int = MESSAGE_LIMIT) -> str:
    r"""Escape unprintable characters, but keep line breaks and spacing.

    Args:
        text: The text.
        limit: Most characters to show; a longer text ends in an ellipsis.

    Example:
        >>> printable_lines("two\nlines\x07")
        'two\nlines\\x07'
    """
    read = text[: limit + 1]
    shown = read if read.isprintable() else "\n".join(map(escaped, read.split("\n")))
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def server_text(text: str, *, secrets: Iterable[str] = (), limit: int = SERVER_LIMIT) -> str:
    """Format text from a server, without tokens, credentials and signed URLs.

    Args:
        text: The text.
        secrets: Secrets that were sent to the server, and must not be shown.
        limit: Most characters to show.

    Example:
        >>> server_text("bad token tok-123, see   Bearer abc.def", secrets=["tok-123"])
        'bad token <secret>, see <secret>'
    """
    read = text[: 16 * READ_LIMIT]
    for secret in filter(None, secrets):
        read = read.replace(secret, "<secret>")
    return printable(_SECRET.sub("<secret>", read[:READ_LIMIT]), limit)


def escaped(line: str) -> str:
    r"""Escape the unprintable characters of a line, and change and shorten nothing else.

    Args:
        line: The line; a line break or a tab in it is escaped, too.

    Example:
        >>> escaped("reef\x1b[2J  2024\n")
        'reef\\x1b[2J  2024\\n'
    """
    return line if line.isprintable() else "".join(map(_shown, line))


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
