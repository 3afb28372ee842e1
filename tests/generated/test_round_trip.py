"""Payloads made up from the interface survive reading and writing, for every schema."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from provena_api import models
from provena_api.types import Guarded, OpenEnum

from scripts.generate import ROOT, served
from scripts.generate_document import Json, Overlay, prepare

SCHEMAS: Json = prepare(served(), Overlay.load(ROOT / "openapi" / "overlay")).document["components"][
    "schemas"
]
OBJECTS = sorted(name for name, schema in SCHEMAS.items() if "enum" not in schema)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)


def payloads(schema: Json) -> st.SearchStrategy[Any]:
    """JSON values that follow a schema, with unknown enum values and unknown fields among them."""
    if "allOf" in schema:
        return payloads(schema["allOf"][0])
    if "$ref" in schema:
        return st.deferred(lambda: payloads(SCHEMAS[str(schema["$ref"]).rpartition("/")[2]]))
    if "const" in schema:
        return st.just(schema["const"])
    if "anyOf" in schema:
        return st.one_of([payloads(entry) for entry in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | st.text(max_size=8)
    match schema.get("type"), schema.get("format"):
        case "string", "date":
            return st.dates().map(str)
        case "string", "date-time":
            return st.datetimes(timezones=st.timezones(no_cache=True)).map(_whole_minutes)
        case "string", _:
            return st.text(max_size=12)
        case "boolean", _:
            return st.booleans()
        case "integer", _:
            return st.integers(-(2**53), 2**53) | st.just(2.0)
        case "number", _:
            return st.floats(allow_nan=False) | st.integers(0, 9)
        case "array", _:
            return st.lists(payloads(schema["items"]), max_size=2)
        case "object", _:
            return _objects(schema)
    return anything


def _whole_minutes(moment: Any) -> str:
    text: str = moment.replace(tzinfo=None).isoformat()
    return text + "+09:30"


def _objects(schema: Json) -> st.SearchStrategy[Any]:
    properties = schema.get("properties", {})
    if not properties:
        values = schema.get("additionalProperties")
        inner = payloads(values) if isinstance(values, dict) else anything
        return st.dictionaries(st.text(max_size=6), inner, max_size=3)
    for key, field in properties.items():
        if "x-chosen-by" in field:
            flag, kinds = field["x-chosen-by"], field["anyOf"]
            first, second = (
                _objects({**schema, "properties": {**properties, key: kinds[value], flag: {"const": value}}})
                for value in (False, True)
            )
            return first | second
    required = {key: payloads(properties[key]) for key in schema.get("required", ())}
    optional = {
        key: payloads(field) if "default" in field else st.none() | payloads(field)
        for key, field in properties.items()
        if key not in required
    }
    unknown = st.dictionaries(
        st.text(max_size=6).filter(lambda key: key not in properties), anything, max_size=1
    )
    return st.tuples(st.fixed_dictionaries(required, optional=optional), unknown).map(
        lambda parts: {**parts[0], **parts[1]}
    )


@pytest.mark.parametrize("name", OBJECTS)
def test_made_up_payloads_round_trip(name: str, complete: Callable[[Any, Json], Any]) -> None:
    kind = getattr(models, name.replace("_", ""))

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(payloads({"$ref": f"#/components/schemas/{name}"}))
    def check(payload: Json) -> None:
        before = copy.deepcopy(payload)
        read = kind.from_dict(payload)
        written = read.to_dict()
        assert payload == before
        assert written == complete(payload, SCHEMAS[name])
        assert json.loads(json.dumps(written)) == written
        assert kind.from_dict(written) == read == copy.deepcopy(read)
        if not _holds_secrets(read):
            assert pickle.loads(pickle.dumps(read)) == read

    check()


def _holds_secrets(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_holds_secrets, value))
    fields = getattr(type(value), "__attrs_attrs__", ())
    return isinstance(value, Guarded) or any(_holds_secrets(getattr(value, field.name)) for field in fields)


@pytest.mark.parametrize("name", OBJECTS)
def test_what_breaks_the_schema_is_refused(name: str) -> None:
    schema = SCHEMAS[name]
    kind = getattr(models, name.replace("_", ""))
    wrongs: list[Any] = [[], "text", 3, None, [{}]]
    for wrong in wrongs:
        with pytest.raises(TypeError, match="expected an object"):
            kind.from_dict(wrong)
    good = _example(schema)
    kind.from_dict(good)
    for key, field in schema.get("properties", {}).items():
        if key in schema.get("required", ()):
            with pytest.raises(KeyError, match=key):
                kind.from_dict({other: value for other, value in good.items() if other != key})
        if field:
            wrong_kind: Any = {"a": 1} if field.get("type") != "object" and "$ref" not in field else [1]
            with pytest.raises((TypeError, ValueError, KeyError)):
                kind.from_dict({**good, key: wrong_kind})


def _example(schema: Json) -> Any:
    if "$ref" in schema:
        return _example(SCHEMAS[str(schema["$ref"]).rpartition("/")[2]])
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    samples = {
        "string": {"date": "2024-02-29", "date-time": "2024-02-29T00:00:00+00:00"}.get(
            schema.get("format", ""), "x"
        ),
        "boolean": False,
        "integer": 1,
        "number": 0.5,
        "array": [],
    }
    kind = schema["type"]
    return (
        samples[kind]
        if kind in samples
        else {key: _example(schema["properties"][key]) for key in schema.get("required", ())}
    )


def test_every_schema_has_its_model() -> None:
    enums = {name for name, schema in SCHEMAS.items() if "enum" in schema}
    assert {name for name in enums if not issubclass(getattr(models, name), OpenEnum)} == set()
    assert {name.replace("_", "") for name in SCHEMAS} | {"ItemRevertResponse", "RevertMetadata"} == set(
        models.__all__
    )
    for name in enums:
        assert [member.value for member in getattr(models, name)] == SCHEMAS[name]["enum"]
