"""Pages of items: which filters and sorts have an index, and what each page shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.listing import EVERYTHING, SORT_KEYS, ForeignKey, Index, cut_page
from provena_sdk.sandbox.data.users import Identity
from provena_sdk.sandbox.services.registry.permissions import may_read
from provena_sdk.sandbox.serving.service import Deployment, Refused

_QUERY_FAILED: Final = "Failed to query the database. Error: "
# For each filter, the sorts that have an index.
_TIMES_AND_NAME: Final = {None, "UPDATED_TIME", "CREATED_TIME", "DISPLAY_NAME"}
_INDEXES: Final[dict[str | None, set[str | None]]] = {
    None: _TIMES_AND_NAME,
    "ITEM_SUBTYPE": {*_TIMES_AND_NAME, "ACCESS_INFO_URI_BEGINS_WITH"},
    # The service looks for an index by the time of the last change, too, which exists nowhere.
    "RELEASE_REVIEWER": {None, "RELEASE_TIMESTAMP"},
}
_KINDS: Final = {"COMPLETE_ONLY": ("complete", "unparsable"), "SEED_ONLY": ("seed",)}


def read_page(
    deployment: Deployment, asked: dict[str, Any], filter_by: dict[str, Any], identity: Identity
) -> tuple[list[Item], int, dict[str, Any] | None]:
    """Return the items on a page that the caller sees, how many are hidden, and the key of the next page.

    Args:
        deployment: The deployment.
        asked: The request: page size, sort and pagination key.
        filter_by: The filter.
        identity: The caller.

    Raises:
        Refused: No index has this filter and sort, or the database refuses the page size or the key.
    """
    state = deployment.state
    sort = asked["sort_by"] or {"sort_type": None, "ascending": False, "begins_with": None}
    index = _index(filter_by, sort["sort_type"])
    size = asked["page_size"]
    if size < 1:
        problem = f"Invalid value for parameter Limit, value: {size}, valid min value: 1"
        raise Refused(500, f"{_QUERY_FAILED}Parameter validation failed:\n{problem}")
    try:
        handles, key = cut_page(
            state.rows(index),
            index,
            size=size,
            ascending=sort["ascending"],
            begins_with=sort["begins_with"],
            key=asked["pagination_key"],
        )
    except ForeignKey:
        raise Refused(
            500,
            f"{_QUERY_FAILED}An error occurred (500) when calling the Query operation (reached max retries: 3): "
            "The provided starting key is invalid",
        ) from None
    passes = _filter(filter_by)
    page = [item for item in (state.items[handle] for handle in handles) if passes(item)]
    shown = [item for item in page if may_read(deployment, item, identity)]
    return shown, len(page) - len(shown), key


def _index(filter_by: dict[str, Any], sort_type: str | None) -> Index:
    subtype, reviewer = filter_by.get("item_subtype"), filter_by.get("release_reviewer")
    if subtype is not None:
        name, (partition, value) = "ITEM_SUBTYPE", ("item_subtype", subtype)
    elif reviewer is not None:
        name, (partition, value) = "RELEASE_REVIEWER", ("release_approver", reviewer)
    else:
        name, (partition, value) = None, EVERYTHING
    if sort_type not in _INDEXES[name]:
        raise Refused(
            400,
            "Failed to generate query parameters. Error: Could not derive an index name for filter type "
            f"{name} and sort type {sort_type}. If attempting to sort items by some field belonging to only "
            "particular item subtypes, ensure to provide the item subtype filter to access its index, or utilise "
            "the specific list routes for the item subtype.",
        )
    attribute = SORT_KEYS[sort_type or "UPDATED_TIME"]
    if (partition, attribute) == ("release_approver", "updated_timestamp"):
        raise Refused(
            500,
            f"{_QUERY_FAILED}An error occurred (ResourceNotFoundException) when calling the Query operation: "
            f"Invalid index: {partition}-{attribute}-index for table: registry",
        )
    return Index(partition, value, attribute)


def _filter(filter_by: dict[str, Any]) -> Callable[[Item], bool]:
    status = filter_by.get("release_status")
    if status is not None:  # replaces the filter by record type
        return lambda item: item.body.get("release_status") == status
    kinds = _KINDS.get(filter_by.get("record_type", "COMPLETE_ONLY"))
    return lambda item: kinds is None or item.kind in kinds
