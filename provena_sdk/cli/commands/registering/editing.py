"""``edit`` and ``revert``: the metadata of a dataset."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE, LOCAL_FILE
from provena_sdk.cli.reasons import message_option, reason
from provena_sdk.cli.session import Session
from provena_sdk.cli.wording.typed import as_typed
from provena_sdk.errors import InvalidArgument, InvalidMetadata

if TYPE_CHECKING:
    from provena_sdk.resources.interactive.editing import MetadataEdit
    from provena_sdk.views.metadata_diff import MetadataDiff


@command(changes=True)
@click.argument("handle", type=HANDLE)
@click.option(
    "--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Change a field; may be repeated."
)
@click.option("--patch", type=LOCAL_FILE, metavar="FILE", help="Apply a JSON merge patch (RFC 7396).")
@click.option("--file", type=LOCAL_FILE, metavar="FILE", help="Replace all metadata by those of a file.")
@message_option()
def edit(
    session: Session,
    handle: str,
    assignments: tuple[str, ...],
    patch: str | None,
    file: str | None,
    message: str | None,
) -> None:
    """Change the metadata of a dataset, in an editor or by options.

    Without --set, --patch or --file, the metadata are opened in $VISUAL or $EDITOR, and you are asked before your
    changes are sent; what is not sent is kept in a file. Nothing is sent if somebody else has changed the metadata
    meanwhile.

    FIELD may leave out the section, as in access_info.uri. Lists can be written with commas; nothing after "=" removes
    the field.

    Examples:
        $ provena edit 10378.1/1451860
        $ provena edit 10378.1/1451860 --set keywords=coral,reef -m "found by more people"
        $ provena edit 10378.1/1451860 --set license=CC-BY-4.0 --set purpose= -m "licence decided"
    """
    in_editor = not (assignments or patch or file)
    if in_editor and not session.asks:
        raise Exit(
            ExitCode.USAGE,
            "There is no terminal for an editor.",
            hint="Change fields with --set FIELD=VALUE.",
        )
    is_shown = session.asks and not (session.dry_run or session.json or session.options.quiet)
    proposed: list[MetadataDiff] = []

    def confirm(changes: MetadataDiff) -> bool:
        proposed.append(changes)
        return not session.dry_run and (not in_editor or session.confirm("Send these changes?"))

    why = message or "dry run" if session.dry_run else reason(session, message)
    dataset = session.provena.datastore.interactive_dataset(handle)
    change = dataset.edit(why, show=is_shown, confirm=confirm)
    if in_editor:
        _edit_in_editor(session, change)
    else:
        with change:
            if file is not None:
                change.read(file)
            if patch is not None:
                change.merge(patch)
            change.assign(*assignments)
    if change.changes is None and not session.dry_run:
        raise Exit(ExitCode.FAILED, "Nothing was changed.")
    _report(session, handle, proposed[-1] if proposed else change.changes, is_shown=is_shown)


def _edit_in_editor(session: Session, change: MetadataEdit) -> None:
    """Let a person change the metadata in a file, which is kept unless they are sent."""
    format: Literal["json", "yaml"] = "yaml" if find_spec("yaml") else "json"
    path, text = _new_file(change.dataset_id, format), ""
    try:
        with change:
            text = change.text(format)
            path.write_text(text, "utf-8")
            _open_editor(session, change, path)
    finally:
        if change.changes is None and path.read_text("utf-8", "replace") not in ("", text):
            again = as_typed(["provena", "edit", change.dataset_id, "--file", str(path)])
            session.warn(f"Your edit is kept in {path}. Send it with: {again}")
        else:
            path.unlink()


def _new_file(handle: str, format: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f"provena-{handle.replace('/', '-')}-", suffix=f".{format}")
    os.close(descriptor)
    return Path(name)


def _open_editor(session: Session, change: MetadataEdit, path: Path) -> None:
    while True:
        click.edit(filename=str(path))
        try:
            change.read(path)
        except InvalidArgument as error:
            problems = error.problems if isinstance(error, InvalidMetadata) else [error.message]
            for problem in problems:
                session.warn(str(problem))
            if session.options.yes or not session.confirm("Edit again?"):
                raise
        else:
            return


@command(changes=True)
@click.argument("handle", type=HANDLE)
@click.argument("state", type=click.IntRange(min=0))
@message_option()
def revert(session: Session, handle: str, state: int, message: str | None) -> None:
    """Restore an earlier state of the metadata of a dataset.

    STATE is a number of the history, as 'provena history' prints it; 0 is the first. The newest state stays in the
    history.

    Examples:
        $ provena revert 10378.1/1451860 0 -m "was right"
        $ provena revert 10378.1/1451860 0 --dry-run
    """
    dataset = session.provena.datastore.interactive_dataset(handle)
    history = dataset.history
    known = sorted(entry.id for entry in history)
    if state not in known:
        raise Exit(
            ExitCode.NOT_FOUND,
            f"Dataset {handle} has no state {state}.",
            hint=f"See: provena history {handle}",
        )
    changes = history.diff(known[-1], state)
    if changes and not session.dry_run:
        dataset.revert_dataset_metadata(state, reason(session, message))
    _report(session, handle, changes, is_shown=False)


def _report(session: Session, handle: str, changes: MetadataDiff | None, *, is_shown: bool) -> None:
    """Print what was changed, or would be."""
    if not is_shown:
        session.out.view(changes or "no difference", [_data(change) for change in changes or ()], id=handle)
    if not changes:
        session.say("Nothing differs; nothing was sent.")
    elif not session.dry_run:
        session.say(f"Changed dataset {handle}.")


def _data(change: Any) -> dict[str, object]:
    return {"field": change.path, "before": change.before, "after": change.after}
