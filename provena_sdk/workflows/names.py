"""Names of persons, which services give by handle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from provena_api import models

from provena_sdk.display.text import printable
from provena_sdk.errors import ProvenaError
from provena_sdk.operations import catalogue
from provena_sdk.operations.workflow import Workflow, call, gather


@dataclass(frozen=True, slots=True, repr=False)
class PersonName:
    """A person of the registry, by handle and name.

    Attributes:
        id: The person's handle.
        name: The person's name; None when it could not be found out.
    """

    id: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{printable(self.name)} ({printable(self.id)})" if self.name else printable(self.id)

    def __repr__(self) -> str:
        return f"<PersonName {printable(self.id, 60)}: {printable(self.name or 'not known', 100)}>"


def name_of(id: str) -> Workflow[str | None]:
    """Fetch a person's name; None if the person was never completed."""
    answer = yield from call(catalogue.registry.FETCH_PERSON(id=id))
    return answer.item.display_name if isinstance(answer.item, models.ItemPerson) else None


def names_of(ids: Iterable[str | None]) -> Workflow[Mapping[str | None, PersonName]]:
    """Fetch the names of persons at once; those that cannot be fetched have none."""
    unique = list(dict.fromkeys(id for id in ids if id))
    outcomes = yield from gather([name_of(id) for id in unique])
    return {
        id: PersonName(id, None if isinstance(name, ProvenaError) else name)
        for id, name in zip(unique, outcomes, strict=True)
    }
