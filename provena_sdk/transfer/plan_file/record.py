"""One item of a plan as JSON data, and back, with every value checked."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, TypeAlias, cast

from provena_sdk.datasets.paths import refusal
from provena_sdk.datasets.service_file import is_service_file
from provena_sdk.display.text import SERVER_LIMIT, quoted
from provena_sdk.s3.limits import MAX_KEY_BYTES, MAX_OBJECT_BYTES
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.plan_file.fields import MOST_NUMBER, Fields
from provena_sdk.transfer.spec.items import Action, PlanItem, conflict, refused

Transfer: TypeAlias = Literal["download", "upload"]
"""The direction of a plan."""

# What each action needs, besides the action, the path and the bytes.
_NEEDS: Final[dict[Transfer, dict[Action, frozenset[str]]]] = {
    "download": {
        "new": frozenset({"local", "store"}),
        "changed": frozenset({"local", "store", "here"}),
        "same": frozenset({"local", "store", "here"}),
        "delete": frozenset({"local", "here"}),
        "conflict": frozenset({"local"}),
        "refused": frozenset(),
    },
    "upload": {
        "new": frozenset({"local", "here"}),
        "changed": frozenset({"local", "store", "here"}),
        "same": frozenset({"local", "store", "here"}),
        "delete": frozenset({"store"}),
        "skip": frozenset({"local"}),
        "conflict": frozenset({"local"}),
        "refused": frozenset(),
    },
}
_MOST_PATH: Final = 4096
_MOST_ETAG: Final = 200
_MOST_TIME: Final = 40


def record_of(item: PlanItem) -> dict[str, object]:
    """Return an item as JSON data.

    Args:
        item: The item.
    """
    record: dict[str, object] = {"action": item.action, "path": item.path[:_MOST_PATH], "bytes": item.bytes}
    if item.local is not None and item.action != "refused":
        record["local"] = item.local
    if item.reason:
        record["reason"] = item.reason[:SERVER_LIMIT]
    if item.info is not None:
        record["store"] = {
            "bytes": item.info.size,
            "etag": item.info.etag,
            "modified": item.info.modified.isoformat(),
        }
    if item.seen is not None:
        record["here"] = {"bytes": item.seen.size, "mtime_ns": item.seen.mtime_ns}
    return record


def item_of(transfer: Transfer, record: object) -> PlanItem:
    """Return the item that JSON data stand for.

    Args:
        transfer: The direction of the plan.
        record: The data.

    Raises:
        ValueError: A value is missing, malformed or unsafe, or the values contradict each other.
    """
    fields = Fields(record)
    action = cast("Action", fields.choice("action", _NEEDS[transfer]))
    needs = _NEEDS[transfer][action]
    fields.require({"action", "path", "bytes", *needs}, {"reason"})
    path = fields.text("path", _MOST_PATH)
    reason = fields.text("reason", SERVER_LIMIT) if fields.has("reason") else None
    if action == "refused":
        return refused(path, reason or "it is unsafe")
    _check("path", path, refusal(path, windows=False))
    if len(path.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"'path' is longer than {MAX_KEY_BYTES} bytes.")
    local = fields.text("local", _MOST_PATH) if "local" in needs else None
    if local is not None:
        _check("local", local, refusal(local))
    size = fields.number("bytes", MAX_OBJECT_BYTES)
    if action == "conflict":
        return conflict(path, reason or "its name is taken", local, size)
    if is_service_file(path) and (action == "delete" or (transfer == "upload" and action != "skip")):
        raise ValueError(f"{quoted(path)} belongs to the service.")
    item = PlanItem(
        action,
        path,
        size,
        local,
        reason,
        info=_info(path, fields.part("store")) if "store" in needs else None,
        seen=_seen(fields.part("here")) if "here" in needs else None,
    )
    _check_size(transfer, item)
    return item


def _check(name: str, path: str, reason: str | None) -> None:
    if reason is not None:
        raise ValueError(f"'{name}' is {quoted(path)}, which is unsafe: {reason}.")


def _check_size(transfer: Transfer, item: PlanItem) -> None:
    """Check that the size that is shown is that of the file which is moved or deleted."""
    of_store = (transfer == "download") == (item.action != "delete")
    known = item.info if of_store else item.seen
    if known is not None and known.size != item.bytes:
        raise ValueError(f"'bytes' is {item.bytes}, but the file has {known.size}.")


def _info(path: str, fields: Fields) -> FileInfo:
    fields.require({"bytes", "etag", "modified"})
    etag = fields.text("etag", _MOST_ETAG)
    if not etag.isascii() or not etag.isprintable() or '"' in etag:
        raise ValueError("'store.etag' is not an ETag.")
    modified = datetime.fromisoformat(fields.text("modified", _MOST_TIME))
    if modified.tzinfo is None:
        raise ValueError("'store.modified' has no time zone.")
    return FileInfo(path, fields.number("bytes", MAX_OBJECT_BYTES), etag, modified)


def _seen(fields: Fields) -> Seen:
    fields.require({"bytes", "mtime_ns"})
    return Seen(fields.number("bytes"), fields.number("mtime_ns", least=-MOST_NUMBER))
