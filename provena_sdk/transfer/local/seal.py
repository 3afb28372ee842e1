"""Authenticate temporary files: recognise the file names and bytes that this user's SDK wrote.

Anyone who can write to a destination can forge the files of an interrupted download, with any CRC they like. The names
of part files and journals therefore include a code made with a key from the user's state folder. So do the digests in a
journal, unless the store's checksum of the whole file would reveal forged bytes, or no other user can write to the
folder and its files. Without a state folder that is writable and private there is no key; downloads then work, but
cannot be resumed.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import hmac
import importlib
import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provena_sdk.concurrency.processes import bears_mark_of_dead, process_mark
from provena_sdk.datasets.paths import part_name_parts
from provena_sdk.private_files import close_to_others, create_own, make_private_folder, read_own, state_folder
from provena_sdk.s3.checksums import Hasher

_log = logging.getLogger(__name__)

SEAL_BYTES: Final = 16
"""The size in bytes of the code that seals a range."""

_KEY_BYTES: Final = 32
_NAME_BYTES: Final = 8
_TOKEN: Final = re.compile(r"(?P<start>[0-9a-f]{8}-[0-9a-f-]{1,40})-(?P<code>[0-9a-f]{16})")
# The errors of reading a key that is missing, that others could have read or written, or that is not a file.
_UNUSABLE: Final = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EINVAL, errno.ELOOP, errno.ENOTDIR}
)
_READS: Final = 5
_PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class PartName:
    """The name that this user's SDK gave a part file or journal.

    Args:
        stem: The part of the name that all part files and journals of one target start with.
        token: The part that distinguishes the downloads of the target.
    """

    stem: str
    token: str

    def process_is_dead(self) -> bool:
        """Return whether the process that gave the name has certainly ended."""
        return bears_mark_of_dead(self.token.rpartition("-")[0])


class Seal:
    """The mark of this user's SDK on its temporary files, by which it recognises them.

    Args:
        key: The secret key; without one, nothing is recognised.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key
        # Numbers need to differ only within this process; each process has another mark.
        self._numbers = itertools.count(secrets.randbits(31))

    @classmethod
    def load(cls, *, create: bool = True, file: Path | None = None) -> Seal:
        """Load the user's seal.

        Args:
            create: Whether to create a missing key.
            file: The key's file; None means ``downloads/key`` in the user's state folder.
        """
        try:
            return cls(_key(file or state_folder() / "downloads" / "key", create=create))
        except (OSError, RuntimeError) as error:
            _log.debug(
                "Downloads cannot be resumed, because the key that seals them is missing (%s)",
                type(error).__name__,
            )
            return cls(None)

    def __repr__(self) -> str:
        return f"<Seal {'with' if self.has_key else 'without'} a key>"

    @property
    def has_key(self) -> bool:
        """Whether there is a key. Without one, nothing is recognised."""
        return self._key is not None

    @property
    def algorithm(self) -> str:
        """The name of the keyed hash that seals bytes here, ``blake3`` or ``sha256``."""
        return _keyed_hash()[0]

    def token(self, stem: str) -> str:
        """Return a new token for the name of a part file, which identifies this process.

        Args:
            stem: The part of the name that all part files of the target start with.
        """
        start = f"{next(self._numbers):08x}-{process_mark()}"
        return f"{start}-{self._code(stem, start)}" if self.has_key else start

    def shared_token(self, stem: str) -> str:
        """Return the token for a name that all processes of this user compute alike.

        Args:
            stem: The part of the name before the token.

        Raises:
            ValueError: The user has no key.
        """
        return self._code(stem, "")

    def read(self, name: str) -> PartName | None:
        """Parse the name of a part file, a journal or a file of claims. Return None if this user's SDK did not give it.

        Args:
            name: The name.
        """
        parts = part_name_parts(name) if self.has_key else None
        match = parts and _TOKEN.fullmatch(parts[1])
        if (
            not parts
            or not match
            or not hmac.compare_digest(match["code"], self._code(parts[0], match["start"]))
        ):
            return None
        return PartName(*parts)

    def hasher(self, purpose: str) -> Hasher:
        """Return a hasher that seals bytes.

        Args:
            purpose: What the bytes are for. The same bytes have different seals for different purposes.

        Raises:
            ValueError: The user has no key.
        """
        if self._key is None:
            raise ValueError("There is no key to seal with.")
        key = hmac.digest(self._key, b"bytes\0" + purpose.encode(errors="surrogatepass"), "sha256")
        return _Sealing(_keyed_hash()[1](key))

    def _code(self, stem: str, start: str) -> str:
        if self._key is None:
            raise ValueError("There is no key to seal with.")
        name = f"{stem}.{start}".encode(errors="surrogatepass")
        return hashlib.blake2b(
            name, digest_size=_NAME_BYTES, key=self._key, person=b"provena name"
        ).hexdigest()


class _Sealing:
    def __init__(self, code: Hasher) -> None:
        self._code = code

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._code.update(data)

    def digest(self) -> bytes:
        return self._code.digest()[:SEAL_BYTES]


@functools.cache
def _keyed_hash() -> tuple[str, Callable[[bytes], Hasher]]:
    """Return the name of the fastest keyed hash of this machine, and what makes one with a key of 32 bytes."""
    # Imported when first needed, because most programs download no large files.
    try:
        blake3: Callable[..., Hasher] = importlib.import_module("blake3").blake3
    except ImportError:
        return "sha256", lambda key: hmac.new(key, digestmod="sha256")
    return "blake3", lambda key: blake3(key=key)


def _key(file: Path, *, create: bool) -> bytes | None:
    """Read the key, or create one if it is missing or damaged, or if others could have read it."""
    known, missing = None, False
    try:
        known = _whole_key(file)
    except OSError as error:
        if error.errno not in _UNUSABLE:
            raise
        missing = error.errno == errno.ENOENT
    if known is not None or not create:
        return known
    make_private_folder(file.parent)
    close_to_others(file.parent)
    if not missing:
        with contextlib.suppress(FileNotFoundError):
            file.unlink()
    # What is there now although it was missing is the key of a process that began at the same time.
    with contextlib.suppress(FileExistsError):
        create_own(file, secrets.token_bytes(_KEY_BYTES))
    # Read it back, also because not every file system keeps modes.
    return _whole_key(file)


def _whole_key(file: Path) -> bytes | None:
    for _ in range(_READS):
        known = read_own(file, most=_KEY_BYTES + 1, secret=True)
        if len(known) == _KEY_BYTES:
            return known
        # Another process may still be writing it.
        time.sleep(_PAUSE_SECONDS)
    return None
