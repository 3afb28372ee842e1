"""The copies that all projects share: ``cache ls``, ``cache prune`` and ``cache verify``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from provena_sdk.cli.command import group
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.display.amounts import human_size

if TYPE_CHECKING:
    from provena_sdk.cache.file_cache import CopyList, FileCache

_COPIES: Final = (
    Column("dataset", lambda copy: copy.dataset_id, id=True),
    Column("path", lambda copy: copy.path),
    Column("files", lambda copy: len(copy.files), right=True),
    Column("bytes", lambda copy: copy.bytes, show=human_size, right=True),
    Column("used", lambda copy: copy.used),
    Column("fetched", lambda copy: copy.fetched),
    Column("location", lambda copy: str(copy.location)),
)
_DAMAGED: Final = (
    Column("dataset", lambda file: file.dataset_id),
    Column("path", lambda file: file.path, id=True),
    Column("reason", lambda file: file.reason),
    Column("location", lambda file: str(file.location)),
)


@group()
def cache() -> None:
    """List, prune and verify the copies that all projects share.

    The copies are in PROVENA_CACHE_DIR or, if that is not set, in the platform's folder for caches.
    """


@cache.command()
@click.argument("handle", type=HANDLE, required=False)
def ls(session: Session, handle: str | None) -> None:
    """List the copies, the latest used first.

    Examples:
        $ provena cache ls
        $ provena cache ls 10378.1/1451860 --json
    """
    session.out.rows(_cache().copies(handle), _COPIES)


@cache.command(changes=True)
@click.argument("handle", type=HANDLE, required=False)
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(0, 36500),
    default=30,
    help="Keep copies that were used in the last N days, by default 30; 0 keeps none.",
)
def prune(session: Session, handle: str | None, days: int) -> None:
    """Remove copies that have not been used for some time.

    Downloads that were interrupted more than a week ago are removed, too.

    Examples:
        $ provena cache prune
        $ provena cache prune 10378.1/1451860 --days 0 --dry-run
    """
    removed = _cache().prune(timedelta(days=days), dataset_id=handle, dry_run=session.dry_run)
    session.out.rows(removed, _COPIES)
    session.say(f"{'Would remove' if session.dry_run else 'Removed'} {_counted(removed)}.")


@cache.command()
@click.argument("handle", type=HANDLE, required=False)
@click.option("--remove", is_flag=True, help="Remove damaged files, so that they are fetched again.")
def verify(session: Session, handle: str | None, remove: bool) -> None:
    """Read the copies, and compare each file with its checksum.

    The exit code is 10 if a file is damaged or missing.

    Examples:
        $ provena cache verify
        $ provena cache verify 10378.1/1451860 --remove
    """
    damaged = _cache().verify(handle, remove=remove)
    session.out.rows(damaged, _DAMAGED)
    if damaged:
        raise Exit(ExitCode.DIFFERENT)
    session.say("No file is damaged.")


def _cache() -> FileCache:
    from provena_sdk.cache.file_cache import FileCache  # noqa: PLC0415  # keeps what verifies files away from help

    return FileCache()


def _counted(copies: CopyList) -> str:
    return f"{len(copies):,} {copies.noun[len(copies) != 1]}, {human_size(copies.total_bytes)}"
