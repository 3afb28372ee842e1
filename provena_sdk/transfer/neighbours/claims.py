"""Claim the targets of a download, so that other downloads into the same folder do not fetch them too.

Each download writes one file of claims into a hidden folder in the destination, without a lock. A download first
writes that it wants some targets, and then reads the claims of the others. It does not get a target that another one
holds, or that both want and the other one has the smaller name. If the other one has the larger name, it waits until
that one has noticed.

Claims save work; they do not protect files. If they cannot be written or believed, two downloads fetch the same file,
and the last to finish replaces it by an equal one. Claims are believed only if this user's SDK has sealed them, and
only as long as their process runs and writes them again every few seconds.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.datasets.paths import CLAIMS_STEM, claims_name
from provena_sdk.errors import FileError
from provena_sdk.private_files import is_own
from provena_sdk.transfer.local.folder import Folder, open_folder
from provena_sdk.transfer.local.seal import Seal

_log = logging.getLogger(__name__)

STALE_SECONDS: Final = 20.0
"""The time in seconds without a new version of the claims after which their process counts as stopped."""

# Compared with the file's time on another machine, whose clock may be wrong by minutes.
_FORGOTTEN_SECONDS: Final = 600.0
_UNDECIDED_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.002
_TRIES: Final = 3
_READS: Final = 50
_MOST_BYTES: Final = 4 * 1024 * 1024
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Neighbour(NamedTuple):
    """The process of another download into the same folder: its id and its machine."""

    pid: int
    host: str


class _Claims(NamedTuple):
    """The claims of another download, read from its file."""

    name: str
    neighbour: Neighbour
    wanted: frozenset[str]
    held: frozenset[str]


class Claims:
    """The targets that one download claims. Every method but :meth:`release` does I/O; all are thread-safe.

    Args:
        root: The destination folder, which exists.
        seal: The user's seal; None loads it.
    """

    def __init__(self, root: Path, seal: Seal | None = None) -> None:
        self.killed = 0
        """How many downloads were found that had been killed."""
        self._root = os.fspath(root)
        self._seal = seal or Seal.load()
        self._usable = self._seal.has_key
        self._lock = threading.Lock()
        self._folder: Folder | None = None
        self._name = claims_name(self._seal.token(CLAIMS_STEM))
        self._identity: tuple[int, int] | None = None
        self._version = 0
        self._wanted: set[str] = set()
        self._held: set[str] = set()
        # The last version of the claims of each other download, and when it was first read.
        self._versions: dict[str, tuple[bytes, float]] = {}
        self._last: dict[str, _Claims] = {}

    def claim(self, targets: Collection[str]) -> set[str]:
        """Claim targets, and return those that no other download has claimed.

        Args:
            targets: The targets, as paths relative to the destination.
        """
        with self._lock, self._tolerant():
            if self._usable:
                return self._won(set(targets))
        return set(targets)

    def release(self, target: str) -> None:
        """End a claim. Others notice when the claims are next written.

        Args:
            target: The target.
        """
        self._held.discard(target)

    def renew(self) -> None:
        """Write the claims again, which shows that this process runs."""
        with self._lock, self._tolerant():
            if self._usable and self._folder is not None:
                self._write()

    def holders(self) -> dict[str, Neighbour]:
        """Return the targets that other running downloads have claimed, each with its process."""
        with self._lock, self._tolerant():
            if self._usable:
                return {
                    target: other.neighbour
                    for other in self._others()
                    for target in other.wanted | other.held
                }
        return {}

    def close(self) -> None:
        """End all claims, and remove the file and, unless others use it, its folder."""
        with self._lock:
            self._usable = False
            if self._folder is not None:
                self._wanted, self._held = set(), set()
                # Windows does not remove a file that another process is reading.
                with contextlib.suppress(OSError, FileError):
                    self._write()
            if self._folder is not None:
                with self._folder, contextlib.suppress(OSError):
                    self._folder.unlink(self._name)
                self._folder = None
                remove_left_over(self._root, self._seal)

    @contextlib.contextmanager
    def _tolerant(self) -> Iterator[None]:
        try:
            yield
        except (OSError, FileError) as error:
            self._usable = False
            _log.debug("Files may be downloaded twice, because claims cannot be written: %s", error)

    def _won(self, wanted: set[str]) -> set[str]:
        self._wanted = wanted
        self._write()
        deadline = time.monotonic() + _UNDECIDED_SECONDS
        while True:
            lost: set[str] = set()
            undecided: set[str] = set()
            late = time.monotonic() > deadline
            for other in self._others():
                lost |= wanted & other.held
                (lost if late or other.name < self._name else undecided).update(wanted & other.wanted)
            wanted -= lost
            if not undecided & wanted:
                break
            if lost:
                self._write()
            time.sleep(_PAUSE_SECONDS)
        self._held |= wanted
        self._wanted = set()
        self._write()
        return wanted

    def _write(self) -> None:
        """Write the claims into their file, which is created if it is missing.

        Raises:
            OSError: The claims cannot be written, or another user replaced the file.
        """
        self._version += 1
        record = {
            "version": self._version,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "wanted": sorted(self._wanted),
            "held": sorted(self._held),
        }
        content = json.dumps(record, separators=(",", ":")).encode()
        with open(self._opened(), "wb", buffering=0) as file:
            # Old bytes may follow the line. Readers ignore them, and read again if they meet half a new line.
            file.write(_sealed(self._seal, self._name, content))

    def _opened(self) -> int:
        for _ in range(_TRIES):
            # The last to leave removes the folder, perhaps at this moment.
            with contextlib.suppress(FileNotFoundError):
                if self._folder is None:
                    self._folder = open_folder(self._root, _folder_name(self._seal), target=self._name)
                if self._identity is None:
                    descriptor = self._folder.open(self._name, _NEW, 0o600)
                    self._identity = _identity(descriptor)
                    return descriptor
                descriptor = self._folder.open(self._name, os.O_WRONLY)
                if _identity(descriptor) == self._identity:
                    return descriptor
                os.close(descriptor)
                raise FileExistsError(f"{self._name} was replaced")
            self._identity = None
            if self._folder is not None:
                self._folder.done()
                self._folder = None
        raise FileNotFoundError(f"{self._name} is always removed")

    def _others(self) -> Iterator[_Claims]:
        """Read the claims of the other downloads, without those that have ended or stopped."""
        if self._folder is None:
            return
        for name in self._folder.names():
            if name == self._name or self._seal.read(name) is None:
                continue
            if _is_left_over(self._folder, name, self._seal):
                self.killed += 1
                with contextlib.suppress(OSError):
                    self._folder.unlink(name)
                continue
            content = _read(self._folder, name, self._seal)
            claims = content and _parsed(name, content)
            if content and claims:
                self._last[name] = claims
                if self._is_fresh(name, content):
                    yield claims
            elif name in self._last and self._is_fresh(name, self._versions[name][0]):
                # Its process was interrupted while it wrote them.
                yield self._last[name]

    def _is_fresh(self, name: str, content: bytes) -> bool:
        now = time.monotonic()
        known, since = self._versions.get(name, (b"", now))
        if content != known:
            self._versions[name] = content, now
            return True
        return now - since < STALE_SECONDS


def remove_left_over(root: str | os.PathLike[str], seal: Seal | None = None) -> None:
    """Remove the claims of this user's killed downloads from a destination, and their folder if it is empty then.

    Args:
        root: The destination folder.
        seal: The user's seal; None loads it.
    """
    seal = seal or Seal.load(create=False)
    if not seal.has_key:
        return
    with (
        contextlib.suppress(OSError, FileError),
        open_folder(os.fspath(root), _folder_name(seal), target="", make=False) as folder,
    ):
        for name in folder.names():
            if _is_left_over(folder, name, seal):
                with contextlib.suppress(OSError):
                    folder.unlink(name)
        with open_folder(os.fspath(root), "", target="", make=False) as above:
            above.rmdir(_folder_name(seal))


def _folder_name(seal: Seal) -> str:
    return claims_name(seal.shared_token(CLAIMS_STEM))


def _is_left_over(folder: Folder, name: str, seal: Seal) -> bool:
    """Return whether a process has certainly ended, or must have ended long ago."""
    part = seal.read(name)
    if part is None:
        return False
    try:
        return part.process_is_dead() or time.time() - folder.stat(name).st_mtime > _FORGOTTEN_SECONDS
    except FileNotFoundError:
        return False


def _read(folder: Folder, name: str, seal: Seal) -> bytes | None:
    """Read the line in a file of claims. Return None if it is missing, or this user's SDK did not write it."""
    for _ in range(_READS):
        try:
            with open(folder.open(name, os.O_RDONLY), "rb") as file:
                line = file.readline(_MOST_BYTES) if is_own(os.fstat(file.fileno())) else None
        except OSError:
            return None
        if line is None:
            return None
        content = line.partition(b" ")[2].rstrip(b"\n")
        if hmac.compare_digest(line, _sealed(seal, name, content)):
            return content
        # Its process may be writing it at this moment.
        time.sleep(_PAUSE_SECONDS)
    return None


def _sealed(seal: Seal, name: str, content: bytes) -> bytes:
    hasher = seal.hasher(f"claims {name}")
    hasher.update(content)
    return b"%b %b\n" % (hasher.digest().hex().encode(), content)


def _parsed(name: str, content: bytes) -> _Claims | None:
    try:
        record = json.loads(content)
        return _Claims(
            name,
            Neighbour(int(record["pid"]), str(record["host"])),
            frozenset(record["wanted"]),
            frozenset(record["held"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
