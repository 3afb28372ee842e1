"""Login, logout, whoami and tokens for pipelines."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.cli.app import run as run_command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run


@pytest.fixture
def quick_approval(provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Approve every device at once."""
    monkeypatch.setattr(provena_sandbox._signin, "approve_as", "writer")
    return provena_sandbox


def test_whoami_shows_the_account(run: Run) -> None:
    account = run("whoami", "--json").json
    assert account["user"] == "writer"
    assert "entity-registry-write" in account["roles"]
    assert account["signed_in"] == "with an access token made elsewhere"
    assert run("whoami", "-q").stdout == "writer\n"
    assert "email\twriter@example.com" in run("whoami").lines


def test_whoami_asks_nobody(run: Run, provena_sandbox: Sandbox) -> None:
    done = run("whoami", "--json", user=None)
    assert (done.code, done.stdout) == (ExitCode.NOT_SIGNED_IN, "")
    assert done.error["code"] == "sign-in-required"
    assert done.error["message"] == "Nobody is signed in to localhost."
    assert "provena login" in done.error["hint"]
    assert provena_sandbox.pending_user_codes() == []


def test_a_token_from_stdin_is_kept_until_logout(run: Run, provena_sandbox: Sandbox) -> None:
    token = provena_sandbox.offline_token("reader")
    done = run("login", "--offline-token-stdin", user=None, input=f"{token}\n")
    assert (done.code, done.stdout) == (ExitCode.DONE, "")
    assert done.stderr.startswith("localhost knows you as reader, signed in with an offline token")
    assert token not in done.stderr
    assert run("whoami", "-q", user=None).stdout == "reader\n"
    assert run("logout", user=None).stderr == "You are signed out of localhost.\n"
    assert run("whoami", user=None).code == ExitCode.NOT_SIGNED_IN


def test_another_user_is_replaced_with_yes_alone(run: Run, provena_sandbox: Sandbox) -> None:
    for user in ("writer", "reader"):
        done = run("login", "--offline-token-stdin", user=None, input=provena_sandbox.offline_token(user))
    assert done.code == ExitCode.NOT_SIGNED_IN
    assert "writer is signed in" in done.stderr
    done = run(
        "login", "--offline-token-stdin", "--yes", user=None, input=provena_sandbox.offline_token("reader")
    )
    assert done.code == ExitCode.DONE
    assert run("whoami", "-q", user=None).stdout == "reader\n"


@pytest.mark.parametrize("given", ["", "not a token", "eyJhbGciOiJub25lIn0"])
def test_what_is_no_token_is_refused(given: str, run: Run) -> None:
    done = run("login", "--offline-token-stdin", user=None, input=given)
    assert done.code == ExitCode.USAGE
    assert not given or given not in done.stderr


def test_login_with_no_input_says_how_else(run: Run) -> None:
    done = run("login", "--no-input", user=None)
    assert done.code == ExitCode.NOT_SIGNED_IN
    assert "--offline-token-stdin" in done.stderr


@pytest.mark.slow  # the sign-in server asks for seconds between two polls
def test_a_person_signs_in_on_the_page(run: Run, quick_approval: Sandbox) -> None:
    done = run("login", user=None)
    assert done.code == ExitCode.DONE
    assert "/device?user_code=" in done.stderr
    assert "Signed in as writer." in done.stderr
    assert run("whoami", "-q", user=None).stdout == "writer\n"


def test_logout_says_what_still_signs_in(run: Run) -> None:
    done = run("logout")
    assert done.code == ExitCode.DONE
    assert "PROVENA_ACCESS_TOKEN" in done.stderr


@pytest.mark.slow  # the sign-in server asks for seconds between two polls
def test_a_token_goes_into_a_file_or_a_pipe(run: Run, quick_approval: Sandbox, tmp_path: Path) -> None:
    place = tmp_path / "pipeline.token"
    done = run("token", "create", place, user=None)
    assert (done.code, done.stdout) == (ExitCode.DONE, "")
    assert place.read_text("utf-8").startswith("eyJ")
    assert os.name != "posix" or stat.S_IMODE(place.stat().st_mode) == 0o600
    assert place.read_text("utf-8") not in done.stderr
    piped = run("token", "create", user=None)
    assert piped.stdout.startswith("eyJ")
    assert piped.stdout.strip() not in piped.stderr


def test_a_noun_alone_shows_its_verbs(run: Run) -> None:
    done = run("token")
    assert (done.code, done.stderr) == (ExitCode.DONE, "")
    assert "create  Create an offline token" in done.stdout


def test_a_token_never_replaces_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", "utf-8")
    done = run("token", "create", tmp_path / "mine", user=None)
    assert done.code == ExitCode.USAGE
    assert (tmp_path / "mine").read_text("utf-8") == "mine"


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_a_token_is_not_made_for_a_file_that_others_can_read(
    environment: Callable[..., None],
    provena_sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment(None)
    place = tmp_path / "tok"
    place.touch(mode=0o644)
    with place.open("w") as output, monkeypatch.context() as changed:
        changed.setattr(sys, "stdout", output)
        assert run_command(["token", "create"]) == ExitCode.USAGE
    assert place.read_bytes() == b""
    assert "provena token create FILE" in capsys.readouterr().err
    assert provena_sandbox.pending_user_codes() == []
