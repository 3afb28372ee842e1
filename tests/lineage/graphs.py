"""Lineages for tests."""

from __future__ import annotations

from provena_sdk.lineage import Edge, Lineage, Node

RUN = "10378.1/1900040"
START = "10378.1/1900014"


def story(inputs: int = 2) -> Lineage:
    """A dataset that a model run made of others; one person made everything, another is not visible."""
    nodes = [
        Node(START, "ENTITY", "DATASET", "Heat stress"),
        Node(RUN, "ACTIVITY", "MODEL_RUN", "Heat stress run"),
        Node("10378.1/1900003", "AGENT", "PERSON", "Ada Lovelace"),
        Node("10378.1/1900004", "AGENT", "PERSON", None),
    ]
    edges = [
        Edge(START, "wasGeneratedBy", RUN),
        Edge(START, "wasAttributedTo", "10378.1/1900003"),
        Edge(RUN, "wasAssociatedWith", "10378.1/1900003"),
        Edge(RUN, "wasAssociatedWith", "10378.1/1900004"),
    ]
    for number in range(inputs):
        id = f"10378.1/20{number:05}"
        nodes.append(Node(id, "ENTITY", "DATASET", f"Sea surface temperature {number}"))
        edges += [Edge(RUN, "used", id), Edge(id, "wasAttributedTo", "10378.1/1900003")]
    return Lineage(f"Upstream of {START}, depth 2", START, nodes, edges)
