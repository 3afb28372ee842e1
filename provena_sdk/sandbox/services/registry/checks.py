"""Checks of requests and items beyond the interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.http.validation import Checker
from provena_sdk.sandbox.metadata.rules import FIELD_RULES, FIELDS, RULES, begins_with, registry_flaw
from provena_sdk.sandbox.services.registry.kinds import DATASET, PERSON, Kind

_VALUE_ERROR: Final = "value_error"
_NO_CONSENT: Final = (
    "Please ensure mandatory ethics consent is obtained before proceeding with registration or updating of "
    "person."
)
_URL: Final = {"type": "string", "format": "url", "minLength": 1, "maxLength": 65536}


def _one_filter(kept: Mapping[str, Any]) -> tuple[str, str] | None:
    if kept["item_subtype"] is not None and kept["release_status"] is not None:
        return "Cannot filter by both item_subtype and release_status", _VALUE_ERROR
    return None


def _unique_resources(kept: Mapping[str, Any]) -> tuple[str, str] | None:
    for kind, name in (("deferred", "key"), ("defined", "path")):
        names = [resource[name] for resource in kept[f"{kind}_resources"]]
        if len(set(names)) < len(names):
            label = "resource_key" if kind == "deferred" else name
            return f"Non unique {label} properties in provided {kind} resources.", _VALUE_ERROR
    return None


def registry_checker(schemas: Mapping[str, Mapping[str, Any]]) -> Checker:
    """Return the checker for the registry's requests."""
    return Checker(
        schemas,
        fields={**FIELDS, "PersonDomainInfo.orcid": _URL, "OrganisationDomainInfo.ror": _URL},
        field_rules=FIELD_RULES,
        rules={
            **RULES,
            "DatasetTemplateDomainInfo": _unique_resources,
            "FilterOptions": _one_filter,
            "SortOptions": begins_with("{}"),
        },
    )


def flaw_of(kind: Kind, body: Mapping[str, Any], state: State) -> str | None:
    """Return what is wrong with the well-formed content of an item; None if nothing is."""
    flaw = None
    if kind is PERSON and not body["ethics_approved"]:
        flaw = _NO_CONSENT
    elif kind is DATASET:
        flaw = registry_flaw(body["collection_format"], state.subtype_of)
    return None if flaw is None else f"Validation Error: {flaw}"
