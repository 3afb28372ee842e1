"""A progress bar drawn by rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.transfer.progress.display import Display
from provena_sdk.transfer.progress.meter import not_installed

if TYPE_CHECKING:
    from rich.progress import Progress as RichDisplay
    from rich.progress import TaskID


class RichProgress(Display):
    """A rich progress bar; rich must be installed.

    Args:
        display: Your ``rich.progress.Progress``, to which a task is added; you start and stop it. Its columns can
            show the task's fields ``files`` and ``speed``. None creates a display.
        description: The text before the bar.

    Raises:
        InvalidArgument: rich is not installed.

    Example:
        >>> import io
        >>> from rich.console import Console
        >>> from rich.progress import Progress as Display
        >>> with Display(console=Console(file=io.StringIO())) as display:
        ...     bar = RichProgress(display)
        ...     bar.start(files=1, bytes=32)
        ...     bar.advance("obs/2024.csv", 16)
        ...     bar.finish(None)
        ...     print(display.tasks[0].fields["files"], display.tasks[0].completed)
        0 of 1 files 16
    """

    def __init__(self, display: RichDisplay | None = None, *, description: str = "Transfer") -> None:
        super().__init__()
        try:
            from rich import progress as rich  # noqa: PLC0415  # an extra
        except ImportError:
            raise not_installed("rich") from None
        self._owns = display is None
        self._display = display or rich.Progress(
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.DownloadColumn(),
            rich.TextColumn("{task.fields[files]}"),
            rich.TextColumn("{task.fields[speed]}"),
        )
        self._description = description
        self._task: TaskID | None = None

    def _open(self) -> None:
        self._task = self._display.add_task(self._description, total=None, files="", speed="")
        if self._owns:
            self._display.start()

    def _draw(self) -> None:
        if self._task is not None:
            tally = self._tally
            self._display.update(
                self._task,
                total=tally.all_bytes,
                completed=tally.bytes,
                files=tally.counted(),
                speed=tally.speed(),
            )

    def _close(self) -> None:
        if self._owns:
            self._display.stop()
