"""The nodes and edges of a lineage."""

from __future__ import annotations

from dataclasses import dataclass

from provena_sdk.display.text import printable

ENTITY = "ENTITY"
ACTIVITY = "ACTIVITY"
AGENT = "AGENT"

NOT_VISIBLE = "(not visible)"
"""Stands for the name of an item that you may not read."""


@dataclass(frozen=True, slots=True)
class Node:
    """One item of a lineage.

    Attributes:
        id: Its handle.
        category: ``ENTITY``, ``ACTIVITY`` or ``AGENT``, as in PROV.
        kind: Its kind, as the registry names it: ``DATASET``, ``PERSON``, ``MODEL_RUN`` and so on.
        name: Its name; None if you may not read the item, or it has none.
    """

    id: str
    category: str
    kind: str
    name: str | None = None

    @property
    def label(self) -> str:
        """Its name on one line; ``(not visible)`` without one."""
        return NOT_VISIBLE if self.name is None else printable(self.name, 100)

    @property
    def kind_in_words(self) -> str:
        """Its kind in small letters.

        Example:
            >>> Node("10378.1/1900041", "ACTIVITY", "MODEL_RUN").kind_in_words
            'model run'
        """
        return printable(self.kind.replace("_", " ").lower(), 40)

    def __repr__(self) -> str:
        return f"<Node {printable(self.id, 60)}: {self.kind_in_words} {printable(self.label, 60)!r}>"


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between two items; it points from the younger to the older.

    Attributes:
        source: Handle of the younger item.
        relation: The PROV relation, such as ``wasGeneratedBy`` or ``used``.
        target: Handle of the older item.
    """

    source: str
    relation: str
    target: str

    def __repr__(self) -> str:
        parts = (printable(part, 50) for part in (self.source, self.relation, self.target))
        return f"<Edge {' '.join(parts)}>"
