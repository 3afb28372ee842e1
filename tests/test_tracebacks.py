"""Short tracebacks: what is cut, what is kept, and what the wrapped methods still are."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import pydoc
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import provena_sdk
from provena_sdk import AsyncProvena, Provena, errors, tracebacks
from provena_sdk.metadata.builder import DatasetMetadata
from provena_sdk.paging import AsyncResults, Results
from provena_sdk.tracebacks import OneFrame, short_traceback, short_tracebacks
from provena_sdk.workflows.registry.naming import Kind, Matches


@pytest.fixture(autouse=True)
def these_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count this module among the SDK's."""
    monkeypatch.setattr(tracebacks, "_OURS", tracebacks._OURS | {__name__.partition(".")[0]})


USERS_CODE: dict[str, Any] = {"__name__": "analysis"}
"""A module of the user: functions that are passed to ours."""

exec(
    compile(
        """
def handles(inner):
    yield 1
    inner()

def refusing(inner):
    try:
        inner()
    except Exception as error:
        raise ValueError("refused") from error
""",
        "/home/ana/analysis.py",
        "exec",
    ),
    USERS_CODE,
)


def failing(cause: BaseException | None = None) -> None:
    raise errors.DatasetNotFound("No dataset has this id.", operation="o", status=400) from cause


@short_tracebacks
class Things:
    """Every kind of method."""

    def plain(self, cause: BaseException | None = None) -> None:
        """Fail."""
        failing(cause)

    async def awaited(self) -> None:
        await asyncio.sleep(0)
        failing()

    def yielded(self) -> Iterator[int]:
        yield 1
        failing()

    async def yielded_async(self) -> AsyncIterator[int]:
        yield 1
        failing()

    @property
    def name(self) -> str:
        """The name."""
        failing()
        return ""

    def wrong(self) -> None:
        raise KeyError("not ours")

    def each(self, items: Iterator[int]) -> list[int]:
        return list(items)

    def called(self, call: Callable[[], object]) -> None:
        try:
            call()
        except ValueError as error:
            raise errors.InvalidArgument("call", "refused.") from error

    def _inner(self) -> None:
        failing()


def frames(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)][1:]


def caught(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")


async def all_of(items: AsyncIterator[int]) -> list[int]:
    found = []
    async for item in items:
        found.append(item)  # noqa: PERF401  # a comprehension is a frame of its own before Python 3.12
    return found


CALLS: dict[str, tuple[Callable[[], object], list[str]]] = {
    "plain": (lambda: Things().plain(), ["<lambda>", "plain"]),
    "awaited": (lambda: asyncio.run(Things().awaited()), ["awaited"]),
    "yielded": (lambda: list(Things().yielded()), ["<lambda>", "yielded"]),
    "yielded_async": (
        lambda: asyncio.run(all_of(Things().yielded_async())),
        ["all_of", "yielded_async"],
    ),
    "name": (lambda: Things().name, ["<lambda>", "name"]),
}


@pytest.mark.parametrize("name", CALLS)
def test_one_frame_is_left(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call, expected = CALLS[name]
    assert frames(caught(call))[-len(expected) :] == expected
    monkeypatch.setenv("PROVENA_DEBUG", "1")
    assert frames(caught(call))[-3:] == [name, name, "failing"]


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_the_variable_can_be_off(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_DEBUG", value)
    assert frames(caught(Things().plain)) == ["plain"]


def test_errors_of_others_keep_their_frames() -> None:
    assert frames(caught(Things().wrong)) == ["wrong", "wrong"]


def test_the_users_own_context_is_kept() -> None:
    def handling() -> None:
        try:
            int("a")
        except ValueError:
            Things().plain()

    error = caught(handling)
    assert isinstance(error.__context__, ValueError)
    assert not error.__suppress_context__


def test_a_repeated_error_is_shown_once() -> None:
    def trying_again() -> None:
        try:
            Things().plain()
        except errors.DatasetNotFound:
            Things().plain()

    assert caught(trying_again).__context__ is None


def test_a_cause_is_kept_if_it_says_more() -> None:
    def with_cause(cause: BaseException) -> BaseException | None:
        return caught(lambda: Things().plain(cause)).__cause__

    assert with_cause(ValueError("no dataset has this ID")) is None
    assert isinstance(with_cause(TimeoutError()), TimeoutError)
    assert isinstance(with_cause(KeyError("id")), KeyError)
    more = with_cause(OSError(5, "Input/output error"))
    assert isinstance(more, OSError)
    assert more.__traceback__ is None


def test_the_cause_of_a_rejected_certificate_is_kept() -> None:
    @short_traceback
    def connect(kind: type[errors.ConnectionFailed]) -> None:
        raise kind("It could not be verified: it has expired.") from OSError("it has expired")

    assert isinstance(caught(lambda: connect(errors.CertificateRejected)).__cause__, OSError)
    assert caught(lambda: connect(errors.ConnectionFailed)).__cause__ is None


def test_the_failures_of_a_group_have_no_frames() -> None:
    inner = caught(failing)
    assert isinstance(inner, Exception)

    @short_traceback
    def several() -> None:
        raise errors.PartialFailure("1 of 2 failed.", errors=[inner])

    lines = traceback.format_exception(caught(several))
    assert "failing" not in "".join(lines)
    assert len("".join(lines).splitlines()) <= 10


def test_a_block_cuts_below_itself() -> None:
    def method() -> None:
        with OneFrame():
            Things()._inner()

    assert frames(caught(method)) == ["method"]


def test_the_users_frames_below_ours_are_kept() -> None:
    handles = USERS_CODE["handles"]
    error = caught(lambda: Things().each(handles(Things().plain)))
    assert frames(error) == ["<lambda>", "each", "handles", "plain"]


def test_the_users_frames_below_a_block_are_kept() -> None:
    def method() -> None:
        with OneFrame():
            list(USERS_CODE["handles"](Things().plain))

    assert frames(caught(method)) == ["method", "handles", "plain"]


def test_a_cause_keeps_the_users_frames() -> None:
    cause = caught(lambda: Things().called(lambda: USERS_CODE["refusing"](Things().plain))).__cause__
    assert cause is not None
    assert [frame.name for frame in traceback.extract_tb(cause.__traceback__)] == ["refusing"]
    assert isinstance(cause.__cause__, errors.DatasetNotFound)


def test_an_error_that_is_raised_again_keeps_its_frames() -> None:
    error = caught(lambda: list(USERS_CODE["handles"](failing)))

    def raised_again() -> None:
        raise error

    assert frames(caught(lambda: Things().each(USERS_CODE["handles"](raised_again))))[-2:] == [
        "handles",
        "failing",
    ]


METADATA = {
    "new": lambda: DatasetMetadata.new(
        name="", description="Corals.", organisation="Coral Sea Institute", license="CC0-1.0"
    ),
    "read": lambda: DatasetMetadata.read("missing.json"),
    "extent_from": lambda: DatasetMetadata.new(
        name="Reef",
        description="Corals.",
        organisation="Coral Sea Institute",
        license="CC0-1.0",
        nothing_sensitive=True,
    ).extent_from("missing.nc"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_show_one_frame(name: str) -> None:
    error = caught(METADATA[name])
    assert isinstance(error, errors.ProvenaError)
    assert frames(error) == ["<lambda>", name]


def test_a_name_that_is_not_found_shows_one_frame() -> None:
    kind: Kind[Any] = Kind("person", "people", lambda: None, lambda _: (), lambda _: (), "Look again.")  # type: ignore[arg-type,return-value]
    error = caught(lambda: Matches("Ana", kind, (), ()).one())
    assert isinstance(error, errors.NameNotFound)
    assert frames(error) == ["<lambda>", "one"]


def test_nothing_is_kept_alive() -> None:
    error = caught(Things().plain)
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    assert error not in frame.f_locals.values()


def test_methods_stay_what_they_were() -> None:
    assert inspect.iscoroutinefunction(Things.awaited)
    assert inspect.isgeneratorfunction(Things.yielded)
    assert inspect.isasyncgenfunction(Things.yielded_async)
    assert not inspect.iscoroutinefunction(Things.plain)
    assert str(inspect.signature(Things.plain)) == "(self, cause: 'BaseException | None' = None) -> 'None'"
    assert "failing(cause)" in inspect.getsource(Things.plain)
    assert Things.plain.__doc__ == "Fail."
    assert "The name." in pydoc.render_doc(Things)
    assert pickle.loads(pickle.dumps(Things.plain)) is Things.plain


PUBLIC = [
    kind
    for kind in (getattr(provena_sdk, name) for name in provena_sdk.__all__)
    if inspect.isclass(kind)
    and kind.__module__.startswith(
        ("provena_sdk.resources", "provena_sdk.client", "provena_sdk.async_client")
    )
]


@pytest.mark.parametrize("kind", [*PUBLIC, Results, AsyncResults], ids=lambda kind: kind.__name__)
def test_every_public_method_is_short(kind: type[Any]) -> None:
    ours = [base for base in kind.__mro__ if base.__module__.startswith("provena_sdk.")]
    members = {name: member for base in reversed(ours) for name, member in vars(base).items()}
    methods = {
        name: member.fget if isinstance(member, property) else member
        for name, member in members.items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
    }
    assert [name for name, method in methods.items() if not hasattr(method, "__wrapped__")] == []


def test_both_clients_are_among_them() -> None:
    assert {Provena, AsyncProvena} <= set(PUBLIC)
    assert len(PUBLIC) >= 30
