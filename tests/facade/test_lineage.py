"""The lineage of a dataset is explored with the names of everything in it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from provena_sdk import AsyncProvena, Deployment, Provena, errors
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import RUN_TEMPLATE
from provena_sdk.sandbox.work.lineage import Link, Node

RUN = Node("10378.1/1900500", "MODEL_RUN")
WRITER = "10378.1/1900003"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def provena(sandbox: Sandbox) -> Iterator[Provena]:
    deployment = Deployment.from_env(sandbox.environment())
    with Provena(deployment, access_token=sandbox.access_token("writer")) as made:
        yield made


def run_of(sandbox: Sandbox, *, private: bool = False) -> tuple[str, str]:
    """Return a dataset, and another that a model run made of it; the first may be another user's and private."""
    source = sandbox.add_dataset("Sea surface temperature", owner="writer2", private=private)
    result = sandbox.add_dataset("Heat stress")
    links = [
        Link(RUN, "used", Node(source, "DATASET")),
        Link(Node(result, "DATASET"), "wasGeneratedBy", RUN),
        Link(RUN, "wasAssociatedWith", Node(WRITER, "PERSON")),
    ]
    sandbox.work.lineage.lodge(RUN.id, links)
    return source, result


def test_upstream_has_names_kinds_and_relations(sandbox: Sandbox, provena: Provena) -> None:
    source, result = run_of(sandbox)
    lineage = provena.datastore.interactive_dataset(result).upstream(depth=4)
    assert lineage.title == f"Upstream of 'Heat stress' ({result}), depth 4"
    assert lineage.nodes[source].name == "Sea surface temperature"
    assert lineage.nodes[RUN.id].kind == "MODEL_RUN"
    assert lineage.nodes[WRITER].category == "AGENT"
    assert (RUN.id, "used", source) in {(edge.source, edge.relation, edge.target) for edge in lineage.edges}
    assert [node.name for node in lineage.of_kind("create") if node.name is None] == []


def test_private_items_further_along_are_kept_without_their_names(sandbox: Sandbox, provena: Provena) -> None:
    source, result = run_of(sandbox, private=True)
    lineage = provena.datastore.interactive_dataset(result).contributing_datasets()
    assert lineage.nodes[source].label == "(not visible)"
    assert "(not visible)" in str(lineage)
    assert "(not visible)" in lineage.to_svg()


def test_every_direction(sandbox: Sandbox, provena: Provena) -> None:
    source, result = run_of(sandbox)
    first = provena.datastore.interactive_dataset(source)
    last = provena.datastore.interactive_dataset(result)
    assert first.downstream().nodes.keys() >= {source, RUN.id, result}
    assert [node.id for node in last.contributing_datasets().of_kind("dataset")] == [result, source]
    assert [node.id for node in first.affected_datasets().of_kind("dataset")] == [source, result]
    assert WRITER in last.contributing_agents()
    assert WRITER in first.affected_agents()


def test_names_are_fetched_once_by_each_client(sandbox: Sandbox, provena: Provena) -> None:
    _, result = run_of(sandbox)
    dataset = provena.datastore.interactive_dataset(result)
    dataset.upstream(depth=4)
    sandbox.requests.clear()
    provena.datastore.interactive_dataset(result).upstream(depth=4)
    services = {
        exchange.service for exchange in sandbox.requests if exchange.path != "/registry/general/fetch"
    }
    assert services == {"prov"}
    # The run is linked to, but not registered.
    assert len(sandbox.requests) == 2


async def test_the_async_client_explores_too(sandbox: Sandbox) -> None:
    source, result = run_of(sandbox)
    deployment = Deployment.from_env(sandbox.environment())
    async with AsyncProvena(deployment, access_token=sandbox.access_token("reader")) as provena:
        lineage = await provena.datastore.interactive_dataset(result).upstream(depth=4)
        assert lineage.nodes[source].name == "Sea surface temperature"
        assert source in await provena.datastore.interactive_dataset(result).contributing_datasets()


@pytest.mark.parametrize("depth", [0, -1, 11, "2", 2.0, True])
def test_a_depth_that_the_service_cannot_do_is_refused_before_the_network(
    sandbox: Sandbox, provena: Provena, depth: int
) -> None:
    dataset = provena.datastore.interactive_dataset(sandbox.add_dataset("Reef"))
    sandbox.requests.clear()
    for method in (dataset.upstream, dataset.downstream, dataset.affected_agents, dataset.report):
        with pytest.raises(errors.InvalidArgument, match=r"^depth must be"):
            method(depth=depth)
    assert sandbox.requests == []


def test_an_unknown_dataset_is_looked_for_once(sandbox: Sandbox, provena: Provena) -> None:
    sandbox.requests.clear()
    with pytest.raises(errors.ItemNotFound, match=r"^No item has the id 10378\.1/7777777\."):
        provena.datastore.interactive_dataset("10378.1/7777777").upstream()
    assert [exchange.service for exchange in sandbox.requests] == ["prov"]


def test_ones_own_private_dataset_is_explained(sandbox: Sandbox, provena: Provena) -> None:
    private = provena.datastore.interactive_dataset(sandbox.add_dataset("Reef", private=True))
    with pytest.raises(errors.DatasetAccessDenied, match="starts only from items that everybody may read"):
        private.upstream()


def test_a_graph_database_that_is_down_is_an_error_of_the_service(sandbox: Sandbox, provena: Provena) -> None:
    dataset = provena.with_options(max_retries=0).datastore.interactive_dataset(sandbox.add_dataset("Reef"))
    sandbox.faults.outage("graph")
    with pytest.raises(errors.ServerError, match="Couldn't connect"):
        dataset.upstream()


def test_before_the_jobs_have_ended_nothing_is_recorded() -> None:
    with Sandbox(job_seconds=None) as sandbox:
        deployment = Deployment.from_env(sandbox.environment())
        with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
            lineage = provena.datastore.interactive_dataset(sandbox.add_dataset("Reef")).upstream()
            assert len(lineage) == 0
            assert str(lineage).endswith("Nothing is recorded.")


def test_a_report_is_about_the_run_that_made_the_dataset(sandbox: Sandbox, provena: Provena) -> None:
    source, result = (
        sandbox.add_dataset("Sea"),
        provena.datastore.interactive_dataset(sandbox.add_dataset("Heat")),
    )
    with pytest.raises(errors.ProvenaError, match="No model run made dataset"):
        result.report()
    with provena.model_run(RUN_TEMPLATE, name="Heat stress", description="Daily") as run:
        run.input(source, resources={"forcing": "sea/2024.nc"})
        run.output(result, resources={"result": "heat.nc"})
    url = result.report(depth=2)
    assert httpx.get(url).content.startswith(b"PK"), "a Word document is a ZIP archive"
    [job] = provena.jobs.list(total_limit=1)
    assert (job.job_type.value, job.payload["id"]) == ("REPORT", run.id)
    assert url not in repr(job)
    sandbox.fail_next_job("GENERATE_REPORT", info="Job failed, err: no template.")
    with pytest.raises(errors.JobFailed, match="no template"):
        result.report()
