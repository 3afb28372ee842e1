"""Files that are being written and that nobody closes.

Such a file is given up: nobody said that it is complete, and half a file must not replace a whole one.
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
    """Says that a file was never closed: in the log, and as a ResourceWarning when it is garbage collected.

    The log speaks at the end of the interpreter as well, when the file may not be collected any more.

    Args:
        file: The file, which is not kept alive.
        path: Its path within the dataset.
    """

    def __init__(self, file: object, path: str) -> None:
        self._text = _MESSAGE % quoted(path)
        # It speaks once, whoever is first: the end of the interpreter, the garbage collector or the file itself.
        self._logging = weakref.finalize(file, _log.warning, "%s", self._text)

    def settled(self) -> None:
        """Say nothing: the file was closed, or given up on purpose."""
        self._logging.detach()

    def left(self) -> None:
        """Say it in the log."""
        self._logging()

    def collected(self) -> None:
        """Say it in the log and as a warning."""
        self.left()
        if not sys.is_finalizing():
            warnings.warn(self._text, ResourceWarning, stacklevel=2)
