"""A lineage as a graph: shown as a table or a picture, and exported to other libraries."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import table
from provena_sdk.display.text import alternatives, printable
from provena_sdk.errors import InvalidArgument
from provena_sdk.lineage.nodes import Edge, Node
from provena_sdk.lineage.picture import drawn
from provena_sdk.lineage.prov_document import prov_document
from provena_sdk.views.frames import frame

if TYPE_CHECKING:
    from networkx import MultiDiGraph
    from pandas import DataFrame
    from prov.model import ProvDocument

_WIDEST_NAME: Final = 40


class Lineage:
    """A lineage: items as nodes, and PROV relations as edges from the younger item to the older.

    ``print()`` shows it as a table, a notebook as a picture. It is not changed once made.

    Args:
        title: What it shows, such as ``Upstream of 10378.1/1900011, depth 2``.
        start: Handle of the item that the search began at.
        nodes: The items. One that is given twice counts once; an edge's end that is missing is added.
        edges: The relations.

    Attributes:
        title: What it shows.
        start: Handle of the item that the search began at.
        nodes: The items by handle, nearest to the start first.
        edges: The relations.

    Example:
        >>> reef = Node("10378.1/11", "ENTITY", "DATASET", "Reef")
        >>> ada = Node("10378.1/3", "AGENT", "PERSON", "Ada")
        >>> edge = Edge("10378.1/11", "wasAttributedTo", "10378.1/3")
        >>> lineage = Lineage("Upstream of 10378.1/11", "10378.1/11", [reef, ada], [edge])
        >>> lineage
        <Lineage: Upstream of 10378.1/11; 2 nodes, 1 edge>
        >>> print(lineage)
        Upstream of 10378.1/11; 2 nodes, 1 edge
        <BLANKLINE>
        kind     name  handle
        dataset  Reef  10378.1/11
        person   Ada   10378.1/3
        <BLANKLINE>
        from  relation         to
        Reef  wasAttributedTo  Ada
    """

    def __init__(self, title: str, start: str, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        self.title = title
        self.start = start
        self.edges: tuple[Edge, ...] = tuple(dict.fromkeys(edges))
        self.nodes: dict[str, Node] = _by_distance(start, nodes, self.edges)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __contains__(self, id: object) -> bool:
        return id in self.nodes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lineage):
            return NotImplemented
        same_nodes = set(self.nodes.values()) == set(other.nodes.values())
        return self.start == other.start and same_nodes and set(self.edges) == set(other.edges)

    __hash__ = None  # type: ignore[assignment]  # it holds a dict

    def of_kind(self, kind: str) -> list[Node]:
        """Return the nodes of one kind.

        Args:
            kind: The kind, as in ``node.kind``, such as ``DATASET``; ``model run`` works like ``MODEL_RUN``.
        """
        wanted = kind.upper().replace(" ", "_")
        return [node for node in self if node.kind == wanted]

    def to_pandas(self, rows: Literal["nodes", "edges"] = "nodes") -> DataFrame:
        """Return a data frame with one row per node or per edge.

        Args:
            rows: ``nodes`` for category, kind and name, with the handles as index; ``edges`` for source, relation and
                target, and the names of both ends.

        Raises:
            ImportError: pandas is not installed.
            InvalidArgument: ``rows`` is neither.
        """
        if rows not in ("nodes", "edges"):
            raise InvalidArgument(
                "rows", f"must be {alternatives(['nodes', 'edges'])}, not {printable(rows, 60)!r}."
            )
        if rows == "nodes":
            nodes = [(node.id, node.category, node.kind, node.name) for node in self]
            return frame(nodes, ["handle", "category", "kind", "name"], "handle")
        edges = [
            (
                edge.source,
                edge.relation,
                edge.target,
                self.nodes[edge.source].name,
                self.nodes[edge.target].name,
            )
            for edge in self.edges
        ]
        return frame(edges, ["source", "relation", "target", "source_name", "target_name"])

    def to_networkx(self) -> MultiDiGraph[str]:
        """Return a graph of NetworkX, whose nodes are handles with category, kind and name.

        Edges have the relation as their key and as the attribute ``relation``.

        Raises:
            ImportError: NetworkX is not installed.

        Example:
            >>> edge = Edge("10378.1/11", "wasAttributedTo", "10378.1/3")
            >>> list(Lineage("Agents", "10378.1/11", [], [edge]).to_networkx().edges)
            [('10378.1/11', '10378.1/3', 'wasAttributedTo')]
        """
        try:
            import networkx  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise ImportError("to_networkx() needs NetworkX: install provena-sdk[lineage].") from error
        graph: MultiDiGraph[str] = networkx.MultiDiGraph(title=self.title, start=self.start)
        for node in self:
            graph.add_node(node.id, category=node.category, kind=node.kind, name=node.name)
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, key=edge.relation, relation=edge.relation)
        return graph

    def to_prov(self) -> ProvDocument:
        """Return a document of the package ``prov``, which writes PROV-JSON, PROV-N, PROV-XML and RDF.

        Items are named by their handles in the namespace ``http://hdl.handle.net/``, as in Provena's own documents.
        Each has its name as ``prov:label`` and its kind as ``prov:type``.

        Raises:
            ImportError: The package ``prov`` is not installed.

        Example:
            >>> node = Node("10378.1/11", "ENTITY", "DATASET", "Reef")
            >>> print(Lineage("Upstream", "10378.1/11", [node], []).to_prov().get_provn())
            document
              prefix hdl <http://hdl.handle.net/>
              prefix provena <https://provena.io/kind/>
            <BLANKLINE>
              entity(hdl:10378.1/11, [prov:type='provena:DATASET', prov:label="Reef"])
            endDocument
        """
        return prov_document(self, self.edges)

    def to_svg(self) -> str:
        """Return the picture as the text of an SVG file, which adapts to light and dark.

        Entities are rounded, activities are rectangles and agents have a roof, as in PROV. Arrows point from the
        younger item to the older. Of more than fifty items, the nearest to the start are drawn, and the picture says
        how many are left out.
        """
        return drawn(self.title, self.start, list(self), self.edges, standalone=True)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return drawn(self.title, self.start, list(self), self.edges, standalone=False)

    def __repr__(self) -> str:
        return f"<Lineage: {printable(self._summary(), 180)}>"

    def _summary(self) -> str:
        nodes, edges = len(self.nodes), len(self.edges)
        counts = f"{nodes} node{'' if nodes == 1 else 's'}, {edges} edge{'' if edges == 1 else 's'}"
        return f"{printable(self.title, 120)}; {counts}"

    def __str__(self) -> str:
        if not self.nodes:
            return f"{self._summary()}\n\nNothing is recorded."
        labels = {id: printable(node.label, _WIDEST_NAME) for id, node in self.nodes.items()}
        items = [(node.kind_in_words, labels[node.id], node.id) for node in self]
        relations = [(labels[edge.source], edge.relation, labels[edge.target]) for edge in self.edges]
        parts = [self._summary(), table(("kind", "name", "handle"), items)]
        if relations:
            parts.append(table(("from", "relation", "to"), relations))
        return "\n\n".join(parts)


def _by_distance(start: str, nodes: Iterable[Node], edges: Iterable[Edge]) -> dict[str, Node]:
    """Return the nodes by handle, nearest to the start first; those not connected to it come last."""
    known = {node.id: node for node in nodes}
    neighbours: dict[str, dict[str, None]] = {id: {} for id in known}
    for edge in edges:
        for end, other in ((edge.source, edge.target), (edge.target, edge.source)):
            known.setdefault(end, Node(end, "ENTITY", "UNKNOWN"))
            neighbours.setdefault(end, {})[other] = None
    ordered: dict[str, Node] = {}
    for first in (start, *known):
        waiting = deque([first] if first in known else [])
        while waiting:
            id = waiting.popleft()
            if id not in ordered:
                ordered[id] = known[id]
                waiting.extend(neighbours[id])
    return ordered
