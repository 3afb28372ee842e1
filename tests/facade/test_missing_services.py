"""A deployment without a service: what needs it fails before anything is changed, and says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from provena_sdk.errors import ConfigurationError, InvalidArgument
from provena_sdk.sandbox.seed import FORCING_TEMPLATE, RUN_TEMPLATE

REVIEWER = "10378.1/1900005"


@pytest.fixture
def without(face: Any, sandbox: Any, deployment: Any) -> Callable[[str], Any]:
    """Opens a client for a deployment that lacks a service."""
    return lambda service: face.open(
        replace(deployment, **{f"{service}_url": None}), access_token=sandbox.access_token("writer")
    )


async def test_nothing_is_registered_when_its_job_could_not_be_waited_for(
    without: Callable[[str], Any], sandbox: Any, metadata: Any
) -> None:
    handle = sandbox.add_dataset("Kelp")
    before = set(sandbox.state.items)
    async with without("job") as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        for attempt in (
            lambda: provena.datastore.mint_dataset(metadata(), wait=True),
            lambda: provena.datastore.version_dataset(id=handle, reason="new", wait=True),
            lambda: kelp.version("new", wait=True),
            kelp.report,
        ):
            with pytest.raises(ConfigurationError, match="has no job service") as caught:
                await attempt()
            assert not hasattr(caught.value, "__notes__")
        assert set(sandbox.state.items) == before
        await provena.datastore.mint_dataset(metadata())


@pytest.mark.parametrize(("service", "words"), [("prov", "provenance"), ("job", "job")])
async def test_a_model_run_that_could_not_be_registered_does_not_begin(
    without: Callable[[str], Any], service: str, words: str
) -> None:
    async with without(service) as provena:
        with pytest.raises(ConfigurationError, match=f"has no {words} service"):
            async with provena.model_run(RUN_TEMPLATE, name="Run", description="A run"):
                pytest.fail("began")


async def test_a_report_is_not_requested_with_a_timeout_that_cannot_be_meant(
    sign_in: Any, sandbox: Any
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(sandbox.add_dataset("Kelp"))
        with pytest.raises(InvalidArgument, match="timeout"):
            await kelp.report(timeout=-1)


async def test_a_reviewer_is_not_said_to_be_unknown_when_names_cannot_be_fetched(
    without: Callable[[str], Any], sandbox: Any
) -> None:
    sandbox.state.reviewers.update([REVIEWER, FORCING_TEMPLATE, "10378.1/1"])
    async with without("registry") as provena:
        kelp = provena.datastore.interactive_dataset(sandbox.add_dataset("Kelp"))
        with pytest.raises(ConfigurationError, match="has no registry service"):
            await kelp.release.request("Ruth Okonkwo", "please")
        assert (await kelp.release.request(REVIEWER, "please")).status.value == "PENDING"


async def test_reviewers_that_are_not_persons_hide_no_others(sign_in: Any, sandbox: Any) -> None:
    sandbox.state.reviewers.update([REVIEWER, FORCING_TEMPLATE, "10378.1/1"])
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(sandbox.add_dataset("Kelp"))
        assert (await kelp.release.request("Ruth Okonkwo", "please")).reviewer.id == REVIEWER


async def test_a_person_that_the_registry_cannot_read_hides_no_others(sign_in: Any, sandbox: Any) -> None:
    sandbox.state.items["10378.1/1900008"].kind = "unparsable"
    async with sign_in() as provena:
        assert (await provena.people.find("ruth")).one().id == REVIEWER
        assert "10378.1/1900008" not in [person.id for person in await provena.people.list()]
