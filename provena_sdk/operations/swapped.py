"""Recognise arguments that stand in each other's place."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import PurePath
from typing import Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.handles import is_certain

_FILES: Final = (".json", ".yaml", ".yml")


def refuse_swapped(method: Callable[..., object], argument: str, value: object, *others: object) -> None:
    """Refuse a handle that stands in the place of another argument.

    Args:
        method: The method that was called; the message names its positional arguments in order.
        argument: The argument that takes the handle.
        value: What was passed for it; None for nothing.
        others: What was passed for its other arguments.

    Raises:
        InvalidArgument: One of the others is a handle, and ``value`` is not.

    Example:
        >>> def read(dataset_id, path): ...
        >>> refuse_swapped(read, "dataset_id", "10378.1/1451860", "obs/2024.csv")
    """
    if is_certain(value) or not any(map(is_certain, others)):
        return
    found = "must be a handle" if value is None else f"{quoted(value, 80)} is not a handle"
    raise _swapped(method, argument, found)


def refuse_swapped_reason(method: Callable[..., object], reason: object, metadata: object) -> None:
    """Refuse metadata that stand in the place of the reason.

    Args:
        method: The method that was called.
        reason: What was passed for ``reason``.
        metadata: What was passed for the metadata; a file has a suffix, unlike most reasons.

    Raises:
        InvalidArgument: ``reason`` is not text, or the name of a file, and ``metadata`` is a sentence.
    """
    is_file = isinstance(reason, PurePath) or (isinstance(reason, str) and reason.lower().endswith(_FILES))
    is_reason = isinstance(metadata, str) and not metadata.lower().endswith(_FILES)
    if is_reason and (is_file or not isinstance(reason, str)):
        raise _swapped(
            method, "reason", f"must be a sentence, not {'a file' if is_file else type(reason).__name__}"
        )


def _swapped(method: Callable[..., object], argument: str, found: str) -> InvalidArgument:
    parameters = inspect.signature(method).parameters.values()
    order = ", ".join(each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD)
    return InvalidArgument(argument, f"{found}; {method.__name__} takes ({order}): were they swapped?")
