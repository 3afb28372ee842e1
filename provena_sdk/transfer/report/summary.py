"""The report of a transfer: the outcome of every file, as text and HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, overload

from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section, html_table
from provena_sdk.display.text import SERVER_LIMIT, printable
from provena_sdk.errors import TransferFailed
from provena_sdk.tracebacks import short_traceback
from provena_sdk.transfer.report.outcome import FileOutcome, Outcome
from provena_sdk.views.frames import frame

if TYPE_CHECKING:
    from pandas import DataFrame

# The outcomes that need attention come first, so that they are not hidden behind the others.
_ORDER: Final[tuple[Outcome, ...]] = (
    "failed",
    "refused",
    "conflict",
    "deleted",
    "planned",
    "skipped",
    "moved",
    "copied",
    "downloaded",
    "uploaded",
    "same",
)
_ALWAYS_NAMED: Final = frozenset({"failed", "refused", "conflict", "deleted", "planned", "moved", "copied"})
_IN_PLACE: Final = frozenset({"downloaded", "uploaded", "copied", "moved", "same"})
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class TransferReport(Sequence[FileOutcome]):
    """The outcome of every file of one transfer, a sequence of :class:`FileOutcome` sorted by path.

    Printing it shows the totals, the failures and the deleted files.

    Args:
        outcomes: One entry per file.
        seconds: The duration of the whole transfer in seconds.
        none_of: The number of files available when include and exclude selected none of them; otherwise 0.
        done: What was to be done with the files: ``transferred``, ``copied``, ``moved`` or ``deleted``.

    Example:
        >>> report = TransferReport((FileOutcome("a.csv", "downloaded", bytes=1200), FileOutcome("b", "skipped")))
        >>> print(report)
        1 downloaded, 1 skipped; 1.2 kB in 0.0 s
        >>> report.total_bytes, len(report), report.failed
        (1200, 2, [])
        >>> print(TransferReport((FileOutcome("a.nc", "downloaded", bytes=1200, resumed=800),)))
        1 downloaded; 1.2 kB in 0.0 s; 800 B of 1.2 kB were already here
    """

    outcomes: tuple[FileOutcome, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    none_of: int = 0
    done: str = field(default="transferred", compare=False)

    @overload
    def __getitem__(self, index: int) -> FileOutcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FileOutcome]: ...
    def __getitem__(self, index: int | slice) -> FileOutcome | Sequence[FileOutcome]:
        return self.outcomes[index]

    def __len__(self) -> int:
        return len(self.outcomes)

    def __iter__(self) -> Iterator[FileOutcome]:
        return iter(self.outcomes)

    def __add__(self, other: TransferReport) -> TransferReport:
        """Return the report of two transfers, one after the other."""
        outcomes = sorted((*self.outcomes, *other.outcomes), key=lambda outcome: outcome.path)
        return TransferReport(tuple(outcomes), self.seconds + other.seconds, self.none_of + other.none_of)

    @property
    def failed(self) -> list[FileOutcome]:
        """The files that failed, were refused, or are in conflict."""
        return [outcome for outcome in self.outcomes if not outcome.ok]

    @property
    def total_bytes(self) -> int:
        """The number of bytes transferred, including those resumed."""
        return sum(outcome.bytes for outcome in self.outcomes)

    @property
    def resumed_bytes(self) -> int:
        """The number of bytes that earlier, interrupted transfers had stored."""
        return sum(outcome.resumed for outcome in self.outcomes)

    def counts(self) -> dict[Outcome, int]:
        """Return how many files had each outcome."""
        return dict(Counter(outcome.outcome for outcome in self.outcomes))

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Return a data frame with a row for each file: its path as the index, the outcome, bytes, seconds and more.

        Args:
            full: True for the class of each error as well.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> TransferReport((FileOutcome("a.csv", "downloaded", bytes=1200),)).to_pandas()["outcome"].to_dict()
            {'a.csv': 'downloaded'}
        """
        columns = ["path", "outcome", "bytes", "seconds", "verified", "checksum", "resumed", "local", "note"]
        rows: list[tuple[object, ...]] = [
            (
                *(one.path, one.outcome, one.bytes, one.seconds, one.verified, one.checksum, one.resumed),
                *(None if one.local is None else str(one.local), one.note),
            )
            for one in self.outcomes
        ]
        if full:
            columns.append("error")
            errors = [None if one.error is None else type(one.error).__name__ for one in self.outcomes]
            rows = [(*row, error) for row, error in zip(rows, errors, strict=True)]
        return frame(rows, columns, "path")

    @short_traceback
    def raise_for_failures(self) -> None:
        """Raise an error if any file failed, was refused or is in conflict.

        Raises:
            TransferFailed: Some did. It contains this report and, as an exception group, the files' errors.
        """
        failed = self.failed
        if not failed:
            return
        errors = [outcome.error for outcome in failed if outcome.error is not None]
        raise TransferFailed(
            self._not_transferred(failed),
            report=self,
            errors=errors,
            hint=self._after_failures(len(failed)),
        )

    def _not_transferred(self, failed: Sequence[FileOutcome]) -> str:
        path, why = printable(failed[0].path), failed[0].note.removesuffix(".")
        if len(self) == 1:
            return f"{path} was not {self.done}: {why}."
        if len(failed) == len(self):
            return f"None of the {len(self):,} files was {self.done}, the first being {path}: {why}."
        was = "was" if len(failed) == 1 else "were"
        return f"{len(failed):,} of {len(self):,} files {was} not {self.done}, the first being {path}: {why}."

    def _after_failures(self, failed: int) -> str | None:
        parts = ["the report of this error names each"] if failed > 1 else []
        if any(outcome.outcome in _IN_PLACE for outcome in self.outcomes):
            parts.append("the others are in place")
        hint = "; ".join(parts)
        return f"{hint[0].upper()}{hint[1:]}." if hint else None

    def _headline(self) -> str:
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.counts().items()))
        none = f"; include and exclude matched none of {counted(self.none_of)}" if self.none_of else ""
        size = human_size(self.total_bytes)
        if self.done == "deleted":
            return f"{counts or 'no files'} in {self.seconds:.1f} s"
        side = "there" if "uploaded" in self.counts() else "here"
        resumed = (
            f"; {human_size(self.resumed_bytes)} of {size} were already {side}" if self.resumed_bytes else ""
        )
        return f"{counts or 'no files'}; {size} in {self.seconds:.1f} s{resumed}{none}"

    def __str__(self) -> str:
        lines = [self._headline()]
        for found in _grouped(one for one in self.outcomes if one.note or one.outcome in _ALWAYS_NAMED):
            lines += [f"  {outcome}" for outcome in found[:_SHOWN]]
            if len(found) > _SHOWN:
                lines.append(f"  … and {len(found) - _SHOWN:,} more")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<TransferReport: {printable(self._headline(), 180)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]] = []
        for found in _grouped(self.outcomes):
            first = sorted(found, key=lambda one: not one.note)[:_SHOWN]
            rows += [(one.outcome, one.path, human_size(one.bytes), one.note) for one in first]
            if len(found) > _SHOWN:
                rows.append((None, f"… and {len(found) - _SHOWN:,} more", None, None))
        columns = ("outcome", "file", "transferred", "note")
        return html_section(
            self._headline(), html_table(columns, rows, cell_limit=SERVER_LIMIT) if rows else None
        )


def _grouped(outcomes: Iterable[FileOutcome]) -> list[list[FileOutcome]]:
    """Group the files by outcome, those that need attention first."""
    found: dict[Outcome, list[FileOutcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.outcome, []).append(outcome)
    return [found[outcome] for outcome in _ORDER if outcome in found]
