"""Download and upload: ``get`` and ``put``."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.parameters import FILE, LOCAL, LocalType, Target
from provena_sdk.cli.session import Session
from provena_sdk.cli.transfers.options import LIMITS, NAMES, SELECTION, VERIFY
from provena_sdk.cli.transfers.places import destination, path_of, sources
from provena_sdk.cli.transfers.showing import PLANNED, end, resumable, run, show
from provena_sdk.errors import NotAFile

if TYPE_CHECKING:
    from provena_sdk.transfer.plan import DownloadPlan


@command(changes=True)
@click.argument("target", type=FILE, metavar="HANDLE[/PATH]")
@click.argument("local", type=LOCAL, metavar="[DST]", required=False)
@SELECTION
@VERIFY
@NAMES
@LIMITS
@click.option("--cached", is_flag=True, help="Print the path of a copy that all projects share; see cache.")
def get(session: Session, target: Target, local: str | None, cached: bool, **settings: Any) -> None:
    """Download a dataset, or a folder or file of it.

    Files that are here and equal are skipped, others of the same name are replaced, and nothing is deleted. Each
    file is verified before it takes its name. After Ctrl-C, the same command resumes.

    A dataset goes into DST, or into a new folder that is called like the end of its handle. A folder of a dataset
    keeps its name in DST; with a slash at its end, its contents go into DST. A file goes into DST if that is a
    folder or ends in a slash; otherwise DST is the file's new name. Without DST, both go into the current folder.

    Examples:
        $ provena get 10378.1/1451860
        $ provena get 10378.1/1451860 data
        $ provena get 10378.1/1451860/obs data --include '*.csv'
        $ provena get 10378.1/1451860/obs/2024.csv reef.csv
        $ head -3 "$(provena get 10378.1/1451860/obs/2024.csv --cached)"
    """
    if cached:
        _fetch(session, target, local, **settings)
        return
    with resumable():
        plan = _planned(session, target, local, settings)
    if session.dry_run:
        show(session, plan, PLANNED)
    else:
        run(session, plan)


def _fetch(
    session: Session, target: Target, local: str | None, verify: str, map_names: bool, **settings: Any
) -> None:
    if local is not None or session.dry_run or map_names or verify != "checksum":
        raise click.UsageError("--cached goes without DST, --dry-run, --map-names and --verify.")
    with resumable():
        location = session.provena.fetch(str(target), progress=session.progress, **settings)
    session.out.text(str(location))


def _planned(session: Session, target: Target, local: str | None, settings: dict[str, Any]) -> DownloadPlan:
    place, io = destination(target, local), session.provena.datastore.io
    wanted = {"path": path_of(target), "progress": session.progress, **settings}
    try:
        return io.plan_download(place.folder, target.handle, name=place.name, **wanted)
    except NotAFile:
        return io.plan_download(place.otherwise, target.handle, **wanted)


@command(changes=True)
@click.argument("local", type=LocalType(exists=True), metavar="SRC...", nargs=-1, required=True)
@click.argument("target", type=FILE, metavar="HANDLE[/PATH]")
@SELECTION
@NAMES
@LIMITS
def put(session: Session, local: tuple[str, ...], target: Target, **settings: Any) -> None:
    """Upload files and folders into a dataset.

    Files that the dataset has and that are equal are skipped, others of the same path are replaced, and nothing is
    deleted. After Ctrl-C, the same command resumes.

    A folder keeps its name in the dataset; with a slash at its end, as for '.', only its contents are uploaded. A
    single file gets the name in PATH, unless PATH ends in a slash or is a folder of the dataset.

    Examples:
        $ provena put results/ 10378.1/1451860
        $ provena put *.csv figures 10378.1/1451860/run1/
        $ provena put draft.csv 10378.1/1451860/final.csv
    """
    groups = list(sources(local))
    path = path_of(target)
    if path and len(local) > 1:
        path = f"{target.path}/"
    io = session.provena.datastore.io
    wanted = {"path": path, "progress": session.progress, **settings}
    if session.dry_run:
        plans = [io.plan_upload(group, target.handle, **wanted) for group in groups]
        for plan in plans if len(plans) == 1 or not session.json else [list(chain(*plans))]:
            show(session, plan, PLANNED)
        return
    with resumable("there"):
        reports = [
            io.upload_all_files(group, target.handle, raise_for_failures=False, **wanted) for group in groups
        ]
    end(session, sum(reports[1:], reports[0]))
