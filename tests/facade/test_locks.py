"""Locks of a dataset, as its owner and others meet them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from provena_sdk.errors import (
    AlreadyLocked,
    BadRequest,
    DatasetAccessDenied,
    DatasetLocked,
    InvalidArgument,
    NotLocked,
    OutcomeUnknown,
)

DATASET = "10378.1/1900011"


@pytest.fixture
def handle(sandbox: Any) -> str:
    return str(sandbox.add_dataset("Kelp"))


async def test_a_locked_dataset_refuses_changes_until_it_is_unlocked(
    sign_in: Any, handle: str, metadata: Any
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.lock("cited in a paper")
        with pytest.raises(DatasetLocked):
            await kelp.update_metadata("typo", metadata("Kelp forests"))
        await kelp.unlock("typo in the name")
        await kelp.update_metadata("typo", metadata("Kelp forests"))

        history = await kelp.lock_history()

    assert [(event.username, event.action_type.value, event.reason) for event in history.events] == [
        ("writer", "LOCK", "cited in a paper"),
        ("writer", "UNLOCK", "typo in the name"),
    ]
    assert not history.locked
    lines = str(history).split("\n")
    assert lines[0] == f"dataset {handle}: not locked"
    assert lines[1].split() == ["when", "who", "what", "why"]
    assert lines[2].endswith("writer  locked    cited in a paper")
    assert repr(history) == f"<LockHistory {handle}: not locked>"


async def test_credentials_that_were_granted_before_do_not_write_to_a_locked_dataset(
    sign_in: Any, handle: str, tmp_path: Path
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        (tmp_path / "a.csv").write_text("1")
        await kelp.upload_all_files(tmp_path)
        await kelp.lock("frozen")
        (tmp_path / "a.csv").write_text("22")

        with pytest.raises(DatasetLocked):
            await kelp.upload_all_files(tmp_path)


async def test_locking_twice_says_who_locked_it_when_and_why(sign_in: Any, handle: str) -> None:
    async with sign_in("regadmin") as others:
        await others.datastore.interactive_dataset(handle).lock("under \x1b[2Jinvestigation")
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(AlreadyLocked) as caught:
            await kelp.lock("cited in a paper")
        assert isinstance(caught.value, BadRequest)
        assert (caught.value.username, caught.value.reason) == ("regadmin", "under \x1b[2Jinvestigation")
        assert caught.value.since is not None
        shown = str(caught.value)
        assert shown.startswith(f"Dataset {handle} is already locked: regadmin locked it on 20")
        assert shown.endswith(r"with the reason 'under \x1b[2Jinvestigation'. ds.unlock(reason) unlocks it.")


async def test_unlocking_twice_says_who_unlocked_it(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(NotLocked, match=rf"^Dataset {handle} is not locked\. ds\.lock_history\(\) lists"):
            await kelp.unlock("thaw")
        await kelp.lock("freeze")
        await kelp.unlock("thaw")
        with pytest.raises(
            NotLocked, match=r"is not locked: writer unlocked it on .* with the reason 'thaw'"
        ):
            await kelp.unlock("thaw again")
        assert str(await provena.datastore.interactive_dataset(handle).lock_history()).count("\n") == 3


async def test_only_administrators_lock_and_the_error_names_the_owner(sign_in: Any, handle: str) -> None:
    async with sign_in("writer2") as provena:
        with pytest.raises(DatasetAccessDenied, match="not authorised to lock this item") as caught:
            await provena.datastore.interactive_dataset(handle).lock("mine")
        assert caught.value.owner == "writer"


@pytest.mark.parametrize("reason", ["", "  ", None])
async def test_a_reason_is_required_before_anything_is_sent(recorder: Any, reason: Any) -> None:
    dataset, sent = _dataset(recorder)

    for change in (dataset.lock, dataset.unlock):
        with pytest.raises(InvalidArgument, match="reason must"):
            await change(reason)

    assert sent.calls == []


async def test_an_unreadable_history_explains_nothing_but_hides_nothing(recorder: Any) -> None:
    def answer(call: Any) -> Exception:
        detail = "Resource is already locked." if call.operation.name == "registry.lock_dataset" else "no"
        return BadRequest(
            detail, operation=call.operation.name, status=400, detail=detail, dataset_id=DATASET
        )

    dataset, _ = _dataset(recorder, answer)

    with pytest.raises(AlreadyLocked) as caught:
        await dataset.lock("freeze")

    assert str(caught.value) == f"Dataset {DATASET} is already locked. ds.unlock(reason) unlocks it."
    assert (caught.value.username, caught.value.reason, caught.value.since) == (None, None, None)


async def test_a_lost_answer_names_where_to_look(recorder: Any) -> None:
    dataset, _ = _dataset(recorder, lambda call: OutcomeUnknown("lost", operation=call.operation.name))

    for change in (dataset.lock, dataset.unlock):
        with pytest.raises(OutcomeUnknown, match=r"ds\.lock_history\(\) shows whether it did"):
            await change("freeze")


async def test_a_history_that_changed_meanwhile_is_not_quoted(recorder: Any) -> None:
    def answer(call: Any) -> Any:
        if call.operation.name == "registry.lock_dataset":
            detail = "Resource is already locked."
            return BadRequest(detail, operation="o", status=400, detail=detail, dataset_id=DATASET)
        event = {"action_type": "UNLOCK", "username": "x", "email": None, "reason": "", "timestamp": 1}
        return {"status": {"success": True, "details": ""}, "history": [event]}

    dataset, _ = _dataset(recorder, answer)

    with pytest.raises(AlreadyLocked, match=r"is already locked\. "):
        await dataset.lock("freeze")


def _dataset(recorder: Any, answer: Any = None) -> tuple[Any, Any]:
    datastore, sent = recorder(answer)
    getattr(datastore, "_held", datastore).io = SimpleNamespace(_bound=lambda _: None)
    return datastore.interactive_dataset(DATASET), sent
