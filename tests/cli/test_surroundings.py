"""Where commands run: cron, pipes, narrow terminals, old code pages, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len

from provena_sdk.sandbox import Sandbox
from tests.cli.terminal import CONTROL, in_terminal, with_path

pytestmark = pytest.mark.slow
PROVENA = [sys.executable, "-m", "provena_sdk.cli"]
ROOT = Path(__file__).resolve().parents[2]

# A command of the test's own, which prints 100,000 rows.
MANY = """
import sys
import click
from provena_sdk.cli import app, command, table
@command.command()
def many(session):
    '''Many.'''
    columns = [table.Column("number", lambda n: n, id=True), table.Column("✓", lambda n: "✓ ü 礁")]
    session.out.rows(range(100_000), columns)
app.App.get_command = lambda self, ctx, name: many
app.COMMANDS["many"] = None
sys.exit(app.run(["many", *sys.argv[1:]]))
"""


def run(
    command: list[str], *, environment: dict[str, str] | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        env={"PATH": "/usr/bin:/bin", **(environment or {})},
        stdin=stdin,
        capture_output=True,
        cwd=ROOT,
    )


def test_cron_without_home_terminal_and_locale(provena_sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {
        **provena_sandbox.environment(),
        "PROVENA_ACCESS_TOKEN": provena_sandbox.access_token("writer"),
        "PROVENA_STATE_DIR": str(tmp_path),
    }
    done = run([*PROVENA, "api", "GET", "/", "--json"], environment=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Health check successful." in done.stdout
    unsigned = run(
        [*PROVENA, "api", "GET", "/check-access/general"],
        environment={name: value for name, value in environment.items() if name != "PROVENA_ACCESS_TOKEN"},
    )
    assert unsigned.returncode == 3
    assert b"Error: " in unsigned.stderr


@pytest.mark.parametrize("options", [[], ["--json"], ["--jsonl"], ["--quiet"]])
def test_a_pipe_that_closes_early_is_no_failure(options: list[str]) -> None:
    shell = 'set -o pipefail; "$@" | head -3; exit "${PIPESTATUS[0]}"'
    done = run(["bash", "-c", shell, "bash", sys.executable, "-c", MANY, *options])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 3


CLOSED = """
import os, sys
import click
from provena_sdk.cli import app, command, table
from provena_sdk.cli.failures import Exit
@command.command()
def closing(session):
    '''Print into pipes that nobody reads.'''
    session.say("begun")
    session.warn("begun")
    session.out.rows([1], [table.Column("number", lambda n: n, id=True)])
    session.out.flush()
    session.out.view("number", {})
    os.write(int(sys.argv[1]), b"done")
    raise Exit(app.ExitCode.DIFFERENT)
app.App.get_command = lambda self, ctx, name: closing
app.COMMANDS["closing"] = None
sys.exit(app.run(["closing"]))
"""


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_command_is_done_although_nobody_reads_what_it_prints(closed: str) -> None:
    unread, pipe = os.pipe()
    os.close(unread)
    done, kept = os.pipe()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", CLOSED, str(kept)],
            stdout=pipe if closed == "stdout" else subprocess.DEVNULL,
            stderr=pipe if closed == "stderr" else subprocess.DEVNULL,
            pass_fds=[kept],
            cwd=ROOT,
        )
        os.close(kept)
        assert (os.read(done, 10), ended.returncode) == (b"done", 10)
    finally:
        os.close(pipe)
        os.close(done)


def test_closed_and_full_outputs() -> None:
    closed = run(["bash", "-c", '"$@" >&-', "bash", *PROVENA, "--version"])
    assert (closed.returncode, closed.stderr) == (0, b"")
    full = run(["bash", "-c", '"$@" >/dev/full', "bash", sys.executable, "-c", MANY])
    assert full.returncode == 9
    assert full.stderr == b"Error: No space left on device.\n"
    assert run(["bash", "-c", '"$@" >/dev/full', "bash", *PROVENA, "--help"]).returncode == 9


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_an_old_code_page(encoding: str) -> None:
    done = run([sys.executable, "-c", MANY], environment={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    first = done.stdout.decode(encoding).splitlines()[0]
    assert first.startswith("0\tok ")
    assert first.endswith("\\u7901")
    assert ("ü" in first) == (encoding != "ascii")
    assert run([*PROVENA, "--help"], environment={"PYTHONIOENCODING": encoding}).returncode == 0


def test_a_locale_that_is_not_utf8(tmp_path: Path) -> None:
    script = tmp_path / "many.py"
    script.write_text(MANY, "utf-8")
    done = run(
        [sys.executable, str(script)],
        environment={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_of_60_columns(tmp_path: Path) -> None:
    environment = with_path({"TERM": "xterm", "HOME": str(tmp_path), "LANG": "C.UTF-8", "PAGER": "cat"})
    for arguments in (["--help"], ["api", "--help"], ["completion", "--help"]):
        seen = in_terminal([*PROVENA, *arguments], environment=environment, folder=ROOT, columns=60)
        assert seen.code == 0
        for line in seen.text.splitlines():
            assert cell_len(line) <= 60 or line.lstrip().startswith("$ ") or "PS>" in line, line
    seen = in_terminal([sys.executable, "-c", MANY], environment=environment, folder=ROOT, columns=60)
    assert max(map(cell_len, seen.text.splitlines())) <= 60


@pytest.mark.parametrize(
    ("forbidden", "has_escapes"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_only_where_they_are_wanted(
    forbidden: dict[str, str], has_escapes: bool, tmp_path: Path
) -> None:
    environment = with_path(
        {"TERM": "xterm", "HOME": str(tmp_path), "PAGER": "cat", "LANG": "C.UTF-8", **forbidden}
    )
    seen = in_terminal([sys.executable, "-c", MANY], environment=environment, folder=ROOT)
    assert seen.code == 0
    assert bool(CONTROL.search(seen.written)) is has_escapes


def test_a_long_output_goes_through_the_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nhead -3 | sed 's/^/paged: /'\n", "utf-8")
    pager.chmod(0o755)
    environment = with_path(
        {
            "TERM": "xterm",
            "HOME": str(tmp_path),
            "PROVENA_PAGER": str(pager),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
        }
    )
    seen = in_terminal([sys.executable, "-c", MANY], environment=environment, folder=ROOT)
    assert seen.code == 0
    assert seen.text.splitlines()[0].startswith("paged: NUMBER")
    assert len(seen.text.splitlines()) == 3


def test_ctrl_c_ends_with_130() -> None:
    script = MANY.replace("range(100_000)", "(__import__('time').sleep(n * 60) or n for n in range(9))")
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"0\t")
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    rest, error = process.communicate(timeout=30)
    assert (process.returncode, rest) == (130, b"")
    assert error.strip() == b"Interrupted."


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("completion", [{}, {"_PROVENA_COMPLETE": "bash_complete"}])
def test_ctrl_c_while_the_command_is_loaded(completion: dict[str, str]) -> None:
    script = """
import os, signal, sys
from provena_sdk.cli import main
class Slow:
    def find_spec(self, name, *places):
        if name == "provena_sdk.cli.app":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Slow())
sys.exit(main())
"""
    done = run([sys.executable, "-c", script], environment=completion)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")
