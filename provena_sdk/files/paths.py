"""Keys of the object store and paths on this machine: which belong together, and which are refused.

Everything here is pure. A key is judged by POSIX and by Windows rules on every platform when it could lead out
of its folder, because a report must say the same wherever it was made. What is merely awkward on Windows, such
as a colon or the name ``NUL``, is refused on Windows only.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Final

from provena_sdk.errors import InvalidArgument, UnsafePath

SERVICE_FILE: Final = "metadata.json"
"""The file at a dataset's root that the service writes at mint, update and revert."""

MAX_KEY_BYTES: Final = 1024
"""The longest key S3 accepts, in UTF-8 bytes."""

MAX_NAME_BYTES: Final = 255
"""The longest name that common file systems accept, in UTF-8 bytes."""

_PART_SUFFIX: Final = ".provena-part"
# Python takes any character before a colon for a drive, and so do its paths.
_DRIVE: Final = re.compile(r".:", re.DOTALL)
_WINDOWS_CHARACTERS: Final = re.compile(r'[<>:"|?*\x00-\x1f]')
_WINDOWS_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def refusal(path: str, *, windows: bool = os.name == "nt") -> str | None:
    """Say why a dataset's path cannot be held by a local folder, or None when it can.

    Args:
        path: The path within the dataset, with forward slashes.
        windows: Whether the folder lies on Windows; its rules for names then apply too.

    Example:
        >>> refusal("obs/2024 50%+#.csv")
        >>> refusal("obs/../../.ssh/authorized_keys")
        "it holds a '..' segment"
        >>> refusal("reports/NUL.txt", windows=True)
        "'NUL.txt' is a device on Windows"
    """
    if not path:
        return "it is empty"
    if "\0" in path:
        return "it holds a NUL character"
    if "\\" in path:
        return "it holds a backslash"
    if path.startswith("/"):
        return "it is absolute"
    if _DRIVE.match(path):
        return "it begins with a drive letter"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    for segment in path.split("/"):
        reason = _segment_refusal(segment) or (_windows_refusal(segment) if windows else None)
        if reason:
            return reason
    return None


def _segment_refusal(segment: str) -> str | None:
    if not segment:
        return "it holds an empty segment"
    # Windows drops trailing dots and spaces, so that '.. ' is the parent folder there.
    if "." in segment and not segment.strip(". "):
        return f"it holds a {segment!r} segment"
    return None


def _windows_refusal(segment: str) -> str | None:
    if _WINDOWS_CHARACTERS.search(segment):
        return f"{segment!r} holds a character that Windows forbids"
    if segment[-1] in ". ":
        return f"{segment!r} ends in a dot or a space, which Windows drops"
    if segment.split(".", 1)[0].rstrip(" ").casefold() in _WINDOWS_DEVICES:
        return f"{segment!r} is a device on Windows"
    return None


def checked(given: str | os.PathLike[str], *, argument: str = "path") -> str:
    """Return a path the caller gave for a file of a dataset, or refuse it.

    One leading slash is dropped, since a dataset's root is meant by it; everything else must be a plain path.

    Args:
        given: The path.
        argument: The name by which the caller gave it.

    Raises:
        InvalidArgument: It is no path at all.
        UnsafePath: The path would leave the dataset or has a form no file of it can have.

    Example:
        >>> checked("/obs/2024.csv"), checked("obs/"), checked("/")
        ('obs/2024.csv', 'obs/', '')
    """
    # A Path of Windows has backslashes by itself, and means what one with slashes would.
    path = given.as_posix() if isinstance(given, PurePath) else given
    path = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(path, str):
        raise InvalidArgument(argument, f"a path is a str or a Path, not {type(given).__name__}.")
    plain = path.removeprefix("/")
    reason = refusal(plain.removesuffix("/"), windows=False) if plain else None
    if reason:
        hint = "Separate folders by '/'." if "\\" in plain else "Give the path below the dataset's root."
        raise UnsafePath(f"{path!r} cannot be a file of a dataset: {reason}.", path=path, hint=hint)
    return plain


def upload_refusal(path: str, prefix: str) -> str | None:
    r"""Say why a local file cannot be uploaded under this name, or None when it can.

    Whatever could not be downloaded again is not uploaded either.

    Example:
        >>> upload_refusal("a\\b.txt", "datasets/x/")
        'it holds a backslash'
    """
    reason = refusal(path, windows=False)
    if reason is None and len((prefix + path).encode()) > MAX_KEY_BYTES:
        return f"its key is longer than {MAX_KEY_BYTES} bytes"
    return reason


def is_service_file(path: str) -> bool:
    """Whether the path is the one the service keeps for itself.

    Example:
        >>> is_service_file("metadata.json"), is_service_file("run/metadata.json")
        (True, False)
    """
    return path == SERVICE_FILE


def part_name(name: str, token: str) -> str:
    """Name the file that holds a download until it is verified; it lies beside the target.

    Args:
        name: The target's own name.
        token: A few characters that make the part file unique.

    Returns:
        A hidden name of at most 255 bytes.

    Example:
        >>> part_name("2024.csv", "5f3a")
        '.2024.csv.5f3a.provena-part'
        >>> len(part_name("x" * 255, "5f3a"))
        255
    """
    tail = f".{token}{_PART_SUFFIX}"
    room = MAX_NAME_BYTES - len(tail.encode()) - 1
    return f".{name.encode()[:room].decode(errors='ignore')}{tail}"


def is_part_name(name: str) -> bool:
    """Whether a local file is what an interrupted download left behind.

    Example:
        >>> is_part_name(".2024.csv.5f3a.provena-part"), is_part_name("2024.csv")
        (True, False)
    """
    return name.startswith(".") and name.endswith(_PART_SUFFIX)


def folded(path: str) -> str:
    r"""Return what a file system that ignores case and Unicode form makes of a path.

    Example:
        >>> folded("Obs/Café.csv") == folded("obs/CAFE\u0301.csv")
        True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders above a path, the nearest last.

    Example:
        >>> list(ancestors("a/b/c.txt"))
        ['a', 'a/b']
    """
    place = path.find("/")
    while place != -1:
        yield path[:place]
        place = path.find("/", place + 1)


def clashes(paths: Iterable[str], *, fold: bool) -> dict[str, str]:
    """Find the paths that cannot lie in one local folder together with the others.

    A path that is also a folder of another gives way to what lies in it; of two that differ only in case or
    Unicode form, the later gives way.

    Args:
        paths: Safe paths, each once.
        fold: Whether the folder's file system ignores case and Unicode form.

    Returns:
        For each path that gives way, the reason.

    Example:
        >>> clashes(["a", "a/b", "B", "b"], fold=False)
        {'a': "'a/b' needs a folder of that name"}
        >>> clashes(["a", "B", "b"], fold=True)
        {'b': "it differs from 'B' only in case or Unicode form"}
    """
    key = folded if fold else str
    given = list(paths)
    folders: dict[str, str] = {}
    for path in given:
        for folder in ancestors(path):
            folders.setdefault(key(folder), path)
    reasons: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in given:
        mark = key(path)
        if mark in folders:
            reasons[path] = f"{folders[mark]!r} needs a folder of that name"
        elif mark in seen:
            reasons[path] = f"it differs from {seen[mark]!r} only in case or Unicode form"
        else:
            seen[mark] = path
    return reasons
