"""Short tracebacks: of the SDK's own frames, an error shows one, under the name of the method that was called.

The public methods of a class are wrapped where the class is defined, and the wrapper cuts what lies below it off the
traceback. Frames of the user's own code, such as a callback or a generator that was passed, are kept. With
PROVENA_DEBUG=1, every frame is kept. Signatures, docstrings and types are those of the method.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Callable, Generator
from functools import wraps
from sys import exception
from types import FrameType, TracebackType
from typing import Any, Final, TypeVar, cast

from provena_sdk.display.notebook import every_frame
from provena_sdk.errors import (
    CertificateRejected,
    ConnectionFailed,
    PartialFailure,
    ProvenaError,
    TransferInterrupted,
)

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type[Any])

SHORTENED: Final = (ProvenaError, TransferInterrupted)
"""The errors whose tracebacks are cut."""

_PROTOCOLS: Final = frozenset(
    {"__aenter__", "__aexit__", "__anext__", "__enter__", "__exit__", "__getitem__", "__next__"}
)
_OURS: Final = frozenset({"provena_api", "provena_sdk"})
_INSTALLED: Final = frozenset({"dist-packages", "site-packages"})
_LONG_WORD: Final = 12
_STANDARD_LIBRARY: Final = os.path.join(os.path.dirname(os.__file__), "")


def short_tracebacks(kind: C) -> C:
    """Cut the tracebacks of errors that a class's public methods and properties raise; a class decorator.

    Class methods are left alone: see :class:`OneFrame`.

    Example:
        >>> @short_tracebacks
        ... class Tides:
        ...     def highest(self) -> float:
        ...         "Return the highest tide in metres."
        ...         return 2.5
        >>> Tides.highest.__doc__, Tides().highest()
        ('Return the highest tide in metres.', 2.5)
    """
    for name, member in list(vars(kind).items()):
        if name.startswith("_") and name not in _PROTOCOLS:
            continue
        if inspect.isfunction(member):
            setattr(kind, name, short_traceback(member))
        elif isinstance(member, property) and member.fget is not None:
            setattr(kind, name, member.getter(short_traceback(member.fget)))
    return kind


def short_traceback(function: F) -> F:
    """Cut the traceback of an error that a function raises; a decorator.

    Args:
        function: A function, coroutine function, generator function or asynchronous generator function.
    """
    flags = function.__code__.co_flags
    wrapper = next((made for flag, made in _WRAPPERS.items() if flags & flag), _of_function)
    call: Any = wraps(function)(wrapper(function))
    # A traceback shows the name of the code, not that of the function.
    call.__code__ = call.__code__.replace(co_name=function.__name__, co_qualname=function.__qualname__)
    return cast("F", call)


class OneFrame:
    """A block that cuts the traceback of an error that leaves it below the frame with the block.

    It is for functions whose arguments may be secrets, which a wrapper's frame would hold.
    """

    __slots__ = ("_outer",)

    def __enter__(self) -> None:
        self._outer = exception()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, SHORTENED) and trace is not None and not every_frame():
            shorten(error, self._outer)
            trace.tb_next = error.__traceback__
            error.__traceback__ = trace


def shorten(error: BaseException, outer: BaseException | None) -> None:
    """Remove an error's traceback, the context that the SDK made, and a cause that says nothing new.

    If a part of the traceback is of code that the user passed, that part is kept, and so are context and cause.

    Args:
        error: The error; it is modified. If PROVENA_DEBUG asks for every frame, only the caller's frame is removed,
            because raising the error adds it again.
        outer: The exception that was being handled when the call began: the context that the user made.
    """
    if every_frame():
        trace = error.__traceback__
        error.__traceback__ = None if trace is None else trace.tb_next
        return
    if _strip(error):
        return
    # Some libraries try again after a PermissionError, and the second error is the same.
    is_repeated = type(outer) is type(error) and str(outer) == str(error)
    error.__context__ = None if is_repeated else outer
    if isinstance(error, PartialFailure):
        for failure in error.errors:
            if not _strip(failure):
                failure.__context__ = None


def _strip(error: BaseException) -> bool:
    """Remove the frames before the user's; return whether there are any of the user's."""
    error.__traceback__ = _users_part(error.__traceback__)
    if error.__traceback__ is not None:
        return True
    cause = error.__cause__
    if cause is not None and (_users_part(cause.__traceback__) is not None or not _is_implied(cause, error)):
        if not _strip(cause):
            cause.__context__ = None
    else:
        # Assigning a cause also hides the context, which may be the user's.
        error.__cause__, error.__suppress_context__ = None, False
    return False


def _users_part(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame of the user's code on."""
    while trace is not None and not _is_users(trace.tb_frame):
        trace = trace.tb_next
    return trace


def _is_users(frame: FrameType) -> bool:
    """Return whether code is neither of the SDK, nor of an installed package, nor of the standard library."""
    module = str(frame.f_globals.get("__name__") or "")
    if module.partition(".")[0] in _OURS:
        return False
    # The module's file is that of generated and of compiled code, too.
    file = str(frame.f_globals.get("__file__") or frame.f_code.co_filename)
    if file.startswith("<"):
        return module == "__main__"
    return not file.startswith(_STANDARD_LIBRARY) and _INSTALLED.isdisjoint(
        file.replace("\\", "/").split("/")
    )


def _is_implied(cause: BaseException, error: BaseException) -> bool:
    """Return whether the error's own message says what its cause says.

    An error of ours has fields besides, and that of a certificate has details that the message leaves out.
    """
    if isinstance(cause, ProvenaError) or isinstance(error, CertificateRejected):
        return False
    if isinstance(error, ConnectionFailed):
        return True
    # The attributes of OSError and of a JSON document's error, without the number and the place.
    named = (getattr(cause, name, None) for name in ("strerror", "msg"))
    said = str(next(filter(None, named), cause.args[-1] if cause.args else "")).strip().rstrip(".")
    # A single short word, such as the key of a KeyError, is in a message by chance.
    tells = len(said.split()) > 1 or len(said) >= _LONG_WORD
    return tells and said.casefold() in str(error).casefold()


def _of_function(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        outer = exception()
        try:
            return function(*args, **options)
        except SHORTENED as error:
            del args, options  # one of them may be a secret
            shorten(error, outer)
            raise error

    return call


def _of_coroutine_function(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **options: Any) -> Any:
        outer = exception()
        try:
            return await function(*args, **options)
        except SHORTENED as error:
            del args, options  # one of them may be a secret
            shorten(error, outer)
            raise error

    return call


def _of_generator_function(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Generator[Any, Any, Any]:
        outer = exception()
        try:
            return (yield from function(*args, **options))
        except SHORTENED as error:
            shorten(error, outer)
            raise error

    return call


def _of_async_generator_function(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **options: Any) -> AsyncIterator[Any]:
        outer = exception()
        items = function(*args, **options)
        try:
            async for item in items:
                yield item
        except SHORTENED as error:
            shorten(error, outer)
            raise error
        finally:
            await items.aclose()

    return call


_WRAPPERS: Final = {
    inspect.CO_COROUTINE: _of_coroutine_function,
    inspect.CO_ASYNC_GENERATOR: _of_async_generator_function,
    inspect.CO_GENERATOR: _of_generator_function,
}
