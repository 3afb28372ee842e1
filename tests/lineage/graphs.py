"""Lineages for tests."""

from __future__ import annotations

from provena_sdk.lineage import Lineage, LineageEdge, LineageNode

RUN = "10378.1/1900040"
START = "10378.1/1900014"


def story(inputs: int = 2) -> Lineage:
    """A dataset that a model run made of others; one person made everything, another is not visible."""
    nodes = [
        LineageNode(START, "ENTITY", "DATASET", "Heat stress"),
        LineageNode(RUN, "ACTIVITY", "MODEL_RUN", "Heat stress run"),
        LineageNode("10378.1/1900003", "AGENT", "PERSON", "Ada Lovelace"),
        LineageNode("10378.1/1900004", "AGENT", "PERSON", None),
    ]
    edges = [
        LineageEdge(START, "wasGeneratedBy", RUN),
        LineageEdge(START, "wasAttributedTo", "10378.1/1900003"),
        LineageEdge(RUN, "wasAssociatedWith", "10378.1/1900003"),
        LineageEdge(RUN, "wasAssociatedWith", "10378.1/1900004"),
    ]
    for number in range(inputs):
        id = f"10378.1/20{number:05}"
        nodes.append(LineageNode(id, "ENTITY", "DATASET", f"Sea surface temperature {number}"))
        edges += [LineageEdge(RUN, "used", id), LineageEdge(id, "wasAttributedTo", "10378.1/1900003")]
    return Lineage(f"Upstream of {START}, depth 2", START, nodes, edges)
