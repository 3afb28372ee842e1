"""Workflows for locks. Nobody changes the metadata or files of a locked dataset, not even its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from provena_api import models

from provena_sdk.display.text import printable, quoted
from provena_sdk.display.times import moment, shown_time
from provena_sdk.errors import AlreadyLocked, BadRequest, NotLocked, OutcomeUnknown, ProvenaError
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.operation import Operation
from provena_sdk.operations.workflow import Workflow, call, handle_of
from provena_sdk.views.tabular import Tabular
from provena_sdk.workflows.permission import call_on

_ALREADY_LOCKED = "already locked"
_ALREADY_UNLOCKED = "already unlocked"
_DONE = {"LOCK": "locked", "UNLOCK": "unlocked"}


@dataclass(frozen=True, slots=True, repr=False)
class LockHistory(Tabular):
    """Who locked and unlocked a dataset, when and why. It prints as a table.

    Attributes:
        dataset_id: The dataset's handle.
        events: What was done, oldest first.
    """

    dataset_id: str
    events: tuple[models.LockEvent, ...] = ()

    _columns: ClassVar = ("when", "who", "what", "why")
    _types: ClassVar = {"when": "time"}

    @property
    def locked(self) -> bool:
        """Whether the dataset is locked after the last of them."""
        return bool(self.events) and self.events[-1].action_type == models.LockActionType.LOCK

    def _title(self) -> str:
        state = "locked" if self.locked else "not locked"
        return f"dataset {printable(self.dataset_id)}: {state}{'' if self.events else ', and never was'}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (moment(event.timestamp), event.username, _done(event), event.reason) for event in self.events
        ]

    def __repr__(self) -> str:
        return f"<LockHistory {printable(self.dataset_id, 60)}: {'locked' if self.locked else 'not locked'}>"


def lock(dataset_id: str, reason: str) -> Workflow[models.StatusResponse]:
    """Lock a dataset."""
    return (yield from _change(catalogue.registry.LOCK_DATASET, dataset_id, reason))


def unlock(dataset_id: str, reason: str) -> Workflow[models.StatusResponse]:
    """Unlock a dataset."""
    return (yield from _change(catalogue.registry.UNLOCK_DATASET, dataset_id, reason))


def history(dataset_id: str) -> Workflow[LockHistory]:
    """Fetch who locked and unlocked a dataset."""
    handle = yield from handle_of("dataset_id", dataset_id)
    answer = yield from call_on(catalogue.registry.LIST_DATASET_LOCKS.about(handle, id=handle))
    return LockHistory(handle, tuple(answer.history))


def _change(
    operation: Operation[..., models.StatusResponse], dataset_id: str, reason: str
) -> Workflow[models.StatusResponse]:
    checked = arguments.text("reason", reason)
    handle = yield from handle_of("dataset_id", dataset_id)
    body = models.LockChangeRequest(id=handle, reason=checked)
    try:
        return (yield from call_on(operation.about(handle, body=body)))
    except OutcomeUnknown as error:
        error.hint = "ds.lock_history() shows whether it did."
        raise
    except BadRequest as error:
        refused = error
    detail = refused.detail or ""
    if _ALREADY_LOCKED not in detail and _ALREADY_UNLOCKED not in detail:
        raise refused
    # Raised outside of the except clause, so that a failure to fetch the history does not show up as its context.
    raise _explained(refused, (yield from _last(handle)), is_locked=_ALREADY_LOCKED in detail) from None


def _last(handle: str) -> Workflow[models.LockEvent | None]:
    try:
        answer = yield from call(catalogue.registry.LIST_DATASET_LOCKS.about(handle, id=handle))
    except ProvenaError:
        return None
    return answer.history[-1] if answer.history else None


def _explained(
    refused: BadRequest, last: models.LockEvent | None, *, is_locked: bool
) -> AlreadyLocked | NotLocked:
    state = "is already locked" if is_locked else "is not locked"
    # Somebody may have changed it since: an event of the other kind explains nothing.
    if last is not None and (last.action_type == models.LockActionType.LOCK) is not is_locked:
        last = None
    told = "" if last is None else f": {_sentence(last)}"
    kind = AlreadyLocked if is_locked else NotLocked
    error = kind(
        f"Dataset {refused.dataset_id} {state}{told}.",
        operation=refused.operation,
        status=refused.status,
        detail=refused.detail,
        dataset_id=refused.dataset_id,
        hint="ds.unlock(reason) unlocks it." if is_locked else "ds.lock_history() lists its locks.",
    )
    if last is not None:
        error.username, error.reason, error.since = last.username, last.reason, moment(last.timestamp)
    return error


def _sentence(event: models.LockEvent) -> str:
    time = shown_time(moment(event.timestamp))
    why = f" with the reason {quoted(event.reason)}" if event.reason.strip() else " without a reason"
    return f"{printable(event.username)} {_done(event)} it{f' on {time}' if time else ''}{why}"


def _done(event: models.LockEvent) -> str:
    return _DONE.get(event.action_type.value, printable(event.action_type.value))
