"""What the generated models share: how they show themselves, open enums, and checks on what comes over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime
from enum import StrEnum
from importlib import import_module
from typing import Any, ClassVar, Final, NoReturn, Self

plain: Final = str.__str__
"""The text of an enum member or a string, as a plain ``str``; a TypeError for anything else."""

NUMBER: Final[tuple[type[Any], ...]] = (int, float)
"""What a JSON number may be, whether the interface calls it an integer or not."""

_REPR_LIMIT: Final = 200
"""Most characters of a model's repr."""

_ENUM_LIMIT: Final = 140
"""Most characters of an unknown value in an enum's repr."""

_WORD_LIMIT: Final = 60
"""Most characters of a value in it."""

_JSON_TYPES: Final[dict[type[Any], str]] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class OpenEnum(StrEnum):
    """An enum of strings that also takes values from a newer service.

    Members are strings: they compare, hash, sort and serialise as their text.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self:
        if not isinstance(value, str):
            raise WrongValue(str(wrong_type(cls.__name__, "a string", value)))
        member = str.__new__(cls, value)
        member._name_ = member._value_ = plain(value)
        return member

    def __repr__(self) -> str:
        # An unknown value is whatever the service sent, and is its own name: shown raw it could control a terminal.
        if self.is_known:
            return super().__repr__()
        shown = repr(self._value_[:_REPR_LIMIT])
        return f"<{type(self).__name__}: {shown if len(shown) <= _ENUM_LIMIT else shown[:_ENUM_LIMIT] + '…'}>"

    @property
    def is_known(self) -> bool:
        """Whether the interface this package was made from has the value."""
        return self._value_ in type(self)._value2member_map_


class Shown:
    """Shows itself: in a line as its repr, in full as text and HTML if the package has a presenter."""

    __slots__ = ()
    _telling: ClassVar[tuple[str, ...]] = ()
    """The fields in its repr; those that end in ``=`` with their names."""

    def __repr__(self) -> str:
        line = " ".join([type(self).__name__, *_words(self)])
        return f"<{line}>" if len(line) <= _REPR_LIMIT - 2 else f"<{line[: _REPR_LIMIT - 3]}…>"

    def __str__(self) -> str:
        presenter = _presenter()
        return repr(self) if presenter is None else str(presenter.text(self))

    def _repr_html_(self) -> str | None:
        presenter = _presenter()
        return None if presenter is None else str(presenter.html(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython prints a cell's result in full, and in a line what is inside something else.
        printer.text(str(self) if len(getattr(printer, "stack", ())) <= 1 else repr(self))


def _presenter() -> Any:
    name = import_module(__name__.rpartition(".")[0]).presenter
    return None if name is None else import_module(name)


def _words(model: Shown) -> Iterator[str]:
    for field in model._telling:
        name = field.removesuffix("=")
        value = getattr(model, name, None)
        if value is not None:
            shown = _word(name, value)
            yield shown if name == field else f"{name}={shown}"


def _word(name: str, value: Any) -> str:
    if isinstance(value, Shown):
        return " ".join(_words(value))
    if isinstance(value, list):
        return f"{len(value)} {name.removesuffix('s') if len(value) == 1 else name}"
    if isinstance(value, str):
        text = plain(value)[:_WORD_LIMIT]
        is_bare = isinstance(value, OpenEnum) or name.endswith(("id", "handle"))
        shown = text if is_bare and text.isprintable() and text and " " not in text else repr(text)
        return shown if len(value) <= _WORD_LIMIT else f"{shown}…"
    return str(value)[:_WORD_LIMIT]


class Guarded(Shown):
    """Refuses pickling, because an instance holds secrets."""

    __slots__ = ()

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self))
        for name in _fields(self):
            setattr(twin, name, getattr(self, name))
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        for name in _fields(self):
            setattr(twin, name, deepcopy(getattr(self, name), memo))
        return twin

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds secrets and is not pickled; fetch a fresh one instead.")


def _fields(instance: object) -> list[str]:
    return [field.name for field in getattr(type(instance), "__attrs_attrs__", ())]


class WrongType(TypeError):
    """A value has the wrong JSON type. The message names the field, and never shows the value."""


class WrongValue(ValueError):
    """A value is none that its field can have. The message names the field, and never shows the value."""


def wrong_type(where: str, expected: str, value: object) -> WrongType:
    """The error for a value of the wrong JSON type."""
    return WrongType(
        f"{where}: expected {expected}, got {_JSON_TYPES.get(type(value), type(value).__name__)}"
    )


def read_list(value: Any, kind: type[Any] | tuple[type[Any], ...], where: str) -> list[Any]:
    """A copy of the JSON list ``value``, all of whose entries must be of ``kind``."""
    if not isinstance(value, list):
        raise wrong_type(where, "a list", value)
    if kind is not object:
        for number, entry in enumerate(value):
            if not isinstance(entry, kind):
                kinds = kind if isinstance(kind, tuple) else (kind,)
                expected = " or ".join(dict.fromkeys(_JSON_TYPES[one] for one in kinds))
                raise wrong_type(f"{where}[{number}]", expected, entry)
    return value.copy()


def read_map(value: Any, kind: type[Any], where: str) -> dict[str, Any]:
    """A copy of the JSON object ``value``, all of whose values must be of ``kind``."""
    if not isinstance(value, dict):
        raise wrong_type(where, "an object", value)
    if kind is not object:
        for key, entry in value.items():
            if not isinstance(entry, kind):
                raise wrong_type(f"{where}[{key!r}]", _JSON_TYPES[kind], entry)
    return value.copy()


def read_lists(value: Any, where: str) -> dict[str, list[str]]:
    """A copy of the JSON object ``value``, all of whose values must be lists of strings."""
    return {
        key: read_list(entry, str, f"{where}[{key!r}]") for key, entry in read_map(value, list, where).items()
    }


def read_date(value: Any, where: str) -> date:
    """The day ``value`` names."""
    if not isinstance(value, str):
        raise wrong_type(where, "a string", value)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise WrongValue(f"{where}: expected a date like 2024-12-31") from error


def read_datetime(value: Any, where: str) -> datetime:
    """The moment ``value`` names, which must carry its offset from UTC."""
    if not isinstance(value, str):
        raise wrong_type(where, "a string", value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise WrongValue(f"{where}: expected a time like 2024-12-31T23:59:59+00:00") from error
    if moment.tzinfo is None:
        raise WrongValue(f"{where}: expected a time with an offset from UTC")
    return moment


def write_list(value: Any, where: str) -> list[Any]:
    """A copy of the list ``value`` to send; a tuple will do, and a string is no list of its letters."""
    if not isinstance(value, (list, tuple)):
        raise wrong_type(where, "a list", value)
    return list(value)


def write_map(value: Any, where: str) -> dict[str, Any]:
    """A copy of the dictionary ``value`` to send."""
    if not isinstance(value, dict):
        raise wrong_type(where, "an object", value)
    return value.copy()


def write_lists(value: Any, where: str) -> dict[str, list[Any]]:
    """A copy of the dictionary ``value`` to send, and of the lists in it."""
    return {key: write_list(entry, where) for key, entry in write_map(value, where).items()}


def write_object(value: Any, where: str) -> dict[str, Any]:
    """The JSON object that the model ``value`` stands for; a dictionary will do."""
    if isinstance(value, dict):
        return value.copy()
    if not hasattr(value, "to_dict"):
        raise wrong_type(where, "an object", value)
    return value.to_dict()  # type: ignore[no-any-return]


def write_date(value: Any, where: str) -> str:
    """The day or moment ``value`` as text; a text will do."""
    if isinstance(value, str):
        return value
    if not hasattr(value, "isoformat"):
        raise wrong_type(where, "a date", value)
    return str(value.isoformat())
