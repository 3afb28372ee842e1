"""The archive over a service that misbehaves."""

from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace
from typing import Any

import pytest

from provena_sdk.errors import ProvenaError
from provena_sdk.filesystem.catalogue import Catalogue, dataset_entry


def test_pages_that_lead_in_a_circle_are_an_error() -> None:
    keys = cycle(["a", "b"])

    def run(workflow: Any) -> Any:
        return SimpleNamespace(items=[], unreadable=[], key=next(keys))

    archive = Catalogue(SimpleNamespace(transport=SimpleNamespace(run=run)))  # type: ignore[arg-type]  # as much as it needs
    with pytest.raises(ProvenaError, match="never end"):
        archive._list("", None)


@pytest.mark.parametrize("seconds", [10**17, -(10**17), 10**400])
def test_a_time_that_no_calendar_has_is_left_out(seconds: int) -> None:
    item: Any = SimpleNamespace(
        id="10378.1/1",
        display_name="Reef",
        owner_username="ada",
        created_timestamp=seconds,
        updated_timestamp=seconds,
        release_status=None,
        collection_format=SimpleNamespace(to_dict=dict),
    )
    entry = dataset_entry(item)
    assert entry["created"] is None
    assert entry["LastModified"] is None
