"""What each operation sends, and how its answer is read."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from provena_api import models
from provena_api.api.datastore import (
    add_reviewer,
    fetch_dataset,
    generate_config_file,
    list_datasets,
    list_reviewers,
    root,
    update_metadata,
)
from provena_api.api.search import search_entity_registry

from scripts.generate_document import SERVICES, Prepared, operations


def modules(service: str) -> dict[str, Any]:
    package = importlib.import_module(f"provena_api.api.{service}")
    names = [entry.name for entry in pkgutil.iter_modules(package.__path__)]
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_of_the_interface_has_its_module(service: str, prepared: Prepared) -> None:
    expected = {op["operationId"] for _, _, op in operations(prepared.document) if op["tags"] == [service]}
    assert set(modules(service)) == expected


@pytest.mark.parametrize("service", SERVICES)
def test_what_each_operation_sends_is_what_the_interface_says(service: str, prepared: Prepared) -> None:
    found = modules(service)
    for path, method, operation in operations(prepared.document):
        if operation["tags"] != [service]:
            continue
        module = found[operation["operationId"]]
        arguments: dict[str, Any] = {
            entry["name"]: {"integer": 7, "boolean": False}.get(entry["schema"].get("type"), "10378.1/a b&ü")
            for entry in operation.get("parameters", ())
        }
        params = dict(arguments)
        if "requestBody" in operation:
            arguments["body"] = models.Status(success=True, details="any model will do")
        sent = module.request(**arguments)
        assert sent["method"] == method.upper()
        assert f"/{service}{sent['url']}" == path
        assert sent.get("params", {}) == params
        assert sent.get("json") == (
            {"success": True, "details": "any model will do"} if "body" in arguments else None
        )
        assert set(sent) <= {"method", "url", "params", "json"}
        assert module.__doc__


@pytest.mark.parametrize("service", SERVICES)
def test_both_ways_to_call_take_the_same(service: str) -> None:
    for name, module in modules(service).items():
        sync, asyncio = (inspect.signature(function) for function in (module.sync, module.asyncio))
        assert (
            list(sync.parameters)
            == list(asyncio.parameters)
            == ["client", *inspect.signature(module.request).parameters]
        ), name
        assert (
            sync.return_annotation
            == asyncio.return_annotation
            == inspect.signature(module.parse).return_annotation
        )


def test_what_is_none_is_left_out() -> None:
    assert search_entity_registry.request(query="reef")["params"] == {"query": "reef"}
    assert search_entity_registry.request(query="reef", record_limit=0)["params"] == {
        "query": "reef",
        "record_limit": 0,
    }


@pytest.mark.parametrize("kind", [models.ItemSubType.DATASET, "DATASET"])
def test_an_enum_parameter_takes_the_member_or_its_text(kind: models.ItemSubType | str) -> None:
    sent = search_entity_registry.request(query="reef", subtype_filter=kind)["params"]["subtype_filter"]
    assert type(sent) is str
    assert sent == "DATASET"


def test_a_body_is_sent_as_json() -> None:
    key = models.PaginationKey({"id": "10378.1/7"})
    body = models.NoFilterSubtypeListRequest(page_size=5, pagination_key=key)
    assert list_datasets.request(body=body)["json"] == {"page_size": 5, "pagination_key": {"id": "10378.1/7"}}


def recorder(status: int, answer: object, seen: list[httpx.Request]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=answer)

    return httpx.MockTransport(handle)


def test_a_sync_client_sends_and_reads(recorded: Callable[[str], Any]) -> None:
    seen: list[httpx.Request] = []
    answer = recorded("fetch.ok.owner")
    with httpx.Client(base_url="http://service.example/api", transport=recorder(200, answer, seen)) as client:
        read = fetch_dataset.sync(client=client, handle_id="10378.1/7 ä+&")
    assert read == models.RegistryFetchResponse.from_dict(answer)
    assert read.item.display_name == answer["item"]["display_name"]
    assert seen[0].url.path == "/api/registry/items/fetch-dataset"
    assert dict(seen[0].url.params) == {"handle_id": "10378.1/7 ä+&"}


async def test_an_async_client_sends_and_reads() -> None:
    seen: list[httpx.Request] = []
    transport = recorder(200, ["10378.1/5"], seen)
    async with httpx.AsyncClient(base_url="http://service.example", transport=transport) as client:
        assert await list_reviewers.asyncio(client=client) == ["10378.1/5"]
    assert seen[0].method == "GET"


@pytest.mark.parametrize("status", [307, 400, 401, 404, 422, 500, 503])
async def test_no_other_status_is_taken_for_an_answer(status: int) -> None:
    transport = recorder(status, {"detail": "no"}, [])
    with (
        httpx.Client(base_url="http://service.example", transport=transport) as client,
        pytest.raises(httpx.HTTPStatusError),
    ):
        root.sync(client=client)
    async with httpx.AsyncClient(base_url="http://service.example", transport=transport) as client_:
        with pytest.raises(httpx.HTTPStatusError):
            await root.asyncio(client=client_)


def test_answers_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(TypeError, match="list_reviewers: expected a list, got null"):
        list_reviewers.parse(None)
    with pytest.raises(TypeError, match="add_reviewer: expected null, got an object"):
        add_reviewer.parse({"detail": "what"})
    with pytest.raises(TypeError, match="generate_config_file: expected a string"):
        generate_config_file.parse({})
    with pytest.raises(KeyError, match="handle"):
        update_metadata.parse({"status": {"success": False, "details": "no"}})
    assert add_reviewer.parse(None) is None  # type: ignore[func-returns-value]
