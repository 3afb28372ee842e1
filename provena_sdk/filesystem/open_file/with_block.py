"""Detect that a file is closed because of an exception in a ``with`` block.

Many libraries, such as fsspec (``fsspec.open``) and pandas, close a file in their own ``__exit__`` without passing on
the exception. An incomplete file would then appear as if it were complete.
"""

from __future__ import annotations

import inspect
import sys
from types import FrameType


def exception_at_hand() -> int | None:
    """Return the id of the exception being handled, or None. The id does not keep the exception alive."""
    error = sys.exception()
    return None if error is None else id(error)


def is_left_by_exception(before: int | None) -> bool:
    """Return whether an ``__exit__`` on the stack was passed the exception being handled.

    Args:
        before: The result of :func:`exception_at_hand` when the file was opened. The exception that was being handled
            then does not count.
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
    arguments = inspect.getargvalues(frame)
    values = [arguments.locals[name] for name in arguments.args if name in arguments.locals]
    if arguments.varargs:
        values += arguments.locals.get(arguments.varargs, ())
    return any(value is error for value in values)
