"""Every recorded body whose schema is known is read, and written back as it came."""

from __future__ import annotations

import importlib
import json
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from provena_api import models

# Requests that do not follow the interface on purpose. The service accepted them all the same, because it
# turns strings into booleans and numbers, numbers into strings and dates, or takes text for JSON.
COERCED = {
    "creds.read.bool-as-string",
    "creds.write.bool-as-string",
    "list.page_size.string",
    "validate.bad.name-int",
    "validate.bad.date-int",
    "validate.content-type-vendor-json",
    "validate.no-content-type",
}

# Answers of which the recording keeps only a part, so that their models cannot be read.
SHORTENED = {
    "datastore.granted.group.creds.read",
    "registry.all.RELEASE_TIMESTAMP",
    "registry.all.ascending",
    "registry.dataset-fetch.group-member",
    "registry.dataset.filter-subtype-ignored",
    "registry.page0",
    "registry.page1",
}


def test_recorded_answers_are_read_and_written_back(
    exchanges: list[Any], complete: Callable[..., Any]
) -> None:
    read: Counter[str] = Counter()
    for exchange in exchanges:
        if exchange.operation is None or exchange.status not in (200, 422):
            continue
        content = exchange.operation["responses"][str(exchange.status)]["content"]["application/json"][
            "schema"
        ]
        answer: Any
        if exchange.status == 422:
            answer = models.HTTPValidationError.from_dict(exchange.response)
        elif exchange.is_refusal():
            answer = models.StatusResponse.from_dict(exchange.response)
            content = {"$ref": "#/components/schemas/StatusResponse"}
            assert set(exchange.response) == {"status"} or not any(
                value for key, value in exchange.response.items() if key != "status"
            ), exchange.name
            read["refused"] += 1
        elif exchange.around and f"{exchange.service}.{exchange.name}" in SHORTENED:
            assert "…" in json.dumps(exchange.response, ensure_ascii=False)
            read["shortened"] += 1
            continue
        else:
            module = f"provena_api.api.{exchange.service}.{exchange.operation['operationId']}"
            answer = importlib.import_module(module).parse(exchange.response)
        written = answer.to_dict() if hasattr(answer, "to_dict") else answer
        assert complete(written, content) == complete(exchange.response, content), exchange.name
        read[str(exchange.status)] += 1
    print(f"{read['200']} answers and {read['422']} validation errors read and written back")
    with_schema = sum(1 for exchange in exchanges if exchange.status == 200 and exchange.operation)
    assert read["200"] + read["shortened"] == with_schema
    assert read == {"200": 329, "422": 88, "refused": 18, "shortened": 7}


def test_recorded_requests_are_read_and_written_back(
    exchanges: list[Any], complete: Callable[..., Any]
) -> None:
    read, refused = 0, set()
    for exchange in exchanges:
        name = exchange.body_model()
        if name is None or exchange.status == 422:
            continue
        schema = {"$ref": f"#/components/schemas/{name}"}
        try:
            body = getattr(models, name).from_dict(exchange.body)
        except (KeyError, TypeError, ValueError):
            assert exchange.status == 200, exchange.name
            refused.add(exchange.name)
            continue
        assert complete(body.to_dict(), schema) == complete(exchange.body, schema), exchange.name
        assert body.to_dict() == complete(exchange.body, schema), exchange.name
        read += 1
    print(f"{read} request bodies read and written back")
    assert refused == COERCED
    assert read == 339


def test_models_of_recorded_answers_compare_and_pickle(exchanges: list[Any]) -> None:
    count = 0
    for exchange in exchanges:
        if exchange.operation is None or exchange.status != 200 or exchange.service != "datastore":
            continue
        name = exchange.operation["operationId"]
        if name not in ("fetch_dataset", "list_datasets", "mint_dataset", "validate_metadata"):
            continue
        parse = importlib.import_module(f"provena_api.api.datastore.{name}").parse
        answer = parse(exchange.response)
        assert answer == parse(json.loads(json.dumps(exchange.response)))
        assert pickle.loads(pickle.dumps(answer)) == answer
        count += 1
    assert count > 50


def test_reading_leaves_the_payload_alone(recorded: Callable[[str], Any]) -> None:
    payload, before = recorded("fetch.ok.owner"), recorded("fetch.ok.owner")
    read = models.RegistryFetchResponse.from_dict(payload)
    assert read.item is not None
    info = read.item.collection_format.dataset_info
    assert info.keywords
    info.keywords.append("new")
    info.additional_properties["new"] = 1
    read.to_dict()["item"]["history"].clear()
    assert payload == before
    assert read.item.history


@pytest.mark.parametrize("name", sorted(COERCED))
def test_requests_that_break_the_interface_are_refused(name: str, exchanges: list[Any]) -> None:
    exchange = next(entry for entry in exchanges if entry.name == name)
    with pytest.raises((KeyError, TypeError)):
        getattr(models, exchange.body_model()).from_dict(exchange.body)


def test_a_flag_tells_a_seed_item_from_a_complete_one(recorded: Callable[[str], Any]) -> None:
    answer = recorded("update.fetch-after")
    assert type(models.PersonFetchResponse.from_dict(answer).item) is models.ItemPerson
    seed = models.PersonFetchResponse.from_dict({**answer, "item_is_seed": True})
    assert type(seed.item) is models.SeededItem
    assert seed.item.additional_properties["first_name"] == answer["item"]["first_name"]
    assert seed.to_dict()["item"]["history"] == answer["item"]["history"]
