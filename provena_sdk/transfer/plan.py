"""What a transfer is going to do, shown before it is carried out."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple, overload

from provena_sdk.concurrency.io_thread import on_io_thread, run_sync
from provena_sdk.datasets.paths import is_reserved
from provena_sdk.display.text import SERVER_LIMIT, printable, quoted
from provena_sdk.errors import FileConflict, UnsafePath
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.options import RunOptions, TransferOptions
from provena_sdk.transfer.progress.displays import ProgressLike
from provena_sdk.transfer.report import TransferReport, counted, human_size

if TYPE_CHECKING:
    from provena_sdk.datasets.files import DatasetFiles

MAX_FILE_BYTES: Final = 5 * 1024**4
"""The largest file that S3 holds in one object."""

Action = Literal["new", "changed", "same", "delete", "skip", "conflict", "refused"]
"""What is to become of a file.

``new`` and ``changed`` are transferred, ``same`` is there already. A ``conflict`` has something else in its place, and
what is ``refused`` has no safe name; neither is tried.
"""

ACTIONS: Final[tuple[Action, ...]] = ("new", "changed", "same", "delete", "skip", "conflict", "refused")

# What has to be seen comes first.
_SHOWN_ORDER: Final[tuple[Action, ...]] = (
    "refused",
    "conflict",
    "delete",
    "skip",
    "same",
    "changed",
    "new",
)
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch.

    Args:
        info: The file in the store.
        target: Where it goes, relative to the destination, with forward slashes.
    """

    info: FileInfo
    target: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One file to send.

    Args:
        source: The local file.
        path: Its path within the dataset.
        size: Its size in bytes when it was looked at.
    """

    source: Path
    path: str
    size: int


class Seen(NamedTuple):
    """A local file as it was when it was looked at: bytes, and modification time in nanoseconds."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class PlanItem:
    """What is to become of one file.

    Args:
        action: What is to become of it.
        path: Its path within the dataset.
        bytes: Its size; of a file to be deleted, what is freed.
        local: Its path below the local folder, with forward slashes; None when it has none.
        reason: A word on why.
        error: The error with which a file that is in conflict or refused will be reported.
        info: The file in the store as it was, when it is to be fetched, replaced or deleted.
        seen: The local file as it was, when it is to be replaced, sent or deleted.
    """

    action: Action
    path: str
    bytes: int = 0
    local: str | None = None
    reason: str | None = None
    error: Exception | None = field(default=None, repr=False)
    info: FileInfo | None = field(default=None, repr=False)
    seen: Seen | None = field(default=None, repr=False)

    @property
    def note(self) -> str:
        """The reason in one line that can be printed anywhere; empty when there is nothing to say."""
        return printable(self.reason or "", SERVER_LIMIT)

    def __str__(self) -> str:
        note = f": {self.note}" if self.note else ""
        return f"{self.action:<9} {printable(self.path)} ({human_size(self.bytes)}){note}"


class TransferPlan(Sequence[PlanItem]):
    """What a transfer is going to do, file by file, in the order of the paths.

    Printing it is the dry run. It pickles, without credentials. See :class:`DownloadPlan` and :class:`UploadPlan`.

    Args:
        items: One entry a file.
        folder: The local folder.
        files: The dataset's files.
        options: How it is carried out.
        none_of: How many files there were to choose from when include and exclude take none of them; otherwise 0.
    """

    verb: ClassVar[str]
    """What is done: Download or Upload."""

    def __init__(
        self,
        items: Iterable[PlanItem],
        folder: Path,
        files: DatasetFiles,
        options: TransferOptions,
        none_of: int = 0,
    ) -> None:
        self.items = tuple(items)
        self.none_of = none_of
        self.folder = folder
        self.options = options
        self._files = files

    @property
    def dataset_id(self) -> str:
        """The dataset's handle."""
        return self._files.location.dataset_id

    @overload
    def __getitem__(self, index: int) -> PlanItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PlanItem]: ...
    def __getitem__(self, index: int | slice) -> PlanItem | Sequence[PlanItem]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[PlanItem]:
        return iter(self.items)

    @property
    def total_bytes(self) -> int:
        """The bytes to be transferred: those of new and changed files."""
        return sum(item.bytes for item in self.items if item.action in ("new", "changed"))

    def counts(self) -> dict[Action, int]:
        """Return how many files there are for each action."""
        return {action: count for action, (count, _) in self._totals().items()}

    def only(self, *actions: Action) -> list[PlanItem]:
        """Return the files with these actions.

        Args:
            actions: The actions, such as ``"conflict"``.
        """
        return [item for item in self.items if item.action in actions]

    def _totals(self) -> dict[Action, tuple[int, int]]:
        totals: dict[Action, tuple[int, int]] = {}
        for item in self.items:
            count, size = totals.get(item.action, (0, 0))
            totals[item.action] = count + 1, size + item.bytes
        return {action: totals[action] for action in ACTIONS if action in totals}

    def _headline(self) -> str:
        none = f"; include and exclude take none of {counted(self.none_of)}" if self.none_of else ""
        return f"{self.verb} {self._route()}: {human_size(self.total_bytes)} to transfer{none}"

    def _route(self) -> str:
        raise NotImplementedError

    def _noteworthy(self) -> dict[Action, list[PlanItem]]:
        """Return what a reader wants to see by name: all but what is the same for no reason to be told."""
        found: dict[Action, list[PlanItem]] = {}
        for item in self.items:
            if item.action != "same" or item.reason:
                found.setdefault(item.action, []).append(item)
        return {action: found[action] for action in _SHOWN_ORDER if action in found}

    def __str__(self) -> str:
        lines = [self._headline()]
        for action, (count, size) in self._totals().items():
            files = "file" if count == 1 else "files"
            lines.append(f"  {action:<9} {count:>9,} {files:<5} {human_size(size):>9}")
        for items in self._noteworthy().values():
            lines += [f"  {item}" for item in items[:_SHOWN]]
            if len(items) > _SHOWN:
                lines.append(f"  … and {len(items) - _SHOWN:,} more")
        return "\n".join(lines)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {action}" for action, count in self.counts().items())
        return f"<{type(self).__name__}: {counts or 'no files'}; {human_size(self.total_bytes)} to transfer>"

    def _repr_html_(self) -> str:
        totals = "".join(
            f"<tr><td>{action}</td><td>{count:,}</td><td>{human_size(size)}</td></tr>"
            for action, (count, size) in self._totals().items()
        )
        rows = ""
        for items in self._noteworthy().values():
            rows += "".join(
                f"<tr><td>{item.action}</td><td>{html.escape(printable(item.path))}</td>"
                f"<td>{human_size(item.bytes)}</td><td>{html.escape(item.note)}</td></tr>"
                for item in items[:_SHOWN]
            )
            if len(items) > _SHOWN:
                rows += f"<tr><td></td><td>… and {len(items) - _SHOWN:,} more</td><td></td><td></td></tr>"
        return (
            f"<p>{html.escape(self._headline())}</p>"
            f"<table><thead><tr><th>Action</th><th>Files</th><th>Size</th></tr></thead>"
            f"<tbody>{totals}</tbody></table>"
            f"<table><thead><tr><th>Action</th><th>File</th><th>Size</th><th>Note</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


class Downloading(TransferPlan):
    """What the plans of both faces share that fetch."""

    verb = "Download"

    def _route(self) -> str:
        return f"of dataset {self.dataset_id} into {quoted(self.folder)}"

    @property
    def downloads(self) -> list[Download]:
        """The files to fetch."""
        return [
            Download(item.info, item.local)
            for item in self.items
            if item.action in ("new", "changed") and item.info is not None and item.local is not None
        ]

    async def carry_out(self, run: RunOptions) -> TransferReport:
        """Carry the plan out, on the I/O thread.

        Args:
            run: How this run is watched, spread and ended.
        """
        from provena_sdk.transfer.runner import run_download

        return await run_download(self, self._files, run)


class Uploading(TransferPlan):
    """What the plans of both faces share that send."""

    verb = "Upload"

    def _route(self) -> str:
        return f"of {quoted(self.folder)} to dataset {self.dataset_id}"

    @property
    def uploads(self) -> list[Upload]:
        """The files to send."""
        return [
            Upload(self.folder / item.local, item.path, item.bytes)
            for item in self.items
            if item.action in ("new", "changed") and item.local is not None
        ]

    async def carry_out(self, run: RunOptions) -> TransferReport:
        """Carry the plan out, on the I/O thread.

        Args:
            run: How this run is watched, spread and ended.
        """
        from provena_sdk.transfer.runner import run_upload

        return await run_upload(self, self._files, run)


class DownloadPlan(Downloading):
    """What a download is going to do, file by file; a sequence of :class:`PlanItem`.

    Example:
        >>> plan = provena.datastore.io.plan_download("data", "10378.1/1900011", include="obs/")
        >>> print(plan)
        Download of dataset 10378.1/1900011 into 'data': 32 B to transfer
          new               1 file       32 B
          new       obs/2024.csv (32 B)
        >>> plan.run().counts()
        {'downloaded': 1}
    """

    def run(
        self,
        *,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Carry the plan out.

        Each place is looked at again first: what appeared or changed there since the plan was made is kept, and
        reported as a conflict, unless it is what was to be fetched. So a plan can be run again after a failure.

        Args:
            progress: Whom to tell how it goes on; True shows it where somebody watches.
            executor: Workers that share the work and see the same folder; None works here.
            raise_for_failures: Whether to raise at the end when any file failed.

        Returns:
            What became of each file.

        Raises:
            NotEnoughSpace: The disk has no room for the files; nothing was fetched.
            TransferFailed: Some files failed, were refused or are in conflict; the others are in place.
        """
        return run_sync(self.carry_out(RunOptions(progress, executor, raise_for_failures)))

    def awaiting(self) -> AsyncDownloadPlan:
        """Return the same plan for code that awaits."""
        return AsyncDownloadPlan(self.items, self.folder, self._files, self.options, self.none_of)


class UploadPlan(Uploading):
    """What an upload is going to do, file by file; a sequence of :class:`PlanItem`.

    Example:
        >>> from pathlib import Path
        >>> Path("results").mkdir()
        >>> _ = Path("results/summary.csv").write_text("a,b")
        >>> plan = provena.datastore.io.plan_upload("results", "10378.1/1900011")
        >>> print(plan)
        Upload of 'results' to dataset 10378.1/1900011: 3 B to transfer
          new               1 file        3 B
          new       summary.csv (3 B)
    """

    def run(
        self,
        *,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Carry the plan out. Files are sent as they are then.

        The dataset is listed again first: what appeared or changed there since the plan was made is kept, and
        reported as a conflict, unless it is what was to be sent. So a plan can be run again after a failure.

        Args:
            progress: Whom to tell how it goes on; True shows it where somebody watches.
            executor: Workers that share the work and see the same folder; None works here.
            raise_for_failures: Whether to raise at the end when any file failed.

        Returns:
            What became of each file.

        Raises:
            TransferFailed: Some files failed, were refused or are in conflict; the others are in place.
            DatasetAccessDenied: You may not write the dataset's files.
            Forbidden: A release is pending or done.
        """
        return run_sync(self.carry_out(RunOptions(progress, executor, raise_for_failures)))

    def awaiting(self) -> AsyncUploadPlan:
        """Return the same plan for code that awaits."""
        return AsyncUploadPlan(self.items, self.folder, self._files, self.options, self.none_of)


class AsyncDownloadPlan(Downloading):
    """What a download is going to do, for code that awaits; see :class:`DownloadPlan`.

    Example:
        >>> plan = await provena.datastore.io.plan_download("data", "10378.1/1900011", include="obs/")
        >>> (await plan.run()).counts()
        {'downloaded': 1}
    """

    async def run(
        self,
        *,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Carry the plan out; see :meth:`DownloadPlan.run`."""
        return await on_io_thread(self.carry_out(RunOptions(progress, executor, raise_for_failures)))


class AsyncUploadPlan(Uploading):
    """What an upload is going to do, for code that awaits; see :class:`UploadPlan`."""

    async def run(
        self,
        *,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Carry the plan out; see :meth:`UploadPlan.run`."""
        return await on_io_thread(self.carry_out(RunOptions(progress, executor, raise_for_failures)))


def each_part(size: int, part_size: int) -> Iterator[tuple[int, int]]:
    """Yield offset and length of each part of a file.

    Example:
        >>> list(each_part(10, 4))
        [(0, 4), (4, 4), (8, 2)]
    """
    for offset in range(0, size, part_size):
        yield offset, min(part_size, size - offset)


def refused(path: str, reason: str, local: str | None = None) -> PlanItem:
    """Return the entry of a file that is not safe to transfer.

    Args:
        path: Its path within the dataset.
        reason: Why it is not.
        local: Its path below the local folder.
    """
    hint = "Rename it, or leave it out by exclude=." if is_reserved(path) else None
    error = UnsafePath(f"{quoted(path)} was refused: {reason}.", path=path, hint=hint)
    return PlanItem("refused", path, local=local, reason=reason, error=error)


def conflict(
    path: str,
    reason: str,
    local: str | None = None,
    size: int = 0,
    *,
    hint: str = "Rename or remove one of them.",
) -> PlanItem:
    """Return the entry of a file whose place is taken by something else.

    Args:
        path: Its path within the dataset.
        reason: What has its place.
        local: Its path below the local folder.
        size: Its size in bytes.
        hint: The next step for the reader.
    """
    error = FileConflict(f"{quoted(path)} was not transferred: {reason}.", path=path, hint=hint)
    return PlanItem("conflict", path, size, local=local, reason=reason, error=error)
