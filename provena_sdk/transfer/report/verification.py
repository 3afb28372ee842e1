"""The result of comparing a local folder with a dataset, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section, html_table
from provena_sdk.display.text import SERVER_LIMIT, printable, quoted
from provena_sdk.views.frames import frame

if TYPE_CHECKING:
    from pandas import DataFrame

FileState = Literal["same", "different", "missing", "extra", "unverified"]
"""The state of a local file, compared with the dataset.

A file that is ``missing`` is only in the dataset, and one that is ``extra`` only in the folder. ``unverified`` means
that the sizes are equal, but that there is no checksum to compare.
"""

_ORDER: Final[tuple[FileState, ...]] = ("different", "missing", "extra", "unverified", "same")
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, repr=False)
class VerifiedFile:
    """One file of a comparison.

    Args:
        path: The file's path within the dataset.
        state: Its state.
        bytes: Its size in bytes in the dataset; for an extra file, on this machine.
        local: The file on this machine; None if no file here can have its name.
        reason: Why it is in this state, if that is not clear.
    """

    path: str
    state: FileState
    bytes: int = 0
    local: Path | None = None
    reason: str | None = None

    @property
    def note(self) -> str:
        """The reason in one printable line; empty if there is none."""
        return printable(self.reason or "", SERVER_LIMIT)

    def __str__(self) -> str:
        note = f": {self.note}" if self.note else ""
        return f"{self.state:<10} {printable(self.path)} ({human_size(self.bytes)}){note}"

    def __repr__(self) -> str:
        return f"<VerifiedFile {self.state} {quoted(self.path, 120)}, {human_size(self.bytes)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Verification(Sequence[VerifiedFile]):
    """A local folder compared with a dataset, a sequence of :class:`VerifiedFile` sorted by path.

    Printing it shows the totals and the files that differ.

    Args:
        files: One entry per file.
        dataset_id: The dataset's handle.
        folder: The local folder.
        none_of: The number of files of the dataset if include and exclude select none of them; otherwise 0.

    Example:
        >>> found = Verification((VerifiedFile("a.csv", "same", 12), VerifiedFile("b.csv", "missing", 7)))
        >>> print(found)
        1 missing, 1 same
          missing    b.csv (7 B)
        >>> found.ok, [file.path for file in found.differences]
        (False, ['b.csv'])
    """

    files: tuple[VerifiedFile, ...] = ()
    dataset_id: str = ""
    folder: Path = Path()
    none_of: int = 0

    @overload
    def __getitem__(self, index: int) -> VerifiedFile: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[VerifiedFile]: ...
    def __getitem__(self, index: int | slice) -> VerifiedFile | Sequence[VerifiedFile]:
        return self.files[index]

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[VerifiedFile]:
        return iter(self.files)

    @property
    def differences(self) -> list[VerifiedFile]:
        """The files that are not known to be the same."""
        return [file for file in self.files if file.state != "same"]

    @property
    def ok(self) -> bool:
        """Whether all files are the same, and at least one was compared."""
        return bool(self.files) and not self.differences

    def counts(self) -> dict[FileState, int]:
        """Return the number of files in each state."""
        counts = Counter(file.state for file in self.files)
        return {state: counts[state] for state in _ORDER if state in counts}

    def to_pandas(self) -> DataFrame:
        """Return a data frame with a row for each file: its path as the index, the state, bytes, local path and note.

        Raises:
            ImportError: pandas is not installed.
        """
        columns = ["path", "state", "bytes", "local", "note"]
        rows = [
            (file.path, file.state, file.bytes, None if file.local is None else str(file.local), file.note)
            for file in self.files
        ]
        return frame(rows, columns, "path")

    def _headline(self) -> str:
        none = f"; include and exclude match none of {counted(self.none_of)}" if self.none_of else ""
        counts = ", ".join(f"{number:,} {state}" for state, number in self.counts().items())
        return f"{counts or 'no files'}{none}"

    def _shown(self) -> list[VerifiedFile]:
        return sorted(self.differences, key=lambda file: _ORDER.index(file.state))

    def __str__(self) -> str:
        found = self._shown()
        lines = [self._headline(), *(f"  {file}" for file in found[:_SHOWN])]
        if len(found) > _SHOWN:
            lines.append(f"  … and {len(found) - _SHOWN:,} more")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Verification: {self._headline()}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        found = self._shown()
        rows: list[tuple[str, ...]] = [
            (file.state, file.path, human_size(file.bytes), file.note) for file in found[:_SHOWN]
        ]
        if len(found) > _SHOWN:
            rows.append(("", f"… and {len(found) - _SHOWN:,} more", "", ""))
        table = html_table(("state", "file", "size", "note"), rows, cell_limit=SERVER_LIMIT) if rows else None
        return html_section(self._headline(), table)
