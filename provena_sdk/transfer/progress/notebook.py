"""A progress bar for notebooks, which a saved notebook keeps in its last state."""

from __future__ import annotations

import html
from typing import Any, Final

from provena_sdk.transfer.progress.display import Display

_REDRAW_SECONDS: Final = 0.5


class NotebookProgress(Display):
    """A progress bar in HTML; it needs IPython, but no widgets.

    Example:
        >>> bar = NotebookProgress()
        >>> bar.start(files=1, bytes=32)
        {'text/plain': '0%, 0 of 32 B, 0 of 1 files...
    """

    def __init__(self) -> None:
        super().__init__(redraw_seconds=_REDRAW_SECONDS)
        self._handle: Any = None

    def _draw(self) -> None:
        from IPython.display import display  # noqa: PLC0415  # only a notebook has it

        if self._handle is None:
            show: Any = display
            self._handle = show(self._bundle(), raw=True, display_id=True)
        else:
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        words = self._tally.lines()[0]
        bar = f'<progress value="{self._tally.share():.3f}" max="1" style="width: 20em"></progress>'
        return {"text/plain": words, "text/html": f"<div>{bar} {html.escape(words)}</div>"}
