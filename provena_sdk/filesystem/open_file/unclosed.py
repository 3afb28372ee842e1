"""Warn about files that are opened for writing and never closed.

The upload of such a file is aborted: it may be incomplete, and must not replace a complete file.
"""

from __future__ import annotations

import logging
import sys
import warnings
import weakref
from typing import Final

from provena_sdk.display.text import quoted

_log = logging.getLogger(__name__)

_MESSAGE: Final = "%s was never closed, and is not uploaded. Open it in a 'with' block."


class Unclosed:
    """Reports a file that was never closed: in the log, and as a ResourceWarning when it is garbage collected.

    The log entry is also written at the end of the interpreter, when the file may not be collected any more.

    Args:
        file: The file, which is not kept alive.
        path: Its path within the dataset.
    """

    def __init__(self, file: object, path: str) -> None:
        self._text = _MESSAGE % quoted(path)
        # Runs once, whichever comes first: the end of the interpreter, the garbage collector or the file itself.
        self._logging = weakref.finalize(file, _log.warning, "%s", self._text)

    def settled(self) -> None:
        """Report nothing: the file was closed, or its upload aborted on purpose."""
        self._logging.detach()

    def left(self) -> None:
        """Write the log entry."""
        self._logging()

    def collected(self) -> None:
        """Write the log entry and issue the warning."""
        self.left()
        if not sys.is_finalizing():
            warnings.warn(self._text, ResourceWarning, stacklevel=2)
