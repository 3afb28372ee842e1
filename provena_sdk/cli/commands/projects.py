"""Lock the data of a project, for the command ``lock``."""

from __future__ import annotations

from typing import Final

from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.display.amounts import human_size

_LOCKED: Final = (
    Column("name", lambda dataset: dataset.wanted.name, id=True),
    Column("dataset", lambda dataset: dataset.handle),
    Column("files", lambda dataset: len(dataset.files), right=True),
    Column("bytes", lambda dataset: dataset.bytes, show=human_size, right=True),
    Column("folder", lambda dataset: dataset.wanted.folder),
)


def write_lock_file(session: Session, folder: str = ".") -> None:
    """Write the ``provena.lock`` of a project, and print the datasets in it.

    Args:
        session: The command's surroundings.
        folder: The project's folder.
    """
    lock = session.provena.lock_project(folder, dry_run=session.dry_run)
    session.out.rows(lock.datasets, _LOCKED)
