"""Map object keys to local paths and back, and refuse those that are unsafe.

Nothing here does I/O. Keys that could escape their folder by POSIX or Windows rules are refused on every platform,
so that reports are the same everywhere. Names that Windows merely cannot store, such as ``NUL`` or those with a
colon, are refused on Windows only.
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

CLAIMS_STEM: Final = ".downloads"
"""The stem of the names of claims; see :func:`claims_name`."""

_PART_SUFFIX: Final = ".provena-part"
_JOURNAL_SUFFIX: Final = ".provena-journal"
_CLAIMS_SUFFIX: Final = ".provena-claims"
_SUFFIXES: Final = (_PART_SUFFIX, _JOURNAL_SUFFIX, _CLAIMS_SUFFIX)
# Leaves room for the dots, a token of 58 characters and the longer suffix.
_STEM_BYTES: Final = MAX_NAME_BYTES - 1 - 1 - 58 - len(_JOURNAL_SUFFIX)
# A fast check that accepts most paths: no segment is empty or begins with a dot.
_PLAIN: Final = re.compile(r"(?:[\w+=@(,-][\w .+=@(),-]*/)*[\w+=@(,-][\w .+=@(),-]*", re.ASCII)
# Python's Windows paths treat any character before a colon as a drive.
_DRIVE: Final = re.compile(r".:", re.DOTALL)
_WINDOWS_CHARACTERS: Final = re.compile(r'[<>:"|?*\x00-\x1f]')
# What map_names encodes; a percent sign only where it would look like an encoded character.
_MAPPED: Final = re.compile(r'[<>:"|?*\x01-\x1f]|%(?=[0-9A-Fa-f]{2})|[. ]\Z')
_WRITTEN: Final = re.compile(r"%([0-7][0-9A-F])")
_WINDOWS_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def refusal(path: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return why a dataset's path cannot be stored in a local folder, or None if it can.

    Args:
        path: The path within the dataset, with forward slashes.
        windows: Whether the folder is on Windows, so that its rules for names apply too.

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
    # Windows drops trailing dots and spaces, so '.. ' is the parent folder there.
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
    """Encode a dataset's path so that Windows can store it; :func:`unmapped` decodes it.

    What Windows forbids becomes a percent sign and two hexadecimal digits: certain characters, a dot or space at the
    end of a name, and the first letter of a device's name. So does a percent sign that looks like such a code, so
    different paths stay different. Paths that escape their folder are not changed, and are refused later.

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
    """Decode a path that :func:`mapped` encoded, or return None if it could not have produced the path.

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
    """Return the caller's path to a file of a dataset, after checking it.

    One leading slash, which stands for the dataset's root, is dropped; the rest must be a plain path.

    Args:
        given: The path.
        argument: The argument's name, for messages.

    Raises:
        InvalidArgument: The path is neither a str nor a Path.
        UnsafePath: The path leads out of the dataset, or no file of a dataset can have it.

    Example:
        >>> checked("/obs/2024.csv"), checked("obs/"), checked("/")
        ('obs/2024.csv', 'obs/', '')
    """
    # In a Windows Path, backslashes mean the same as slashes.
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


def checked_name(given: str, *, argument: str = "name") -> str:
    """Return a new name for a file, without folders, after checking it; empty for its own name.

    Args:
        given: The name.
        argument: The argument's name, for messages.

    Raises:
        InvalidArgument: It is not a name.
        UnsafePath: No file can have it here.

    Example:
        >>> checked_name("2024.csv"), checked_name("")
        ('2024.csv', '')
    """
    if not isinstance(given, str):
        raise InvalidArgument(argument, f"must be a str, not {type(given).__name__}.")
    if "/" in given:
        raise InvalidArgument(
            argument, f"{quoted(given)} has a slash.", hint="Name the folder in another argument."
        )
    reason = refusal(given) if given else None
    if reason:
        raise UnsafePath(f"{quoted(given)} cannot be the name of a file: {reason}.", path=given)
    return given


def upload_refusal(path: str, prefix: str) -> str | None:
    r"""Return why a local file cannot be uploaded under this name, or None if it can.

    Files that could not be downloaded again are not uploaded.

    Example:
        >>> upload_refusal("a\\b.txt", "datasets/x/")
        'it holds a backslash'
    """
    reason = refusal(path, windows=False)
    if reason is None and len((prefix + path).encode()) > MAX_KEY_BYTES:
        return f"its key is longer than {MAX_KEY_BYTES} bytes"
    return reason


def is_reserved(path: str) -> bool:
    """Return whether a segment of a path is reserved for the SDK's temporary files, which no dataset may hold.

    Example:
        >>> is_reserved("obs/.a.nc.5f3a.provena-part"), is_reserved("obs/a.nc")
        (True, False)
    """
    return any(map(is_part_name, path.split("/")))


def check_not_reserved(path: str) -> None:
    """Refuse a path with a name reserved for the SDK's temporary files.

    Raises:
        UnsafePath: A segment is such a name. The file could be mistaken for the remains of an earlier download.

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
    """Return the name of the file, next to the target, that holds a download until it is verified.

    Args:
        name: The target's name, without folders.
        token: Characters that make the part file unique, without a dot.

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
    """Return the name of a download's journal, which records the ranges that the part file holds.

    Args:
        name: The target's name, without folders.
        token: The token of the part file.

    Returns:
        A hidden name of at most 255 bytes.

    Example:
        >>> journal_name("2024.csv", "5f3a")
        '.2024.csv.5f3a.provena-journal'
    """
    return f"{part_stem(name)}.{token}{_JOURNAL_SUFFIX}"


def claims_name(token: str) -> str:
    """Return the name of a folder of claims, or of a file in it, which lists the targets that one process downloads.

    Args:
        token: Characters that make the name unique, without a dot.

    Example:
        >>> claims_name("5f3a")
        '.downloads.5f3a.provena-claims'
    """
    return f"{CLAIMS_STEM}.{token}{_CLAIMS_SUFFIX}"


def is_claims_name(name: str) -> bool:
    """Return whether a name is that of a folder of claims, or of a file in it.

    Example:
        >>> is_claims_name(".downloads.5f3a.provena-claims"), is_claims_name(".a.nc.5f3a.provena-part")
        (True, False)
    """
    return name.startswith(f"{CLAIMS_STEM}.") and name.endswith(_CLAIMS_SUFFIX)


def part_stem(name: str) -> str:
    """Return the prefix that all part files and journals of one target share.

    Targets with very long names may have the same prefix.

    Example:
        >>> part_stem("2024.csv")
        '.2024.csv'
    """
    return f".{name.encode(errors='surrogatepass')[:_STEM_BYTES].decode(errors='ignore')}"


def part_name_parts(name: str) -> tuple[str, str] | None:
    """Split the name of a temporary file into its stem (see :func:`part_stem`) and its token; else return None.

    Example:
        >>> part_name_parts(".2024.csv.5f3a.provena-journal"), part_name_parts("2024.csv")
        (('.2024.csv', '5f3a'), None)
    """
    if not name.endswith(_SUFFIXES):
        return None
    stem, _, token = name.rpartition(".")[0].rpartition(".")
    return (stem, token) if stem.startswith(".") and token else None


def is_journal_name(name: str) -> bool:
    """Return whether a name is that of a download's journal.

    Example:
        >>> is_journal_name(".2024.csv.5f3a.provena-journal"), is_journal_name(".2024.csv.5f3a.provena-part")
        (True, False)
    """
    return name.startswith(".") and name.endswith(_JOURNAL_SUFFIX)


def is_part_name(name: str) -> bool:
    """Return whether a name is that of a part file, a journal or claims, ignoring case.

    Example:
        >>> is_part_name(".2024.csv.5f3a.provena-part"), is_part_name("2024.csv")
        (True, False)
        >>> is_part_name(".2024.csv.5f3a.PROVENA-JOURNAL")
        True
    """
    return name.startswith(".") and name.lower().endswith(_SUFFIXES)


def folded(path: str) -> str:
    r"""Return a path normalised as by a file system that ignores case and Unicode form.

    Example:
        >>> folded("Obs/Café.csv") == folded("obs/CAFE\u0301.csv")
        True
    """
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders above a path, from the outermost to the nearest.

    Example:
        >>> list(ancestors("a/b/c.txt"))
        ['a', 'a/b']
    """
    place = path.find("/")
    while place != -1:
        yield path[:place]
        place = path.find("/", place + 1)


def clashes(paths: Iterable[str], *, fold: bool) -> dict[str, str]:
    """Find the paths that cannot be stored in one local folder with the others.

    A path that is also a folder of another path is dropped; of two that differ only in case or Unicode form, the
    later one is.

    Args:
        paths: Safe paths, each once.
        fold: Whether the folder's file system ignores case and Unicode form.

    Returns:
        The reason for each dropped path.

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
    first: dict[str, str] = {}
    for path in given:
        form = key(path)
        if form in folders:
            reasons[path] = f"{quoted(folders[form])} needs a folder of that name"
        elif fold and form in first:
            reasons[path] = f"it differs from {quoted(first[form])} only in case or Unicode form"
        elif fold:
            first[form] = path
    return reasons


def form_matters(paths: Iterable[str]) -> bool:
    """Return whether these paths clash differently in a folder that ignores case and Unicode form.

    Args:
        paths: Safe paths, each once.

    Example:
        >>> form_matters(["a/b", "a/c"]), form_matters(["a/b", "A"])
        (False, True)
    """
    given = list(paths)
    return clashes(given, fold=True).keys() != clashes(given, fold=False).keys()
