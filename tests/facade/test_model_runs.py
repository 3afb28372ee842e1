"""A model run is registered when its block ends, with everything that its template asks for, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Deployment, ModelRun, Provena, errors
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.seed import FORCING_TEMPLATE, MODEL, RESULT_TEMPLATE, RUN_TEMPLATE

WRITER = "10378.1/1900003"
ORGANISATION = "10378.1/1900001"
WHAT: dict[str, Any] = {"name": "Heat stress", "description": "Daily heat stress"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def client(sandbox: Sandbox, user: str = "writer") -> Provena:
    deployment = Deployment.from_env(sandbox.environment())
    return Provena(deployment, access_token=sandbox.access_token(user))


@pytest.fixture
def provena(sandbox: Sandbox) -> Iterator[Provena]:
    with client(sandbox) as made:
        yield made


@pytest.fixture
def datasets(sandbox: Sandbox) -> tuple[str, str]:
    return sandbox.add_dataset("Sea surface temperature"), sandbox.add_dataset("Heat stress")


def complete(run: ModelRun, datasets: tuple[str, str]) -> None:
    """Add everything that the template asks for."""
    run.input(datasets[0], resources={"forcing": "sea/2024.nc"})
    run.output(datasets[1], resources={"result": "heat.nc"})


def finish(run: ModelRun, work: Callable[[ModelRun], object]) -> None:
    """Run a whole block."""
    with run:
        work(run)


def registered(sandbox: Sandbox) -> list[Item]:
    return [item for item in sandbox.state.items.values() if item.subtype == "MODEL_RUN"]


def test_a_run_is_registered_and_connects_its_datasets(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    sea, heat = datasets
    with provena.model_run(
        RUN_TEMPLATE,
        **WHAT,
        associations={"requesting_organisation_id": "Coral Sea Institute"},
        annotations={"season": "2024"},
        model_version="2.1",
    ) as run:
        assert run.template is not None
        assert run.template.name == "Thermox run"
        assert repr(run) == "<ModelRun 'Heat stress': 0 in, 0 out, not registered>"
        run.input(provena.datastore.interactive_dataset(sea), resources={"forcing": "sea/2024.nc"})
        run.output(heat, template="Thermox result", resources={"result": "heat.nc"})
        assert registered(sandbox) == []
    [item] = registered(sandbox)
    assert item.id == run.id
    assert repr(run) == f"<ModelRun 'Heat stress': 1 in, 1 out, {run.id}>"
    record = item.body["record"]
    assert record["associations"] == {"modeller_id": WRITER, "requesting_organisation_id": ORGANISATION}
    assert record["inputs"][0]["resources"] == {"forcing": "sea/2024.nc"}
    assert (record["annotations"], record["model_version"]) == ({"season": "2024"}, "2.1")
    assert record["start_time"] <= record["end_time"]
    lineage = provena.datastore.interactive_dataset(heat).upstream(depth=2)
    assert lineage.nodes[str(run.id)].name == "Heat stress"
    assert {sea, MODEL, RUN_TEMPLATE, WRITER, ORGANISATION} <= lineage.nodes.keys()
    assert run.id in provena.datastore.interactive_dataset(sea).downstream()


async def test_the_async_client_registers_runs_too(sandbox: Sandbox, datasets: tuple[str, str]) -> None:
    deployment = Deployment.from_env(sandbox.environment())
    async with AsyncProvena(deployment, access_token=sandbox.access_token("writer")) as provena:
        async with provena.model_run(RUN_TEMPLATE, **WHAT) as run:
            run.input(datasets[0], resources={"forcing": "sea/2024.nc"})
            run.output(datasets[1], resources={"result": "heat.nc"})
        assert [item.id for item in registered(sandbox)] == [run.id]


def test_after_an_error_in_the_block_nothing_is_registered(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    run = provena.model_run(RUN_TEMPLATE, **WHAT)
    with pytest.raises(ZeroDivisionError):
        finish(run, lambda _: 1 / 0)
    assert run.id is None
    assert not [exchange for exchange in sandbox.requests if exchange.path == "/model_run/register"]


def test_everything_that_is_missing_is_named_at_once_and_can_be_added(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    sandbox.state.items[RUN_TEMPLATE].body["annotations"] = {"required": ["season", "region"], "optional": []}
    sea, _ = datasets
    run = provena.model_run(RUN_TEMPLATE, **WHAT, annotations={"season": "2024"})
    with pytest.raises(errors.ModelRunIncomplete) as caught:
        finish(run, lambda run: run.input(sea, resources={"wind": "wind.nc"}))
    forcing, result = f"'Thermox forcing' ({FORCING_TEMPLATE})", f"'Thermox result' ({RESULT_TEMPLATE})"
    assert caught.value.problems == (
        f"the input {sea} states no path for the resource 'forcing'",
        f"the dataset template {forcing} of the input {sea} has no resource 'wind'",
        f"no output follows the dataset template {result}",
        "the annotation 'region' is missing",
    )
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    assert isinstance(caught.value, ValueError)
    assert not [exchange for exchange in sandbox.requests if exchange.path == "/model_run/register"]

    run = provena.model_run(RUN_TEMPLATE, **WHAT, annotations={"season": "2024"})
    with pytest.raises(errors.ModelRunIncomplete, match="annotation 'region'"):
        finish(run, lambda run: complete(run, datasets))
    run.annotations["region"] = "north"
    run.register()
    assert [item.id for item in registered(sandbox)] == [run.id]


def test_optional_templates_and_resources_may_be_missing(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    sandbox.state.items[RUN_TEMPLATE].body["input_templates"][0]["optional"] = True
    sandbox.state.items[RESULT_TEMPLATE].body["deferred_resources"][0]["optional"] = True
    with provena.model_run(RUN_TEMPLATE, **WHAT) as run:
        run.output(datasets[1])
    assert run.id is not None


def test_a_template_is_checked_when_the_block_begins(sandbox: Sandbox, provena: Provena) -> None:
    begun = []
    for template, expected, words in (
        ("10378.1/7777777", errors.ItemNotFound, "No item has the id"),
        (
            FORCING_TEMPLATE,
            errors.InvalidArgument,
            "template must be a model run workflow template; .* is a dataset",
        ),
    ):
        with pytest.raises(expected, match=words), provena.model_run(template, **WHAT):
            begun.append(template)
    assert begun == []
    sandbox.state.items[RUN_TEMPLATE].body["input_templates"] = [{"optional": False}]
    with pytest.raises(errors.UnreadableAnswer, match="does not match the interface"):
        provena.model_run(RUN_TEMPLATE, **WHAT).__enter__()


def test_the_dataset_template_must_be_clear(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    entries = sandbox.state.items[RUN_TEMPLATE].body["input_templates"]
    run = provena.model_run(RUN_TEMPLATE, **WHAT).__enter__()
    with pytest.raises(
        errors.InvalidArgument, match=r"^template must be 'Thermox forcing' or a handle of one, not 'x'"
    ):
        run.input(datasets[0], template="x")
    entries.append({"template_id": RESULT_TEMPLATE, "optional": False})
    run = provena.model_run(RUN_TEMPLATE, **WHAT).__enter__()
    with pytest.raises(
        errors.InvalidArgument, match=r"^template is missing: the dataset may follow 'Thermox forcing'"
    ):
        run.input(datasets[0])
    run.input(datasets[0], template=RESULT_TEMPLATE)
    entries.clear()
    run = provena.model_run(RUN_TEMPLATE, **WHAT).__enter__()
    with pytest.raises(errors.InvalidArgument, match=r"^dataset: the run's template has no place for it"):
        run.input(datasets[0])


def test_malformed_arguments_are_refused_before_the_network(sandbox: Sandbox, provena: Provena) -> None:
    sandbox.requests.clear()
    for argument, given in (
        ("name", {"name": ""}),
        ("description", {"description": None}),
        ("timeout", {"timeout": -1}),
        ("study_id", {"study_id": "x"}),
    ):
        with pytest.raises(errors.InvalidArgument, match=f"^{argument}"):
            provena.model_run(RUN_TEMPLATE, **{**WHAT, **given})
    for argument, arguments in (
        ("template", {"template": "x"}),
        ("associations", {"template": RUN_TEMPLATE, "associations": {"modeller_id": 3}}),
        ("associations.modeller_id", {"template": RUN_TEMPLATE, "associations": {"modeller_id": " "}}),
    ):
        with pytest.raises(errors.InvalidArgument, match=f"^{argument}"):
            provena.model_run(**arguments, **WHAT).__enter__()
    assert sandbox.requests == []
    with pytest.raises(errors.NameNotFound, match="Nobody Known"):
        provena.model_run(RUN_TEMPLATE, **WHAT, associations={"modeller_id": "Nobody Known"}).__enter__()
    with pytest.raises(errors.ProvenaError, match="The model run has not begun"):
        provena.model_run(RUN_TEMPLATE, **WHAT).input("10378.1/1")


def test_a_user_without_a_person_names_the_modeller(sandbox: Sandbox, datasets: tuple[str, str]) -> None:
    with client(sandbox, "unlinked") as provena:
        with pytest.raises(errors.PersonNotLinked, match="modeller"):
            provena.model_run(RUN_TEMPLATE, **WHAT).__enter__()
        run = provena.model_run(RUN_TEMPLATE, **WHAT, associations={"modeller_id": WRITER})
        finish(run, lambda run: complete(run, datasets))
    assert run.id is not None


def test_what_the_service_refuses_is_explained(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    run = provena.model_run(RUN_TEMPLATE, **WHAT)
    with pytest.raises(errors.BadRequest, match=r"^The service refused the model run: .*10378\.1/7777777"):
        finish(run, lambda run: complete(run, ("10378.1/7777777", datasets[1])))
    assert (run.id, run.session_id) == (None, None)


def test_a_failed_or_lost_registration_says_what_is_known(
    sandbox: Sandbox, provena: Provena, datasets: tuple[str, str]
) -> None:
    sandbox.fail_next_job("MODEL_RUN_PROV_LODGE", info="Job failed, err: graph database.")
    run = provena.model_run(RUN_TEMPLATE, **WHAT)
    with pytest.raises(
        errors.JobFailed, match="Registering a model run failed: Job failed, err: graph data"
    ) as caught:
        finish(run, lambda run: complete(run, datasets))
    assert caught.value.__notes__ == [f"The model run was submitted as job {run.session_id}."]
    with pytest.raises(errors.ProvenaError, match="registered already"):
        run.register()
    sandbox.faults.add(Fault(service="prov", path="/model_run/register", drop="after"))
    lost = provena.model_run(RUN_TEMPLATE, **WHAT)
    with pytest.raises(errors.OutcomeUnknown, match=r"provena\.jobs\.list\(\) shows"):
        finish(lost, lambda run: complete(run, datasets))
    assert lost.id is None
