"""Many processes share one stored session whose access token has ended, with refresh tokens that work once.

The sandbox rotates refresh tokens and ends a session when one is used twice. Each process takes a token and reads from
the datastore with it. This is done with all locks, and again with a kernel lock that lets everybody in, as on some
cluster file systems.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

from provena_sdk import Deployment, Provena
from provena_sdk.auth import FileStore, Prompt, SessionKey, token_source
from provena_sdk.auth.store import locking
from provena_sdk.sandbox import Sandbox

GO = "go\n"


class Approved:
    """The sandbox approves by itself, so there is nothing to show."""

    def show(self, prompt: Prompt) -> None:
        """Show nothing."""

    def waiting(self, seconds_left: float) -> None:
        """Show nothing."""

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        """Show nothing."""

    def confirm(self, question: str) -> bool | None:
        """Answer nothing."""
        return None

    def say(self, text: str) -> None:
        """Show nothing."""


def work(*, kernel_lock: bool) -> None:
    """Be one of the processes: wait for the word, then work."""
    if not kernel_lock:
        locking._kernel_lock = lambda *_: contextlib.nullcontext()  # type: ignore[assignment]
    with Provena(interactive=False) as provena:
        provena.datastore.get_health_check()
        import provena_sdk.auth.http  # noqa: F401  # loaded before the start, so that all start at once

        print("ready", flush=True)
        sys.stdin.readline()
        print(provena.datastore.check_access("read").username, flush=True)


def expire(deployment: Deployment) -> FileStore:
    """Sign in, and let the stored access token have ended."""
    token_source(deployment, interactive=True, present=Approved()).sign_in()
    store, key = FileStore(), SessionKey.of(deployment, "client-tools")
    tokens = store.load(key)
    if tokens is None:
        raise SystemExit("signing in stored nothing")
    store.save(key, replace(tokens, obtained_at=time.time() - 400, expires_at=time.time() - 100))
    return store


def run(processes: int, *, kernel_lock: bool) -> bool:
    """Let all processes loose on one session; True when each worked and one refresh was enough."""
    with (
        tempfile.TemporaryDirectory(prefix="provena-stress-") as place,
        Sandbox(approve_as="writer", poll_interval=1) as sandbox,
    ):
        os.environ.update(sandbox.environment(), PROVENA_STATE_DIR=place)
        deployment = Deployment.from_env()
        store = expire(deployment)
        command = [sys.executable, __file__, "--worker", "yes" if kernel_lock else "no"]
        pipe = subprocess.PIPE
        workers = [
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
            for _ in range(processes)
        ]
        for worker in workers:
            if worker.stdout is None or worker.stdout.readline() != "ready\n":
                raise SystemExit(f"a process did not start: {worker.communicate()[1]}")
        sandbox.requests.clear()
        started = time.monotonic()
        for worker in workers:
            if worker.stdin is not None:
                worker.stdin.write(GO)
                worker.stdin.flush()
        ended = [worker.communicate(timeout=120) for worker in workers]
        seconds = time.monotonic() - started
        worked = sum(out == "writer\n" for out, _ in ended)
        refreshes = sum(exchange.path.endswith("/token") for exchange in sandbox.requests)
        signed_in = Provena(interactive=False).whoami().username == "writer"
        left = sorted(path.suffix for path in store.folder.iterdir() if path.suffix not in (".json", ".lock"))
    lock = "all locks" if kernel_lock else "no kernel lock"
    print(
        f"{lock:<16}{processes:>4} processes, {worked:>4} worked, {refreshes} refresh reached the server, "
        f"still signed in: {'yes' if signed_in else 'no'}, {seconds:.1f} s"
    )
    for _, errors in ended:
        if errors:
            print(errors.splitlines()[-1], file=sys.stderr)
    return worked == processes and refreshes == 1 and signed_in and not left


def main() -> int:
    """Run with and without the kernel lock; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--worker", choices=("yes", "no"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(kernel_lock=options.worker == "yes")
        return 0
    outcomes = [run(options.processes, kernel_lock=kernel_lock) for kernel_lock in (True, False)]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
