"""Citing a dataset by either client."""

from __future__ import annotations

from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.sandbox import Fault


async def test_names_are_looked_up(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp", published_date={"relevant": True, "value": "2021-02-03"})
    async with sign_in("reader") as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        before = len(sandbox.requests)
        cited = await kelp.cite()
    assert cited == (
        f"Castellanos, W. (2021). Kelp [Data set]. Coral Sea Institute. https://hdl.handle.net/{handle}"
    )
    # The dataset, its organisation, which is its publisher, its owner's link, and the person.
    assert len(sandbox.requests) - before == 4


async def test_other_authors(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with sign_in() as provena:
        cited = await provena.datastore.interactive_dataset(handle).cite(
            "ris", authors=["Tane, Will", "Reef team"]
        )
    assert [line for line in cited.splitlines() if line.startswith("AU")] == [
        "AU  - Tane, Will",
        "AU  - Reef team",
    ]


async def test_an_owner_who_has_no_person(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp", owner="unlinked")
    async with sign_in() as provena:
        cited = await provena.datastore.interactive_dataset(handle).cite()
    assert cited.startswith("Coral Sea Institute. (")


async def test_a_failing_service_changes_no_citation(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    sandbox.faults.add(Fault.gateway(503, path="/link/user/lookup", times=20))
    async with sign_in(max_retries=0) as provena:
        with pytest.raises(errors.ServerError):
            await provena.datastore.interactive_dataset(handle).cite()


@pytest.mark.parametrize(
    "arguments", [{"style": "mla"}, {"authors": "Tane, Will"}, {"authors": []}, {"style": None}]
)
async def test_bad_arguments_send_nothing(sign_in: Any, sandbox: Any, arguments: dict[str, Any]) -> None:
    async with sign_in() as provena:
        before = len(sandbox.requests)
        with pytest.raises(errors.InvalidArgument, match=next(iter(arguments))):
            await provena.datastore.interactive_dataset("10378.1/1").cite(**arguments)
        assert len(sandbox.requests) == before
