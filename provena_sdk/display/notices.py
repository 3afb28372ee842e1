"""Issue warnings that point to the user's code, not to a line of the SDK."""

from __future__ import annotations

import contextlib
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Final

_OURS: Final = (str(Path(__file__).parent.parent), contextlib.__file__)


def warn(message: str) -> None:
    """Issue a warning that points to the user's code.

    Args:
        message: The warning; external text in it must already be printable.

    Warns:
        UserWarning: Always.
    """
    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
        level += 1
    warnings.warn(message, UserWarning, stacklevel=level)
