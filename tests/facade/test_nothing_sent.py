"""What is wrong is refused before anything is sent, by every method of both faces."""

from __future__ import annotations

from typing import Any

import pytest

import provena_sdk
from provena_sdk import errors

ID = "10378.1/1"


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "argument"),
    [
        ("fetch_dataset", ("x",), {}, "id"),
        ("latest_version", ("x",), {}, "id"),
        ("fetch_datasets", (ID,), {}, "ids"),
        ("fetch_datasets", (None,), {}, "ids"),
        ("fetch_datasets", ([ID, "10378.1/", ID],), {}, "ids[1]"),
        ("fetch_datasets", ([ID, 7],), {"raise_for_failures": False}, "ids[1]"),
        ("fetch_datasets", ([ID],), {"raise_for_failures": "no"}, "raise_for_failures"),
        ("check_access", ("owner",), {}, "level"),
        ("mint_dataset", ({},), {}, "dataset_mint_info"),
        ("mint_dataset", (None,), {}, "dataset_mint_info"),
        ("validate_dataset_metadata", ("/no/such/file",), {}, "metadata_payload"),
        ("update_dataset_metadata", (ID, " ", {}), {}, "reason"),
        ("update_dataset_metadata", (ID, "r", {}), {}, "metadata_payload"),
        ("revert_dataset_metadata", (), {}, "history_id"),
        ("revert_dataset_metadata", (), {"id": ID, "history_id": -1, "reason": "r"}, "history_id"),
        ("version_dataset", (), {"id": ID}, "reason"),
        ("version_dataset", ({"id": ID},), {}, "reason"),
        ("list_datasets", (), {"page_size": 0}, "page_size"),
        ("list_datasets", (), {"sort_by": "SIZE"}, "sort_by"),
        ("list_all_datasets", ("SIZE",), {}, "sort_by"),
        ("generate_dataset_presigned_url", (), {"dataset_id": ID, "file_path": "../x"}, "file_path"),
        ("generate_dataset_presigned_url", (), {"dataset_id": ID}, "file_path"),
        ("generate_read_access_credentials", (), {}, "dataset_id"),
        ("generate_write_access_credentials", (), {"dataset_id": "x"}, "dataset_id"),
        ("search_datasets", ("",), {}, "query"),
        ("search_datasets", ("kelp", 51), {}, "limit"),
    ],
)
async def test_datastore(
    recorder: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], argument: str
) -> None:
    datastore, sent = recorder()
    with pytest.raises(errors.InvalidArgument) as caught:
        await getattr(datastore, method)(*args, **kwargs)
    assert caught.value.argument == argument
    assert sent.calls == []


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "argument"),
    [
        ("add_dataset_reviewer", ("",), {}, "reviewer_id"),
        ("delete_dataset_reviewer", (None,), {}, "reviewer_id"),
        ("dataset_approval_request", (), {}, "approver_id"),
        ("dataset_approval_request", (), {"dataset_id": ID, "approver_id": "1/2"}, "notes"),
        ("action_approval_request", (), {"dataset_id": ID, "approve": "yes", "notes": ""}, "approve"),
    ],
)
async def test_review(
    recorder: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], argument: str
) -> None:
    datastore, sent = recorder()
    with pytest.raises(errors.InvalidArgument) as caught:
        await getattr(datastore.review, method)(*args, **kwargs)
    assert caught.value.argument == argument
    assert sent.calls == []


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [({"total_limit": -1}, "total_limit"), ({"sort_by": "SIZE"}, "sort_by"), ({"ascending": 1}, "ascending")],
)
def test_a_list_is_refused_at_once(recorder: Any, kwargs: dict[str, Any], argument: str) -> None:
    """Not only when the first item is asked for."""
    datastore, sent = recorder()
    with pytest.raises(errors.InvalidArgument) as caught:
        datastore.for_all_datasets(**kwargs)
    assert caught.value.argument == argument
    assert sent.calls == []


def test_a_dataset_that_is_no_dataset_is_refused_at_once(recorder: Any) -> None:
    datastore, _ = recorder()
    with pytest.raises(errors.InvalidArgument) as caught:
        datastore.interactive_dataset("x")
    assert caught.value.argument == "dataset_id"


async def test_a_list_sends_sort_and_key_back_as_they_came(recorder: Any) -> None:
    key = {"id": ID, "item_subtype": "DATASET", "display_name": "Ä", "new": [1, 2.5, None]}
    told = {
        "status": {"success": True, "details": ""},
        "items": [],
        "seed_items": [],
        "unparsable_items": [],
        "total_item_count": 0,
        "complete_item_count": 0,
        "seed_item_count": 0,
        "unparsable_item_count": 0,
        "not_authorised_count": 0,
    }
    pages = iter([{**told, "pagination_key": key}, {**told, "pagination_key": None}])
    datastore, sent = recorder(lambda call: next(pages))
    results = datastore.for_all_datasets({"page_size": 7}, sort_by="DISPLAY_NAME", ascending=True)
    assert [dataset async for dataset in results] == []
    first, second = (call.request["json"] for call in sent.calls)
    sort = {"sort_type": "DISPLAY_NAME", "ascending": True}
    assert first == {"page_size": 7, "sort_by": sort}
    assert second == {"page_size": 7, "sort_by": sort, "pagination_key": key}
    assert list(map(type, second["pagination_key"]["new"])) == [int, float, type(None)]


@pytest.mark.parametrize(
    ("given", "keywords", "rows"),
    [
        (None, {}, 200),
        (None, {"total_limit": 5}, 5),
        (None, {"page_size": 20}, 20),
        ({}, {}, 200),
        (provena_sdk.NoFilterSubtypeListRequest(), {}, 200),
        (provena_sdk.NoFilterSubtypeListRequest(page_size=50), {"total_limit": 5}, 50),
    ],
)
async def test_pages_have_a_good_size_unless_one_was_chosen(
    recorder: Any, given: Any, keywords: dict[str, int], rows: int
) -> None:
    page: dict[str, Any] = {"status": {"success": True, "details": ""}, "items": [], "pagination_key": None}
    datastore, sent = recorder(lambda call: page)
    assert [dataset async for dataset in datastore.for_all_datasets(given, **keywords)] == []
    assert [call.request["json"]["page_size"] for call in sent.calls] == [rows]
