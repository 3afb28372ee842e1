"""A lineage leaves as a PROV document, and what the prov package reads back is equal."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.lineage import Edge, Lineage, Node
from provena_sdk.lineage.nodes import ACTIVITY, AGENT, ENTITY
from tests.lineage.graphs import RUN, START, story

model = pytest.importorskip("prov.model")
FORMATS = [("json", "json"), ("xml", "lxml"), ("rdf", "rdflib")]


def read_back(document: Any, format: str) -> Any:
    return model.ProvDocument.deserialize(content=document.serialize(format=format), format=format)


@pytest.mark.parametrize(("format", "needs"), FORMATS)
def test_every_format_reads_back_equal(format: str, needs: str) -> None:
    pytest.importorskip(needs)
    document = story().to_prov()
    found = read_back(document, format)
    assert found == document
    names = {record.identifier.uri for record in found.get_records() if record.identifier}
    assert names == {f"http://hdl.handle.net/{node.id}" for node in story()}


def test_items_and_relations_have_their_types() -> None:
    lines = [line.strip() for line in story(1).to_prov().get_provn().splitlines()]
    assert f"entity(hdl:{START}, [prov:type='provena:DATASET', prov:label=\"Heat stress\"])" in lines
    assert f"wasGeneratedBy(hdl:{START}, hdl:{RUN}, -)" in lines
    assert f"used(hdl:{RUN}, hdl:10378.1/2000000, -)" in lines
    assert f"wasAssociatedWith(hdl:{RUN}, hdl:10378.1/1900003, -)" in lines
    ada = next(line for line in lines if line.startswith("agent(hdl:10378.1/1900003"))
    assert "prov:type='prov:Person'" in ada
    assert "label" not in next(line for line in lines if line.startswith("agent(hdl:10378.1/1900004"))


def test_an_influence_stays_one() -> None:
    lineage = Lineage("Upstream", "a", [], [Edge("a", "wasInfluencedBy", "b")])
    assert "wasInfluencedBy(hdl:a, hdl:b)" in lineage.to_prov().get_provn()


def test_a_relation_that_prov_does_not_know_becomes_an_influence() -> None:
    lineage = Lineage("Upstream", "a", [], [Edge("a", "was tuned by", "b")])
    assert "wasInfluencedBy(hdl:a, hdl:b, [prov:type='provena:was%20tuned%20by'])" in (
        lineage.to_prov().get_provn()
    )


odd = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(
    ids=st.lists(odd, min_size=2, max_size=4, unique=True),
    names=st.lists(odd | st.none(), min_size=4, max_size=4),
    kinds=st.lists(odd | st.just("PERSON"), min_size=4, max_size=4),
    categories=st.lists(st.sampled_from([ENTITY, ACTIVITY, AGENT, "OTHER"]), min_size=4, max_size=4),
    relation=odd | st.sampled_from(["used", "wasGeneratedBy", "serialize", "add_namespace"]),
)
def test_any_text_reads_back_equal(
    ids: list[str], names: list[str | None], kinds: list[str], categories: list[str], relation: str
) -> None:
    nodes = [
        Node(id, category, kind, name)
        for id, category, kind, name in zip(ids, categories, kinds, names, strict=False)
    ]
    document = Lineage("Any", ids[0], nodes, [Edge(ids[0], relation, ids[1])]).to_prov()
    for format, needs in FORMATS[:2]:
        if importlib.util.find_spec(needs):
            assert read_back(document, format) == document
