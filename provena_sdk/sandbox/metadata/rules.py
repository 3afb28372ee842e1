"""Rules for dataset metadata beyond its schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from provena_sdk.sandbox.http.validation import Checker, Rule
from provena_sdk.sandbox.metadata.srid import is_srid
from provena_sdk.sandbox.metadata.wkt import is_wkt

_VALUE_ERROR: Final = "value_error"
_DURATION: Final = re.compile(
    r"P(?=.)(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?W)?(\d+(\.\d+)?D)?(T(?=.)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?"
)
_EWKT: Final = re.compile(r"SRID=(\d+);(.+)", re.DOTALL)

_REGISTRY_REFUSES = "Registry API responded with an error during validation, error: Validation Error: "
_FIELD_REFUSED = "Failed field value validation. Error: "


def _dated(kept: Mapping[str, Any]) -> tuple[str, str] | None:
    if kept["relevant"] and kept["value"] is None:
        return "Must provide a date if the relevant field is set to True.", _VALUE_ERROR
    if not kept["relevant"] and kept["value"] is not None:
        return "Cannot provide a date if the relevant field is set to False.", _VALUE_ERROR
    return None


def _reachable(kept: Mapping[str, Any]) -> tuple[str, str] | None:
    if kept["reposited"] and kept["uri"] is not None:
        return (
            "Cannot provide a URI for external access if data is reposited in the Data Store.",
            _VALUE_ERROR,
        )
    if not kept["reposited"] and kept["uri"] is None:
        return (
            "Must provide a URI for external access if data is not reposited in the Data Store.",
            _VALUE_ERROR,
        )
    if not kept["reposited"] and kept["description"] is None:
        message = (
            "Must provide a description of how to access the data if it is not reposited in the Data Store."
        )
        return message, _VALUE_ERROR
    return None


def _in_order(kept: Mapping[str, Any]) -> tuple[str, str] | None:
    if kept["end_date"] < kept["begin_date"]:
        return "The end date must be on or after the begin date.", _VALUE_ERROR
    return None


def _spatial_resolution(value: str) -> tuple[str, str] | None:
    start = (
        "Invalid spatial resolution. The value must conform to the Decimal Degrees format. "
        "Please provide a positive decimal value. Failed to parse the spatial resolution"
    )
    try:
        positive = 0 < float(value) < float("inf")
    except ValueError:
        positive = False
    return None if positive else (f"{start} {value!r}.", _VALUE_ERROR)


def _temporal_resolution(value: str) -> tuple[str, str] | None:
    if _DURATION.fullmatch(value):
        return None
    return f"Invalid temporal resolution. {value!r} is no ISO 8601 duration.", _VALUE_ERROR


def begins_with(shown: str) -> Rule:
    """Return the rule for a sort by beginning; ``shown`` is how a service's messages show a sort type."""

    def check(kept: Mapping[str, Any]) -> tuple[str, str] | None:
        sort_type, given = kept["sort_type"], kept["begins_with"] is not None
        if sort_type == "ACCESS_INFO_URI_BEGINS_WITH" and not given:
            start = f"Cannot filter by begins-with sort_type {shown.format(sort_type)}"
            return f"{start} without specifying a begins_with value", _VALUE_ERROR
        if sort_type != "ACCESS_INFO_URI_BEGINS_WITH" and given:
            named = shown.format(sort_type or "UPDATED_TIME")
            return f"Cannot specify a begins_with value with the sort_type {named}", _VALUE_ERROR
        return None

    return check


_TEXT = {"type": "string", "minLength": 1}
# Checks of the services that their interface does not mention. `version` is read and written, but in no schema.
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "CollectionFormatDatasetInfo.name": _TEXT,
    "CollectionFormatDatasetInfo.description": _TEXT,
    "CollectionFormatDatasetInfo.license": {
        "type": "string",
        "format": "url",
        "minLength": 1,
        "maxLength": 65536,
    },
    "CollectionFormatDatasetInfo.version": {"type": "string"},
}
FIELD_RULES: Mapping[str, Rule] = {
    "CollectionFormatSpatialInfo.resolution": _spatial_resolution,
    "CollectionFormatTemporalInfo.resolution": _temporal_resolution,
}
RULES: Mapping[str, Rule] = {
    "CreatedDate": _dated,
    "PublishedDate": _dated,
    "AccessInfo": _reachable,
    "TemporalDurationInfo": _in_order,
    "SortOptions": begins_with("SortType.{}"),
}


def checker(schemas: Mapping[str, Mapping[str, Any]]) -> Checker:
    """Return the checker for a service's interface, with the rules above."""
    return Checker(schemas, fields=FIELDS, field_rules=FIELD_RULES, rules=RULES)


def first_flaw(metadata: Mapping[str, Any], subtype_of: Callable[[str], str | None]) -> str | None:
    """Return the first flaw of well-formed metadata, in the service's words; None if there is none.

    Args:
        metadata: Checked metadata.
        subtype_of: Returns the subtype of a registry item by id, or None if there is no such item.
    """
    info = metadata["dataset_info"]
    if info["version"] is not None:
        return (
            "Exception when validating against schema: Additional properties are not allowed "
            "('version' was unexpected)\n\nFailed validating 'additionalProperties' in schema['dataset_info']"
        )
    flaw = _field_flaw(metadata)
    if flaw is not None:
        return _FIELD_REFUSED + flaw
    flaw = registry_flaw(metadata, subtype_of)
    return None if flaw is None else _REGISTRY_REFUSES + flaw


def registry_flaw(metadata: Mapping[str, Any], subtype_of: Callable[[str], str | None]) -> str | None:
    """Return the first flaw that the registry finds in well-formed metadata; None if there is none."""
    spatial = metadata["dataset_info"]["spatial_info"] or {}
    return _spatial_flaw(spatial) or _unknown_reference(metadata, subtype_of)


def _field_flaw(metadata: Mapping[str, Any]) -> str | None:
    info = metadata["dataset_info"]
    created, published = info["created_date"]["value"], info["published_date"]["value"]
    if created is not None and published is not None and published < created:
        return "The published date cannot be before the creation date."
    for name, approval in metadata["approvals"].items():
        if approval["obtained"] and not approval["relevant"]:
            return (
                "The dataset was marked as not containing sensitive data but has obtained consents. "
                f"Please update the dataset to mark {name} as relevant, or as not obtained."
            )
        if approval["relevant"] and not approval["obtained"]:
            return _CONSENTS[name]
    return None


_CONSENTS = {
    "ethics_registration": "Please obtain the ethics approval for registration before registering the dataset.",
    "ethics_access": "Please obtain the ethics approval for access before registering the dataset.",
    "indigenous_knowledge": (
        "Please obtain mandatory consent from the relevant Indigenous community for the Indigenous knowledge "
        "before registering the dataset."
    ),
    "export_controls": "Please obtain the export permit before registering the dataset.",
}


def _spatial_flaw(spatial: Mapping[str, Any]) -> str | None:
    for name in ("coverage", "extent"):
        value = spatial.get(name)
        if value is None:
            continue
        found = _EWKT.fullmatch(value)
        if found is None:
            return (
                "Invalid EWKT format recieved. Please use the E-WKT standard of: "
                "'SRID=<srid>;<geometry>', for example 'SRID=4326;POINT(145 -16)'."
            )
        if not is_srid(found[1]):
            return (
                f"Invalid SRID integer provided. Details: Invalid projection: epsg:{found[1]}: "
                f"(Internal Proj Error: proj_create: crs not found: EPSG:{found[1]})"
            )
        if not is_wkt(found[2]):
            return f"Invalid EWKT format. Failed to parse the geometry inside of the EWKT string in {name}."
    return None


def _unknown_reference(metadata: Mapping[str, Any], subtype_of: Callable[[str], str | None]) -> str | None:
    associations, info = metadata["associations"], metadata["dataset_info"]
    for label, subtype, handle in (
        ("Author Organisation ID", "ORGANISATION", associations["organisation_id"]),
        ("Publisher Organisation ID", "ORGANISATION", info["publisher_id"]),
        ("Data Custodian Person ID", "PERSON", associations["data_custodian_id"]),
    ):
        if handle is not None and subtype_of(handle) != subtype:
            return f"Could not find {label} with ID {handle} in registry. Please ensure it exists."
    return None
