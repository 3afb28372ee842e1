"""The local side of a transfer: reading a source folder, and looking at a destination."""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from provena_sdk.datasets.paths import part_name
from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.plan import PlanItem, Seen, refused


class LocalFile(NamedTuple):
    """A file below a source folder: its path from there with forward slashes, and how it was when looked at."""

    path: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies below a source folder: the files, and what is skipped or refused."""

    files: tuple[LocalFile, ...]
    settled: tuple[PlanItem, ...]


def source_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to upload; nothing is read from it.

    Raises:
        InvalidArgument: It does not exist or is no folder.
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
        raise InvalidArgument("source_directory", f"{quoted(given)} is no folder.", hint="Name its folder.")
    return folder


def destination_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to download into, and make nothing yet: there may be nothing to put there.

    Raises:
        InvalidArgument: Something else has this name, or nothing can be made there.
    """
    folder = _folder("destination_directory", given)
    above = folder
    while not os.path.lexists(above) and above != above.parent:
        above = above.parent
    if not os.path.isdir(above):
        raise InvalidArgument(
            "destination_directory", f"{quoted(given)} cannot be a folder: {quoted(above)} is none."
        )
    if not os.access(above, os.W_OK | os.X_OK):
        raise InvalidArgument(
            "destination_directory",
            f"nothing can be written into {quoted(above)}.",
            hint="Choose another folder, or ask for permission to write there.",
        )
    return folder


def make_destination(folder: Path) -> None:
    """Make the folder to download into, if it is missing.

    Raises:
        InvalidArgument: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(
            "destination_directory",
            f"{quoted(folder)} cannot be made ({error.strerror or type(error).__name__}).",
        ) from None


def _folder(argument: str, given: object) -> Path:
    """Read a folder's path, refusing what is most likely a mistake: an empty one would mean the current folder."""
    if not isinstance(given, str | os.PathLike) or not isinstance(path := os.fspath(given), str):
        raise InvalidArgument(argument, f"a path is a str or a Path, not {type(given).__name__}.")
    if not path.strip():
        raise InvalidArgument(argument, "it must not be empty.", hint="For the current folder, give '.'.")
    if "\0" in path:
        raise InvalidArgument(argument, f"{quoted(path)} holds a NUL character.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InvalidArgument(
            argument, f"{quoted(path)}: nobody of this name has a home folder here."
        ) from None


def scan(folder: Path) -> Scan:
    """List the files below a folder, in the order of their paths.

    Links are followed when what they point to lies in the folder too. A link that leaves it, leads nowhere or
    goes round in circles is refused by itself, so that nothing is published that was not put there.
    """
    root = os.path.realpath(folder)
    files: list[LocalFile] = []
    settled: list[PlanItem] = []
    pending: list[tuple[str, str, tuple[str, ...]]] = [(os.fspath(folder), "", (root,))]
    while pending:
        place, prefix, above = pending.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except OSError as error:
            settled.append(_unreadable(prefix.removesuffix("/") or ".", error))
            continue
        for entry in entries:
            path = prefix + entry.name
            try:
                reason = _link_refusal(entry, root, above)
                if reason:
                    settled.append(refused(path, reason, path))
                elif entry.is_dir():
                    pending.append((entry.path, path + "/", (*above, os.path.realpath(entry.path))))
                elif entry.is_file():
                    status = entry.stat()
                    files.append(LocalFile(path, Seen(status.st_size, status.st_mtime_ns)))
                else:
                    settled.append(refused(path, "it is neither a file nor a folder", path))
            except OSError as error:
                settled.append(_unreadable(path, error))
    files.sort()
    return Scan(tuple(files), tuple(settled))


def _unreadable(path: str, error: OSError) -> PlanItem:
    reason = error.strerror or type(error).__name__
    return PlanItem("refused", path, local=path, reason=reason, error=error)


def _link_refusal(entry: os.DirEntry[str], root: str, above: tuple[str, ...]) -> str | None:
    if not entry.is_symlink():
        return None
    try:
        real = os.path.realpath(entry.path, strict=True)
    except OSError:
        return "it is a link that leads nowhere"
    if not inside(real, root):
        return "it is a link out of the folder"
    if real in above:
        return "it is a link to a folder above it"
    return None


def inside(path: str, root: str) -> bool:
    """Whether a path is a folder or lies below it; both are free of links already.

    Args:
        path: The path.
        root: The folder.
    """
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def ignores_case(folder: Path) -> bool:
    """Find out whether a folder's file system ignores case, by making a file there and asking for it."""
    probe = folder / part_name("Case", secrets.token_hex(4))
    try:
        probe.touch(exist_ok=False)
    except OSError:
        return True
    try:
        return probe.with_name(probe.name.swapcase()).exists()
    finally:
        probe.unlink(missing_ok=True)
