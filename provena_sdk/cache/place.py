"""The folder of the cache: where it is, whether it can be trusted, and the names in it.

::

    <cache>/v1/                                   this user's alone
      10378.1-1451860-5f3a…/                      a dataset of a deployment
        copies/<copy>/obs/2024.csv                the files of one state of the dataset
        records/<request>-<copy>.json             what was fetched, with the checksum of each file

The name of a copy is a hash of the paths, sizes, ETags and times of its files, so that a copy never changes: if a file
of the dataset does, the next fetch makes another copy, with hard links to the files that are the same.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import ConfigurationError
from provena_sdk.private_files import make_private_folder

CACHE_DIR: Final = "PROVENA_CACHE_DIR"
"""The environment variable that names the folder of the cache."""

COPIES: Final = "copies"
RECORDS: Final = "records"
RECORD_NAME: Final = re.compile(r"(?P<request>[0-9a-f]{16})-(?P<copy>[0-9a-f]{20})\.json")
COPY_NAME: Final = re.compile(r"[0-9a-f]{20}")
DATASET_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,60}-[0-9a-f]{16}")

_VERSION: Final = "v1"
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9.]+")
_READABLE: Final = 60
_OTHERS_WRITE: Final = 0o022
_ELSEWHERE: Final = f"Name a folder of your own in {CACHE_DIR}."


def cache_folder() -> Path:
    """Return the folder that PROVENA_CACHE_DIR names, or the platform's default."""
    named = os.environ.get(CACHE_DIR, "").strip()
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path  # noqa: PLC0415  # keeps platformdirs away

    return user_cache_path("provena-sdk", appauthor=False)


def trusted(folder: Path, *, make: bool) -> Path:
    """Return the part of the cache that only this user can write.

    Args:
        folder: The folder of the cache.
        make: Whether to create it if it is missing.

    Returns:
        The folder, which may be missing unless ``make`` is True.

    Raises:
        ConfigurationError: It cannot be created or read, belongs to another user, or others can write to it.
    """
    own = folder / _VERSION
    try:
        if make:
            make_private_folder(own)
        state = own.lstat()
    except FileNotFoundError:
        return own
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"The cache folder {quoted(folder)} cannot be used ({reason}).", hint=_ELSEWHERE
        ) from None
    if not stat.S_ISDIR(state.st_mode):
        raise ConfigurationError(f"{quoted(own)} in the cache is not a folder.", hint=_ELSEWHERE)
    if os.name == "posix" and state.st_uid != os.geteuid():
        raise ConfigurationError(f"The cache folder {quoted(own)} belongs to another user.", hint=_ELSEWHERE)
    if os.name == "posix" and state.st_mode & _OTHERS_WRITE:
        raise ConfigurationError(
            f"Other users can write to the cache folder {quoted(own)}.", hint=f"Remove it. {_ELSEWHERE}"
        )
    return own


def dataset_name(deployment: str, dataset_id: str) -> str:
    """Return the name of a dataset's folder. It never depends on the case of letters alone.

    Args:
        deployment: The URL of the deployment's datastore.
        dataset_id: The dataset's handle.

    Example:
        >>> dataset_name("https://data-api.example.org", "10378.1/1451860")
        '10378.1-1451860-0b6f66cb08e8f464'
    """
    readable = _UNUSUAL.sub("-", dataset_id)[:_READABLE].strip("-.") or "dataset"
    return f"{readable}-{_hash(8, deployment, dataset_id)}"


def copy_name(files: Iterable[tuple[str, tuple[str, int, str, int]]]) -> str:
    """Return the name of a copy.

    Args:
        files: Local path and content of each file: its path within the dataset, size, ETag and time.
    """
    return _hash(10, *(str(part) for local, content in sorted(files) for part in (local, *content)))


def request_name(path: str, include: Iterable[str], exclude: Iterable[str]) -> str:
    """Return the name of a request, which offline use looks for.

    Args:
        path: The path within the dataset.
        include: The patterns of files to include.
        exclude: The patterns of files to leave out.
    """
    return _hash(8, path, "include", *sorted(include), "exclude", *sorted(exclude))


def _hash(size: int, *parts: str) -> str:
    hasher = hashlib.blake2b(digest_size=size)
    for part in parts:
        data = part.encode(errors="surrogatepass")
        hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.hexdigest()
