"""Export a lineage as a document of the ``prov`` package, for PROV-JSON, PROV-N, PROV-XML and RDF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from provena_sdk.display.text import printable
from provena_sdk.lineage.nodes import ACTIVITY, AGENT, Edge, Node

if TYPE_CHECKING:
    from prov.identifier import QualifiedName
    from prov.model import ProvDocument

HANDLES: Final = "http://hdl.handle.net/"
"""The namespace in which Provena's own PROV documents name items."""

KINDS: Final = "https://provena.io/kind/"
"""The namespace of the kinds of items."""

_LONGEST: Final = 2000

_RELATIONS: Final = frozenset(
    {
        "actedOnBehalfOf",
        "alternateOf",
        "hadMember",
        "specializationOf",
        "used",
        "wasAssociatedWith",
        "wasAttributedTo",
        "wasDerivedFrom",
        "wasGeneratedBy",
        "wasInfluencedBy",
        "wasInformedBy",
        "wasInvalidatedBy",
    }
)
_AGENTS: Final = {"ORGANISATION": "Organization", "PERSON": "Person", "SOFTWARE": "SoftwareAgent"}


def prov_document(nodes: Iterable[Node], edges: Iterable[Edge]) -> ProvDocument:
    """Return nodes and edges as a PROV document.

    Args:
        nodes: The nodes; each has its name as label and its kind as type.
        edges: The edges. A relation that PROV does not know becomes an influence with the relation as its type.

    Raises:
        ImportError: The package ``prov`` is not installed.
    """
    try:
        from prov.constants import PROV  # noqa: PLC0415  # an extra
        from prov.model import ProvDocument  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError("to_prov() needs prov: install provena-sdk[lineage].") from error
    document = ProvDocument()
    handles = document.add_namespace("hdl", HANDLES)
    kinds = document.add_namespace("provena", KINDS)
    named: dict[str, QualifiedName] = {}
    for node in nodes:
        named[node.id] = handles[local_name(node.id)]
        attributes: list[tuple[QualifiedName, object]] = [(PROV["type"], kinds[local_name(node.kind)])]
        if node.name is not None:
            attributes.append((PROV["label"], printable(node.name, _LONGEST)))
        if node.category == ACTIVITY:
            document.activity(named[node.id], other_attributes=attributes)
        elif node.category == AGENT:
            if node.kind in _AGENTS:
                attributes.append((PROV["type"], PROV[_AGENTS[node.kind]]))
            document.agent(named[node.id], attributes)
        else:
            document.entity(named[node.id], attributes)
    for edge in edges:
        source, target = named[edge.source], named[edge.target]
        if edge.relation in _RELATIONS:
            getattr(document, edge.relation)(source, target)
        else:
            relation = kinds[local_name(edge.relation)]
            document.wasInfluencedBy(source, target, other_attributes={PROV["type"]: relation})
    return document


def local_name(text: str) -> str:
    """Return text as the local part of a qualified name, which reads back equal from every format.

    Example:
        >>> local_name("10378.1/1900011"), local_name("a b:c")
        ('10378.1/1900011', 'a%20b%3Ac')
    """
    return quote(text, safe="/")
