"""Clients over a prepared service, over a sandbox, and one way to write a test for both faces."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from provena_sdk.config import Deployment

if TYPE_CHECKING:
    from provena_sdk.sandbox import Sandbox

FACES = ["sync", "async"]


@pytest.fixture(autouse=True)
def _no_deployment_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's own environment says must not matter."""
    import os

    for name in list(os.environ):
        if name.startswith("PROVENA_"):
            monkeypatch.delenv(name)


class Awaiting:
    """Makes anything awaitable: a test is written once, with ``await``, and run against both faces.

    Calls of the blocking face are made at once; what they return is wrapped when it has methods of its own.
    """

    def __init__(self, held: Any) -> None:
        self._held = held

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._held, name)
        if inspect.isroutine(value):
            return lambda *args, **kwargs: _Result(value(*args, **kwargs))
        return Awaiting(value) if type(value).__module__.startswith("provena_sdk.resources") else value

    def __aiter__(self) -> Awaiting:
        self._iterator = iter(self._held)
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Any:
        return Awaiting(self._held.__enter__())

    async def __aexit__(self, *raised: Any) -> None:
        self._held.__exit__(*raised)

    def __repr__(self) -> str:
        return repr(self._held)


class _Result(Awaiting):
    """What a blocking call returned: awaited for itself, or used at once like what is not awaited."""

    def __await__(self) -> Any:
        held = self._held
        is_file = hasattr(held, "readline") and hasattr(held, "close")
        return _done(Awaiting(held) if is_file else held).__await__()


async def _done(value: Any) -> Any:
    return value


class Face:
    """One of the two faces.

    Attributes:
        name: ``sync`` or ``async``.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Make a client, to be used with ``async with`` and ``await``."""
        from provena_sdk import AsyncProvena, Provena

        if self.name == "async":
            return AsyncProvena(*args, **kwargs)
        return Awaiting(Provena(*args, **kwargs))

    def of(self, name: str) -> Any:
        """The face's class of that name."""
        import provena_sdk

        return getattr(provena_sdk, name if self.name == "sync" else f"Async{name}")


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Face:
    """Each face in turn."""
    return Face(request.param)


class Recorder:
    """A transport that sends nothing: it notes each call, and answers from what was prepared.

    Args:
        answer: Gives the JSON body of a 200 to a call's request, or an exception to raise; None refuses all.
    """

    def __init__(self, answer: Callable[[Any], Any] | None) -> None:
        from provena_sdk.config import Deployment
        from provena_sdk.transport.http import Options

        self.deployment = Deployment("example.org")
        self.options = Options()
        self._answer = answer
        self.calls: list[Any] = []

    def with_options(self, _options: Any) -> Recorder:
        return self

    def run(self, workflow: Any) -> Any:
        from provena_sdk.operations.workflow import AskDomain, Gather

        try:
            effect = next(workflow)
            while True:
                if isinstance(effect, Gather):
                    outcome: Any = self._gathered(effect.workflows)
                elif isinstance(effect, AskDomain):
                    outcome = self.deployment.domain
                else:
                    outcome = self._told(effect)
                effect = workflow.throw(outcome) if isinstance(outcome, Exception) else workflow.send(outcome)
        except StopIteration as stop:
            return stop.value

    def _gathered(self, workflows: Any) -> Any:
        from provena_sdk.operations.workflow import ENDS_ALL

        try:
            return [self._outcome(inner) for inner in workflows]
        except ENDS_ALL as error:
            return error

    def _outcome(self, workflow: Any) -> Any:
        from provena_sdk.errors import ProvenaError
        from provena_sdk.operations.workflow import ENDS_ALL

        try:
            return Recorder.run(self, workflow)
        except ENDS_ALL:
            raise
        except ProvenaError as error:
            return error

    def _told(self, call: Any) -> Any:
        assert self._answer is not None, f"{call.operation.name} was sent"
        self.calls.append(call)
        told = self._answer(call)
        return told if isinstance(told, Exception) else call.operation.parse(told)

    def submit(self, function: Callable[[], Any]) -> Any:
        from concurrent.futures import Future

        future: Future[Any] = Future()
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)
        return future


class AsyncRecorder(Recorder):
    """The same for the awaiting face."""

    async def run(self, workflow: Any) -> Any:
        await asyncio.sleep(0)
        return super().run(workflow)

    def submit(self, function: Callable[[], Any]) -> Any:
        return asyncio.get_running_loop().create_task(function())


@pytest.fixture
def recorder(face: Face) -> Callable[..., tuple[Any, Recorder]]:
    """Makes a datastore of the face over a recorder: ``datastore, recorder = recorder(answer)``."""

    def make(answer: Callable[[Any], Any] | None = None) -> tuple[Any, Recorder]:
        made = AsyncRecorder(answer) if face.name == "async" else Recorder(answer)
        datastore = face.of("Datastore")(made, None, {})
        return (datastore if face.name == "async" else Awaiting(datastore)), made

    return make


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests of this folder."""
    from provena_sdk.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox as good as new, which must not have broken by the end of the test."""
    running_sandbox.reset()
    yield running_sandbox
    assert running_sandbox.crashes == []


@pytest.fixture
def deployment(sandbox: Sandbox) -> Deployment:
    """Where the sandbox is."""
    return Deployment.from_env(sandbox.environment())


@pytest.fixture
def sign_in(sandbox: Sandbox, deployment: Deployment, face: Face) -> Iterator[Callable[..., Any]]:
    """Opens a client of the face for a user: ``async with sign_in("reader") as provena``."""
    with ExitStack():
        yield lambda user="writer", **options: face.open(
            deployment, access_token=sandbox.access_token(user), **options
        )


@pytest.fixture(scope="session")
def metadata() -> Callable[..., dict[str, Any]]:
    """Makes dataset metadata; keywords go into ``dataset_info``."""

    def make(name: str = "Kelp", **info: Any) -> dict[str, Any]:
        return {
            "associations": {"organisation_id": "10378.1/1900001"},
            "approvals": {
                kind: {"relevant": False, "obtained": False}
                for kind in (
                    "ethics_registration",
                    "ethics_access",
                    "indigenous_knowledge",
                    "export_controls",
                )
            },
            "dataset_info": {
                "name": name,
                "description": f"About {name}",
                "access_info": {"reposited": True},
                "publisher_id": "10378.1/1900001",
                "created_date": {"relevant": True, "value": "2024-01-02"},
                "published_date": {"relevant": False},
                "license": "https://creativecommons.org/licenses/by/4.0/",
                **info,
            },
        }

    return make
