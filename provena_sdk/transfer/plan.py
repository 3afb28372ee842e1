"""The plan of a transfer: data that can be shown, stored, pickled and run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, Self, overload

from provena_sdk.concurrency.io_thread import on_io_thread
from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section, html_table
from provena_sdk.display.text import LIMIT, quoted
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transfer.plan_file.record import Transfer
from provena_sdk.transfer.plan_file.saved import SavedPlan, write_plan
from provena_sdk.transfer.progress.interrupt import run_transfer
from provena_sdk.transfer.progress.meter import ProgressLike
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transfer.spec.items import ACTIONS, Action, PlanItem
from provena_sdk.transfer.spec.options import RunOptions, TransferOptions
from provena_sdk.views.frames import frame

if TYPE_CHECKING:
    from pandas import DataFrame

# The actions that need attention come first.
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


class Runner(Protocol):
    """A callable that runs plans for one dataset. It can be pickled, without secrets."""

    async def __call__(self, plan: TransferPlan, run: RunOptions) -> TransferReport:
        """Run a plan on the I/O thread.

        Args:
            plan: The plan.
            run: The options for this run.
        """
        ...


class TransferPlan(Sequence[PlanItem]):
    """A planned transfer: one item per file, sorted by path.

    Print it for a dry run. It can be pickled, without credentials. See :class:`DownloadPlan` and :class:`UploadPlan`.

    Args:
        items: One item per file.
        folder: The local folder.
        dataset_id: The dataset's handle.
        options: The options for the transfer.
        runner: The callable that runs the plan.
        none_of: The number of available files if include and exclude select none of them; otherwise 0.
    """

    verb: ClassVar[str]
    """Download or Upload."""

    transfer: ClassVar[Transfer]
    """The direction."""

    def __init__(
        self,
        items: Iterable[PlanItem],
        folder: Path,
        dataset_id: str,
        options: TransferOptions,
        runner: Runner,
        none_of: int = 0,
    ) -> None:
        self.items = tuple(items)
        self.none_of = none_of
        self.folder = folder
        self.dataset_id = dataset_id
        self.options = options
        self._runner = runner

    async def execute(self, run: RunOptions) -> TransferReport:
        """Run the plan on the I/O thread.

        Args:
            run: The options for this run.
        """
        try:
            return await self._runner(self, run)
        finally:
            run.meter.finish(None)

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
        """The number of bytes to transfer, in new and changed files."""
        return sum(item.bytes for item in self.items if item.action in ("new", "changed"))

    def counts(self) -> dict[Action, int]:
        """Return the number of files for each action."""
        return {action: count for action, (count, _) in self._totals().items()}

    def only(self, *actions: Action) -> list[PlanItem]:
        """Return the items with any of these actions.

        Args:
            actions: The actions, such as ``"conflict"``.
        """
        return [item for item in self.items if item.action in actions]

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the plan to a file, as lines of JSON: one about the plan, then one per file.

        ``provena.datastore.io.load_plan()`` reads it. It contains no credentials; only you may read it.

        Args:
            file: The file, such as ``"plan.jsonl"``, which is replaced if it exists.

        Returns:
            The path of the file.

        Raises:
            OSError: The file cannot be written; an old one is kept.
        """
        return write_plan(
            file,
            SavedPlan(self.transfer, self.dataset_id, self.folder, self.options, self.items, self.none_of),
        )

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Return a data frame with a row for each file: its path as the index, the action, bytes, local path and note.

        Args:
            full: True for the ETag and the time of the file in the store as well, where the plan knows them.

        Raises:
            ImportError: pandas is not installed.
        """
        columns = ["path", "action", "bytes", "local", "note"]
        rows: list[tuple[object, ...]] = [
            (item.path, item.action, item.bytes, item.local, item.note) for item in self.items
        ]
        if full:
            columns += ["etag", "modified"]
            infos = [
                (item.info.etag, item.info.modified) if item.info else (None, None) for item in self.items
            ]
            rows = [(*row, *info) for row, info in zip(rows, infos, strict=True)]
        return frame(rows, columns, "path", {"modified": "time"})

    def _totals(self) -> dict[Action, tuple[int, int]]:
        totals: dict[Action, tuple[int, int]] = {}
        for item in self.items:
            count, size = totals.get(item.action, (0, 0))
            totals[item.action] = count + 1, size + item.bytes
        return {action: totals[action] for action in ACTIONS if action in totals}

    @classmethod
    def of(cls, plan: TransferPlan) -> Self:
        """Convert a plan to this class, which belongs to the sync or the async client."""
        return cls(plan.items, plan.folder, plan.dataset_id, plan.options, plan._runner, plan.none_of)

    def _headline(self) -> str:
        none = f"; include and exclude match none of {counted(self.none_of)}" if self.none_of else ""
        return f"{self.verb} {self._route()}: {human_size(self.total_bytes)} to transfer{none}"

    def _route(self) -> str:
        raise NotImplementedError

    def _noteworthy(self) -> dict[Action, list[PlanItem]]:
        """Return the items to show by name: all except unchanged files without a reason."""
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

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        totals = [(action, count, human_size(size)) for action, (count, size) in self._totals().items()]
        shown: list[tuple[object, ...]] = []
        for items in self._noteworthy().values():
            shown += [(item.action, item.path, human_size(item.bytes), item.note) for item in items[:_SHOWN]]
            if len(items) > _SHOWN:
                shown.append((None, f"… and {len(items) - _SHOWN:,} more", None, None))
        return html_section(
            self._headline(),
            html_table(("action", "files", "size"), totals),
            html_table(("action", "file", "size", "note"), shown, cell_limit=LIMIT) if shown else None,
        )


class _Download(TransferPlan):
    """The common base of the sync and async download plans."""

    verb = "Download"
    transfer = "download"

    def _route(self) -> str:
        return f"of dataset {self.dataset_id} into {quoted(self.folder)}"


class _Upload(TransferPlan):
    """The common base of the sync and async upload plans."""

    verb = "Upload"
    transfer = "upload"

    def _route(self) -> str:
        return f"of {quoted(self.folder)} to dataset {self.dataset_id}"


@short_tracebacks
class DownloadPlan(_Download):
    """A planned download, a sequence of one :class:`PlanItem` per file.

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
        """Run the plan.

        First, the destination is checked again. A local file that appeared or changed since the plan was made is kept
        and reported as a conflict, unless it equals the file to download. A plan can therefore be run again after a
        failure.

        Args:
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress``.
            executor: Workers that share the transfer and must see the same folder; None transfers in this process.
            raise_for_failures: Whether to raise an error at the end if any file failed.

        Returns:
            The outcome of each file.

        Raises:
            NotEnoughSpace: The files do not fit on the disk. Nothing was downloaded.
            TransferFailed: Some files failed, were refused or are in conflict. The others were transferred.
            TransferInterrupted: You pressed Ctrl-C; the next run resumes.
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(self.execute(run), run.meter)


@short_tracebacks
class UploadPlan(_Upload):
    """A planned upload, a sequence of one :class:`PlanItem` per file.

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
        """Run the plan, with the current contents of the local files.

        First, the dataset is listed again. A dataset file that appeared or changed since the plan was made is kept and
        reported as a conflict, unless it equals the file to upload. A plan can therefore be run again after a failure.

        Args:
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress``.
            executor: Workers that share the transfer and must see the same folder; None transfers in this process.
            raise_for_failures: Whether to raise an error at the end if any file failed.

        Returns:
            The outcome of each file.

        Raises:
            TransferFailed: Some files failed, were refused or are in conflict. The others were transferred.
            TransferInterrupted: You pressed Ctrl-C; the next run resumes.
            DatasetAccessDenied: You may not write the dataset's files.
            Forbidden: A release is pending or has been made.
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(self.execute(run), run.meter, "there")


@short_tracebacks
class AsyncDownloadPlan(_Download):
    """A planned download, for the async client; see :class:`DownloadPlan`.

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
        """Run the plan; see :meth:`DownloadPlan.run`."""
        return await on_io_thread(self.execute(RunOptions(progress, executor, raise_for_failures)))


@short_tracebacks
class AsyncUploadPlan(_Upload):
    """A planned upload, for the async client; see :class:`UploadPlan`."""

    async def run(
        self,
        *,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Run the plan; see :meth:`UploadPlan.run`."""
        return await on_io_thread(self.execute(RunOptions(progress, executor, raise_for_failures)))
