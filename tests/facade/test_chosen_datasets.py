"""Listings by owner, status and last change, which the SDK chooses from what comes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from provena_api.models import NoFilterSubtypeListRequest, ReleasedStatus, SortOptions, SortType

from provena_sdk import errors
from provena_sdk.workflows.listing_filter import listing_filter

REVIEWER = "10378.1/1900005"


def pages(sandbox: Any) -> int:
    return sum(exchange.path == "/registry/items/list" for exchange in sandbox.requests)


async def handles(provena: Any, **chosen: Any) -> list[str]:
    return [item.id async for item in provena.datastore.for_all_datasets(**chosen)]


async def test_datasets_of_an_owner(sign_in: Any, sandbox: Any) -> None:
    sandbox.populate(3)
    theirs = sandbox.add_dataset("Kelp", owner="writer2")
    async with sign_in() as provena:
        assert await handles(provena, owner="writer2") == [theirs]
        assert await handles(provena, owner="writer2", page_size=1, total_limit=1) == [theirs]
        assert await handles(provena, owner="nobody") == []
        assert len(await handles(provena, owner="writer")) == 3


@pytest.mark.parametrize("status", ["pending", "PENDING", ReleasedStatus.PENDING])
async def test_datasets_of_a_status(sign_in: Any, sandbox: Any, status: Any) -> None:
    sandbox.populate(3)
    waiting = sandbox.add_dataset("Kelp")
    async with sign_in("admin") as admin:
        await admin.datastore.review.add_dataset_reviewer(REVIEWER)
    async with sign_in() as provena:
        await provena.datastore.review.dataset_approval_request(
            dataset_id=waiting, approver_id=REVIEWER, notes="please"
        )
        assert await handles(provena, status=status) == [waiting]
        assert len(await handles(provena, status="not released")) == 3


async def test_a_listing_ends_at_what_is_older(sign_in: Any, sandbox: Any) -> None:
    sandbox.populate(40)
    sandbox.advance(86_400)
    latest = sandbox.add_dataset("Kelp")
    async with sign_in() as provena:
        changed = (await provena.datastore.fetch_dataset(latest)).item.updated_timestamp
        since = datetime.fromtimestamp(changed, UTC)
        assert await handles(provena, modified_since=since, page_size=5) == [latest]
        assert pages(sandbox) <= 2  # the second is fetched ahead
        assert await handles(provena, modified_since=since.isoformat(), ascending=True) == [latest]
        assert await handles(provena, modified_since=since, sort_by="DISPLAY_NAME", ascending=True) == [
            latest
        ]
        assert len(await handles(provena, modified_since=date(2020, 1, 1))) == 41


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"status": "done"}, "status must be 'not-released', 'pending' or 'released', not 'done'"),
        ({"status": 1}, "status must be a str"),
        ({"owner": " "}, "owner must not be empty"),
        ({"modified_since": "yesterday"}, "modified_since must be a date, a time, or text such as"),
        ({"modified_since": 1}, "modified_since must be a date"),
    ],
)
async def test_nothing_is_sent_for_a_malformed_choice(recorder: Any, chosen: Any, message: str) -> None:
    datastore, _ = recorder()
    with pytest.raises(errors.InvalidArgument, match=message):
        datastore.for_all_datasets(**chosen)


@pytest.mark.parametrize(
    ("sort", "ends_early"),
    [
        (None, True),
        (SortOptions(sort_type=SortType.UPDATED_TIME, ascending=False), True),
        (SortOptions(sort_type=SortType.UPDATED_TIME, ascending=True), False),
        (SortOptions(sort_type=SortType.CREATED_TIME), False),
    ],
)
def test_only_the_newest_first_end_early(sort: SortOptions | None, ends_early: bool) -> None:
    body = NoFilterSubtypeListRequest(sort_by=sort)
    assert listing_filter(body, owner=None, status=None, modified_since="2024").newest_first is ends_early
