"""The file ``provena.lock``, which records the files of a project's datasets.

It is input like any other, because it comes with a project that others may have written: what it says is checked when
it is read, and every path again when a file is written.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Self

from provena_sdk.datasets.paths import clashes, mapped, refusal
from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import ConfigurationError
from provena_sdk.lockfile.project import LATEST, PROJECT_FILE, Dependency, folder_refusal, read_project
from provena_sdk.operations.handles import is_handle
from provena_sdk.private_files import read_small, write_small
from provena_sdk.s3.limits import MAX_OBJECT_BYTES
from provena_sdk.secret import Secret
from provena_sdk.transfer.spec.options import Compare, one_of
from provena_sdk.transfer.verify.recorded import Recorded, differences, parse
from provena_sdk.views.tabular import Tabular, TabularList

LOCK_FILE: Final = "provena.lock"

_FORMAT: Final = 1
_MOST_BYTES: Final = 512 * 1024 * 1024
_MOST_ETAG: Final = 200
_TIME_STEP: Final = 2.0
_LOCK_AGAIN: Final = "Write it with provena.lock_project()."


class LockedFile(NamedTuple):
    """A file of a locked dataset.

    Args:
        path: Its path within the dataset.
        size: Its size in bytes.
        modified: The time of its upload.
        etag: The store's ETag.
        checksum: Its checksum, such as ``crc32:3610a686``; None if the store has none that can be recorded.
    """

    path: str
    size: int
    modified: datetime
    etag: str
    checksum: str | None


@dataclass(frozen=True, slots=True, repr=False)
class LockedDataset:
    """A dataset of a lock file.

    Attributes:
        wanted: The dependency as ``provena.toml`` named it.
        handle: The handle of the version that was chosen.
        files: Its files.
    """

    wanted: Dependency
    handle: str
    files: tuple[LockedFile, ...]

    @property
    def bytes(self) -> int:
        """The size of its files together."""
        return sum(file.size for file in self.files)

    def target(self, file: LockedFile) -> str:
        """Return the path of a file below the project's folder, with forward slashes.

        Args:
            file: The file.
        """
        return f"{self.wanted.folder}/{mapped(file.path) if os.name == 'nt' else file.path}"

    def __str__(self) -> str:
        size = f"{counted(len(self.files))}, {human_size(self.bytes)}"
        return f"{printable(self.wanted.name, 80)}: {printable(self.handle, 60)}, {size}"

    def __repr__(self) -> str:
        return f"<LockedDataset {self}>"


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """A file of a project that is not as the lock file says.

    Attributes:
        name: The dataset's name in the project.
        path: The path below the project's folder.
        reason: How it differs.
    """

    name: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{printable(self.path)}: {printable(self.reason)}"

    def __repr__(self) -> str:
        return f"<Difference {quoted(self.path, 120)}: {printable(self.reason, 60)}>"


class Differences(TabularList[Difference]):
    """Files of a project that are not as the lock file says, as a list that prints as a table; empty if all are."""

    __slots__ = ()
    noun: ClassVar = ("difference", "differences")
    _columns: ClassVar = ("name", "path", "reason")
    _index: ClassVar = "path"

    def _title(self) -> str:
        return f"{len(self):,} {self.noun[len(self) != 1]}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [(one.name, one.path, one.reason) for one in self]


@dataclass(frozen=True, slots=True, repr=False)
class LockFile(Tabular):
    """The locked datasets of a project, which print as a table.

    Attributes:
        folder: The project's folder.
        deployment: The domain of the deployment that has the datasets.
        datasets: The datasets.
    """

    _columns: ClassVar = ("name", "dataset", "files", "bytes", "folder")
    _index: ClassVar = "name"

    folder: Path
    deployment: str
    datasets: tuple[LockedDataset, ...]

    @classmethod
    def read(cls, folder: str | os.PathLike[str] = ".") -> Self:
        r"""Read the lock file of a project.

        Args:
            folder: The project's folder.

        Returns:
            The lock file.

        Raises:
            ConfigurationError: There is none, it is malformed or unsafe, or ``provena.toml`` has changed since.

        Example:
            >>> from pathlib import Path
            >>> _ = Path("provena.toml").write_text("[datasets.reef]\nhandle = '10378.1/1900011'")
            >>> _ = provena.lock_project()
            >>> LockFile.read()
            <LockFile of 1 dataset, 1 file, 32 B>
        """
        place = Path(folder)
        file = place / LOCK_FILE
        try:
            data = json.loads(read_small(file, most=_MOST_BYTES).content)
        except FileNotFoundError:
            raise ConfigurationError(
                f"There is no {LOCK_FILE} in {quoted(folder)}.", hint=_LOCK_AGAIN
            ) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(f"{file} cannot be read ({reason}).") from None
        except (ValueError, RecursionError):
            raise ConfigurationError(f"{file} is not JSON.", hint=_LOCK_AGAIN) from None
        try:
            found = cls(place, *_parsed(data))
        except (_Malformed, KeyError, TypeError, ValueError, OverflowError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ConfigurationError(
                f"{file} cannot be used: {printable(reason, 300)}.", hint=_LOCK_AGAIN
            ) from None
        if (place / PROJECT_FILE).exists() and read_project(place) != found.wanted:
            raise ConfigurationError(
                f"{PROJECT_FILE} in {quoted(folder)} has changed since {LOCK_FILE} was written.",
                hint=_LOCK_AGAIN,
            )
        return found

    def write(self) -> bool:
        """Write the lock file, unless it has the same content already.

        Returns:
            Whether it was written.

        Raises:
            OSError: It cannot be written; an existing one is kept.
        """
        file = self.folder / LOCK_FILE
        text = _written(self)
        try:
            if read_small(file, most=_MOST_BYTES).content == text.encode():
                return False
        except OSError:
            # It is missing, or will be replaced.
            pass
        write_small(file, Secret(text), mode=0o644)
        return True

    @property
    def wanted(self) -> tuple[Dependency, ...]:
        """The dependencies as ``provena.toml`` named them."""
        return tuple(dataset.wanted for dataset in self.datasets)

    @property
    def total_bytes(self) -> int:
        """The size of all files in bytes."""
        return sum(dataset.bytes for dataset in self.datasets)

    def differences(self, compare: Compare = "checksum") -> Differences:
        r"""Compare the project's files with the lock file, without sending anything.

        Args:
            compare: How to compare files of the recorded size: by ``"checksum"``, or by ``"time"``, which reads no
                file and trusts the times that an installation set.

        Returns:
            The files that are missing or different, as a list that prints as a table; empty if none is. Other files in
            the folders are ignored.

        Raises:
            InvalidArgument: ``compare`` is neither.

        Example:
            >>> from pathlib import Path
            >>> _ = Path("provena.toml").write_text("[datasets.reef]\nhandle = '10378.1/1900011'")
            >>> [each.reason for each in provena.lock_project().differences()]
            ['it is missing']
        """
        return Differences(
            Difference(dataset.wanted.name, dataset.target(file), reason)
            for dataset, file, reason in self.states(compare)
            if reason is not None
        )

    def states(self, compare: Compare) -> Iterator[tuple[LockedDataset, LockedFile, str | None]]:
        """Yield each file, with how it differs here or None if it does not.

        Args:
            compare: As for :meth:`differences`.
        """
        one_of("compare", compare, ("checksum", "time"))
        files = [(dataset, file) for dataset in self.datasets for file in dataset.files]
        recorded = [
            Recorded(self.folder / dataset.target(file), file.size, file.checksum) for dataset, file in files
        ]
        by_time = [compare == "time" or one.checksum is None for one in recorded]
        read = iter(differences([one for one, timed in zip(recorded, by_time, strict=True) if not timed]))
        for (dataset, file), one, timed in zip(files, recorded, by_time, strict=True):
            yield dataset, file, _by_time(one, file) if timed else next(read)

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (each.wanted.name, each.handle, len(each.files), each.bytes, each.wanted.folder)
            for each in self.datasets
        ]

    def __repr__(self) -> str:
        count = len(self.datasets)
        files = sum(len(dataset.files) for dataset in self.datasets)
        what = f"{count:,} dataset{'' if count == 1 else 's'}, {counted(files)}"
        return f"<LockFile of {what}, {human_size(self.total_bytes)}>"


def _by_time(recorded: Recorded, file: LockedFile) -> str | None:
    try:
        state = os.lstat(recorded.file)
    except (FileNotFoundError, NotADirectoryError):
        return "it is missing"
    except OSError as error:
        return f"it cannot be read ({error.strerror or type(error).__name__})"
    if not stat.S_ISREG(state.st_mode):
        return "it is not a file"
    if state.st_size != file.size:
        return f"it has {state.st_size:,} bytes instead of {file.size:,}"
    # File systems round times, some of them to two seconds.
    near = abs(state.st_mtime - file.modified.timestamp()) <= _TIME_STEP
    return None if near else "its time differs"


class _Malformed(Exception):
    """The lock file says something that it must not say."""


def _parsed(data: object) -> tuple[str, tuple[LockedDataset, ...]]:
    whole = _mapping(data, "the file")
    if whole.get("format") != _FORMAT:
        raise _Malformed(f"its format is {whole.get('format')!r}, and this release reads {_FORMAT}")
    found = tuple(_dataset(_mapping(each, "a dataset")) for each in _list(whole["datasets"], "datasets"))
    names = [dataset.wanted.name for dataset in found]
    if len(set(names)) != len(names):
        raise _Malformed("two datasets have the same name")
    refuse_clashes(found)
    return _text(whole["deployment"], "deployment", 255), found


def refuse_clashes(datasets: tuple[LockedDataset, ...]) -> None:
    """Refuse datasets whose files cannot all be in one project.

    Args:
        datasets: The datasets.

    Raises:
        ValueError: Two files have the same path, or one has the path of another's folder.
    """
    targets = [dataset.target(file) for dataset in datasets for file in dataset.files]
    if len(set(targets)) != len(targets):
        raise ValueError("two files have the same path; give the datasets different folders")
    for path, reason in clashes(targets, fold=False).items():
        raise ValueError(f"{quoted(path)}: {reason}")


def _dataset(data: Mapping[str, Any]) -> LockedDataset:
    name = _text(data["name"], "name", 80)
    handle, requested, folder = (data[key] for key in ("handle", "requested", "folder"))
    for given in (handle, requested):
        if not isinstance(given, str) or not is_handle(given):
            raise _Malformed(f"{quoted(given, 80)} is not a handle")
    reason = folder_refusal(folder)
    if reason:
        raise _Malformed(f"folder {quoted(folder)} is refused: {reason}")
    version = data.get("version")
    if version not in (None, LATEST):
        raise _Malformed(f"version {quoted(version, 80)} is unknown")
    wanted = Dependency(
        name, requested, version == LATEST, _texts(data, "include"), _texts(data, "exclude"), folder
    )
    return LockedDataset(wanted, handle, tuple(map(_file, _list(data["files"], "files"))))


def _file(data: object) -> LockedFile:
    entry = _mapping(data, "a file")
    path = entry["path"]
    if not isinstance(path, str):
        raise _Malformed("a path is not text")
    reason = refusal(path)
    if reason:
        raise _Malformed(f"{quoted(path)} is refused: {reason}")
    size = entry["size"]
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_OBJECT_BYTES:
        raise _Malformed(f"the size of {quoted(path)} is not possible")
    checksum = entry.get("checksum")
    if checksum is not None:
        parse(checksum, size)
    modified = datetime.fromisoformat(_text(entry["modified"], "modified", 40))
    if modified.tzinfo is None:
        raise _Malformed(f"the time of {quoted(path)} has no time zone")
    return LockedFile(path, size, modified, _text(entry["etag"], "etag", _MOST_ETAG), checksum)


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Malformed(f"{what} is not an object")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Malformed(f"{what} is not a list")
    return value


def _text(value: object, what: str, most: int) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= most:
        raise _Malformed(f"{what} is not a text of 1 to {most} printable characters")
    return value


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(_text(each, key, 1024) for each in _list(data[key], key))


def _written(lock: LockFile) -> str:
    """Return the text of a lock file, with a line for each file, so that a comparison of two shows which changed."""
    datasets = ",\n".join(_written_dataset(dataset) for dataset in lock.datasets)
    head = f' "format": {_FORMAT},\n "deployment": {json.dumps(lock.deployment)},\n'
    return f'{{\n{head} "datasets": [\n{datasets}\n ]\n}}\n'


def _written_dataset(dataset: LockedDataset) -> str:
    wanted = dataset.wanted
    fields = {
        "name": wanted.name,
        "requested": wanted.handle,
        "version": LATEST if wanted.latest else None,
        "handle": dataset.handle,
        "include": wanted.include,
        "exclude": wanted.exclude,
        "folder": wanted.folder,
    }
    head = "".join(f"   {json.dumps(name)}: {json.dumps(value)},\n" for name, value in fields.items())
    files = ",\n".join(f"    {json.dumps(_written_file(file))}" for file in dataset.files)
    return f'  {{\n{head}   "files": [\n{files}\n   ]\n  }}'


def _written_file(file: LockedFile) -> dict[str, object]:
    modified = file.modified.astimezone(UTC).replace(microsecond=0)
    return {**file._asdict(), "modified": modified.isoformat()}
