"""Jobs are waited for until the provenance service knows what they did, whatever the job service does meanwhile."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from provena_api.models import GetJobResponse

from provena_sdk import AsyncProvena, Deployment, Provena, errors
from provena_sdk.display.status_line import QUIET_SECONDS
from provena_sdk.operations.workflow import Pause
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.seed import metadata
from provena_sdk.workflows.provenance import jobs


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(job_seconds=0.3) as made:
        yield made


def client(sandbox: Sandbox, user: str = "writer") -> Provena:
    deployment = Deployment.from_env(sandbox.environment())
    return Provena(deployment, access_token=sandbox.access_token(user))


@pytest.fixture
def provena(sandbox: Sandbox) -> Iterator[Provena]:
    with client(sandbox) as made:
        yield made


def mint(provena: Provena) -> str:
    return str(provena.datastore.mint_dataset(metadata("Reef")).register_create_activity_session_id)


def test_mint_with_wait_returns_once_provenance_knows_the_dataset(sandbox: Sandbox, provena: Provena) -> None:
    minted = provena.datastore.mint_dataset(metadata("Reef"), wait=True)
    assert sandbox.work.lineage.explore(str(minted.handle), "upstream", 2)
    assert {job.status.value for job in provena.jobs.list()} == {"SUCCEEDED"}


def test_version_with_wait_returns_once_provenance_knows_the_version(
    sandbox: Sandbox, provena: Provena
) -> None:
    first = sandbox.add_dataset("Reef")
    second = provena.datastore.version_dataset(id=first, reason="new data", wait=True).new_version_id
    assert sandbox.work.lineage.explore(first, "downstream", 2)
    third = provena.datastore.interactive_dataset(second).version("newer data", wait=True).new_version_id
    assert len(sandbox.work.lineage.explore(third, "upstream", 4)) > 4


async def test_the_async_client_waits_too(sandbox: Sandbox) -> None:
    deployment = Deployment.from_env(sandbox.environment())
    async with AsyncProvena(deployment, access_token=sandbox.access_token("writer")) as provena:
        minted = await provena.datastore.mint_dataset(metadata("Reef"), wait=True)
        assert sandbox.work.lineage.explore(str(minted.handle), "upstream", 2)
        version = await provena.datastore.interactive_dataset(str(minted.handle)).version("more", wait=True)
        assert sandbox.work.lineage.explore(version.new_version_id, "upstream", 2)
        assert [job.status.value async for job in provena.jobs.for_all(total_limit=1)] == ["SUCCEEDED"]


def test_a_job_may_be_unknown_just_after_its_id_was_given_out() -> None:
    with Sandbox(job_seconds=4) as sandbox, client(sandbox) as provena:
        session = mint(provena)
        with pytest.raises(errors.JobNotFound, match=f"No job has the id {session}") as caught:
            provena.jobs.get(session)
        assert isinstance(caught.value, LookupError)
        assert caught.value.detail == "Item was not found."
        sandbox.advance(10)
        assert provena.jobs.wait(session).session_id == session


def test_a_failed_job_raises_its_own_message(sandbox: Sandbox, provena: Provena) -> None:
    sandbox.fail_next_job("REGISTER_CREATE_ACTIVITY", info="Job failed, err: no space left.")
    session = mint(provena)
    with pytest.raises(errors.JobFailed) as caught:
        provena.jobs.wait(session)
    message = str(caught.value)
    assert "Recording the creation of 10378.1/" in message
    assert "Job failed, err: no space left." in message
    assert "The item is registered and can be used" in message
    assert (caught.value.session_id, caught.value.kind) == (session, "REGISTER_CREATE_ACTIVITY")
    assert caught.value.info == "Job failed, err: no space left."


def test_a_failure_of_the_second_job_is_raised_and_the_minted_handle_is_not_lost(
    sandbox: Sandbox, provena: Provena
) -> None:
    sandbox.fail_next_job("LODGE_CREATE_ACTIVITY")
    with pytest.raises(errors.JobFailed, match="to the provenance graph") as caught:
        provena.datastore.mint_dataset(metadata("Reef"), wait=True)
    handle = provena.datastore.list_datasets(page_size=1).items[0].id
    assert caught.value.__notes__ == [f"Dataset {handle} was minted."]
    assert handle in str(caught.value)


def test_the_timeout_is_honoured_and_the_job_can_be_waited_for_again() -> None:
    with Sandbox(job_seconds=None) as sandbox, client(sandbox) as provena:
        session = mint(provena)
        begun = time.monotonic()
        with pytest.raises(errors.JobTimedOut, match=r"is still pending\.") as caught:
            provena.jobs.wait(session, timeout=0.5)
        assert 0.5 <= time.monotonic() - begun < 5
        assert isinstance(caught.value, TimeoutError)
        assert f"provena.jobs.wait('{session}')" in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(service="job", drop="before", times=6),
        Fault.gateway(503, service="job", times=6),
        Fault.too_many_requests("0", service="job", times=6),
        Fault(service="job", status=500, body='{"detail": "Unexpected internal error occurred."}', times=6),
    ],
    ids=["dropped", "gateway", "too many", "server"],
)
@pytest.mark.slow
def test_a_restart_of_the_service_is_survived(sandbox: Sandbox, provena: Provena, fault: Fault) -> None:
    session = mint(provena)
    sandbox.faults.add(fault)
    assert provena.jobs.wait(session).status == "SUCCEEDED"


def test_a_service_that_stays_down_ends_with_the_timeout_and_its_cause(
    sandbox: Sandbox, provena: Provena
) -> None:
    session = mint(provena)
    sandbox.faults.add(Fault.gateway(503, service="job", times=None))
    with pytest.raises(errors.JobTimedOut) as caught:
        provena.jobs.wait(session, timeout=0.5)
    assert isinstance(caught.value.__cause__, errors.GatewayError)


def test_ctrl_c_ends_the_wait_and_the_handle_is_noted() -> None:
    with Sandbox(job_seconds=None) as sandbox, client(sandbox) as provena:
        main = threading.main_thread().ident
        assert main is not None
        timer = threading.Timer(1.0, signal.pthread_kill, (main, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt) as caught:
            provena.datastore.mint_dataset(metadata("Reef"), wait=True)
        assert caught.value.__notes__[0].startswith("Dataset 10378.1/")


def test_another_users_job_is_denied(sandbox: Sandbox, provena: Provena) -> None:
    session = mint(provena)
    sandbox.advance(10)
    with client(sandbox, "writer2") as other, pytest.raises(errors.ItemAccessDenied):
        other.jobs.wait(session, timeout=5)


def test_jobs_are_listed_newest_first_over_all_pages(sandbox: Sandbox, provena: Provena) -> None:
    sessions = [mint(provena) for _ in range(3)]
    sandbox.advance(10)
    listed = [job.session_id for job in provena.jobs.for_all() if job.job_type == "REGISTRY"]
    assert listed == sessions[::-1]
    sandbox.requests.clear()
    body = jobs.list_request(2)
    first = provena._transport.run(jobs.page(body, None))
    second = provena._transport.run(jobs.page(body, first.key))
    assert len(first.items) == len(second.items) == 2
    assert not {job.session_id for job in first.items} & {job.session_id for job in second.items}
    assert len(provena.jobs.list(total_limit=2)) == 2
    assert provena.jobs.list(total_limit=0) == []
    assert provena.jobs.list(batch_id="unknown") == []


@pytest.mark.parametrize("session", ["", "  ", None, 3])
def test_a_malformed_id_is_refused_before_the_network(
    sandbox: Sandbox, provena: Provena, session: Any
) -> None:
    sandbox.requests.clear()
    for refused in (provena.jobs.get, provena.jobs.wait):
        with pytest.raises(errors.InvalidArgument, match=r"^session_id"):
            refused(session)
    with pytest.raises(errors.InvalidArgument, match=r"^timeout must be more than 0 seconds"):
        provena.jobs.wait("0c9", timeout=0)
    with pytest.raises(errors.InvalidArgument, match=r"^batch_id"):
        provena.jobs.list(batch_id="")
    assert sandbox.requests == []


def test_what_is_waited_for_is_shown(provena: Provena, capsys: pytest.CaptureFixture[str]) -> None:
    session = mint(provena)
    provena.jobs.wait(session, progress=True)
    shown = capsys.readouterr().err
    assert "Recording the creation of 10378.1/" in shown
    assert "pending" in shown
    provena.jobs.wait(mint(provena))
    assert capsys.readouterr().err == "", "nobody looks here"


def looks(clock: list[float], error: errors.ProvenaError) -> list[float]:
    """Drive a wait whose every look fails, and return its pauses."""
    workflow = jobs.wait("abc", None, lambda _: None, clock=lambda: clock[0])
    pauses: list[float] = []
    effect = next(workflow)
    while True:
        if isinstance(effect, Pause):
            pauses.append(effect.seconds)
            clock[0] += effect.seconds
            effect = workflow.send(None)
        else:
            effect = workflow.throw(error)


def test_the_pauses_grow_and_a_job_that_never_appears_is_given_a_minute() -> None:
    clock = [0.0]
    missing = errors.BadRequest("The service refused.", operation="job.get_job", status=400)
    with pytest.raises(errors.JobNotFound):
        looks(clock, missing)
    assert 60 < clock[0] <= 65


def test_a_rejected_certificate_ends_the_wait_at_once() -> None:
    clock = [0.0]
    with pytest.raises(errors.CertificateRejected):
        looks(clock, errors.CertificateRejected("No trust."))
    assert clock[0] == 0
    assert QUIET_SECONDS == 2


def test_a_job_that_never_appeared_is_not_said_to_continue(provena: Provena) -> None:
    with pytest.raises(errors.JobNotFound, match="No job has the id nope"):
        provena.jobs.wait("nope", timeout=0.5)


def test_jobs_that_lead_to_each_other_are_waited_for_once() -> None:
    def answer(session: str, following: str) -> Any:
        job = {
            "session_id": session,
            "created_timestamp": 1,
            "username": "writer",
            "batch_id": None,
            "payload": {},
            "job_type": "REGISTRY",
            "job_sub_type": "REGISTER_CREATE_ACTIVITY",
            "gsi_status": "ok",
            "status": "SUCCEEDED",
            "info": None,
            "result": {"lodge_session_id": following},
        }
        return GetJobResponse.from_dict({"job": job})

    waiting = jobs.wait("a", None, lambda _: None)
    next(waiting)
    waiting.send(answer("a", "b"))
    with pytest.raises(StopIteration) as ended:
        waiting.send(answer("b", "a"))
    assert ended.value.value.session_id == "a"


def test_without_a_job_service_nothing_is_minted_or_versioned(sandbox: Sandbox) -> None:
    deployment = replace(Deployment.from_env(sandbox.environment()), job_url=None)
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
        dataset = provena.datastore.interactive_dataset(sandbox.add_dataset("Reef"))
        sandbox.requests.clear()
        for refused in (
            lambda: provena.datastore.mint_dataset(metadata("Reef"), wait=True),
            lambda: provena.datastore.version_dataset(id=dataset.dataset_id, reason="more", wait=True),
            lambda: dataset.version("more", wait=True),
        ):
            with pytest.raises(errors.ConfigurationError, match="has no job service"):
                refused()
        assert sandbox.requests == []
        assert provena.datastore.mint_dataset(metadata("Reef")).handle


async def test_an_id_that_is_too_long_for_a_url_is_not_sent(sign_in: Any, sandbox: Any) -> None:
    async with sign_in("writer") as provena:
        with pytest.raises(errors.ProvenaError, match="was not sent: a name or an id in its URL is too long"):
            await provena.jobs.get("a" * 100_000)
