"""From what callers pass to what the interfaces take; whatever is wrong is refused here, by name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from provena_sdk.errors import InvalidArgument
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
"""What a request may be given as, besides its model: a mapping, or an object that writes itself as JSON."""

MetadataSource: TypeAlias = JsonSource | str | os.PathLike[str]
"""What metadata may be given as: a ``CollectionFormat``, a mapping, a pydantic object, or the path of a JSON file."""

M = TypeVar("M", bound=Model)


def text(argument: str, value: object) -> str:
    """Check a text that must say something.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The text, unchanged.

    Raises:
        InvalidArgument: It is no str, or blank.
    """
    if not isinstance(value, str):
        raise InvalidArgument(argument, f"a str is needed, not {type(value).__name__}.")
    if not value.strip():
        raise InvalidArgument(argument, "it must not be empty.")
    return sendable(argument, value)


def flag(argument: str, value: object) -> bool:
    """Check what is to be True or False. A word such as ``"no"`` would count as True.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The value, unchanged.

    Raises:
        InvalidArgument: It is something else.
    """
    if not isinstance(value, bool):
        raise InvalidArgument(argument, f"True or False is needed, not {type(value).__name__}.")
    return value


def count(argument: str, value: object, *, least: int = 1, most: int | None = None) -> int:
    """Check a whole number.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.
        least: The smallest allowed.
        most: The largest allowed, or None.

    Returns:
        The number, unchanged.

    Raises:
        InvalidArgument: It is no int, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgument(argument, f"a whole number is needed, not {type(value).__name__}.")
    if value < least or (most is not None and value > most):
        bounds = f"at least {least}" if most is None else f"between {least} and {most}"
        raise InvalidArgument(argument, f"{value} is out of range; it must be {bounds}.")
    return value


def seconds(argument: str, value: object) -> float:
    """Check a length of time.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The number of seconds, unchanged.

    Raises:
        InvalidArgument: It is no number, not more than 0, or endless.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidArgument(argument, f"a number of seconds is needed, not {type(value).__name__}.")
    if not 0 < value <= sys.float_info.max:
        raise InvalidArgument(argument, "it must be more than 0 seconds, and not endless.")
    return value


def request(argument: str, model: type[M], given: object, fields: Mapping[str, object]) -> M:
    """Make a request model from a model, a mapping, a pydantic object or single fields.

    Args:
        argument: The argument's name, for messages.
        model: The generated class that is needed.
        given: What the caller passed for it, or None.
        fields: What the caller passed as keywords; None means not given. They win over ``given``.

    Returns:
        A new model; nothing the caller holds is shared or changed.

    Raises:
        InvalidArgument: A field is missing, unknown in type, or ``given`` is something else entirely.
    """
    data = {} if given is None else json_data(argument, given)
    for name, value in fields.items():
        if value is not None:
            data |= json_data(name, {name: value})
    return parse(argument, model, data, keywords=fields)


def metadata(argument: str, model: type[M], given: object) -> M:
    """Make dataset metadata from a model, a mapping, the path of a JSON file or a pydantic object.

    Args:
        argument: The argument's name, for messages.
        model: The generated class that is needed.
        given: What the caller passed for it.

    Returns:
        A new model; nothing the caller holds is shared or changed.

    Raises:
        InvalidArgument: The file cannot be read, or the content has not the shape of dataset metadata.
    """
    if isinstance(given, str | os.PathLike):
        given = _json_file(argument, Path(given))
    return parse(argument, model, json_data(argument, given))


def json_data(argument: str, given: object) -> dict[str, Any]:
    """Write what the caller holds as new JSON data.

    Args:
        argument: The argument's name, for messages.
        given: A model, a mapping or a pydantic object (of either major version).

    Returns:
        JSON data that shares nothing with ``given``.

    Raises:
        InvalidArgument: It is something else, or holds values that JSON cannot.
    """
    try:
        # Written and read again: the copy shares nothing, and holds nothing that could not be sent.
        written = json.dumps(_json_form(given), default=_json_form, allow_nan=False, ensure_ascii=False)
        written.encode()
        copied = json.loads(written)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(argument, f"it cannot be written as JSON: {error}.") from error
    if not isinstance(copied, dict):
        raise InvalidArgument(argument, "a JSON object is needed.")
    return copied


def parse(argument: str, model: type[M], data: dict[str, Any], keywords: Container[str] = ()) -> M:
    """Read JSON data as a model.

    Args:
        argument: The argument's name, for messages.
        model: The generated class.
        data: JSON data.
        keywords: Fields that the caller can give as arguments of their own, which messages then name.

    Returns:
        The model.

    Raises:
        InvalidArgument: A field is missing or has another type; the message names it.
    """
    try:
        return model.from_dict(data)  # type: ignore[no-any-return]  # the protocol cannot name its own implementer
    except KeyError as error:
        field = str(error.args[0])
        if field in keywords:
            raise InvalidArgument(field, "it is missing.") from error
        raise InvalidArgument(argument, f"{field} is missing.") from error
    except (TypeError, ValueError, AttributeError) as error:
        place, _, told = str(error).partition(": ")
        field = place.removeprefix(f"{model.__name__}.")
        if field in keywords:
            raise InvalidArgument(field, f"{told}.") from error
        raise InvalidArgument(argument, f"not the shape of {model.__name__}: {error}.") from error


def _json_file(argument: str, path: Path) -> dict[str, Any]:
    name = repr(str(path)[:200])
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise InvalidArgument(argument, f"{name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(argument, f"{name} holds no JSON: {error}.") from error
    if not isinstance(data, dict):
        raise InvalidArgument(argument, f"{name} holds no JSON object.")
    return data


def _json_form(value: Any) -> Any:
    """Return what stands for a value in JSON; what the encoder cannot take is asked for here again."""
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
    raise TypeError(f"{type(value).__name__} is not accepted; give a model, a dict or a pydantic object")
