"""Whether a file is closed because a ``with`` block is left by an exception.

Many libraries, fsspec's own ``fsspec.open`` and pandas among them, close a file that they opened in an ``__exit__`` of
their own, and do not tell the file that it was an exception that brought them there. What was written up to then would
take its name as if it were all.
"""

from __future__ import annotations

import inspect
import sys
from types import FrameType


def exception_at_hand() -> int | None:
    """Return what identifies the exception that is being handled, without keeping it alive; None without any."""
    error = sys.exception()
    return None if error is None else id(error)


def is_left_by_exception(before: int | None) -> bool:
    """Whether the caller runs on behalf of an ``__exit__`` that was given the exception that is being handled.

    Args:
        before: What :func:`exception_at_hand` said when the file was opened. A file that is opened while an exception
            is handled is not given up for it.
    """
    error = sys.exception()
    if error is None or id(error) == before:
        return False
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "__exit__" and _was_given(frame, error):
            return True
        frame = frame.f_back
    return False


def _was_given(frame: FrameType, error: BaseException) -> bool:
    told = inspect.getargvalues(frame)
    given = [told.locals[name] for name in told.args if name in told.locals]
    if told.varargs:
        given += told.locals.get(told.varargs, ())
    return any(one is error for one in given)
