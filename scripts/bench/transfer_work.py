"""The loop that every contender of the transfer benchmark runs in a process of its own.

It reads a transfer a line, carries it out, and prints what it took. Only the standard library is used, so that it runs
in any environment.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Store(NamedTuple):
    """The object store, and where in it a dataset lies.

    Attributes:
        url: Base URL of the store.
        region: Its region.
        bucket: The bucket.
        prefix: Of the dataset's keys, with a slash at its end.
        access_key_id: With the next two, temporary keys to the dataset.
        secret_access_key: See above.
        session_token: See above.
    """

    url: str
    region: str
    bucket: str
    prefix: str
    access_key_id: str
    secret_access_key: str
    session_token: str


class Transfer(NamedTuple):
    """What a contender is asked for.

    Attributes:
        folder: The local folder to fill or to send.
        dataset: The dataset's handle.
        store: For contenders that know only the object store.
        services: Environment variables that name the services, for those that ask them.
        token: An access token for the services.
    """

    folder: str
    dataset: str
    store: Store
    services: dict[str, str]
    token: str


Way = Callable[[Transfer], str | None]
"""Carries a transfer out, and returns what verified it, where that is known."""


def read_transfer(asked: dict[str, Any]) -> Transfer:
    """Return the transfer that a line asks for."""
    return Transfer(
        asked["folder"], asked["dataset"], Store(**asked["store"]), asked["services"], asked["token"]
    )


def peak_bytes() -> int:
    """The most memory this process, or one of its children, ever held."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = Path("/proc/self/status")
    if status.exists():
        # Linux lets a process inherit ru_maxrss from the one that started it, but not VmHWM.
        own = next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) * (1 if sys.platform == "darwin" else 1024)


def spent_cpu() -> float:
    """CPU seconds of this process and the children it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def sources(folder: str) -> list[tuple[str, str]]:
    """Path and name, relative to the folder and with slashes, of every file below it."""
    top = Path(folder)
    return [(str(path), path.relative_to(top).as_posix()) for path in top.rglob("*") if path.is_file()]


def target(folder: str, key: str, prefix: str) -> str:
    """The local path of a key, with its folder made."""
    path = Path(folder, key.removeprefix(prefix))
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path)


def serve(download: Way, upload: Way, version: str) -> None:
    """Carry transfers out until the input closes.

    Args:
        download: Fetches all files of a dataset into the folder.
        upload: Sends all files of the folder to a dataset.
        version: Printed first, to say who is there.
    """
    ways = {"down": download, "up": upload}
    # Whatever a contender prints must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps({"version": version}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        transfer = read_transfer(asked)
        gc.collect()
        cpu, wall = spent_cpu(), time.perf_counter()
        verified = ways[asked["way"]](transfer)
        wall, cpu = time.perf_counter() - wall, spent_cpu() - cpu
        spent = {"wall": wall, "cpu": cpu, "peak": peak_bytes(), "verified": verified or ""}
        print(json.dumps(spent), file=answers, flush=True)
