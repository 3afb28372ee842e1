"""Names of items and of persons, which services give by handle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from provena_sdk.display.text import printable
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.workflow import Workflow, gather, handle_of
from provena_sdk.workflows.registry.items import fetch_row


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


def name_of(handle: str) -> Workflow[str | None]:
    """Fetch the name of an item of any kind; None if it was never completed."""
    name = (yield from fetch_row(handle)).get("display_name")
    return str(name) if name else None


def look_up(handles: Iterable[str], known: dict[str, str]) -> Workflow[None]:
    """Look up the names of items, all at once.

    Args:
        handles: Handles of the items.
        known: Names that were looked up before, by handle. New ones are added to it; that of an item which does not
            exist, has no name yet, is private to others or could not be fetched stays unknown.
    """
    unknown = [handle for handle in dict.fromkeys(handles) if handle not in known]
    outcomes = yield from gather([name_of(handle) for handle in unknown])
    known.update(
        {handle: name for handle, name in zip(unknown, outcomes, strict=True) if isinstance(name, str)}
    )


def names_of(ids: Iterable[str], known: dict[str, str]) -> Workflow[dict[str, str | None]]:
    """Look up the names of items whose handles a caller gives.

    Args:
        ids: Handles of the items.
        known: As for :func:`look_up`.

    Returns:
        The name of each item, by handle as given; None if it is not known.

    Raises:
        InvalidArgument: An id is not a handle.
    """
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        raise InvalidArgument("ids", f"must be several handles, such as a list, not {type(ids).__name__}.")
    handles: dict[str, str] = {}
    for index, id in enumerate(ids):
        handles[id] = yield from handle_of(f"ids[{index}]", id)
    yield from look_up(handles.values(), known)
    return {id: known.get(handle) for id, handle in handles.items()}


def person_names(ids: Iterable[str | None]) -> Workflow[Mapping[str | None, PersonName]]:
    """Look up the names of persons, all at once; None among the handles is ignored."""
    names: dict[str, str] = {}
    handles = list(dict.fromkeys(id for id in ids if id))
    yield from look_up(handles, names)
    return {handle: PersonName(handle, names.get(handle)) for handle in handles}
