"""Choose a progress display: a line in a terminal, a bar in a notebook, and none elsewhere."""

from __future__ import annotations

import sys
from typing import TextIO

from provena_sdk.display import notebook
from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.progress.line import LineProgress
from provena_sdk.transfer.progress.meter import Progress, ProgressLike, check_progress
from provena_sdk.transfer.progress.tqdm import TqdmProgress


def progress_for(given: ProgressLike, stream: TextIO | None = None) -> Progress | None:
    """Return the display for a caller's ``progress`` argument.

    Args:
        given: A :class:`Progress`, which is returned unchanged, or True for a line in a terminal, a bar in a notebook
            and no display elsewhere.
        stream: The stream to write the line to; None means stderr.

    Returns:
        The display; None to show nothing.

    Raises:
        InvalidArgument: It is neither a :class:`Progress` nor True, False or None.

    Example:
        >>> progress_for(None)
    """
    if given is None or given is False:
        return None
    if given is True:
        return _default(sys.stderr if stream is None else stream)
    check_progress(given)
    return given


def _default(stream: TextIO) -> Progress | None:
    if notebook.kernel() is not None:
        try:
            return TqdmProgress()
        except InvalidArgument:
            return LineProgress(stream)
    return LineProgress(stream) if stream.isatty() else None
