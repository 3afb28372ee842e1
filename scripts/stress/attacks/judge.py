"""Whether an outcome is one that an attack may have: right data, or an error that says what is wrong and no more."""

from __future__ import annotations

import html
import pickle
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from provena_sdk.errors import ProvenaError, TransferFailed
from scripts.stress.attacks.case import Case, Kinds, Right
from scripts.stress.attacks.honest import MARK
from scripts.stress.attacks.scene import Scene

LONGEST: Final = 2000
"""Characters that an error may have."""

_OWN: Final = "/scripts/stress/"
_INVISIBLE: Final = "\n\u200c\u200d"


def judge(
    case: Case, scene: Scene, result: object, error: BaseException | None, screen: str, log: str
) -> Iterator[str]:
    """Say everything that is wrong with an outcome.

    Args:
        case: What was tried.
        scene: Where.
        result: What the user got.
        error: What was raised instead.
        screen: What was printed.
        log: What was logged, debug messages too.
    """
    if error is None:
        if case.right is None:
            yield f"it should have been refused, and returned {_bounded(result)}"
        elif not _right(case.right, scene, result):
            yield f"wrong data: {_bounded(result)}"
        for one in result if isinstance(result, list) else [result]:
            if isinstance(one, BaseException):
                yield from _raised(case, one)
            else:
                yield from _shown(one, secret=case.act.secret)
    else:
        yield from _raised(case, error)
    for shown in scene.shown:
        yield from _shown(shown, secret=False)
    yield from _text("what was printed", screen)
    if _leaks(log):
        yield f"a secret was logged: …{_around(log)}…"


def _right(right: Right, scene: Scene, result: object) -> bool:
    try:
        return right(result, scene)
    except (AttributeError, LookupError, TypeError):
        return False


def _bounded(value: object) -> str:
    return repr(value)[:300]


def _shown(result: object, *, secret: bool) -> Iterator[str]:
    """Look at everything by which a result shows itself."""
    for name in ("__str__", "__repr__", "_repr_html_", "_repr_svg_"):
        method = getattr(result, name, None)
        if isinstance(result, (str, bytes, dict)) or method is None:
            continue
        text = method()
        if isinstance(text, str):
            yield from _text(f"{name} of the result", text, secret=secret)
            if "html" in name and "<script" in html.unescape(text) and "<script" in text:
                yield "the HTML of the result holds a script"


def _raised(case: Case, error: BaseException) -> Iterator[str]:
    told = f"{type(error).__name__}: {str(error)[:300]!r}"
    if not isinstance(error, ProvenaError):
        where = " < ".join(f"{one.filename.rpartition('/')[2]}:{one.lineno}" for one in _deepest(error))
        yield f"it raised {told}, which is not a ProvenaError, at {where}"
        return
    if isinstance(error, TransferFailed):
        yield from _shown(error.report, secret=False)
        for one in error.errors:
            yield from _raised(case, one)
    elif not isinstance(error, case.refused):
        yield f"it raised {told}, where {_names(case.refused)} was expected"
    for name, text in (("str", str(error)), ("repr", repr(error))):
        yield from _text(f"{name} of {type(error).__name__}", text)
        if len(text) > LONGEST:
            yield f"{name} of {type(error).__name__} has {len(text)} characters"
    yield from _kept(error)


def _deepest(error: BaseException) -> list[traceback.FrameSummary]:
    return traceback.extract_tb(error.__traceback__, limit=-6)[::-1]


def _names(kinds: Kinds) -> str:
    return " or ".join(kind.__name__ for kind in kinds) or "no error"


def _kept(error: ProvenaError) -> Iterator[str]:
    """Look for secrets in what an error takes along: fields, pickle, causes, and the local variables of its frames."""
    if _leaks(repr(error.__dict__)):
        yield f"a field of {type(error).__name__} holds a secret: {_around(repr(error.__dict__))}"
    try:
        if _leaks(repr(pickle.dumps(error))):
            yield f"the pickle of {type(error).__name__} holds a secret"
        if str(pickle.loads(pickle.dumps(error))) != str(error):
            yield f"{type(error).__name__} does not survive pickling"
    except Exception as failure:
        yield f"{type(error).__name__} cannot be pickled: {failure!r}"
    for one in _chain(error):
        if _leaks(f"{one!s} {one!r}"):
            yield f"{type(one).__name__} in the chain of {type(error).__name__} shows a secret: {_around(repr(one))}"
        shown = [
            f"{name} of {frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_code.co_name}"
            for frame in _frames(one)
            for name, value in frame.f_locals.items()
            if _leaks(_repr(value))
        ]
        if shown:
            yield f"secrets in local variables: {', '.join(shown)}"


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    open_: list[BaseException | None] = [error]
    while open_:
        one = open_.pop()
        if one is not None and one not in found:
            found.append(one)
            open_ += [one.__cause__, one.__context__]
            if isinstance(one, BaseExceptionGroup):
                open_ += one.exceptions
    return found


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        if _OWN not in trace.tb_frame.f_code.co_filename:
            yield trace.tb_frame
        trace = trace.tb_next


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as failure:
        return f"<{failure!r}>"


def _text(what: str, text: str, *, secret: bool = False) -> Iterator[str]:
    bad = sorted(
        {character for character in text if not character.isprintable() and character not in _INVISIBLE}
    )
    if bad:
        yield f"{what} holds characters that control a terminal: {bad[:8]!r}"
    if not secret and _leaks(text):
        yield f"{what} shows a secret: …{_around(text)}…"


def _leaks(text: str) -> bool:
    return MARK.lower() in text.lower()


def _around(text: str) -> str:
    at = text.lower().find(MARK.lower())
    return text[max(at - 80, 0) : at + 40]


def no_visits(elsewhere: list[str]) -> Iterator[str]:
    """Say what reached a server that nobody should have been sent to."""
    for one in elsewhere[:1]:
        leak = "with a secret: " if _leaks(one) else ""
        yield f"a request went elsewhere, {leak}{one[:200]}"


def unknown(value: Any) -> str:
    """Show a failure of the harness itself."""
    return f"the trial itself failed: {value!r}"
