"""A progress bar drawn by tqdm, for terminals and notebooks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from provena_sdk.transfer.progress.meter import Progress, not_installed
from provena_sdk.transfer.progress.tally import Tally
from provena_sdk.transfer.report import FileOutcome, TransferReport


class TqdmProgress(Progress):
    """A tqdm progress bar; tqdm must be installed.

    Args:
        bar: The class to use, such as ``tqdm.rich.tqdm``; None chooses one for the terminal or the notebook.
        options: Further arguments for tqdm, such as ``desc`` or ``leave``.

    Raises:
        InvalidArgument: tqdm is not installed.

    Example:
        >>> import io
        >>> bar = TqdmProgress(file=io.StringIO())
        >>> bar.start(files=1, bytes=32)
        >>> bar.advance("obs/2024.csv", 32)
        >>> bar.finish(None)
    """

    def __init__(self, bar: Callable[..., Any] | None = None, **options: Any) -> None:
        if bar is None:
            try:
                from tqdm.auto import tqdm  # noqa: PLC0415  # an extra
            except ImportError:
                raise not_installed("tqdm") from None
            bar = tqdm
        self._make = bar
        self._options = options
        self._bar: Any = None
        self._tally = Tally(time.monotonic)

    def start(self, files: int, bytes: int) -> None:
        """Show the bar."""
        self._tally.start(files, bytes)
        self._bar = self._make(**{"total": bytes, "unit": "B", "unit_scale": True, **self._options})
        self._bar.set_postfix_str(self._tally.counted(), refresh=False)

    def resumed(self, path: str, bytes: int) -> None:
        """Move the bar without counting towards the speed."""
        self._tally.add(bytes, resumed=True)
        # tqdm computes the speed from the bytes since it started and since it was last drawn.
        self._bar.initial += bytes
        self._bar.last_print_n += bytes
        self._bar.n += bytes
        self._bar.refresh()

    def advance(self, path: str, bytes: int) -> None:
        """Move the bar."""
        self._tally.add(bytes, resumed=False)
        self._bar.update(bytes)

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._tally.settle(outcome)
        self._bar.set_postfix_str(self._tally.counted(), refresh=False)

    def tick(self) -> None:
        """Show the time since the last progress, because tqdm keeps showing the speed of the last bytes."""
        shown = filter(None, (self._tally.counted(), self._tally.waiting()))
        self._bar.set_postfix_str(", ".join(shown), refresh=True)

    def finish(self, report: TransferReport | None) -> None:
        """Close the bar and keep it visible."""
        self._bar.close()
