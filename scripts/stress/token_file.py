"""Processes are killed (-9) at any moment of saving a session: the file must hold the former session or the new one.

Each process saves sessions of different lengths one after the other, and says which it begins and which it has
finished. After the kill the stored session must be the last finished or the last begun.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import signal
import tempfile
import time
import warnings
from pathlib import Path

from provena_sdk.auth import FileStore, SessionKey, Tokens
from provena_sdk.secret import Secret

KEY = SessionKey("https://auth.example.org/auth/realms/provena", "provena", "client-tools")
LONGEST_MS = 12.0


def session(number: int) -> Tokens:
    """Make a session that says its number in each part; lengths differ from one to the next."""
    text = f"{number:08}" * (200 + number * 7919 % 20_000)
    return Tokens(Secret(text), float(number), float(number) + 300, Secret(text[::-1]), float(number) + 1800)


def save_until_killed(folder: Path, first: int, report: int) -> None:
    """Save one session after the other; write what is begun and finished to the pipe."""
    store, number = FileStore(folder), first
    while True:
        os.write(report, b"begun %d\n" % number)
        store.save(KEY, session(number))
        os.write(report, b"finished %d\n" % number)
        number += 1


def kill_once(folder: Path, first: int, after_seconds: float) -> tuple[int, int, bool]:
    """Start a process, kill it after a while; returns the last finished, the last begun, and if it was at work."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            save_until_killed(folder, first, theirs)
        finally:
            os._exit(1)
    os.close(theirs)
    said = os.read(ours, 64)
    time.sleep(after_seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WTERMSIG(status) != signal.SIGKILL:
        raise SystemExit(f"the process ended by itself, status {status}")
    while chunk := os.read(ours, 65536):
        said += chunk
    os.close(ours)
    finished = begun = first - 1
    for line in said.decode().splitlines():
        word, _, number = line.partition(" ")
        if word == "begun":
            begun = int(number)
        else:
            finished = int(number)
    return finished, begun, begun != finished


def main() -> int:
    """Kill that many processes; the exit status is 0 if the file was whole each time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run (timing still differs)")
    options = parser.parse_args()
    chance = random.Random(options.seed)  # moments, not secrets
    found: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="provena-stress-") as place, warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = Path(place) / "sessions"
        store = FileStore(folder)
        number = 1
        store.save(KEY, session(number))
        for _ in range(options.kills):
            finished, begun, at_work = kill_once(folder, number + 1, chance.uniform(0, LONGEST_MS / 1000))
            found["killed in the middle of a save"] += at_work
            found["parts left behind by a kill"] += len(list(folder.glob(".*.part")))
            try:
                stored = store.load(KEY)
            except UserWarning:
                stored = None
            if stored == session(finished):
                found["the former session" if at_work else "the session just saved"] += 1
            elif stored == session(begun):
                found["the new session"] += 1
            else:
                found["damaged"] += 1
            number = begun
            store.remove(KEY)
            store.save(KEY, session(number))
        parts = len(list(folder.glob(".*.part")))
    print(f"{options.kills} processes killed while they saved sessions; the file held")
    for what in ("the former session", "the new session", "the session just saved", "damaged"):
        print(f"  {found[what]:>5}  {what}")
    print(f"{found['killed in the middle of a save']} were killed in the middle of a save,", end=" ")
    print(f"{found['parts left behind by a kill']} left a part behind; {parts} parts are there now.")
    return 1 if found["damaged"] or parts else 0


if __name__ == "__main__":
    raise SystemExit(main())
