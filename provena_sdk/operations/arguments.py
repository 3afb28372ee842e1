"""Convert callers' arguments to what the interfaces take, and refuse bad ones by name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Container, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.net.rates import bytes_per_second
from provena_sdk.operations.handles import sendable


class Model(Protocol):
    """A generated model."""

    def to_dict(self) -> dict[str, Any]:
        """Write the model as JSON data."""
        ...

    @classmethod
    def from_dict(cls, src_dict: Any, /) -> Any:
        """Read a model from JSON data."""
        ...


class PydanticObject(Protocol):
    """A pydantic object of the same shape, of either major version."""

    @property
    def __fields_set__(self) -> set[str]:
        """The fields that were given."""
        ...


JsonSource: TypeAlias = Mapping[str, Any] | Model | PydanticObject
"""Alternatives to a request model: a mapping, or an object that can be written as JSON."""

MetadataSource: TypeAlias = JsonSource | str | os.PathLike[str]
"""Forms of metadata: a ``CollectionFormat``, a mapping, a pydantic object, or the path of a JSON or YAML file."""

M = TypeVar("M", bound=Model)


def text(argument: str, value: object) -> str:
    """Check a text that must not be blank.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The text, unchanged.

    Raises:
        InvalidArgument: It is not a str, or it is blank.
    """
    if not isinstance(value, str):
        raise InvalidArgument(argument, f"must be a str, not {type(value).__name__}.")
    if not value.strip():
        raise InvalidArgument(argument, "must not be empty.")
    return sendable(argument, value)


def flag(argument: str, value: object) -> bool:
    """Check a bool; a word such as ``"no"`` would count as True.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The value, unchanged.

    Raises:
        InvalidArgument: It is not a bool.
    """
    if not isinstance(value, bool):
        raise InvalidArgument(argument, f"must be True or False, not {type(value).__name__}.")
    return value


def count(argument: str, value: object, *, least: int = 1, most: int | None = None) -> int:
    """Check a whole number.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.
        least: The smallest number allowed.
        most: The largest number allowed, or None.

    Returns:
        The number, unchanged.

    Raises:
        InvalidArgument: It is not an int, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgument(argument, f"must be a whole number, not {type(value).__name__}.")
    if value < least or (most is not None and value > most):
        bounds = f"at least {least}" if most is None else f"between {least} and {most}"
        raise InvalidArgument(argument, f"must be {bounds}, not {value}.")
    return value


def seconds(argument: str, value: object) -> float:
    """Check a duration.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The number of seconds, unchanged.

    Raises:
        InvalidArgument: It is not a finite number above 0.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidArgument(argument, f"must be a number of seconds, not {type(value).__name__}.")
    if not 0 < value <= sys.float_info.max:
        raise InvalidArgument(argument, "must be more than 0 seconds, and finite.")
    return value


def rate(argument: str, value: object) -> float:
    """Check a rate.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed: bytes per second, or text such as ``"5MB/s"``.

    Returns:
        The bytes per second.

    Raises:
        InvalidArgument: It is not a rate, or too low.
    """
    try:
        return bytes_per_second(value)
    except ValueError as error:
        reason = str(error)
    found = f", not {quoted(value)}" if isinstance(value, str) else ""
    raise InvalidArgument(argument, f"must be {reason}{found}.")


def request(argument: str, model: type[M], given: object, fields: Mapping[str, object]) -> M:
    """Make a request model from a model, a mapping, a pydantic object or single fields.

    Args:
        argument: The argument's name, for messages.
        model: The generated class.
        given: What the caller passed for it, or None.
        fields: What the caller passed as keywords; None means not given. They override ``given``.

    Returns:
        A new model that shares nothing with ``given``.

    Raises:
        InvalidArgument: A field is missing or has the wrong type, or ``given`` is something else.
    """
    data = {} if given is None else json_data(argument, given)
    for name, value in fields.items():
        if value is not None:
            data |= json_data(name, {name: value})
    return parse(argument, model, data, keywords=fields)


def json_data(argument: str, given: object) -> dict[str, Any]:
    """Convert an object to JSON data.

    Args:
        argument: The argument's name, for messages.
        given: A model, a mapping or a pydantic object (of either major version).

    Returns:
        JSON data that shares nothing with ``given``.

    Raises:
        InvalidArgument: It is something else, or has values that JSON cannot express.
    """
    try:
        # Encoding and decoding gives a copy that shares nothing and can be sent.
        written = json.dumps(_json_form(given), default=_json_form, allow_nan=False, ensure_ascii=False)
        written.encode()
        copied = json.loads(written)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(argument, f"cannot be written as JSON: {error}.") from error
    if not isinstance(copied, dict):
        raise InvalidArgument(argument, "must be a JSON object.")
    return copied


def parse(argument: str, model: type[M], data: dict[str, Any], keywords: Container[str] = ()) -> M:
    """Parse JSON data as a model.

    Args:
        argument: The argument's name, for messages.
        model: The generated class.
        data: JSON data.
        keywords: Fields that callers can pass as arguments of their own; messages then name those.

    Returns:
        The model.

    Raises:
        InvalidArgument: A field is missing or has another type; the message names it.
    """
    try:
        return model.from_dict(data)  # type: ignore[no-any-return]  # a Protocol cannot express it
    except KeyError as error:
        field = str(error.args[0])
        if field in keywords:
            raise InvalidArgument(field, "is missing.") from error
        raise InvalidArgument(argument, f"{field} is missing.") from error
    except (TypeError, ValueError, AttributeError) as error:
        place, _, reason = str(error).partition(": ")
        field = place.removeprefix(f"{model.__name__}.")
        if field in keywords:
            raise InvalidArgument(field, f"{reason}.") from error
        raise InvalidArgument(argument, f"does not match {model.__name__}: {error}.") from error


def _json_form(value: Any) -> Any:
    """Return the JSON form of a value; the encoder calls this for each type that it does not know."""
    if callable(to_dict := getattr(value, "to_dict", None)):
        return to_dict()
    if isinstance(value, Mapping):
        return dict(value)
    for name in ("model_dump_json", "json"):
        dump: Any = getattr(value, name, None)
        if callable(dump):
            written: Any = dump(by_alias=True)
            return json.loads(written)
    if callable(isoformat := getattr(value, "isoformat", None)):
        return isoformat()
    raise TypeError(f"{type(value).__name__} is not supported; pass a model, a dict or a pydantic object")
