"""The standard streams: what they can print, whether a person reads them, and what happens when they close."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, TextIO

from provena_sdk.display.terminal import is_terminal, wants_colour
from provena_sdk.display.text import escaped, printable_lines

_ERRORS: Final = "provena_sdk.plain"
_PLAIN: Final = str.maketrans(
    {
        "…": "...",
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "→": "->",
        "←": "<-",
        "·": "*",
        "•": "*",
        "✓": "ok",
        "✗": "x",
        "─": "-",
        "│": "|",
        "├": "+",
        "└": "+",
        "█": "#",
        "░": ".",
    }
)


def prepare() -> None:
    """Make stdout and stderr usable, whatever their encoding, and even if they are closed.

    A character that the encoding lacks is written in plain letters, or escaped. On Windows, lines in a pipe end as
    they do elsewhere, so that what a script reads is the same.
    """
    codecs.register_error(_ERRORS, _in_plain_letters)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # until the process ends
        elif hasattr(stream, "reconfigure"):
            ends = {"newline": "\n"} if os.name == "nt" and not is_terminal(stream) else {}
            stream.reconfigure(errors=_ERRORS, **ends)


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    plain = missing.translate(_PLAIN)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


def is_unicode(stream: TextIO) -> bool:
    """Return whether a stream can print every character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")


def for_terminal(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield bytes of others as text for a terminal: with control characters escaped, and in its encoding.

    Args:
        chunks: The bytes; a character or the end of a line may be in two of them.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    encoding = sys.stdout.encoding
    held = ""
    for chunk, is_last in chain(((chunk, False) for chunk in chunks), [(b"", True)]):
        text = held + decoder.decode(chunk, is_last)
        held = "\r" if text.endswith("\r") and not is_last else ""
        text = text.removesuffix(held).replace("\r\n", "\n")
        shown = text if text.isprintable() else "".join(map(_escaped, text))
        yield shown.encode(encoding, "backslashreplace")


def _escaped(character: str) -> str:
    return character if character in "\n\t" else escaped(character)


def has_colours(stream: TextIO) -> bool:
    """Return whether to write colours to a stream."""
    return is_terminal(stream) and wants_colour()


def bold(text: str, stream: TextIO) -> str:
    """Return a text in bold, if the stream has colours."""
    return _styled(text, 1, stream)


def red(text: str, stream: TextIO) -> str:
    """Return a text in red, if the stream has colours."""
    return _styled(text, 31, stream)


def yellow(text: str, stream: TextIO) -> str:
    """Return a text in yellow, if the stream has colours."""
    return _styled(text, 33, stream)


def _styled(text: str, style: int, stream: TextIO) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if has_colours(stream) else text


def screen() -> os.terminal_size:
    """Return the columns and lines of the terminal, which COLUMNS and LINES set."""
    return shutil.get_terminal_size()


def tell(text: str, *, end: str = "\n") -> None:
    """Print a text on stderr; if its reader has closed it, discard that and what follows."""
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _abandon("stderr")


def warn(text: str) -> None:
    """Print a warning on stderr."""
    tell(f"{yellow('Warning:', sys.stderr)} {printable_lines(text)}")


def abandon_stdout() -> None:
    """Discard what is still to be written to a pipe that its reader has closed."""
    _abandon("stdout")


def _abandon(name: str) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, getattr(sys, name).fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # until the process ends
