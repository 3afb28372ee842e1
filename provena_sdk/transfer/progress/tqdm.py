"""A progress bar drawn by tqdm, for terminals and notebooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from provena_sdk.display import notebook
from provena_sdk.transfer.progress.display import Display
from provena_sdk.transfer.progress.meter import not_installed

# Without tqdm's own rate and time left, which jump.
_FORMAT: Final = "{l_bar}{bar}| {n_fmt}/{total_fmt}{postfix}"


class TqdmProgress(Display):
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
        super().__init__()
        if bar is None:
            try:
                from tqdm.auto import tqdm  # noqa: PLC0415  # an extra
            except ImportError:
                raise not_installed("tqdm") from None
            bar = tqdm
        self._make = bar
        self._options = options
        self._bar: Any = None

    def _open(self) -> None:
        options = {"total": self._tally.all_bytes, "unit": "B", "unit_scale": True, "bar_format": _FORMAT}
        self._bar = self._make(**{**options, **self._options})

    def _draw(self) -> None:
        tally = self._tally
        self._bar.total, self._bar.n = tally.all_bytes, tally.bytes
        shown = filter(None, (tally.counted(), tally.speed()))
        self._bar.set_postfix_str(", ".join(shown), refresh=True)

    def _close(self) -> None:
        self._bar.close()
        if notebook.kernel() is not None:
            # A saved notebook does not keep the widget.
            print(self._tally.lines()[0])  # noqa: T201  # the cell's output
