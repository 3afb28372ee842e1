"""Scan the folder to upload, and check the folders that a caller names."""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from provena_sdk.datasets.paths import is_claims_name, part_name
from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.local.seen import Seen


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


def source_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to upload, without reading it.

    Raises:
        InvalidArgument: It does not exist, cannot be read, or is not a folder.
    """
    folder = _folder("source_directory", given)
    try:
        kind = folder.stat().st_mode
    except FileNotFoundError:
        raise InvalidArgument("source_directory", f"{quoted(given)} does not exist.") from None
    except OSError as error:
        raise InvalidArgument(
            "source_directory", f"{quoted(given)} cannot be read ({error.strerror or type(error).__name__})."
        ) from None
    if not stat.S_ISDIR(kind):
        raise InvalidArgument(
            "source_directory", f"{quoted(given)} is not a folder.", hint="Name its folder."
        )
    return folder


def destination_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to download into, without creating it: there may be nothing to download.

    Raises:
        InvalidArgument: It is not a folder, or cannot be created or written to.
    """
    folder = _folder("destination_directory", given)
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


def _folder(argument: str, given: object) -> Path:
    """Parse the path of a folder. An empty path is refused, because it would mean the current folder."""
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


def scan(folder: Path) -> Scan:
    """List the files below a folder, in the order of their paths.

    A link is followed if its target is in the folder too. A link that leads out of the folder, is broken, or forms a
    loop is rejected, so that nothing outside the folder is published. The rest of the folder is still scanned.
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
