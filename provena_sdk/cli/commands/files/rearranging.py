"""Files where they are: ``cp``, ``mv`` and ``rm``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit, exit_code
from provena_sdk.cli.parameters import FILE, FileType, Target
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.text import quoted
from provena_sdk.errors import TransferFailed

if TYPE_CHECKING:
    from provena_sdk.transfer.report import TransferReport

_LOCAL_STARTS: Final = ("./", "../", "/", "~")
_OTHER_COMMANDS: Final = "'provena get' downloads, and 'provena put' uploads."
_SERVICE_FILE: Final = "metadata.json"
_OUTCOMES: Final = (
    Column("outcome", lambda file: file.outcome),
    Column("path", lambda file: file.path, id=True),
    Column("target", lambda file: file.target),
    Column("size", lambda file: file.bytes, human_size, right=True),
    Column("note", lambda file: file.note),
)
_DELETED: Final = (
    Column("outcome", lambda file: file.outcome),
    Column("dataset", lambda file: file.dataset),
    Column("path", lambda file: file.path, id=True),
    Column("size", lambda file: file.size, human_size, right=True),
    Column("note", lambda file: file.note),
)


class _StoredType(FileType):
    """A file or folder of a dataset, where people may give a local one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the :class:`Target`; the refusal of anything else says how files are transferred."""
        if isinstance(value, str) and value.startswith(_LOCAL_STARTS):
            self.fail(f"{quoted(value)} is a local path. {_OTHER_COMMANDS}", param, ctx)
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise click.BadParameter(f"{error.message} {_OTHER_COMMANDS}", ctx, param) from None


_STORED: Final = _StoredType()


@command(changes=True)
@click.argument("source", type=_STORED)
@click.argument("target", type=_STORED)
@click.option("--recursive", "-r", is_flag=True, help="Copy a folder, or all files of a dataset.")
@click.option("--replace", is_flag=True, help="Replace files that exist and are different.")
def cp(session: Session, source: Target, target: Target, recursive: bool, replace: bool) -> None:
    """Copy files within a dataset, or to another one.

    A target that ends in a slash, or is a dataset, receives the file or folder under its own name; any other is the new
    name. 'obs/' are the files in the folder, without its name. Within a dataset the bytes do not leave the store. 'get'
    and 'put' copy from and to this machine.

    Examples:
        $ provena cp 10378.1/1451860/obs/2024.csv 10378.1/1451860/latest.csv
        $ provena cp -r 10378.1/1451860/obs 10378.1/1900012/archive/
    """
    dataset = session.provena.datastore.interactive_dataset(source.handle)
    if not recursive:
        files = dataset.list_files(source.written)
        if [file.path for file in files] != [source.path]:
            raise _is_folder(source, len(files))
    report = dataset.copy_files(
        source.written,
        target.written,
        to=target.handle,
        replace=replace,
        dry_run=session.dry_run,
        raise_for_failures=False,
    )
    _print(session, report)


@command(changes=True)
@click.argument("source", type=_STORED)
@click.argument("target", type=_STORED)
@click.option("--replace", is_flag=True, help="Replace files that exist and are different.")
def mv(session: Session, source: Target, target: Target, replace: bool) -> None:
    """Move or rename a file or a folder.

    A target that ends in a slash, or is a dataset, receives the file or folder under its own name; any other is the new
    name. The store cannot rename: each file is copied, and deleted once all copies are made.

    Examples:
        $ provena mv 10378.1/1451860/obs/2024.csv 10378.1/1451860/obs/2024-v1.csv
        $ provena mv --dry-run 10378.1/1451860/obs 10378.1/1451860/observations
    """
    report = session.provena.datastore.interactive_dataset(source.handle).move_files(
        source.written,
        target.written,
        to=target.handle,
        replace=replace,
        dry_run=session.dry_run,
        raise_for_failures=False,
    )
    _print(session, report)


class _Deletion(NamedTuple):
    """A file to delete, or that was."""

    dataset: str
    path: str
    size: int
    outcome: str = "planned"
    note: str = ""


@command(changes=True)
@click.argument("targets", type=FILE, nargs=-1, required=True)
@click.option("--recursive", "-r", is_flag=True, help="Delete folders, or all files of a dataset.")
def rm(session: Session, targets: tuple[Target, ...], recursive: bool) -> None:
    """Delete files of a dataset.

    It asks first. Deleted files cannot be restored. The dataset itself and its metadata.json stay.

    Examples:
        $ provena rm --yes 10378.1/1451860/obs/2023.csv
        $ provena rm -r --dry-run 10378.1/1451860/obs
    """
    chosen = list(dict.fromkeys(one for target in targets for one in _chosen(session, target, recursive)))
    if session.dry_run:
        session.out.rows(chosen, _DELETED)
        return
    if not chosen:
        session.say("There are no files to delete.")
        return
    size = human_size(sum(one.size for one in chosen))
    what = quoted(chosen[0].path) if len(chosen) == 1 else counted(len(chosen))
    handles = list(dict.fromkeys(one.dataset for one in chosen))
    if not session.confirm(f"Delete {what} ({size}) of {', '.join(handles)} for good?"):
        raise Exit(ExitCode.FAILED, "Nothing was deleted.")
    reports = {handle: _delete(session, handle, chosen) for handle in handles}
    sizes = {(one.dataset, one.path): one.size for one in chosen}
    deleted = [
        _Deletion(handle, file.path, sizes[handle, file.path], file.outcome, file.note)
        for handle, report in reports.items()
        for file in report
    ]
    session.out.rows(deleted, _DELETED)
    for report in reports.values():
        _fail(report)


def _chosen(session: Session, target: Target, recursive: bool) -> Iterator[_Deletion]:
    files = session.provena.datastore.interactive_dataset(target.handle).list_files(target.written)
    is_file = [file.path for file in files] == [target.path]
    if not is_file and not recursive:
        raise _is_folder(target, len(files))
    for file in files:
        if is_file or file.path != _SERVICE_FILE:
            yield _Deletion(target.handle, file.path, file.size)


def _delete(session: Session, handle: str, chosen: list[_Deletion]) -> TransferReport:
    dataset = session.provena.datastore.interactive_dataset(handle)
    paths = [one.path for one in chosen if one.dataset == handle]
    return dataset.delete_files(paths, raise_for_failures=False)


def _is_folder(target: Target, files: int) -> click.UsageError:
    what = f"{quoted(target.path)} is a folder" if target.path else f"{target.handle} is a dataset"
    return click.UsageError(f"{what} with {counted(files)}; --recursive takes all of them.")


def _print(session: Session, report: TransferReport) -> None:
    session.out.rows(report, _OUTCOMES)
    _fail(report)


def _fail(report: TransferReport) -> None:
    """End the command with the exit code of its failures, if any: partly done only if something was."""
    try:
        report.raise_for_failures()
    except TransferFailed as failure:
        first: Any = report.failed[0].error
        if any(one.ok for one in report) or first is None:
            raise
        hint = "Replace it with --replace." if any(one.outcome == "conflict" for one in report) else None
        raise Exit(exit_code(first), failure.message, hint=hint or getattr(first, "hint", None)) from failure
