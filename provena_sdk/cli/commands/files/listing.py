"""The files of a dataset: ``ls``, ``tree`` and ``du``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.parameters import FILE, Target
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.display.amounts import human_size

if TYPE_CHECKING:
    from provena_sdk.resources.dataset import InteractiveDataset

_PATH: Final = Column("path", lambda entry: entry.path, id=True)
_SIZE: Final = Column("size", lambda entry: entry.size, human_size, right=True)
_SHORT: Final = (_PATH, _SIZE)
_LONG: Final = (
    _PATH,
    _SIZE,
    Column("modified", lambda entry: entry.modified),
    Column("etag", lambda entry: entry.etag),
)
_FOLDERS: Final = (
    Column("path", lambda folder: folder.path or ".", id=True),
    _SIZE,
    Column("files", lambda folder: folder.files, "{:,}".format, right=True),
)


class _Entry(NamedTuple):
    """A file, or a folder, whose path ends in a slash."""

    path: str
    size: int | None
    modified: datetime | None
    etag: str | None


@command()
@click.argument("target", type=FILE)
@click.option("--recursive", "-r", is_flag=True, help="List what is in folders, too.")
@click.option("--long", "-l", is_flag=True, help="Show times and ETags, too.")
def ls(session: Session, target: Target, recursive: bool, long: bool) -> None:
    """List the files in a dataset or a folder.

    Folders end in a slash. Paths begin at the dataset's root, so that they can be used after the handle.

    Examples:
        $ provena ls 10378.1/1451860
        $ provena ls -l 10378.1/1451860/obs
        $ provena ls -r 10378.1/1451860 --jsonl
    """
    dataset = session.provena.datastore.interactive_dataset(target.handle)
    entries = dataset.iter_files(target.written) if recursive else _entries(dataset, target.path)
    count = session.out.rows(entries, _LONG if long or session.json else _SHORT)
    if not count:
        session.say("There are no files.")


def _entries(dataset: InteractiveDataset, path: str) -> Iterator[_Entry]:
    try:
        listed: Any = dataset.fs.ls(path, detail=True)
    except FileNotFoundError:
        # Its error suggests similar names.
        dataset.list_files(path)
        raise
    for entry in listed:
        if entry["type"] == "directory":
            yield _Entry(f"{entry['name']}/", None, None, None)
        else:
            yield _Entry(entry["name"], entry["size"], entry["LastModified"], entry["ETag"])


@command()
@click.argument("target", type=FILE)
@click.option(
    "--depth", "-d", type=click.IntRange(1), metavar="N", help="Show so many levels; all by default."
)
def tree(session: Session, target: Target, depth: int | None) -> None:
    """Show the files of a dataset or a folder as a tree.

    Each folder has the size and the number of all files below it.

    Examples:
        $ provena tree 10378.1/1451860
        $ provena tree --depth 1 10378.1/1451860/obs
    """
    dataset = session.provena.datastore.interactive_dataset(target.handle)
    whole = dataset.list_files(target.written).tree(depth)
    session.out.view(whole, whole.to_dict())


@command()
@click.argument("target", type=FILE)
@click.option(
    "--depth",
    "-d",
    type=click.IntRange(0),
    metavar="N",
    default=1,
    show_default=True,
    help="Levels of folders.",
)
def du(session: Session, target: Target, depth: int) -> None:
    """Show the sizes of folders, largest first.

    The first line is the total. Sizes in a pipe are bytes.

    Examples:
        $ provena du 10378.1/1451860
        $ provena du --depth 0 10378.1/1451860/obs
    """
    dataset = session.provena.datastore.interactive_dataset(target.handle)
    session.out.rows(dataset.list_files(target.written).folders(depth), _FOLDERS)
