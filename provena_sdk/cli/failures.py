"""How failures end a command: their exit codes, and what they print on stderr."""

from __future__ import annotations

import errno
import json
import re
import sys
import traceback
from contextlib import suppress
from typing import Any, Final

import click

from provena_sdk import errors
from provena_sdk.cli.commands_table import COMMANDS
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.streams import red, tell
from provena_sdk.display.notebook import VARIABLE, every_frame
from provena_sdk.display.text import printable, printable_lines


class Exit(Exception):
    """End the command with an exit code.

    Args:
        code: The exit code.
        message: What to print on stderr; None prints nothing.
        hint: The next step for the reader.
        command: The command to run for it, which is printed after the hint as it is, and never shortened.
    """

    def __init__(
        self,
        code: ExitCode,
        message: str | None = None,
        *,
        hint: str | None = None,
        command: str | None = None,
    ) -> None:
        super().__init__(message or code.meaning)
        self.code = code
        self.message = message
        self.hint = hint
        self.command = command


_CODES: Final[dict[type[BaseException], ExitCode]] = {
    errors.InvalidArgument: ExitCode.USAGE,
    errors.ConfigurationError: ExitCode.USAGE,
    errors.UnsafePath: ExitCode.USAGE,
    errors.NotAFile: ExitCode.USAGE,
    errors.SignInError: ExitCode.NOT_SIGNED_IN,
    errors.TokenRejected: ExitCode.NOT_SIGNED_IN,
    errors.Unauthorized: ExitCode.NOT_PERMITTED,
    errors.Forbidden: ExitCode.NOT_PERMITTED,
    errors.PersonNotLinked: ExitCode.NOT_PERMITTED,
    errors.FileAccessDenied: ExitCode.NOT_PERMITTED,
    errors.ServiceFileRefused: ExitCode.NOT_PERMITTED,
    errors.LeaseMissing: ExitCode.NOT_PERMITTED,
    errors.ItemNotFound: ExitCode.NOT_FOUND,
    errors.NameNotFound: ExitCode.NOT_FOUND,
    errors.NameAmbiguous: ExitCode.USAGE,
    errors.FileNotInDataset: ExitCode.NOT_FOUND,
    errors.DatasetFileNotFound: ExitCode.NOT_FOUND,
    errors.EndpointNotFound: ExitCode.NOT_FOUND,
    errors.JobNotFound: ExitCode.NOT_FOUND,
    errors.AlreadyLocked: ExitCode.CONFLICT,
    errors.NotLocked: ExitCode.CONFLICT,
    errors.DatasetLocked: ExitCode.CONFLICT,
    errors.AccessChanged: ExitCode.CONFLICT,
    errors.MetadataChanged: ExitCode.CONFLICT,
    errors.DatasetFileExists: ExitCode.CONFLICT,
    errors.FileConflict: ExitCode.CONFLICT,
    errors.PartialFailure: ExitCode.PARTLY_DONE,
    errors.ConnectionFailed: ExitCode.NOT_REACHABLE,
    errors.GatewayError: ExitCode.NOT_REACHABLE,
    errors.RateLimited: ExitCode.NOT_REACHABLE,
    errors.NotEnoughSpace: ExitCode.NO_SPACE,
    errors.OutcomeUnknown: ExitCode.OUTCOME_UNKNOWN,
    errors.JobTimedOut: ExitCode.OUTCOME_UNKNOWN,
    click.Abort: ExitCode.INTERRUPTED,
    click.ClickException: ExitCode.USAGE,
    KeyboardInterrupt: ExitCode.INTERRUPTED,
}

_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})

_SIGN_IN: Final = "Sign in with: provena login"
# What the SDK advises in Python, in the words of the command line.
_HINTS: Final[dict[type[errors.ProvenaError], str]] = {
    errors.SignInRequired: f"{_SIGN_IN}. Scripts set PROVENA_OFFLINE_TOKEN.",
    errors.SessionEnded: _SIGN_IN,
    errors.AlreadyLocked: "Unlock it with: provena unlock HANDLE -m WHY",
    errors.NotLocked: "Lock it with: provena lock HANDLE -m WHY",
    errors.DatasetLocked: "Unlock it with: provena unlock HANDLE -m WHY; or ask its owner to unlock it.",
    errors.MetadataChanged: "Repeat the edit, which then begins with the new metadata.",
    errors.AccessChanged: "Your change is not in force. See: provena access show HANDLE",
}
_LINK: Final = "provena link --first-name … --last-name … --ethics-approved"
PHRASES: Final = (
    (
        "Give a domain, as in Provena('example.org'),",
        "Try it with provena sandbox --demo, or give --deployment example.org,",
    ),
    ("with exclude=.", "with --exclude."),
    ("with include= and exclude=.", "with --include and --exclude."),
    ("provena.lock_project()", "provena install --lock"),
    ("List the dataset's files to see", "List its files with provena ls HANDLE to see"),
    ("list the folder to see", "list the folder with provena ls to see"),
    ("through the datastore instead", "with provena edit HANDLE instead"),
    ("provena.people.link_me(first_name=…, last_name=…, ethics_approved=True)", _LINK),
    ("provena.people.link_me(…)", _LINK),
    ("provena.people.link_me(...)", _LINK),
    ("provena.people.link(handle)", "provena link HANDLE"),
    ("provena.people.me() returns", "provena link shows"),
    ("provena.people.list()", "provena people list"),
    ("provena.people.create(...)", "provena people create"),
    ("provena.organisations.list()", "provena orgs list"),
    ("provena.organisations.create(...)", "provena orgs create"),
    ("provena.reviews.inbox()", "provena inbox"),
    ("provena.reviews.reviewers()", "provena reviewers list"),
    ("ds.version(reason)", "provena version"),
    ("ds.unlock(reason)", "provena unlock"),
    ("ds.access()", "provena access show"),
    ("print(ds.history)", "provena history"),
)
# A call that no phrase above has turned into a command.
_PYTHON: Final = re.compile(r"\b(?:provena|ds|run)\.[\w.]{1,60}\(")

_NOT_WHOLE: Final = re.compile(r"is not a valid integer(?: range)?(?=\.)")
# click gives each choice a line of its own.
_LINES: Final = re.compile(r"\n\t")


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code of a failure; the code of the nearest base class decides.

    Example:
        >>> exit_code(errors.CertificateRejected("The certificate has expired."))
        <ExitCode.NOT_REACHABLE: 8>
    """
    if isinstance(error, Exit):
        return error.code
    if isinstance(error, OSError) and error.errno in _FULL:
        return ExitCode.NO_SPACE
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), ExitCode.FAILED)


def report(error: BaseException, *, as_json: bool) -> ExitCode:
    """Print a failure on stderr, and return its exit code.

    Args:
        error: The failure.
        as_json: Whether to print it as a JSON object, with code, message, hint, status and request id.
    """
    code = exit_code(error)
    if isinstance(error, Exit) and error.message is None:
        return code
    if every_frame() and not isinstance(error, (Exit, click.ClickException)):
        traceback.print_exception(error, file=sys.stderr)
    described = _described(error, code)
    with suppress(OSError):  # nobody may be reading
        tell(json.dumps(described) if as_json else _lines(described, code))
    return code


def _lines(described: dict[str, Any], code: ExitCode) -> str:
    # The newline moves below the ^C of a terminal, or an unfinished line of progress.
    start = "\n" if code is ExitCode.INTERRUPTED else f"{red('Error:', sys.stderr)} "
    hint = f"\nHint: {described['hint']}" if described["hint"] else ""
    return f"{start}{described['message']}{hint}"


def _described(error: BaseException, code: ExitCode) -> dict[str, Any]:
    message, hint, name = _words(error, code)
    shown = None if hint is None else printable_lines(hint)
    if isinstance(error, Exit) and error.command is not None:
        shown = f"{shown or 'Run:'} {error.command}"
    return {
        "code": name,
        "message": printable_lines(message),
        "hint": shown,
        "status": getattr(error, "status", None),
        "request_id": getattr(error, "request_id", None),
    }


def _words(error: BaseException, code: ExitCode) -> tuple[str, str | None, str]:
    """Return the message, the hint and the name of a failure."""
    if isinstance(error, errors.ProvenaError):
        hint = next((_HINTS[kind] for kind in type(error).__mro__ if kind in _HINTS), error.hint)
        return error.message, None if hint is None else in_commands(hint), error.code
    if isinstance(error, Exit):
        return str(error), error.hint, code.name.lower().replace("_", "-")
    if isinstance(error, click.ClickException):
        return *_usage(error), "usage"
    if code is ExitCode.INTERRUPTED:
        return str(error) or "Interrupted.", None, "interrupted"
    if isinstance(error, OSError) and error.strerror:
        place = "" if error.filename is None else f"{printable(error.filename)}: "
        return f"{place}{error.strerror}.", None, code.name.lower().replace("_", "-")
    kind = type(error).__name__
    return (
        f"{kind}: {printable(error)}",
        f"{VARIABLE}=1 shows where. It may be a mistake of provena: report it.",
        kind,
    )


def in_commands(hint: str) -> str:
    """Return a hint of the SDK with commands instead of methods, or with the note that it is for Python."""
    for python, command in PHRASES:
        program, name = command.split()[:2]
        if program != "provena" or name in COMMANDS:
            hint = hint.replace(python, command)
    return f"In Python: {hint}" if _PYTHON.search(hint) else hint


def _usage(error: click.ClickException) -> tuple[str, str | None]:
    context = getattr(error, "ctx", None)
    message = _NOT_WHOLE.sub("is not a whole number", _LINES.sub(" ", error.format_message()))
    return message, None if context is None else f"See: {context.command_path} --help"
