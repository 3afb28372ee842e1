"""Checksums in text form, which verify files later without the store.

``crc32:3610a686`` covers the whole file. ``md5:9a0364b9…-3@8388608`` is the MD5 of the MD5s of three parts, of which
all but the last have 8,388,608 bytes.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.errors import FileStoreError
from provena_sdk.s3.checksums import computable, even_parts
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.verify.checksum import Checksum, checksums_of, file_matches

_TEXT: Final = re.compile(
    r"(?P<algorithm>[a-z0-9]{3,10}):(?P<digest>[0-9a-f]{8,64})"
    r"(?:-(?P<count>[1-9][0-9]{0,4})@(?P<part>[1-9][0-9]{0,12}))?"
)
_DIGITS: Final = {"crc32": 8, "crc32c": 8, "crc64nvme": 16, "md5": 32, "sha1": 40, "sha256": 64}
_FLAGS: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_READ: Final = 1024 * 1024
_THREADS: Final = 4


class Recorded(NamedTuple):
    """What a record says of a file.

    Args:
        file: The local file.
        size: Its size in bytes.
        checksum: Its checksum in text form; None if there is none.
    """

    file: Path
    size: int
    checksum: str | None


def parse(text: str, size: int) -> Checksum:
    """Parse a checksum.

    Args:
        text: The text form.
        size: The size of the file in bytes.

    Raises:
        ValueError: It is not such a text, or its parts do not fit the size.

    Example:
        >>> parse("crc32:3610a686", 5).algorithm
        'crc32'
        >>> parse("md5:96e024ba2074fe77e8e965ba43a704be-2@8", 12).parts
        (8, 4)
    """
    found = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if found is None or _DIGITS.get(found["algorithm"]) != len(found["digest"]):
        raise ValueError("it is not a checksum")
    kind = "etag" if found["algorithm"] == "md5" else found["algorithm"]
    if found["count"] is None:
        return Checksum(kind, found["algorithm"], found["digest"])
    count, part = int(found["count"]), int(found["part"])
    if max(1, -(-size // part)) != count:
        raise ValueError("its parts do not fit the size")
    return Checksum(kind, found["algorithm"], found["digest"], count, tuple(even_parts(size, part)))


def text_of(checksum: Checksum, part: int | None = None) -> str:
    """Return the text form of a checksum.

    Args:
        checksum: The checksum.
        part: The size in bytes of all parts but the last, for a checksum that combines those of parts.

    Example:
        >>> text_of(Checksum("etag", "md5", "96e024ba2074fe77e8e965ba43a704be", 2), 8)
        'md5:96e024ba2074fe77e8e965ba43a704be-2@8'
    """
    parts = "" if checksum.count is None else f"-{checksum.count}@{part}"
    return f"{checksum.algorithm}:{checksum.expected}{parts}"


async def fetch_checksum(store: DatasetFiles, info: FileInfo) -> str | None:
    """Request the cheapest checksum of a file that this machine can compute.

    Args:
        store: The dataset's store.
        info: The file.

    Returns:
        Its text form; None if the store has none, or its parts differ in size.

    Raises:
        IntegrityError: The file was replaced.
        DatasetFileNotFound: It was removed.
    """
    for checksum in checksums_of(await store.objects.head(info.path, if_match=info.etag)):
        if checksum.count is None:
            return text_of(checksum)
        part = await _even_part(store, info, checksum.count)
        if part is not None:
            return text_of(checksum, part)
    return None


async def _even_part(store: DatasetFiles, info: FileInfo, count: int) -> int | None:
    """Return the size of all parts but the last; None if they differ, or the store does not report it."""
    try:
        first = await store.objects.head(info.path, part=1, if_match=info.etag)
        last = await store.objects.head(info.path, part=count, if_match=info.etag)
    except FileStoreError:
        # Some stores cannot be asked for parts.
        return None
    if not first.parts_count or not 0 < last.size <= first.size:
        return None
    return first.size if first.size * (count - 1) + last.size == info.size else None


def difference(recorded: Recorded) -> str | None:
    """Return how a local file differs from what was recorded, in a few words; None if it does not.

    Args:
        recorded: The record. If this machine cannot compute its checksum, only the size is compared.
    """
    try:
        with open(recorded.file, "rb", buffering=0, opener=_opened) as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                return "it is not a file"
            if state.st_size != recorded.size:
                return f"it has {state.st_size:,} bytes instead of {recorded.size:,}"
            checksum = None if recorded.checksum is None else parse(recorded.checksum, recorded.size)
            if checksum is None or checksum.algorithm not in computable():
                return None

            def read(offset: int, length: int) -> Iterator[bytes]:
                file.seek(offset)
                left = recorded.size if length < 0 else length
                while left and (block := file.read(min(left, _READ))):
                    left -= len(block)
                    yield block

            return None if file_matches(checksum, read) else "its checksum differs"
    except (FileNotFoundError, NotADirectoryError):
        return "it is missing"
    except OSError as error:
        # What has the name may be a link, which is not followed.
        return f"it cannot be read ({error.strerror or type(error).__name__})"


def differences(files: Sequence[Recorded]) -> list[str | None]:
    """Return :func:`difference` of many files, in their order, reading a few at once.

    Args:
        files: The records.
    """
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="provena-verify")
    try:
        return list(threads.map(difference, files))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _opened(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    return os.open(path, flags | _FLAGS)
