"""Choose a progress display: a line in a terminal, a bar in a notebook."""

from __future__ import annotations

import sys
from typing import TextIO

from provena_sdk.display import notebook
from provena_sdk.display.terminal import is_terminal
from provena_sdk.transfer.progress.display import Display
from provena_sdk.transfer.progress.line import LineProgress
from provena_sdk.transfer.progress.meter import Progress, ProgressLike, check_progress
from provena_sdk.transfer.progress.notebook import NotebookProgress


def progress_for(given: ProgressLike, stream: TextIO | None = None) -> Progress | None:
    """Return the display for a caller's ``progress`` argument.

    Args:
        given: None for a display where a person looks, in a terminal or a notebook, once two seconds have passed; True
            for a display from the start, in any place; False for none; or a :class:`Progress`, which is returned
            unchanged.
        stream: The stream to write the line to; None means stderr.

    Returns:
        The display; None to show nothing.

    Raises:
        InvalidArgument: It is neither a :class:`Progress` nor True, False or None.

    Example:
        >>> progress_for(False)
    """
    check_progress(given)
    if given is False:
        return None
    if given is not None and given is not True:
        return given
    stream = sys.stderr if stream is None else stream
    in_notebook = notebook.kernel() is not None
    # Without a console, as under pythonw, sys.stderr is None.
    if not in_notebook and (stream is None or (given is None and not is_terminal(stream))):
        return None
    display: Display = NotebookProgress() if in_notebook else LineProgress(stream)
    return display if given else display.only_if_it_lasts()
