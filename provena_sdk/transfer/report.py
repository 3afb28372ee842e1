"""What became of each file of a transfer."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, overload

from provena_sdk.display.text import SERVER_LIMIT, printable, quoted
from provena_sdk.errors import ProvenaError, TransferFailed

Outcome = Literal["downloaded", "uploaded", "same", "deleted", "skipped", "conflict", "refused", "failed"]
"""What became of a file.

``same`` means that it was there already, ``conflict`` that something else is in its place, and ``refused`` that its
name is not safe; neither of the last two was tried.
"""

Verified = Literal["checksum", "size"]
"""How far a file was proven right: against the store's checksum, or by its size alone."""

# What has to be seen comes first, so that no mass of files that went well hides it.
_ORDER: Final[tuple[Outcome, ...]] = (
    "failed",
    "refused",
    "conflict",
    "deleted",
    "skipped",
    "downloaded",
    "uploaded",
    "same",
)
_ALWAYS_NAMED: Final = frozenset({"failed", "refused", "conflict", "deleted"})
_IN_PLACE: Final = frozenset({"downloaded", "uploaded", "same"})
_SHOWN = 20
_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    Args:
        path: The file's path within the dataset.
        outcome: What became of it.
        bytes: How many bytes were transferred.
        seconds: How long it took, waiting included.
        local: The file on this machine, when there is one.
        reason: A word on why it was skipped, refused, or only its size could be verified.
        error: The error, when it failed or was refused.
        verified: How far the transferred bytes were proven right; None when nothing was transferred.
        checksum: What proved them right, such as ``"crc32:3610a686"``, ``"md5:…"`` or ``"etag:…-4"``.
    """

    path: str
    outcome: Outcome
    bytes: int = 0
    seconds: float = 0.0
    local: Path | None = None
    reason: str | None = None
    error: Exception | None = None
    verified: Verified | None = None
    checksum: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is amiss with this file."""
        return self.outcome not in ("conflict", "failed", "refused")

    @property
    def note(self) -> str:
        """The reason or the error, in one line; empty when there is nothing to say."""
        text = self.reason or (_said(self.error) if self.error is not None else "")
        return printable(text, SERVER_LIMIT)

    def __str__(self) -> str:
        size = f" ({human_size(self.bytes)})" if self.outcome in ("downloaded", "uploaded") else ""
        note = f": {self.note}" if self.note else ""
        return f"{self.outcome:<10} {printable(self.path)}{size}{note}"


@dataclass(frozen=True, slots=True)
class TransferReport(Sequence[FileOutcome]):
    """The outcome of every file of one transfer, in the order of the paths.

    It is a sequence of :class:`FileOutcome`; printing it shows the totals, whatever went wrong, and what was
    deleted.

    Args:
        outcomes: One entry a file.
        seconds: How long the whole transfer took.
        none_of: How many files there were to choose from when include and exclude took none of them; otherwise 0.

    Example:
        >>> report = TransferReport((FileOutcome("a.csv", "downloaded", bytes=1200), FileOutcome("b", "skipped")))
        >>> print(report)
        1 downloaded, 1 skipped; 1.2 kB in 0.0 s
        >>> report.total_bytes, len(report), report.failed
        (1200, 2, [])
    """

    outcomes: tuple[FileOutcome, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    none_of: int = 0

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

    @property
    def failed(self) -> list[FileOutcome]:
        """The files that failed, were refused, or are in conflict with another."""
        return [outcome for outcome in self.outcomes if not outcome.ok]

    @property
    def total_bytes(self) -> int:
        """The bytes transferred."""
        return sum(outcome.bytes for outcome in self.outcomes)

    def counts(self) -> dict[Outcome, int]:
        """Return how many files had each outcome."""
        return dict(Counter(outcome.outcome for outcome in self.outcomes))

    def raise_for_failures(self) -> None:
        """Raise when any file failed, was refused or is in conflict, else return.

        Raises:
            TransferFailed: With this report and, as a group, the error of each such file.
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
            return f"{path} was not transferred: {why}."
        if len(failed) == len(self):
            return f"None of the {len(self):,} files was transferred, the first being {path}: {why}."
        was = "was" if len(failed) == 1 else "were"
        return f"{len(failed):,} of {len(self):,} files {was} not transferred, the first being {path}: {why}."

    def _after_failures(self, failed: int) -> str | None:
        told = ["the report of this error names each"] if failed > 1 else []
        if any(outcome.outcome in _IN_PLACE for outcome in self.outcomes):
            told.append("the others are in place")
        hint = "; ".join(told)
        return f"{hint[0].upper()}{hint[1:]}." if hint else None

    def _headline(self) -> str:
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.counts().items()))
        none = f"; include and exclude took none of {counted(self.none_of)}" if self.none_of else ""
        return f"{counts or 'no files'}; {human_size(self.total_bytes)} in {self.seconds:.1f} s{none}"

    def __str__(self) -> str:
        lines = [self._headline()]
        for found in _grouped(one for one in self.outcomes if one.note or one.outcome in _ALWAYS_NAMED):
            lines += [f"  {outcome}" for outcome in found[:_SHOWN]]
            if len(found) > _SHOWN:
                lines.append(f"  … and {len(found) - _SHOWN:,} more")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<TransferReport: {self._headline()}>"

    def _repr_html_(self) -> str:
        rows = ""
        for found in _grouped(self.outcomes):
            rows += "".join(
                f"<tr><td>{outcome.outcome}</td><td>{html.escape(printable(outcome.path))}</td>"
                f"<td>{human_size(outcome.bytes)}</td><td>{html.escape(outcome.note)}</td></tr>"
                for outcome in sorted(found, key=lambda one: not one.note)[:_SHOWN]
            )
            if len(found) > _SHOWN:
                rows += f"<tr><td></td><td>… and {len(found) - _SHOWN:,} more</td><td></td><td></td></tr>"
        return (
            f"<p>{html.escape(self._headline())}</p><table><thead><tr><th>Outcome</th><th>File</th>"
            f"<th>Transferred</th><th>Note</th></tr></thead><tbody>{rows}</tbody></table>"
        )


def _grouped(outcomes: Iterable[FileOutcome]) -> list[list[FileOutcome]]:
    """Return the files of each outcome together, in the order in which they are to be read."""
    found: dict[Outcome, list[FileOutcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.outcome, []).append(outcome)
    return [found[outcome] for outcome in _ORDER if outcome in found]


def _said(error: Exception) -> str:
    if not isinstance(error, OSError) or isinstance(error, ProvenaError) or not error.strerror:
        return str(error)
    return f"{error.strerror}: {quoted(error.filename)}" if error.filename else error.strerror


def counted(files: int) -> str:
    """Write a number of files.

    Example:
        >>> counted(1), counted(1200)
        ('1 file', '1,200 files')
    """
    return f"{files:,} file" if files == 1 else f"{files:,} files"


def human_size(size: int) -> str:
    """Write a number of bytes as a person would.

    Example:
        >>> human_size(999), human_size(1_250_000)
        ('999 B', '1.2 MB')
    """
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
