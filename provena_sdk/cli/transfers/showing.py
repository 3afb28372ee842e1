"""Print plans and reports, and end a command by how its transfer went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit, exit_code
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.cli.wording.typed import in_words, resume_command
from provena_sdk.display.amounts import counted, human_size, share
from provena_sdk.errors import InvalidArgument, ProvenaError, TransferInterrupted

if TYPE_CHECKING:
    from provena_sdk.transfer.plan import DownloadPlan, UploadPlan
    from provena_sdk.transfer.report import TransferReport

_EQUAL: Final = frozenset({"same", "skip", "skipped"})
_IN_PLACE: Final = frozenset({"downloaded", "uploaded", "same", "deleted"})


def _local(item: Any) -> str | None:
    return None if item.local is None else str(item.local)


_BYTES: Final = Column("bytes", lambda item: item.bytes, show=human_size, right=True)
_NOTE: Final = Column("note", lambda item: item.note or None)

PLANNED: Final = (
    Column("action", lambda item: item.action),
    Column("path", lambda item: item.path, id=True),
    _BYTES,
    Column("local", _local),
    _NOTE,
)
"""The columns of plans."""

OUTCOMES: Final = (
    Column("outcome", lambda item: item.outcome),
    Column("path", lambda item: item.path, id=True),
    _BYTES,
    Column("local", _local),
    _NOTE,
    Column("seconds", lambda item: round(item.seconds, 3), right=True),
    Column("verified", lambda item: item.verified),
    Column("checksum", lambda item: item.checksum),
    Column("resumed", lambda item: item.resumed, show=human_size, right=True),
    Column("error", lambda item: item.error.code if isinstance(item.error, ProvenaError) else None),
)
"""The columns of reports."""

COMPARED: Final = (
    Column("state", lambda item: item.state),
    Column("path", lambda item: item.path, id=True),
    _BYTES,
    Column("local", _local),
    _NOTE,
)
"""The columns of comparisons."""


def show(session: Session, found: Any, columns: tuple[Column, ...]) -> None:
    """Print a plan, a report or a comparison: as it shows itself, or a row for each file for a program.

    ``--quiet`` names only the files with which something is done, or that differ.

    Args:
        session: The command's surroundings.
        found: The sequence.
        columns: The columns of its items.
    """
    if getattr(found, "none_of", 0):
        session.warn(f"--include and --exclude matched none of {counted(found.none_of)}.")
    if session.options.quiet and not session.json:
        session.out.rows([item for item in found if columns[0].get(item) not in _EQUAL], columns)
    elif session.json or session.options.fields:
        session.out.rows(found, columns)
    else:
        session.out.view(found, [])


def end(session: Session, report: TransferReport) -> None:
    """Print the report of a transfer, and end the command if any file failed.

    Args:
        session: The command's surroundings.
        report: The report.

    Raises:
        Exit: Some files were not transferred.
    """
    show(session, report, OUTCOMES)
    failed = report.failed
    if not failed:
        return
    codes = {ExitCode.FAILED if one.error is None else exit_code(one.error) for one in failed}
    if any(one.outcome in _IN_PLACE for one in report):
        code = ExitCode.PARTLY_DONE
    else:
        # The file was named by the user only if it is alone.
        code = codes.pop() if len(codes) == 1 else ExitCode.FAILED
        code = ExitCode.FAILED if code is ExitCode.USAGE else code
    files = f"{len(failed):,} of {len(report):,} files" if len(report) > 1 else "The file"
    raise Exit(code, f"{files} {'was' if len(failed) == 1 else 'were'} not transferred.")


@contextmanager
def resumable(where: str = "here") -> Iterator[None]:
    """Call the SDK: arguments that it refuses are named as the user typed them, and Ctrl-C prints how to resume.

    Args:
        where: The side that the files go to: ``"here"`` or ``"there"``.

    Raises:
        Exit: The transfer was interrupted.
    """
    try:
        yield
    except InvalidArgument as error:
        error.message = in_words(error)
        raise
    except KeyboardInterrupt as error:
        kept = ""
        if isinstance(error, TransferInterrupted) and error.total_bytes:
            kept = f"; {share(error.bytes, error.total_bytes)} are {where}"
        command = resume_command()
        stopped = Exit(
            ExitCode.INTERRUPTED,
            f"Stopped{kept}.",
            hint="Run the same command again to resume." if command is None else "Resume with:",
            command=command,
        )
    else:
        return
    raise stopped


def run(session: Session, plan: DownloadPlan | UploadPlan) -> None:
    """Run a plan, print its report, and end the command by it.

    Args:
        session: The command's surroundings.
        plan: The plan of the sync client.

    Raises:
        Exit: Some files were not transferred, or the transfer was interrupted.
    """
    with resumable("here" if plan.transfer == "download" else "there"):
        report = plan.run(progress=session.progress, raise_for_failures=False)
    end(session, report)
