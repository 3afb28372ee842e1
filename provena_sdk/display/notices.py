"""Warnings that name a line of the program that uses the SDK, and not one of the SDK's own."""

from __future__ import annotations

import contextlib
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Final

_OURS: Final = (str(Path(__file__).parent.parent), contextlib.__file__)


def warn(message: str) -> None:
    """Warn whoever uses the SDK.

    Args:
        message: What to say; text from elsewhere in it must be printable already.

    Warns:
        UserWarning: Always.
    """
    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
        level += 1
    warnings.warn(message, UserWarning, stacklevel=level)
