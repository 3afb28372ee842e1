"""Items that do not match the interface: a listing goes on without them, and names them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.sandbox import Fault

REASON = "CollectionFormatDatasetInfo.license: expected a string, got null"


def broken(item: dict[str, Any]) -> dict[str, Any]:
    item["collection_format"]["dataset_info"]["license"] = None
    return item


async def listed(provena: Any, sandbox: Any, *numbers: int, service: str = "datastore", **sizes: Any) -> None:
    """Let the next page have broken items at some places."""
    page = (await provena.datastore.list_datasets(**sizes)).to_dict()
    page["items"] = [broken(item) if place in numbers else item for place, item in enumerate(page["items"])]
    sandbox.faults.add(Fault(service=service, path="/registry/items/list", body=json.dumps(page)))


async def test_a_listing_goes_on_and_names_what_it_left_out(sign_in: Any, sandbox: Any) -> None:
    handles = sandbox.populate(7)[::-1]
    async with sign_in() as provena:
        await listed(provena, sandbox, 1, page_size=3)
        found = provena.datastore.for_all_datasets(page_size=3)
        with pytest.warns(UserWarning, match=rf"1 item could not be read: {handles[1]} \({REASON}\)"):
            kept = [item.id async for item in found]
    assert kept == [handles[0], *handles[2:]]
    assert [(item.id, item.reason) for item in found.unreadable] == [(handles[1], REASON)]
    assert f"1 item could not be read: {handles[1]}" in str(getattr(found, "_held", found))


async def test_a_page_has_them_among_the_unparsable(sign_in: Any, sandbox: Any) -> None:
    handles = sandbox.populate(3)[::-1]
    async with sign_in() as provena:
        await listed(provena, sandbox, 2)
        with pytest.warns(UserWarning, match=handles[2]):
            page = await provena.datastore.list_datasets()
    assert [item.id for item in page.items] == handles[:2]
    assert [entry["id"] for entry in page.unparsable_items] == [handles[2]]
    assert (page.complete_item_count, page.unparsable_item_count) == (2, 1)


async def test_a_page_that_matches_nowhere_is_an_error(sign_in: Any, sandbox: Any) -> None:
    handles = sandbox.populate(5)[::-1]
    async with sign_in() as provena:
        await listed(provena, sandbox, *range(5))
        with pytest.raises(errors.UnreadableAnswer) as caught:
            await provena.datastore.for_all_datasets().all()
    assert f"{handles[0]}: {REASON}; {handles[1]}: {REASON}; {handles[2]}: " in caught.value.message
    assert "and 2 more" in caught.value.message


async def test_an_inventory_names_them_too(sign_in: Any, sandbox: Any) -> None:
    handles = sandbox.populate(3)[::-1]
    async with sign_in() as provena:
        await listed(provena, sandbox, 0)
        with pytest.warns(UserWarning, match=handles[0]):
            rows = await provena.datastore.inventory().all()
    assert [row.handle for row in rows] == handles[1:]


async def test_what_the_registry_cannot_read_is_named(sign_in: Any, sandbox: Any) -> None:
    broken = {"id": "10378.1/1900077", "display_name": "Nobody"}
    async with sign_in() as provena:
        people = [person.to_dict() for person in await provena.people.list()]
        answer = {
            "status": {
                "success": False,
                "details": " WARNING at least one unparsable entity exists in the registry.",
            },
            "items": people[1:],
            "seed_items": [],
            "unparsable_items": [broken],
            "pagination_key": None,
        }
        for _ in range(2):
            sandbox.faults.add(
                Fault(service="registry", path="/registry/agent/person/list", body=json.dumps(answer))
            )
        with pytest.warns(UserWarning, match=r"1900077 \(.+ is missing\)"):
            assert len(await provena.people.list()) == len(people) - 1
        with pytest.warns(UserWarning, match="1900077"):
            await provena.people.find("Rosa")


async def test_a_dataset_that_cannot_be_read_is_named_with_the_field(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with sign_in() as provena:
        fetched = (await provena.datastore.fetch_dataset(handle)).to_dict()
        broken(fetched["item"])
        sandbox.faults.add(
            Fault(service="datastore", path="/registry/items/fetch-dataset", body=json.dumps(fetched))
        )
        with pytest.raises(errors.UnreadableAnswer) as caught:
            await provena.datastore.fetch_dataset(handle)
    assert f"about {handle} does not match the interface: {REASON}." in caught.value.message
