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

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument, UnsafePath
from provena_sdk.s3.limits import MAX_KEY_BYTES

MAX_NAME_BYTES: Final = 255
"""The longest name that common file systems accept, in UTF-8 bytes."""

_PART_SUFFIX: Final = ".provena-part"
_JOURNAL_SUFFIX: Final = ".provena-journal"
# Room for the dots, a token of 58 characters and the longer suffix.
_STEM_BYTES: Final = MAX_NAME_BYTES - 1 - 1 - 58 - len(_JOURNAL_SUFFIX)
# By far the most paths are like this, and are judged at once: no segment begins with a dot or ends the path empty.
_PLAIN: Final = re.compile(r"(?:[\w+=@(,-][\w .+=@(),-]*/)*[\w+=@(,-][\w .+=@(),-]*", re.ASCII)
# Python takes any character before a colon for a drive, and so do its paths.
_DRIVE: Final = re.compile(r".:", re.DOTALL)
_WINDOWS_CHARACTERS: Final = re.compile(r'[<>:"|?*\x00-\x1f]')
# What map_names writes otherwise; a percent sign only where it would be taken for what was written otherwise.
_MAPPED: Final = re.compile(r'[<>:"|?*\x01-\x1f]|%(?=[0-9A-Fa-f]{2})|[. ]\Z')
_WRITTEN: Final = re.compile(r"%([0-7][0-9A-F])")
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
    if not windows and _PLAIN.fullmatch(path):
        return None
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
        return f"it holds a {quoted(segment)} segment"
    if is_part_name(segment):
        return f"{quoted(segment)} is a name that the SDK gives its own temporary files"
    return None


def _windows_refusal(segment: str) -> str | None:
    if _WINDOWS_CHARACTERS.search(segment):
        return f"{quoted(segment)} holds a character that Windows forbids"
    if segment[-1] in ". ":
        return f"{quoted(segment)} ends in a dot or a space, which Windows drops"
    if _is_device(segment):
        return f"{quoted(segment)} is a device on Windows"
    return None


def _is_device(segment: str) -> bool:
    return segment.split(".", 1)[0].rstrip(" ").casefold() in _WINDOWS_DEVICES


def mapped(path: str) -> str:
    """Write a dataset's path so that Windows can hold it; :func:`unmapped` reads it back.

    Whatever Windows forbids is written as a percent sign and two hexadecimal digits: certain characters, a dot or
    space at the end of a name, and the first letter of a device's name. So is a percent sign that looks like one of
    those. No two paths become one. What leads out of its folder stays as it is, to be refused.

    Args:
        path: The path within the dataset.

    Example:
        >>> mapped("2024-05-01T12:00/NUL.txt"), mapped("50%.csv"), mapped("50%25.csv")
        ('2024-05-01T12%3A00/%4EUL.txt', '50%.csv', '50%2525.csv')
    """
    return "/".join(map(_mapped_segment, path.split("/")))


def _mapped_segment(segment: str) -> str:
    if _segment_refusal(segment):
        return segment
    written = _MAPPED.sub(lambda found: f"%{ord(found[0]):02X}", segment)
    return f"%{ord(segment[0]):02X}{written[1:]}" if _is_device(segment) else written


def unmapped(local: str) -> str | None:
    """Read a path that :func:`mapped` wrote, or return None when it writes no such path.

    Args:
        local: The path below a local folder, with forward slashes.

    Example:
        >>> unmapped("2024-05-01T12%3A00/%4EUL.txt"), unmapped("50%.csv"), unmapped("50%41.csv")
        ('2024-05-01T12:00/NUL.txt', '50%.csv', None)
    """
    if "%" not in local:
        return local if mapped(local) == local else None
    path = _WRITTEN.sub(lambda found: chr(int(found[1], 16)), local)
    return path if mapped(path) == local else None


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
        hint = "Give the path below the dataset's root."
        if is_reserved(plain):
            hint = "Use another name; the dataset's fs renames or removes a file that is there."
        elif "\\" in plain:
            hint = "Separate folders by '/'."
        raise UnsafePath(f"{quoted(path)} cannot be a file of a dataset: {reason}.", path=path, hint=hint)
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


def is_reserved(path: str) -> bool:
    """Whether a segment of a path is a name of the SDK's own temporary files, which no dataset may hold.

    Example:
        >>> is_reserved("obs/.a.nc.5f3a.provena-part"), is_reserved("obs/a.nc")
        (True, False)
    """
    return any(map(is_part_name, path.split("/")))


def check_not_reserved(path: str) -> None:
    """Refuse a path that holds a name of the SDK's own temporary files.

    Raises:
        UnsafePath: It does. Such a file could pass for what an earlier download left.

    Example:
        >>> check_not_reserved("obs/a.nc")
    """
    if is_reserved(path):
        raise UnsafePath(
            f"{quoted(path)} was refused: the SDK gives such names to its own temporary files.",
            path=path,
            hint="Use another name.",
        )


def part_name(name: str, token: str) -> str:
    """Name the file that holds a download until it is verified; it lies beside the target.

    Args:
        name: The target's own name.
        token: A few characters without a dot that make the part file unique.

    Returns:
        A hidden name of at most 255 bytes.

    Example:
        >>> part_name("2024.csv", "5f3a")
        '.2024.csv.5f3a.provena-part'
        >>> len(part_name("x" * 255, "5f3a")) <= 255
        True
    """
    return f"{part_stem(name)}.{token}{_PART_SUFFIX}"


def journal_name(name: str, token: str) -> str:
    """Name the journal of a download, which tells what its part file holds already.

    Args:
        name: The target's own name.
        token: The token of the part file.

    Returns:
        A hidden name of at most 255 bytes.

    Example:
        >>> journal_name("2024.csv", "5f3a")
        '.2024.csv.5f3a.provena-journal'
    """
    return f"{part_stem(name)}.{token}{_JOURNAL_SUFFIX}"


def part_stem(name: str) -> str:
    """Return what the names of all part files and journals of one target begin with.

    Targets with very long names may share it.

    Example:
        >>> part_stem("2024.csv")
        '.2024.csv'
    """
    return f".{name.encode(errors='surrogatepass')[:_STEM_BYTES].decode(errors='ignore')}"


def part_name_parts(name: str) -> tuple[str, str] | None:
    """Take the name of a part file or journal apart into what all of its target begin with, and the token.

    Example:
        >>> part_name_parts(".2024.csv.5f3a.provena-journal"), part_name_parts("2024.csv")
        (('.2024.csv', '5f3a'), None)
    """
    if not name.endswith((_PART_SUFFIX, _JOURNAL_SUFFIX)):
        return None
    stem, _, token = name.rpartition(".")[0].rpartition(".")
    return (stem, token) if stem.startswith(".") and token else None


def is_journal_name(name: str) -> bool:
    """Whether a name is one that downloads give to journals.

    Example:
        >>> is_journal_name(".2024.csv.5f3a.provena-journal"), is_journal_name(".2024.csv.5f3a.provena-part")
        (True, False)
    """
    return name.startswith(".") and name.endswith(_JOURNAL_SUFFIX)


def is_part_name(name: str) -> bool:
    """Whether a name is one of those that downloads give to part files and journals, in whatever case.

    Example:
        >>> is_part_name(".2024.csv.5f3a.provena-part"), is_part_name("2024.csv")
        (True, False)
        >>> is_part_name(".2024.csv.5f3a.PROVENA-JOURNAL")
        True
    """
    return name.startswith(".") and name.lower().endswith((_PART_SUFFIX, _JOURNAL_SUFFIX))


def folded(path: str) -> str:
    r"""Return what a file system that ignores case and Unicode form makes of a path.

    Example:
        >>> folded("Obs/Café.csv") == folded("obs/CAFE\u0301.csv")
        True
    """
    if path.isascii():
        return path.lower()
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
    known: set[str] = set()
    for path in given:
        end = path.rfind("/")
        if end == -1 or (above := path[:end]) in known:
            continue
        known.add(above)
        for folder in ancestors(path):
            folders.setdefault(key(folder), path)
    reasons: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in given:
        mark = key(path)
        if mark in folders:
            reasons[path] = f"{quoted(folders[mark])} needs a folder of that name"
        elif fold and mark in seen:
            reasons[path] = f"it differs from {quoted(seen[mark])} only in case or Unicode form"
        elif fold:
            seen[mark] = path
    return reasons


def form_matters(paths: Iterable[str]) -> bool:
    """Whether it matters for these paths that a folder ignores case and Unicode form.

    Args:
        paths: Safe paths, each once.

    Example:
        >>> form_matters(["a/b", "a/c"]), form_matters(["a/b", "A"])
        (False, True)
    """
    given = list(paths)
    return clashes(given, fold=True).keys() != clashes(given, fold=False).keys()
