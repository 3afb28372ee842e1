"""Every failure has its exit code, and prints one or two lines."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import click
import pytest

import provena_sdk
from provena_sdk import errors
from provena_sdk.cli.app import run
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import PHRASES, Exit, exit_code, report
from provena_sdk.cli.transfers.showing import resumable
from provena_sdk.cli.wording.typed import as_typed

EXPECTED = {
    ExitCode.USAGE: {
        *(
            "ConfigurationError",
            "InvalidArgument",
            "InvalidMetadata",
            "NameAmbiguous",
            "NotAFile",
            "UnsafePath",
        ),
    },
    ExitCode.NOT_SIGNED_IN: {
        *("SessionEnded", "SignInDenied", "SignInError", "SignInExpired", "SignInRequired", "TokenRejected"),
    },
    ExitCode.NOT_PERMITTED: {
        *(
            "DatasetAccessDenied",
            "FileAccessDenied",
            "Forbidden",
            "ItemAccessDenied",
            "LeaseExpired",
            "LeaseMissing",
        ),
        *("NotTheReviewer", "PersonNotLinked", "RoleMissing", "ServiceFileRefused", "Unauthorized"),
    },
    ExitCode.NOT_FOUND: {
        *("DatasetFileNotFound", "DatasetNotFound", "EndpointNotFound", "FileNotInDataset", "ItemNotFound"),
        *("JobNotFound", "NameNotFound"),
    },
    ExitCode.CONFLICT: {
        *(
            "AccessChanged",
            "AlreadyLocked",
            "DatasetFileExists",
            "DatasetLocked",
            "FileConflict",
            "MetadataChanged",
        ),
        "NotLocked",
    },
    ExitCode.PARTLY_DONE: {"FetchFailed", "PartialFailure", "TransferFailed"},
    ExitCode.NOT_REACHABLE: {
        *("CertificateRejected", "ConnectionFailed", "GatewayError", "RateLimited", "RequestTimedOut"),
    },
    ExitCode.NO_SPACE: {"NotEnoughSpace"},
    ExitCode.OUTCOME_UNKNOWN: {"JobTimedOut", "OutcomeUnknown"},
    ExitCode.INTERRUPTED: {"TransferInterrupted"},
}


def test_every_error_that_does_not_just_fail_has_its_exit_code() -> None:
    found: dict[ExitCode, set[str]] = {}
    for name in errors.__all__:
        kind = getattr(errors, name)
        made = (
            kind.__new__(kind, "", errors=[ValueError()]) if issubclass(kind, errors.PartialFailure) else None
        )
        if made is None and issubclass(kind, BaseException):
            made = (OSError if issubclass(kind, OSError) else kind.__mro__[-3]).__new__(kind)
        found.setdefault(ExitCode.FAILED if made is None else exit_code(made), set()).add(name)
    assert found.pop(ExitCode.FAILED)
    assert found == EXPECTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x"), ExitCode.NO_SPACE),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x"), ExitCode.FAILED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (click.Abort(), ExitCode.INTERRUPTED),
        (click.UsageError("no"), ExitCode.USAGE),
        (Exit(ExitCode.DIFFERENT), ExitCode.DIFFERENT),
        (ZeroDivisionError(), ExitCode.FAILED),
    ],
)
def test_other_failures_have_theirs(error: BaseException, code: ExitCode) -> None:
    assert exit_code(error) is code


def test_usage_is_explained_in_one_line_of_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    run(["list", "-n", "x"])
    assert "'x' is not a whole number." in capsys.readouterr().err
    run(["completion"])
    assert "Choose from: bash, zsh, fish, powershell" in capsys.readouterr().err


def test_people_get_message_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    error = errors.ConfigurationError("No deployment is named.", hint="Give one.")
    assert report(error, as_json=False) is ExitCode.USAGE
    assert capsys.readouterr().err == "Error: No deployment is named.\nHint: Give one.\n"


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (
            "Give a domain, as in Provena('example.org'), or set X.",
            "Try it with provena sandbox --demo, or give --deployment example.org, or set X.",
        ),
        (
            "Request it with provena.roles.request('x').",
            "In Python: Request it with provena.roles.request('x').",
        ),
        ("Try again.", "Try again."),
        ("Download less with include= and exclude=.", "Download less with --include and --exclude."),
        ("Write it with provena.lock_project().", "Write it with provena install --lock."),
    ],
)
def test_hints_name_commands(hint: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    report(errors.BadRequest("No.", operation="x", status=400, hint=hint), as_json=False)
    assert capsys.readouterr().err == f"Error: No.\nHint: {shown}\n"


def test_programs_get_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    error = errors.DatasetNotFound("None.", operation="datastore.fetch_dataset", status=400, hint="Look.")
    error.complete(request_id="r-1")
    assert report(error, as_json=True) is ExitCode.NOT_FOUND
    assert json.loads(capsys.readouterr().err) == {
        "code": "dataset-not-found",
        "message": "None.",
        "hint": "Look.",
        "status": 400,
        "request_id": "r-1",
    }


def test_an_exit_without_a_message_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(Exit(ExitCode.DIFFERENT), as_json=True) is ExitCode.DIFFERENT
    assert capsys.readouterr().err == ""


def test_a_mistake_of_ours_says_how_to_see_where(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROVENA_DEBUG", raising=False)
    assert report(ZeroDivisionError("x\x1b[2J"), as_json=False) is ExitCode.FAILED
    shown = capsys.readouterr().err
    assert shown.startswith("Error: ZeroDivisionError: x\\x1b[2J\nHint: PROVENA_DEBUG=1")
    monkeypatch.setenv("PROVENA_DEBUG", "1")
    report(ZeroDivisionError("x"), as_json=False)
    assert "ZeroDivisionError: x\nError:" in capsys.readouterr().err


def test_phrases_of_hints_are_the_sdks(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(provena_sdk.__file__).parent
    advice = "".join(
        path.read_text("utf-8")
        for name in ("config", "datasets", "lockfile", "operations", "preview", "transfer", "workflows")
        for path in (root / name).rglob("*.py")
    )
    assert [phrase for phrase, _ in PHRASES if phrase not in advice] == []
    report(errors.NameNotFound("person", "no.", hint="provena.people.list() lists all."), as_json=True)
    assert json.loads(capsys.readouterr().err)["hint"] == "provena people list lists all."


def test_a_command_is_never_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"provena put {'a' * 3000} 'b c'"
    stopped = Exit(ExitCode.INTERRUPTED, "Stopped.", hint="Resume with:", command=command)
    report(stopped, as_json=False)
    assert capsys.readouterr().err == f"\nStopped.\nHint: Resume with: {command}\n"
    report(stopped, as_json=True)
    assert json.loads(capsys.readouterr().err)["hint"] == f"Resume with: {command}"


@pytest.mark.parametrize("names", [1, 1000])
def test_a_command_too_long_to_read_is_not_printed(names: int) -> None:
    context = click.Context(
        click.Command("provena"), info_name="provena", obj=["put", *["name.csv"] * names, "1/2"]
    )
    with context, pytest.raises(Exit) as caught, resumable():
        raise KeyboardInterrupt
    if names == 1:
        assert caught.value.command == "provena put name.csv 1/2"
    else:
        assert caught.value.command is None
        assert caught.value.hint == "Run the same command again to resume."


@pytest.mark.skipif(shutil.which("bash") is None or os.name != "posix", reason="needs bash")
def test_a_printed_command_names_what_was_typed() -> None:
    words = [
        "a b",
        "it's",
        "a\x1bb",
        "a\tb",
        "a\nb",
        "\u202egpj.x",
        "caf\udce9",
        "\\x1b'\x07\\",
        "é",
        "\x1bé1",
        "",
    ]
    command = as_typed(["printf", r"%s\0", *words])
    assert command.isprintable()
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout == b"".join(os.fsencode(word) + b"\0" for word in words)
