"""The command itself: help, options before and after, unknown commands, and the version."""

from __future__ import annotations

import inspect
import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import provena_sdk
from provena_sdk.cli.app import make_app
from provena_sdk.cli.commands_table import CALLED_ELSEWHERE, COMMANDS, GROUPS
from provena_sdk.operations.raw import ServiceAnswer
from tests.cli.conftest import Run, in_this_process

HEAVY = ("httpx", "fsspec", "rich.console", "provena_api.models", "provena_sdk.client", "attrs", "anyio")


def commands() -> list[tuple[str, click.Command]]:
    """Every command and every verb of a group."""
    app = make_app()
    context = click.Context(app)
    found = []
    for name in COMMANDS:
        command = app.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {verb}", made) for verb, made in command.commands.items()]
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_docstring_says(name: str) -> None:
    command = dict(commands())[name]
    assert (command.help or "").partition("\n")[0] == f"{COMMANDS[name].summary}."
    assert len(COMMANDS[name].summary) < 70


def test_every_command_stands_in_the_table_once() -> None:
    listed = [entry.name for entries in GROUPS.values() for entry in entries]
    assert len(listed) == len(set(listed))
    assert not set(CALLED_ELSEWHERE) & set(listed)


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_has_an_example(name: str, command: click.Command) -> None:
    if not isinstance(command, click.Group):
        assert f"$ provena {name}" in inspect.cleandoc(command.help or "") or name == "completion"


ROOT = Path(__file__).resolve().parents[2]
SHELL_BLOCK = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)
WRITTEN = re.compile(r"(?:\$ )?provena (.+)")


def examples() -> list[str]:
    """Every example of a command, without what comes after a pipe or another command of the shell."""
    found = []
    for _, command in commands():
        for line in inspect.cleandoc(command.help or "").splitlines():
            _, sign, shown = line.partition("$ provena ")
            if sign and not line.strip().startswith("PS>"):
                found.append(own_words(shown))
    return found


def in_documents() -> list[str]:
    """Every line of a document's shell blocks that begins with the command."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    blocks = [block for page in pages for block in SHELL_BLOCK.findall(page.read_text("utf-8"))]
    lines = [match[1] for block in blocks for line in block.splitlines() if (match := WRITTEN.match(line))]
    return sorted({own_words(line) for line in lines})


def own_words(shown: str) -> str:
    words = shlex.shlex(shown, posix=True, punctuation_chars="|;&<>()")
    words.whitespace_split = True
    return shlex.join(itertools.takewhile(lambda word: not set(word) <= set("|;&<>()"), words))


@pytest.mark.parametrize("example", [*examples(), *in_documents()])
def test_every_example_is_a_command_with_such_options(example: str) -> None:
    context = click.Context(make_app(), info_name="provena")
    command: click.Command = make_app()
    arguments = shlex.split(example)
    while isinstance(command, click.Group):
        found = command.get_command(context, arguments[0])
        assert found is not None, example
        command, arguments = found, arguments[1:]
    try:
        command.make_context(command.name, arguments, parent=context)
    except click.BadParameter as error:
        if "does not exist" not in error.message:  # its files are not on this machine
            raise


@pytest.mark.parametrize(("name", "command"), commands())
def test_help_lines_are_short_and_have_one_style(name: str, command: click.Command) -> None:
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        if text is not None:
            assert len(text) <= 100, f"{name}: {text}"
            assert text.endswith("."), f"{name}: {text}"


def test_help_lists_commands_under_headings(run: Run) -> None:
    shown = run("--help")
    assert shown.code == 0
    assert "Local:" in shown.stdout
    assert "  api " in shown.stdout
    assert run().stdout == run("help").stdout == shown.stdout


def test_help_of_a_command_has_examples_as_they_are_written(run: Run) -> None:
    shown = run("api", "--help")
    assert shown.code == 0
    assert "$ provena api GET /\n" in shown.stdout
    assert run("help", "api").stdout == shown.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"provena {provena_sdk.__version__}\n"


def test_an_unknown_command_gets_the_near_one(run: Run) -> None:
    wrong = run("apii")
    assert wrong.code == 2
    assert "'apii' is not a command. Did you mean api?" in wrong.stderr
    assert wrong.stdout == ""


def test_options_are_taken_before_and_after_the_command(run: Run) -> None:
    before = run("--json", "api", "GET", "/", "--service", "nowhere")
    after = run("api", "GET", "/", "--service", "nowhere", "--json")
    assert before == after
    assert before.code == 2
    assert before.error["code"] == "usage"


def test_formats_exclude_each_other(run: Run) -> None:
    assert run("--json", "api", "GET", "/", "--jsonl").code == 2


def test_api_prints_the_answer_as_it_came(run: Run) -> None:
    assert run("api", "GET", "/").json == {"message": "Health check successful."}
    assert run("api", "POST", "/registry/items/list", "-d", '{"page_size": 1}').code == 0
    missing = run("api", "get", "/no/such/route")
    assert missing.code == 5
    assert "detail" in missing.json


@pytest.mark.parametrize("terminal", [True, False])
def test_api_escapes_what_controls_a_terminal(
    monkeypatch: pytest.MonkeyPatch, environment: Callable[..., object], terminal: bool
) -> None:
    content = b'{"name":"\x1b]0;owned\x07\xc2\x9b31m"}\n'
    answer = ServiceAnswer(200, "application/json", content)
    monkeypatch.setattr(provena_sdk.Provena, "request", lambda *_, **__: answer)
    environment("writer")
    done = in_this_process(monkeypatch, ["api", "GET", "/"], terminal=terminal)
    escaped = b'{"name":"\\x1b]0;owned\\x07\\x9b31m"}\n'
    assert done.output == (escaped if terminal else content)


def test_a_mistake_prints_no_traceback(run: Run) -> None:
    wrong = run("api", "POST", "/", "-d", "{")
    assert wrong.code == 2
    assert "Traceback" not in wrong.stderr
    assert wrong.stderr.startswith("Error: --data is not JSON")


def test_nobody_signed_in(run: Run) -> None:
    done = run("api", "GET", "/check-access/general", "--json", user=None)
    assert (done.code, done.error["code"]) == (3, "sign-in-required")
    assert "provena login" in done.error["hint"]


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [(["--help"], 0), (["--version"], 0), (["api", "--help"], 0)],
)
def test_starting_imports_little(arguments: list[str], allowed: int) -> None:
    script = (
        "import sys\nfrom provena_sdk.cli.app import run\n"
        f"code = run({arguments!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == allowed
    assert done.stderr == "[]\n"


def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    script = (
        "import sys, importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'rich' else find(name)\n"
        "from provena_sdk.cli import main\nsys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: the command provena needs the extra 'cli': pip install 'provena-sdk[cli]' installs it.\n"
    )
