"""Syncs and their plans: ``sync``, ``plan`` and ``apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import LOCAL, LOCAL_FILE, Target
from provena_sdk.cli.session import Session
from provena_sdk.cli.transfers.options import LIMITS, NAMES, SELECTION, SYNC
from provena_sdk.cli.transfers.places import PLACE
from provena_sdk.cli.transfers.showing import PLANNED, resumable, run, show
from provena_sdk.cli.wording.typed import as_typed
from provena_sdk.display.amounts import counted
from provena_sdk.display.text import quoted

if TYPE_CHECKING:
    from provena_sdk.transfer.plan import DownloadPlan, UploadPlan


@command(changes=True)
@click.argument("source", type=PLACE, metavar="SRC")
@click.argument("destination", type=PLACE, metavar="DST")
@SYNC
@SELECTION
@NAMES
@LIMITS
def sync(session: Session, source: Target | Path, destination: Target | Path, **settings: Any) -> None:
    """Make a local folder equal to a dataset, or the reverse.

    One of SRC and DST is a dataset or a folder in it, HANDLE[/PATH], the other a local folder. Their contents are
    compared; slashes at their ends mean nothing. The plan is shown first, and --delete asks before it deletes.

    Examples:
        $ provena sync 10378.1/1451860 data
        $ provena sync results 10378.1/1451860/run1 --delete
        $ provena sync results 10378.1/1451860 --delete --dry-run
    """
    plan = _planned(session, source, destination, settings)
    if session.dry_run:
        show(session, plan, PLANNED)
    else:
        _carry_out(session, plan)


@command("plan")
@click.argument("source", type=PLACE, metavar="SRC")
@click.argument("destination", type=PLACE, metavar="DST")
@click.option("--out", type=LOCAL, metavar="FILE", help="Write the plan to this file, for provena apply.")
@SYNC
@SELECTION
@NAMES
@LIMITS
def plan_(
    session: Session, source: Target | Path, destination: Target | Path, out: str | None, **settings: Any
) -> None:
    """Show what a sync would do, and write it to a file.

    The file has one line of JSON about the plan, and one for each file. Lines can be left out before it is applied.

    Examples:
        $ provena plan 10378.1/1451860 data
        $ provena plan results 10378.1/1451860 --delete --out plan.jsonl
    """
    plan = _planned(session, source, destination, settings)
    if out is not None:
        plan.save(out)
    show(session, plan, PLANNED)
    if out is not None:
        session.say(f"Apply it with: {as_typed(['provena', 'apply', out])}")


@command("apply", changes=True)
@click.argument("file", type=LOCAL_FILE, metavar="PLAN")
@click.option(
    "--dir", "directory", type=LOCAL, metavar="DIR", help="Use this local folder, not the one in the plan."
)
def apply_(session: Session, file: str, directory: str | None) -> None:
    """Carry out a plan that was written to a file.

    Each path, key and handle in it is checked, and so is each file: what changed since the plan was made is kept and
    reported. A plan that was written by somebody else or on another machine needs --dir.

    Examples:
        $ provena apply plan.jsonl
        $ provena apply plan.jsonl --dir results --dry-run
    """
    with resumable():
        plan = session.provena.datastore.io.load_plan(file, directory)
    if session.dry_run:
        show(session, plan, PLANNED)
    else:
        _carry_out(session, plan)


def _planned(
    session: Session, source: Target | Path, destination: Target | Path, settings: dict[str, Any]
) -> DownloadPlan | UploadPlan:
    io = session.provena.datastore.io
    wanted = {"progress": session.progress, **settings}
    with resumable():
        if isinstance(source, Target) and isinstance(destination, Path):
            return io.plan_download(destination, source.handle, path=_folder(source), **wanted)
        if isinstance(source, Path) and isinstance(destination, Target):
            return io.plan_upload(source, destination.handle, path=_folder(destination), **wanted)
    raise click.UsageError(
        "One of SRC and DST must be a dataset, HANDLE[/PATH], and the other a local folder."
    )


def _folder(target: Target) -> str:
    return f"{target.path}/" if target.path else ""


def _carry_out(session: Session, plan: DownloadPlan | UploadPlan) -> None:
    """Show a plan, ask before files are deleted, and run it."""
    for line in str(plan).splitlines():
        session.say(line)
    gone = plan.only("delete")
    if gone:
        where = quoted(plan.folder) if plan.transfer == "download" else f"dataset {plan.dataset_id}"
        if not session.confirm(f"Delete {counted(len(gone))} from {where}?"):
            raise Exit(ExitCode.FAILED, "Nothing was changed.")
    run(session, plan)
