"""Write a plan to a file, a line of JSON for each item, and read it back.

A plan file is input: it may come from another program or another person. Every value is checked by
:mod:`~provena_sdk.transfer.plan_file.record`. The local folder that it names is used only if this user wrote the plan
on this machine, as a seal in its first line shows: otherwise a plan could upload or replace files that nobody meant.
"""

from __future__ import annotations

import hmac
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.handles import handle
from provena_sdk.private_files import read_small, write_small
from provena_sdk.secret import Secret
from provena_sdk.transfer.local.scan import destination_folder, existing_folder, local_path
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.plan_file.fields import Fields
from provena_sdk.transfer.plan_file.record import Transfer, item_of, record_of
from provena_sdk.transfer.spec.items import PlanItem
from provena_sdk.transfer.spec.options import TransferOptions

T = TypeVar("T")

_FORMAT: Final = "provena_plan"
_VERSION: Final = 1
_MOST_BYTES: Final = 1024**3
_MOST_LINE: Final = 64 * 1024
_MOST_ITEMS: Final = 5_000_000
_MOST_FOLDER: Final = 4096
# How many requests run at once is the machine's matter.
_OPTIONS: Final = frozenset(field.name for field in fields(TransferOptions)) - {"concurrency"}


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a plan file holds.

    Args:
        transfer: The direction.
        dataset_id: The dataset's handle.
        folder: The local folder.
        options: The options for the transfer.
        items: One item per file.
        none_of: See :class:`~provena_sdk.transfer.plan.TransferPlan`.
    """

    transfer: Transfer
    dataset_id: str
    folder: Path
    options: TransferOptions
    items: Sequence[PlanItem]
    none_of: int = 0


def write_plan(file: str | os.PathLike[str], plan: SavedPlan) -> Path:
    """Write a plan to a file that only this user may read; an existing file is replaced.

    Args:
        file: The file.
        plan: The plan.

    Returns:
        The file's path.

    Raises:
        OSError: The file cannot be written; an old one is kept.
    """
    path = Path(file).expanduser()
    records = chain([_header(plan)], map(record_of, plan.items))
    text = Secret("".join(f"{json.dumps(record)}\n" for record in records), "plan")
    try:
        write_small(path, text)
    except OSError as error:
        # Not the name of the temporary file.
        error.filename = os.fspath(path)
        raise
    return path


def read_plan(file: str | os.PathLike[str], directory: str | os.PathLike[str] | None = None) -> SavedPlan:
    """Read a plan from a file, without looking at the files that it names.

    Args:
        file: The file.
        directory: The local folder to use; None means the one in the plan, if this user wrote it.

    Raises:
        InvalidArgument: It cannot be read, is not a plan, or names a path that is unsafe; or ``directory`` is needed.
    """
    if not isinstance(file, str | os.PathLike):
        raise InvalidArgument("file", f"must be a str or a Path, not {type(file).__name__}.")
    try:
        content = read_small(Path(file).expanduser(), most=_MOST_BYTES).content
    except OSError as error:
        raise InvalidArgument(
            "file", f"{quoted(file)} cannot be read ({error.strerror or type(error).__name__})."
        ) from None
    lines = enumerate(_lines(content), start=1)
    number, first = next(lines, (1, b""))
    header = _on_line(file, number, _checked_header, first)
    folder = _folder(file, header, directory)
    return SavedPlan(
        cast("Transfer", header["transfer"]),
        header["dataset"],
        folder,
        header["options"],
        tuple(_items(file, header["transfer"], lines)),
        header["none_of"],
    )


def check_folder(plan: SavedPlan) -> None:
    """Check the local folder of a plan.

    Raises:
        InvalidArgument: It is not a folder, or nothing can be written into it.
    """
    if plan.transfer == "upload":
        existing_folder("directory", plan.folder)
    else:
        destination_folder(plan.folder)


def _header(plan: SavedPlan) -> dict[str, object]:
    known, given = TransferOptions(), plan.options
    folder = os.path.abspath(plan.folder)
    header: dict[str, object] = {
        _FORMAT: _VERSION,
        "transfer": plan.transfer,
        "dataset": plan.dataset_id,
        "folder": folder,
        "options": {
            name: getattr(given, name)
            for name in sorted(_OPTIONS)
            if getattr(given, name) != getattr(known, name)
        },
        "none_of": plan.none_of,
    }
    seal = _seal(plan.transfer, plan.dataset_id, folder, create=True)
    return header if seal is None else {**header, "seal": seal}


def _seal(transfer: str, dataset_id: str, folder: str, *, create: bool = False) -> str | None:
    """Return what shows that this user's SDK meant this folder and this dataset; None without a key."""
    seal = Seal.load(create=create)
    if not seal.has_key:
        return None
    hasher = seal.hasher("plan file")
    hasher.update(json.dumps([transfer, dataset_id, folder]).encode())
    return hasher.digest().hex()


def _checked_header(record: object) -> dict[str, Any]:
    found = Fields(record)
    if not found.has(_FORMAT):
        raise ValueError("it is not the first line of a plan.")
    if found.number(_FORMAT) != _VERSION:
        raise ValueError("the plan was written by another version of the SDK; make it again.")
    found.require({_FORMAT, "transfer", "dataset", "folder", "options", "none_of"}, {"seal"})
    options = found.part("options")
    options.require((), _OPTIONS)
    return {
        "transfer": found.choice("transfer", ("download", "upload")),
        "dataset": handle("'dataset'", found.text("dataset", 200)),
        "folder": found.text("folder", _MOST_FOLDER),
        "options": TransferOptions(**cast("dict[str, Any]", options.plain())),
        "none_of": found.number("none_of"),
        "seal": found.text("seal", 200) if found.has("seal") else "",
    }


def _folder(file: object, header: dict[str, Any], directory: str | os.PathLike[str] | None) -> Path:
    if directory is not None:
        return local_path("directory", directory)
    named = header["folder"]
    seal = _seal(header["transfer"], header["dataset"], named)
    if seal is None or not hmac.compare_digest(seal.encode(), header["seal"].encode()):
        raise InvalidArgument(
            "directory",
            f"must be given, because you did not write {quoted(file)} on this machine; it names {quoted(named)}.",
            hint="Read the plan, and name the folder.",
        )
    return Path(named)


def _lines(content: bytes) -> Iterator[bytes]:
    """Yield the lines one by one, and of one that is too long only the beginning."""
    stream = io.BytesIO(content)
    while line := stream.readline(_MOST_LINE + len(b"\r\n")):
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _items(file: object, transfer: Transfer, lines: Iterable[tuple[int, bytes]]) -> Iterator[PlanItem]:
    known: dict[tuple[str, str], int] = {}
    for count, (number, line) in enumerate(lines, start=1):
        if count > _MOST_ITEMS:
            raise _invalid(file, number, f"the plan has more than {_MOST_ITEMS:,} items.")
        item = _on_line(file, number, lambda record: item_of(transfer, record), line)
        if item.action != "refused":
            for side, path in (("path", item.path), ("local", item.local)):
                before = known.setdefault((side, path), number) if path is not None else number
                if before != number:
                    raise _invalid(file, number, f"'{side}' is {quoted(path)}, as on line {before}.")
        yield item


def _on_line(file: object, number: int, read: Callable[[object], T], line: bytes) -> T:
    """Read one line, and name it in the error if it is malformed."""
    try:
        if len(line) > _MOST_LINE:
            raise ValueError(f"it has more than {_MOST_LINE:,} bytes.")
        return read(json.loads(line))
    except RecursionError:
        reason = "it is nested too deeply."
    except json.JSONDecodeError as error:
        reason = f"it is not JSON: {error.msg}."
    except ValueError as error:
        reason = str(error)
    raise _invalid(file, number, reason)


def _invalid(file: object, number: int, reason: str) -> InvalidArgument:
    return InvalidArgument("file", f"line {number} of {quoted(file)}: {reason}", hint="Make the plan again.")
