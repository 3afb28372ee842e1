"""Merging and correcting the interfaces."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.generate import ROOT, served
from scripts.generate_document import (
    SERVICES,
    DocumentError,
    Json,
    Overlay,
    Prepared,
    as_text,
    load,
    merge,
    normalise,
    operations,
    prepare,
    without_nulls,
)

OVERLAY = ROOT / "openapi" / "overlay"


def overlay(*corrections: Json) -> Overlay:
    """The real overlay with corrections added at its end."""
    real = Overlay.load(OVERLAY)
    real.corrections.extend(corrections)
    return real


def with_titles(node: Any, name: str = "Dataset Metadata") -> Any:
    """The same interface with the prose FastAPI adds, all titles alike."""
    if isinstance(node, list):
        return [with_titles(entry, name) for entry in node]
    if not isinstance(node, dict):
        return node
    result = {key: with_titles(value, name) for key, value in node.items()}
    if {"type", "$ref", "allOf", "enum"} & set(node) and "in" not in node and "flows" not in node:
        result |= {"title": name, "description": "Prose."}
    if "operationId" in node:
        result |= {"summary": "Prose", "description": "More prose."}
    return result


def titled() -> dict[str, Json]:
    interfaces = served()
    for document in interfaces.values():
        document["paths"] = with_titles(document["paths"])
        schemas = document["components"]["schemas"]
        document["components"]["schemas"] = {
            name: {
                **schema,
                "title": "Status" if name == "ItemRevertResponse" else name,
                "description": "Prose.",
            }
            for name, schema in schemas.items()
        }
        document["components"]["schemas"].get("CollectionFormat", {})["title"] = "Dataset Metadata"
    return interfaces


@pytest.mark.parametrize("service", SERVICES)
def test_the_stored_interfaces_are_in_their_kept_form(service: str) -> None:
    path = ROOT / "openapi" / f"{service}.json"
    assert as_text(normalise(load(path))) == path.read_text(encoding="utf-8")


def test_titles_and_prose_change_nothing(prepared: Prepared) -> None:
    again = prepare(titled(), Overlay.load(OVERLAY))
    assert json.dumps(again.document) == json.dumps(prepared.document)


def test_stock_output_is_renamed_by_titles(tmp_path: Path) -> None:
    from openapi_python_client.config import Config, ConfigFile, MetaType
    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.errors import GeneratorError

    config = Config.from_sources(ConfigFile(), MetaType.NONE, tmp_path, "utf-8", False, None)
    found = {}
    for kind, document in (("served", served()["datastore"]), ("titled", titled()["datastore"])):
        data = GeneratorData.from_dict(document, config=config)
        assert not isinstance(data, GeneratorError)
        found[kind] = {str(model.class_info.name) for model in data.models}
    assert "CollectionFormat" in found["served"]
    assert "CollectionFormat" not in found["titled"]
    assert "DatasetMetadata" in found["titled"]
    assert "ItemRevertResponse" not in found["titled"]


def test_a_field_called_description_is_no_prose() -> None:
    properties = normalise(served()["datastore"])["components"]["schemas"]["AccessInfo"]["properties"]
    assert set(properties) == {"description", "reposited", "uri"}


def test_merging_changes_neither_interface() -> None:
    interfaces = served()
    before = copy.deepcopy(interfaces)
    prepare(interfaces, Overlay.load(OVERLAY))
    assert interfaces == before


def test_shared_schemas_must_agree() -> None:
    interfaces = served()
    interfaces["search"]["components"]["schemas"]["Status"]["properties"]["code"] = {"type": "integer"}
    with pytest.raises(DocumentError, match=r"diverge: Status \(datastore and search\)\.$"):
        merge(interfaces)


def test_both_services_keep_paths_they_share() -> None:
    names = [(path, operation["tags"]) for path, _, operation in operations(merge(served()))]
    assert ("/datastore/", ["datastore"]) in names
    assert ("/search/", ["search"]) in names
    assert len(names) == 144


def test_everything_is_described(prepared: Prepared) -> None:
    assert prepared.undescribed == []


def test_what_is_not_described_is_told() -> None:
    interfaces = served()
    interfaces["search"]["components"]["schemas"]["QueryResult"]["properties"]["rank"] = {"type": "integer"}
    assert prepare(interfaces, Overlay.load(OVERLAY)).undescribed == ["QueryResult.rank"]


def test_every_correction_gives_its_reason() -> None:
    assert all(len(correction["reason"]) > 10 for correction in Overlay.load(OVERLAY).corrections)
    with pytest.raises(DocumentError, match="it gives no reason"):
        prepare(served(), overlay({"alias": "Other", "of": "Status"}))


@pytest.mark.parametrize(
    ("correction", "problem"),
    [
        ({"alias": "Other", "of": "Nonsense"}, "Nonsense is missing"),
        ({"alias": "User", "of": "Status"}, "User is taken"),
        ({"add_schema": "Status", "schema": {}}, "has a schema Status of its own"),
        ({"answer": ["search.root"], "schema": {}}, "the answer of search.root is no longer untyped"),
        ({"answer": ["search.nonsense"], "schema": {}}, "there is no operation search.nonsense"),
        ({"rename_operations": {"datastore.list": "x"}}, "there is no operation datastore.list"),
        ({"add_field": "Nonsense.x", "schema": {}}, "there is no schema Nonsense"),
        ({"add_field": "User.email", "schema": {}}, "has a field User.email of its own"),
        ({"change_fields": ["User.email"], "was": {}, "schema": {}}, "User.email is not {}"),
        ({"change_fields": ["User.x"], "was": {}, "schema": {}}, "User.x is not {}"),
        ({"secret": ["User.x"]}, "there is no field User.x"),
        ({"always": ["User.username"]}, "there is no optional field User.username"),
        ({"same_schema": "User", "as": "Status"}, "User and Status differ"),
        (
            {"choose": ["Status", "User"], "in": "PersonFetchResponse.item", "by": "item_is_seed"},
            "PersonFetchResponse.item is not one of Status and User",
        ),
        (
            {"choose": ["ItemPerson", "SeededItem"], "in": "PersonFetchResponse.item", "by": "nonsense"},
            "or there is no nonsense",
        ),
        ({"nonsense": 1}, "unknown kind of correction: nonsense"),
    ],
)
def test_a_correction_that_matches_nothing_is_an_error(correction: Json, problem: str) -> None:
    with pytest.raises(DocumentError, match="no longer matches") as caught:
        prepare(served(), overlay({**correction, "reason": "Because."}))
    assert problem in str(caught.value)


def test_an_entry_may_stand_for_several(tmp_path: Path) -> None:
    for path in (ROOT / "openapi" / "overlay").iterdir():
        (tmp_path / path.name).write_text("{}")
    (tmp_path / "job.yaml").write_text("""
each:
  - {kind: person, Kind: Person}
  - {kind: dataset, Kind: Dataset}
corrections:
  - always: [<Kind>List.items]
    reason: Sent for each <kind>.
  - for: [dataset]
    rename_operations: {job.old_<kind>: new_<kind>}
    reason: Only one of them.
operations:
  fetch_<kind>:
    is: Fetch a <kind>.
  stop: {is: Stop.}
schemas:
  Item<Kind>:
    is: A <kind>.
    fields: {id: The <kind>'s handle.}
  ItemPerson:
    fields: {email: An address.}
""")
    assert Overlay.load(tmp_path).__dict__ == {
        "corrections": [
            {"always": ["PersonList.items"], "reason": "Sent for each person."},
            {"always": ["DatasetList.items"], "reason": "Sent for each dataset."},
            {"rename_operations": {"job.old_dataset": "new_dataset"}, "reason": "Only one of them."},
        ],
        "operations": {
            **{service: {} for service in SERVICES},
            "job": {
                "fetch_person": {"is": "Fetch a person."},
                "fetch_dataset": {"is": "Fetch a dataset."},
                "stop": {"is": "Stop."},
            },
        },
        "schemas": {
            "ItemPerson": {
                "is": "A person.",
                "fields": {"id": "The person's handle.", "email": "An address."},
            },
            "ItemDataset": {"is": "A dataset.", "fields": {"id": "The dataset's handle."}},
        },
    }


@pytest.mark.parametrize(
    ("schema", "without"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "format": "uri"}, {"type": "string", "format": "uri"}),
        ({"anyOf": [{"$ref": "A"}, {"$ref": "B"}, {"type": "null"}]}, {"anyOf": [{"$ref": "A"}, {"$ref": "B"}]}),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"type": "null"}, {"type": "null"}),
    ],
)
def test_null_is_left_out_where_there_is_something_else(schema: Json, without: Json) -> None:
    assert without_nulls({"properties": {"x": schema}}) == {"properties": {"x": without}}


def test_words_for_what_is_gone_are_an_error() -> None:
    words = Overlay.load(OVERLAY)
    words.schemas["Gone"] = {"is": "Gone."}
    words.schemas["Status"]["fields"]["gone"] = "Gone."
    words.operations["search"]["gone"] = {"is": "Gone."}
    words.operations["search"]["root"]["parameters"] = {"gone": "Gone."}
    with pytest.raises(DocumentError) as caught:
        prepare(served(), words)
    for place in (
        "there is no Gone",
        "Status has no field gone",
        "no search.gone",
        "search.root has no parameter gone",
    ):
        assert place in str(caught.value)


def test_what_lists_no_paths_is_no_interface() -> None:
    with pytest.raises(DocumentError, match="not an OpenAPI document"):
        normalise({"openapi": "3.0.2", "paths": {}})


def test_a_stored_interface_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(DocumentError, match=r"x\.json"):
        load(tmp_path / "x.json")
