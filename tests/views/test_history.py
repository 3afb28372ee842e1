"""Histories of datasets, as services were recorded to give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from provena_api.models import ItemDataset

from provena_sdk.views.history import History, UserName, history_of
from tests.recordings import DATA, load


def datasets(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every dataset with a whole history within an answer."""
    if isinstance(value, dict):
        is_whole = value.get("item_subtype") == "DATASET" and value.get("record_type") == "COMPLETE_ITEM"
        if is_whole and isinstance(value.get("history"), list) and "…" not in value:
            yield value
        for inner in value.values():
            yield from datasets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from datasets(inner)


RECORDED = [
    item
    for path in sorted(DATA.glob("*/*.json"))
    for exchange in load(path)
    for item in datasets(exchange.get("response"))
]


def test_every_recorded_history_shows_what_changed() -> None:
    shown = 0
    for data in RECORDED:
        item = ItemDataset.from_dict(data)
        history = history_of(item, {})
        assert [state.id for state in history] == list(range(len(data["history"])))[::-1]
        assert all(len(line) < 400 for line in str(history).split("\n"))
        # The newest state is what the item holds.
        assert history[0].metadata == item.collection_format
        shown += len(history)
    assert len(RECORDED) > 100
    assert shown > len(RECORDED)


def test_a_part_of_a_history_still_knows_the_newest_state() -> None:
    history = next(
        found
        for data in RECORDED
        if len(found := history_of(ItemDataset.from_dict(data), {})) > 1 and found.diff(0)
    )
    assert list(history[1:].diff(0)) == list(history[:0].diff(0)) == list(history.diff(0))


def test_a_revert_is_a_change_back() -> None:
    reverts = [
        (history, state)
        for data in RECORDED
        for history in [history_of(ItemDataset.from_dict(data), {})]
        for state in history
        if state.reason.startswith("Reverting dataset to history id 0.")
    ]
    assert reverts
    for history, state in reverts:
        # A release that was requested meanwhile is not taken back.
        assert {change.path for change in history.diff(0, state.id)} <= {"release_status"}


def test_a_part_of_a_history_still_compares_states() -> None:
    data = max(RECORDED, key=lambda item: len(item["history"]))
    history = history_of(ItemDataset.from_dict(data), {"writer": UserName("writer", "Wren")})
    part = history[:1]
    assert isinstance(part, History)
    assert part.diff(0) == history.diff(0, history[0].id)


@pytest.mark.parametrize("number", ["1", True, 1.0])
def test_states_are_whole_numbers(number: Any) -> None:
    history = history_of(ItemDataset.from_dict(RECORDED[0]), {})
    with pytest.raises(ValueError, match="first must be the number of a state"):
        history.diff(number)
