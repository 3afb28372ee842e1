"""The process in which cases run, one after the other; beside it, in another, the servers."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import inspect
import io
import logging
import os
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from scripts.stress.attacks.actions import ALL
from scripts.stress.attacks.case import Case
from scripts.stress.attacks.catalogue import cases
from scripts.stress.attacks.judge import judge, no_visits, unknown
from scripts.stress.attacks.peer import Rule, Seen, serve
from scripts.stress.attacks.scene import Face, Scene

SECONDS: Final = 10.0
MEBIBYTES: Final = 300
STALLED: Final = 0.7
"""Seconds without a byte, or with too few, after which a connection to the store counts as dead."""


class Ended(NamedTuple):
    """How a case went."""

    title: str
    wrong: list[str]
    refused: bool
    seconds: float
    mebibytes: float


def run(control: Connection, folder: Path) -> None:
    """Run the cases that are named over ``control`` until it is closed.

    Args:
        control: Names cases, and takes :class:`Ended`.
        folder: A folder of its own; the stack of a case that takes too long is written to ``stack.txt`` there.
    """
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        {
            "HOME": str(home),
            "PROVENA_STATE_DIR": str(home / "state"),
            "PROVENA_CONFIG_FILE": str(home / "none.toml"),
        }
    )
    _hurry()
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    context.Process(target=serve, args=(theirs, _rules_of), daemon=True).start()
    theirs.close()
    worker = _Worker(ours, ours.recv(), home)
    worker.warm()
    control.send(None)
    with (folder / "stack.txt").open("w") as stacks, contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            title = control.recv()
            stacks.seek(0)
            stacks.truncate()
            faulthandler.dump_traceback_later(SECONDS - 0.5, file=stacks)
            ended = worker.ended(title)
            faulthandler.cancel_dump_traceback_later()
            control.send(ended)
    ours.close()


def _rules_of(title: str, ports: dict[str, int]) -> Iterable[Rule]:
    return _cases(tuple(ports.items()))[title].rules


@cache
def _cases(ports: tuple[tuple[str, int], ...]) -> dict[str, Case]:
    return cases(dict(ports))


def _hurry() -> None:
    """Let the client of the store try again at once, and give up soon."""
    from provena_sdk.datasets import files as filesystem
    from provena_sdk.s3 import retry
    from provena_sdk.s3.client import ObjectClient
    from provena_sdk.s3.http.pace import LeastRate

    rule = retry.RetryRule(base=0.01, cap=0.05, patience=1.0, least=2, most=3, strangers=2, longest_asked=0.5)
    rate = LeastRate(seconds=STALLED)
    client = partial(ObjectClient, rule=rule, idle=STALLED, rate=rate)
    setattr(filesystem, "ObjectClient", client)  # noqa: B010 reason= mypy takes it for a class


class _Worker:
    def __init__(self, servers: Connection, ports: dict[str, int], home: Path) -> None:
        self._servers = servers
        self._ports = ports
        self._home = home
        self._cases = cases(ports)

    def warm(self) -> None:
        """Load everything before memory is measured."""
        for act in ALL:
            for face in act.faces:
                self._run(Case("warm", "up", act, (), right=act.right), face)

    def ended(self, title: str) -> Ended:
        """Run a case on each face."""
        case = self._cases[title]
        wrong: list[str] = []
        refused = False
        began = time.monotonic()
        gc.collect()
        before = _reset_peak()
        for face in case.act.faces:
            self._servers.send(("begin", title))
            self._servers.recv()
            try:
                raised, found = self._run(case, face)
            except Exception:
                raised, found = False, [unknown(traceback.format_exc()[-1500:])]
            refused = refused or raised
            self._servers.send(("seen",))
            seen: Seen = self._servers.recv()
            complaint = case.seen(seen)
            if complaint:
                found.append(complaint)
            found += no_visits(seen.elsewhere)
            wrong += [f"[{face}] {one}" for one in found]
        seconds = time.monotonic() - began
        grown = (_peak() - before) / 2**20
        if seconds > SECONDS:
            wrong.append(f"it took {seconds:.1f} s")
        if grown > MEBIBYTES:
            wrong.append(f"it took {grown:.0f} MB of memory")
        return Ended(title, wrong, refused, seconds, grown)

    def _run(self, case: Case, face: Face) -> tuple[bool, list[str]]:
        """Run a case on one face; returns whether something was raised, and what is wrong."""
        with tempfile.TemporaryDirectory(dir=self._home) as folder, _recorded() as (screen, log):
            scene = Scene(
                face, self._ports, Path(folder), case.options, case.act.way, case.retries, case.patience
            )
            result: object = None
            error: BaseException | None = None
            try:
                result = _carried_out(case, scene)
            except Exception as raised:
                error = raised
            shown = screen.getvalue() + scene.screen.getvalue()
            found = list(dict.fromkeys(judge(case, scene, result, error, shown, log.getvalue())))
            return error is not None, found


def _carried_out(case: Case, scene: Scene) -> object:
    if scene.face == "sync":
        with scene.client() as provena:
            return _driven(case.act.run(provena, scene))

    async def work() -> object:
        async with scene.client() as provena:
            return await _awaited(case.act.run(provena, scene))

    return asyncio.run(work())


def _driven(steps: Any) -> object:
    try:
        value = next(steps)
        while True:
            try:
                done = list(value) if isinstance(value, Iterator) and not hasattr(value, "read") else value
            except Exception as error:
                value = steps.throw(error)
            else:
                value = steps.send(done)
    except StopIteration as stop:
        return cast("object", stop.value)


async def _awaited(steps: Any) -> object:
    try:
        value = next(steps)
        while True:
            try:
                if hasattr(value, "__aiter__") and not hasattr(value, "read"):
                    done: object = [one async for one in value]
                else:
                    done = await value if inspect.isawaitable(value) else value
            except Exception as error:
                value = steps.throw(error)
            else:
                value = steps.send(done)
    except StopIteration as stop:
        return cast("object", stop.value)


@contextlib.contextmanager
def _recorded() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Keep what is printed, warned and logged."""
    screen, log = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with (
            contextlib.redirect_stdout(screen),
            contextlib.redirect_stderr(screen),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("always")
            yield screen, log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def _reset_peak() -> int:
    """Let the most memory be counted from now on; returns what is in use, in bytes."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell memory in /proc")
