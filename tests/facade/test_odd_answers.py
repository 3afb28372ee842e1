"""Answers that have the promised shape, and that no honest service would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.workflows import datastore as workflows

STATUS = {"success": True, "details": ""}
HANDLE = "10378.1/1"


def versions(metadata: Callable[..., dict[str, Any]], following: Callable[[str], str | None]) -> Any:
    """Answers fetches: each dataset says which version comes next."""

    def answer(call: Any) -> Any:
        return {
            "status": STATUS,
            "locked": False,
            "roles": [],
            "item": {
                "id": call.dataset_id,
                "display_name": "Kelp",
                "owner_username": "ada",
                "created_timestamp": 1,
                "updated_timestamp": 1,
                "item_category": "ENTITY",
                "item_subtype": "DATASET",
                "record_type": "COMPLETE_ITEM",
                "collection_format": metadata(),
                "s3": {"bucket_name": "b", "path": "p/", "s3_uri": "s3://b/p/"},
                "release_history": [],
                "release_status": "NOT_RELEASED",
                "history": [],
                "workflow_links": None,
                "versioning_info": {
                    "version": 1,
                    "previous_version": None,
                    "next_version": following(call.dataset_id),
                    "reason": None,
                },
            },
        }

    return answer


async def test_the_newest_of_a_few_versions_is_found(recorder: Any, metadata: Any) -> None:
    after = {HANDLE: "10378.1/2", "10378.1/2": "10378.1/3"}
    datastore, sent = recorder(versions(metadata, after.get))
    assert await datastore.latest_version(HANDLE) == "10378.1/3"
    assert len(sent.calls) == 3


@pytest.mark.parametrize(
    ("following", "asked"),
    [
        (lambda handle: handle, 1),
        (lambda handle: "10378.1/2" if handle == HANDLE else HANDLE, 2),
        (lambda handle: f"10378.1/{int(handle.partition('/')[2]) + 1}", workflows.MOST_VERSIONS),
        (lambda handle: "../../admin/config", 1),
        (lambda handle: "\x1b[2J", 1),
    ],
    ids=["itself", "circle", "endless", "no handle", "escapes"],
)
async def test_versions_without_a_newest_one_are_refused(
    recorder: Any, metadata: Any, following: Callable[[str], str], asked: int
) -> None:
    datastore, sent = recorder(versions(metadata, following))
    with pytest.raises(errors.UnreadableAnswer, match="no newest one"):
        await datastore.latest_version(HANDLE)
    assert len(sent.calls) == asked
