"""Pages of the registry's rows, by the indexes of its table."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

Row = tuple[Any, str]
Key = dict[str, Any]

# Sort types of a listing, and the item's attribute.
SORT_KEYS: Final = {
    "CREATED_TIME": "created_timestamp",
    "UPDATED_TIME": "updated_timestamp",
    "DISPLAY_NAME": "display_name",
    "RELEASE_TIMESTAMP": "release_timestamp",
    "ACCESS_INFO_URI_BEGINS_WITH": "access_info_uri",
}
# The attribute that every row has, with the same value.
EVERYTHING: Final = ("universal_partition_key", "OK")


class Index(NamedTuple):
    """An index of the table: the rows with one value of an attribute, sorted by another attribute."""

    partition: str
    value: str
    sort: str


class ForeignKey(Exception):
    """A pagination key is not of this index."""


def cut_page(
    rows: Sequence[Row],
    index: Index,
    *,
    size: int,
    ascending: bool,
    begins_with: str | None = None,
    key: Key | None = None,
) -> tuple[list[str], Key | None]:
    """Return the ids on a page, before permissions are checked, and the key of the next page.

    A full page has a key, even the last one.

    Args:
        rows: Sort value and id of each row of the index, ascending.
        index: The index.
        size: Most rows on the page, at least 1.
        ascending: Whether to start with the lowest value.
        begins_with: Only values that begin with this.
        key: The key that the page before returned.

    Raises:
        ForeignKey: The key does not fit the index.
    """
    start, stop = 0, len(rows)
    if begins_with is not None:
        start = bisect_left(rows, (begins_with,))
        stop = bisect_left(rows, (begins_with + "\U0010ffff",))
    after = None if key is None else _position(key, index)
    if ascending:
        first = start if after is None else max(start, bisect_right(rows, after))
        chosen = list(rows[first : min(stop, first + size)])
    else:
        last = stop if after is None else min(stop, bisect_left(rows, after))
        chosen = list(rows[max(start, last - size) : last][::-1])
    following = None
    if len(chosen) == size:
        value, handle = chosen[-1]
        following = {"id": handle, index.partition: index.value, index.sort: value}
    return [handle for _, handle in chosen], following


def _position(key: Key, index: Index) -> Row:
    kind: type = int if index.sort.endswith("timestamp") else str
    fits = set(key) == {"id", index.partition, index.sort} and type(key[index.sort]) is kind
    if not fits or not isinstance(key["id"], str) or key[index.partition] != index.value:
        raise ForeignKey
    return key[index.sort], key["id"]
