"""The command, run in this process against a sandbox."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from provena_sdk.cli.app import run as run_command
from provena_sdk.sandbox import Sandbox


class Finished(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    output: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.output.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.output)

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    @property
    def error(self) -> Any:
        """The failure that was printed as JSON."""
        return json.loads(self.stderr.splitlines()[-1])


class Run(Protocol):
    """Run the command; the fixture ``run``."""

    def __call__(
        self, *arguments: object, user: str | None = "writer", input: str = "", encoding: str = "utf-8"
    ) -> Finished: ...


class Terminal(io.TextIOWrapper):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def environment(
    provena_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Set the environment: the sandbox's, with a user's token or without, and nothing of this machine's user."""

    def set_for(user: str | None) -> None:
        for name in list(os.environ):
            if name.startswith("PROVENA_"):
                monkeypatch.delenv(name)
        own = {
            **provena_sandbox.environment(),
            "PROVENA_CONFIG_FILE": str(tmp_path / "none" / "config.toml"),
            "PROVENA_STATE_DIR": str(tmp_path / "state"),
            "PROVENA_CACHE_DIR": str(tmp_path / "cache"),
        }
        if user is not None:
            own["PROVENA_ACCESS_TOKEN"] = provena_sandbox.access_token(user)
        for name, value in own.items():
            monkeypatch.setenv(name, value)

    return set_for


@pytest.fixture
def run(environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process, without a terminal: ``run("ls", HANDLE, "--json").json``."""

    def run(
        *arguments: object, user: str | None = "writer", input: str = "", encoding: str = "utf-8"
    ) -> Finished:
        environment(user)
        return in_this_process(monkeypatch, list(map(str, arguments)), input=input, encoding=encoding)

    return run


def in_this_process(
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    *,
    input: str = "",
    encoding: str = "utf-8",
    terminal: bool = False,
) -> Finished:
    """Run the command, and return what it printed."""
    kind = Terminal if terminal else io.TextIOWrapper
    outputs = {name: io.BytesIO() for name in ("stdout", "stderr")}
    with monkeypatch.context() as changed:
        for name, kept in outputs.items():
            changed.setattr(sys, name, kind(kept, encoding=encoding, write_through=True))
        changed.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input.encode()), encoding="utf-8"))
        code = run_command(arguments)
        for name in outputs:
            getattr(sys, name).flush()
        shown = {name: kept.getvalue() for name, kept in outputs.items()}
    return Finished(int(code), shown["stdout"], shown["stderr"].decode(encoding))
