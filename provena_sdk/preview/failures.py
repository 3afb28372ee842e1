"""The errors of reading a file as its format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument, ProvenaError, UnreadableFile


@contextmanager
def read_as(kind: str, path: str) -> Iterator[None]:
    """Raise what reading a format raises as an error of ours.

    Args:
        kind: The format.
        path: The file's path.

    Raises:
        UnreadableFile: The file is not valid in that format.
    """
    try:
        yield
    except ProvenaError:
        raise
    except Exception as error:
        raise unreadable(kind, path, str(error) or type(error).__name__) from error


def unreadable(kind: str, path: str, why: str) -> UnreadableFile:
    """Return the error of a file that is not valid in its format.

    Args:
        kind: The format.
        path: The file's path.
        why: What is wrong with it.
    """
    return UnreadableFile(
        f"{quoted(path)} cannot be read as {kind}: {quoted(why)}.",
        path=path,
        hint="It may be damaged or incomplete, or have another format than its name says.",
    )


def missing(library: str, kind: str, path: str, install: str) -> InvalidArgument:
    """Return the error of a library that is not installed.

    Args:
        library: The library.
        kind: The format that needs it.
        path: The file's path.
        install: What to install.
    """
    return InvalidArgument(
        "path",
        f"{quoted(path)} is {kind}, which needs {library}.",
        hint=f"Install it with: pip install {install}.",
    )
