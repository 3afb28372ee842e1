"""Scan the folder to upload, and check the folders that a caller names."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from provena_sdk.datasets.paths import is_claims_name, part_name
from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.local.seen import Seen

Sources: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
"""What to upload: a folder, whose contents are meant; a file; or several files and folders that are in one folder."""

_SOURCE: Final = "source_directory"


class LocalFile(NamedTuple):
    """A file below a source folder: its path with forward slashes, and its state when it was scanned."""

    path: str
    seen: Seen


class Rejected(NamedTuple):
    """An entry below a source folder that cannot be uploaded.

    Args:
        path: Its path with forward slashes.
        reason: Why, in a few words.
        error: The error, if it cannot be read; None if it is unsafe.
    """

    path: str
    reason: str
    error: OSError | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """The contents of a source folder: its files, and the entries that cannot be uploaded."""

    files: tuple[LocalFile, ...]
    rejected: tuple[Rejected, ...]


class Source(NamedTuple):
    """What to upload.

    Args:
        folder: The folder that the files are in.
        only: The files and folders directly in it to upload; None for all.
        file: Whether it is a single file.
    """

    folder: Path
    only: frozenset[str] | None = None
    file: bool = False


def source_of(given: Sources) -> Source:
    """Check what to upload, without reading it.

    Args:
        given: A folder, whose contents are meant; a file; or several files and folders that are in one folder.

    Raises:
        InvalidArgument: Something does not exist or cannot be read, has no name, or they are in different folders.
    """
    if isinstance(given, str | os.PathLike) or not isinstance(given, Iterable):
        path = local_path(_SOURCE, given)
        is_folder = stat.S_ISDIR(_kind(_SOURCE, path))
        return Source(path) if is_folder else Source(path.parent, frozenset({path.name}), file=True)
    paths = [local_path(_SOURCE, one) for one in given]
    kinds = [_kind(_SOURCE, path) for path in paths]
    for path in paths:
        if path.name in ("", ".."):
            raise InvalidArgument(
                _SOURCE, f"{quoted(path)} has no name.", hint="Give a folder alone for its contents."
            )
    folders = {os.path.abspath(path.parent) for path in paths}
    if len(folders) != 1:
        what = "must be in one folder" if folders else "must not be empty"
        raise InvalidArgument(_SOURCE, f"{what}.", hint="Upload from one folder after the other.")
    only_file = len(paths) == 1 and not stat.S_ISDIR(kinds[0])
    return Source(paths[0].parent, frozenset(path.name for path in paths), only_file)


def reusable(given: Sources) -> Sources:
    """Return what to upload in a form that can be read more than once.

    Args:
        given: See :func:`source_of`.
    """
    return given if isinstance(given, str | os.PathLike) or not isinstance(given, Iterable) else list(given)


def existing_folder(argument: str, given: object) -> Path:
    """Check a folder that must exist, without reading it.

    Args:
        argument: The argument's name.
        given: The folder.

    Raises:
        InvalidArgument: It does not exist, cannot be read, or is not a folder.
    """
    folder = local_path(argument, given)
    if not stat.S_ISDIR(_kind(argument, folder)):
        raise InvalidArgument(argument, f"{quoted(given)} is not a folder.", hint="Name its folder.")
    return folder


def _kind(argument: str, path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        raise InvalidArgument(argument, f"{quoted(path)} does not exist.") from None
    except OSError as error:
        raise InvalidArgument(
            argument, f"{quoted(path)} cannot be read ({error.strerror or type(error).__name__})."
        ) from None


def destination_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to download into, without creating it: there may be nothing to download.

    Raises:
        InvalidArgument: It is not a folder, or cannot be created or written to.
    """
    folder = local_path("destination_directory", given)
    existing = folder
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    if not os.path.isdir(existing):
        raise InvalidArgument(
            "destination_directory",
            f"{quoted(given)} cannot be a folder: {quoted(existing)} is not a folder.",
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise InvalidArgument(
            "destination_directory",
            f"nothing can be written into {quoted(existing)}.",
            hint="Choose another folder, or ask for permission to write there.",
        )
    return folder


def make_destination(folder: Path) -> None:
    """Create the folder to download into if it is missing.

    Raises:
        InvalidArgument: It cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(
            "destination_directory",
            f"{quoted(folder)} cannot be created ({error.strerror or type(error).__name__}).",
        ) from None


def local_path(argument: str, given: object) -> Path:
    """Parse a local path. An empty one is refused, because it would mean the current folder.

    Args:
        argument: The argument's name.
        given: The path.

    Raises:
        InvalidArgument: It is not a path.
    """
    if not isinstance(given, str | os.PathLike) or not isinstance(path := os.fspath(given), str):
        raise InvalidArgument(argument, f"must be a str or a Path, not {type(given).__name__}.")
    if not path.strip():
        raise InvalidArgument(argument, "must not be empty.", hint="For the current folder, give '.'.")
    if "\0" in path:
        raise InvalidArgument(argument, f"{quoted(path)} contains a NUL character.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InvalidArgument(
            argument, f"{quoted(path)}: no user of this name has a home folder here."
        ) from None


def scan(folder: Path, only: Container[str] | None = None) -> Scan:
    """List the files below a folder, in the order of their paths.

    A link is followed if its target is in the folder too. A link that leads out of the folder, is broken, or forms a
    loop is rejected, so that nothing outside the folder is published. The rest of the folder is still scanned.

    Args:
        folder: The folder.
        only: The files and folders directly in it to list; None for all.
    """
    root = os.path.realpath(folder)
    files: list[LocalFile] = []
    rejected: list[Rejected] = []
    pending: list[tuple[str, str, tuple[str, ...]]] = [(os.fspath(folder), "", (root,))]
    while pending:
        place, prefix, ancestors = pending.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except OSError as error:
            rejected.append(_unreadable(prefix.removesuffix("/") or ".", error))
            continue
        if only is not None and not prefix:
            entries = [entry for entry in entries if entry.name in only]
        for entry in entries:
            path = prefix + entry.name
            try:
                reason = _link_refusal(entry, root, ancestors)
                if reason:
                    rejected.append(Rejected(path, reason))
                elif is_claims_name(entry.name) and entry.is_dir():
                    # Downloads into this folder are running, or were killed.
                    continue
                elif entry.is_dir():
                    pending.append((entry.path, path + "/", (*ancestors, os.path.realpath(entry.path))))
                elif entry.is_file():
                    files.append(LocalFile(path, Seen.of(entry.stat())))
                else:
                    rejected.append(Rejected(path, "it is neither a file nor a folder"))
            except OSError as error:
                rejected.append(_unreadable(path, error))
    files.sort()
    return Scan(tuple(files), tuple(rejected))


def _unreadable(path: str, error: OSError) -> Rejected:
    return Rejected(path, error.strerror or type(error).__name__, error)


def _link_refusal(entry: os.DirEntry[str], root: str, ancestors: tuple[str, ...]) -> str | None:
    if not entry.is_symlink():
        return None
    try:
        real = os.path.realpath(entry.path, strict=True)
    except OSError:
        return "it is a broken link"
    if not inside(real, root):
        return "it is a link out of the folder"
    if real in ancestors:
        return "it is a link to a folder above it"
    return None


def inside(path: str, root: str) -> bool:
    """Return whether a path is a folder, or below it. Both paths must be free of links.

    Args:
        path: The path.
        root: The folder.
    """
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def ignores_case(folder: Path) -> bool:
    """Return whether a folder's file system ignores case, by creating a file and looking it up.

    If no file can be created, assume that it does.
    """
    probe = folder / part_name("Case", secrets.token_hex(4))
    try:
        probe.touch(exist_ok=False)
    except OSError:
        return True
    try:
        return probe.with_name(probe.name.swapcase()).exists()
    finally:
        probe.unlink(missing_ok=True)
