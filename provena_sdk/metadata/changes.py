"""Make changed metadata: by a patch, or field by field."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_origin

import attrs
from attrs import AttrsInstance, fields_dict
from provena_api.models import (
    CollectionFormatApprovals,
    CollectionFormatAssociations,
    CollectionFormatDatasetInfo,
)

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.metadata import suggestions
from provena_sdk.metadata.checks import kinds, known_name

_SECTIONS: Final[Mapping[str, type[AttrsInstance]]] = {
    "dataset_info": CollectionFormatDatasetInfo,
    "associations": CollectionFormatAssociations,
    "approvals": CollectionFormatApprovals,
}
_DATES: Final = ("created_date", "published_date")
_FREE: Final = "dataset_info.user_metadata."
"""Below it, fields have names of the owner's choice."""


def merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7396): objects are merged, null removes a field, anything else replaces it.

    Args:
        target: The JSON object to change; it is left as it is.
        patch: The patch.

    Example:
        >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": [3]}})
        {'a': {'c': 2, 'd': [3]}}
    """
    made = {name: copy.deepcopy(value) for name, value in target.items() if name not in patch}
    for name, value in patch.items():
        if isinstance(value, Mapping):
            inner = target.get(name)
            made[name] = merged(inner if isinstance(inner, Mapping) else {}, value)
        elif value is not None:
            made[name] = copy.deepcopy(value)
    return made


def with_fields(metadata: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Replace single fields, each named without the section that it is in.

    Args:
        metadata: Dataset metadata as JSON data; it is left as it is.
        fields: New values as JSON data, by name, such as ``keywords``; None removes the field. A licence may be an
            SPDX identifier, a date may be the date alone.

    Raises:
        InvalidArgument: There is no field of that name; similar names are suggested.

    Example:
        >>> with_fields({"dataset_info": {"name": "Reef"}}, {"name": "Reefs"})
        {'dataset_info': {'name': 'Reefs'}}
    """
    made = copy.deepcopy(dict(metadata))
    for name, value in fields.items():
        section = made.setdefault(_section_of(name), {})
        section.pop(name, None)
        if value is not None:
            section[name] = copy.deepcopy(_written(name, value))
    return made


def assigned(metadata: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Replace single fields, each written as ``field=value`` as on a command line.

    Args:
        metadata: Dataset metadata as JSON data; it is left as it is.
        assignments: What to change, such as ``purpose=Monitoring``, ``keywords=coral,reef`` or
            ``access_info.description=by request``. The name of a field may leave out the section that it is in.
            Objects and lists may be JSON. Nothing after ``=`` removes the field.

    Raises:
        InvalidArgument: There is no such field, or a text is not an assignment.

    Example:
        >>> assigned({"dataset_info": {"purpose": "Testing"}}, ["keywords=coral, reef", "purpose="])
        {'dataset_info': {'keywords': ['coral', 'reef']}}
    """
    made = copy.deepcopy(dict(metadata))
    for assignment in assignments:
        path, sign, text = assignment.partition("=")
        if not sign:
            raise InvalidArgument("assignment", f"must be written as field=value, not {quoted(path, 60)}.")
        *above, name = place = _place(path.strip())
        inner = made
        for part in above:
            if not isinstance(inner.get(part), dict):
                inner[part] = {}
            inner = inner[part]
        inner.pop(name, None)
        if text.strip():
            inner[name] = _written(name, _value(".".join(place), text))
    return made


def _place(path: str) -> list[str]:
    """Return the parts of the path of a field, whose section may be left out."""
    parts = path.split(".")
    if parts[0] not in _SECTIONS:
        parts = [_section_of(parts[0]), *parts]
    full = ".".join(parts)
    if full.startswith(_FREE):
        return [*_FREE.rstrip(".").split("."), full.removeprefix(_FREE)]
    if full in kinds():
        return parts
    above = full.rpartition(".")[0]
    siblings = {each.rpartition(".")[2]: each for each in kinds() if each.rpartition(".")[0] == above}
    close = known_name(parts[-1], siblings, f"{above}.")
    hint = f"Its fields are {', '.join(sorted(siblings))}." if siblings else None
    if close is not None:
        hint = f"Did you mean {quoted(siblings.get(close, close))}?"
    raise InvalidArgument(path, "dataset metadata has no such field.", hint=hint)


def _value(path: str, text: str) -> Any:
    """Return the value that a text stands for in a field."""
    kind = kinds().get(path, str)
    is_list = get_origin(kind) is list
    if is_list and not text.lstrip().startswith("["):
        return [*filter(None, map(str.strip, text.split(",")))]
    if not (is_list or get_origin(kind) is dict or attrs.has(kind)) or path.rpartition(".")[2] in _DATES:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidArgument(path, f"{quoted(text, 60)} is not JSON: {error}.") from error


def _written(field: str, value: Any) -> Any:
    """Return a value as the service takes it: a date with the word that it is relevant."""
    if field in _DATES and isinstance(value, str):
        return {"relevant": True, "value": value}
    return value


def _section_of(field: str) -> str:
    known = {
        name: section
        for section, model in _SECTIONS.items()
        for name in fields_dict(model)
        if name != "additional_properties"
    }
    if field in known:
        return known[field]
    close = suggestions.name(field, known)
    raise InvalidArgument(
        field,
        "dataset metadata has no such field.",
        hint=f"Did you mean {quoted(close)}?" if close else f"Its fields are {', '.join(sorted(known))}.",
    )
