"""Make changed metadata: by a patch, or field by field."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from attrs import AttrsInstance, fields_dict
from provena_api.models import (
    CollectionFormatApprovals,
    CollectionFormatAssociations,
    CollectionFormatDatasetInfo,
)

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.metadata import licences, suggestions

_SECTIONS: Final[Mapping[str, type[AttrsInstance]]] = {
    "dataset_info": CollectionFormatDatasetInfo,
    "associations": CollectionFormatAssociations,
    "approvals": CollectionFormatApprovals,
}
_DATES: Final = ("created_date", "published_date")


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


def _written(field: str, value: Any) -> Any:
    """Return a value as the service takes it: a licence by its URL, and a date with the word that it is relevant."""
    if field == "license" and isinstance(value, str):
        return licences.url(value) or value
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
