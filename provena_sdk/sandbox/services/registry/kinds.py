"""The kinds of items that have routes of their own, and what is particular to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from provena_sdk.sandbox.data.items import Item, category_of, roles_for
from provena_sdk.sandbox.http.openapi import interface

_MISSING: Final = "field required (type=value_error.missing)"
_WRONG: Final = "Incorrect {field} provided. The required type is {wanted}. (type=assertion_error)"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item.

    Args:
        path: Where its routes start.
        subtype: The subtype of its items.
        form: The schema of what users send.
        model: The name of the complete item in messages.
    """

    path: str
    subtype: str
    form: str
    model: str

    @property
    def category(self) -> str:
        """``AGENT`` or ``ENTITY``."""
        return category_of(self.subtype)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles on such an item."""
        return roles_for(self.subtype)

    @property
    def is_entity(self) -> bool:
        """Whether it has versions, and activities that create them, which need a linked person."""
        return self.category == "ENTITY"


PERSON: Final = Kind("/registry/agent/person", "PERSON", "PersonDomainInfo", "ItemPerson")
ORGANISATION: Final = Kind(
    "/registry/agent/organisation", "ORGANISATION", "OrganisationDomainInfo", "ItemOrganisation"
)
DATASET: Final = Kind("/registry/entity/dataset", "DATASET", "DatasetDomainInfo", "ItemDataset")
TEMPLATE: Final = Kind(
    "/registry/entity/dataset_template",
    "DATASET_TEMPLATE",
    "DatasetTemplateDomainInfo",
    "ItemDatasetTemplate",
)
KINDS: Final = (PERSON, ORGANISATION, DATASET, TEMPLATE)


def misfit(kind: Kind, item: Item) -> str | None:
    """Return why a complete item is not of a kind, in the words of pydantic 1; None if it is."""
    if item.kind == "unparsable":
        return f"1 validation error for {kind.model}\nid\n  {_MISSING}"
    if item.subtype == kind.subtype:
        return None
    required = interface("registry")["components"]["schemas"][kind.form]["required"]
    problems = [(name, _MISSING) for name in _absent(required, item.body)]
    for place, entry in enumerate(item.history):
        absent = _absent(required, entry["item"])
        problems += [(f"history -> {place} -> item -> {name}", _MISSING) for name in absent]
    if item.category != kind.category:
        problems.append(("item_category", _WRONG.format(field="item_category", wanted=kind.category)))
    problems.append(("item_subtype", _WRONG.format(field="item_subtype", wanted=kind.subtype)))
    count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
    return "\n".join([f"{count} for {kind.model}", *(f"{where}\n  {reason}" for where, reason in problems)])


def wrong_route(kind: Kind, item: Item) -> str | None:
    """Return the message about an id sent to the routes of another kind; None if it is of this kind."""
    if item.kind == "seed":
        if item.subtype == kind.subtype:
            return None
        return (
            f"Fetched item with handle {item.id} has item subtype of {item.subtype} but expected {kind.subtype}. "
            f"Are you using the correct endpoint route for {item.subtype}'s?."
        )
    wrong = misfit(kind, item)
    if wrong is None:
        return None
    return (
        f"Failed to parse item with the associated route's subtype model of {kind.subtype}. Are you using the "
        f"correct endpoint route for id {item.id} pointing to an item subtype of {item.subtype}? Error: {wrong}."
    )


def _absent(required: list[str], body: dict[str, Any]) -> list[str]:
    return [name for name in required if body.get(name) is None]
