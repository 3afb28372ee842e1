"""A Dask cluster of several processes downloads a dataset, and one of them is killed half-way.

The report must name every file as downloaded, every byte must be right, and nothing that the cluster was sent may hold
a token or a key that was ever in use. The workers sign in with the session that this process stored.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import tempfile
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster

from provena_sdk import Deployment, FileOutcome, Progress, Provena
from provena_sdk.auth import Prompt, token_source
from provena_sdk.datasets.paths import is_part_name
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.object_store.access.grants import Grants
from provena_sdk.sandbox.signin.tokens import TokenMaker


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


def note_secrets() -> dict[bytes, str]:
    """Note each token and key as the sandbox makes it, with what it is."""
    known: dict[bytes, str] = {}
    sign, refresh, issue = TokenMaker.sign, TokenMaker.refresh_token, Grants.issue

    def signed(self: TokenMaker, *args: Any, **options: Any) -> str:
        token = sign(self, *args, **options)
        known[token.encode()] = "access token"
        return token

    def refreshed(self: TokenMaker, **options: Any) -> str:
        token = refresh(self, **options)
        known[token.encode()] = "refresh token"
        return token

    def issued(self: Grants, *args: Any, **options: Any) -> Any:
        keys = issue(self, *args, **options)
        known[keys.access_key_id.encode()] = "S3 key id"
        known[keys.secret_access_key.encode()] = "S3 secret key"
        known[keys.session_token.encode()] = "S3 session token"
        return keys

    # The classes themselves, so that what any sandbox makes is noted.
    TokenMaker.sign, TokenMaker.refresh_token = signed, refreshed  # type: ignore[method-assign]
    Grants.issue = issued  # type: ignore[method-assign]
    return known


def record_sent() -> list[bytes]:
    """Keep all that this process, with the client and the scheduler, sends to the workers."""
    sent: list[bytes] = []
    tcp: Any = import_module("distributed.comm.tcp")
    to_frames = tcp.to_frames

    async def recorded(*args: Any, **options: Any) -> Any:
        frames = await to_frames(*args, **options)
        sent.append(b"".join(map(bytes, frames)))
        return frames

    tcp.to_frames = recorded
    # A secret that is compressed would not be found.
    dask.config.set({"distributed.comm.compression": None})
    return sent


class Killer(Progress):
    """Kills a worker when half of the files are there."""

    def __init__(self, cluster: LocalCluster, files: int) -> None:
        self._cluster = cluster
        self._left = files // 2
        self.killed: int | None = None

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._left -= 1
        if self._left == 0:
            process: int = next(iter(self._cluster.workers.values())).pid
            os.kill(process, signal.SIGKILL)
            self.killed = process


def run(place: Path, files: int, workers: int) -> bool:
    """Download with a cluster; True when all went well."""
    secrets, sent = note_secrets(), record_sent()
    chance = random.Random(files)
    contents = {
        f"{number % 40}/{number}.bin": chance.randbytes(chance.randint(4_000, 64_000))
        for number in range(files)
    }
    contents["large.bin"] = chance.randbytes(40_000_000)
    with Sandbox(approve_as="writer", poll_interval=0.1) as sandbox:
        os.environ.update(sandbox.environment(), PROVENA_STATE_DIR=str(place / "state"))
        token_source(Deployment.from_env(), interactive=True, present=Approved()).sign_in()
        handle = sandbox.add_dataset("Reef", files=contents)
        with (
            LocalCluster(  # type: ignore[no-untyped-call]  # Dask's
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,  # type: ignore[no-untyped-call]  # Dask's
            Provena() as provena,
        ):
            client.wait_for_workers(workers)
            killer = Killer(cluster, files)
            plan = provena.datastore.interactive_dataset(handle).plan_download(place / "data")
            started = time.monotonic()
            report = plan.run(executor=client.get_executor(), progress=killer, raise_for_failures=False)
            seconds = time.monotonic() - started
    found = {
        path.relative_to(place / "data").as_posix(): path
        for path in (place / "data").rglob("*")
        if path.is_file()
    }
    right = sum(
        name in found and hashlib.sha256(found[name].read_bytes()).digest() == hashlib.sha256(data).digest()
        for name, data in contents.items()
    )
    left_behind = [path.name for path in found.values() if is_part_name(path.name)]
    stream = b"\n".join(sent)
    leaks = Counter(kind for secret, kind in secrets.items() if secret in stream)
    tasks = sum(b"transfer_files" in message for message in sent)
    print(
        f"{workers} workers, one killed: {'yes' if killer.killed else 'no'}; {len(report)} files reported, "
        f"{report.counts().get('downloaded', 0)} downloaded, {right} of {len(contents)} right, "
        f"{len(left_behind)} part files left, {seconds:.1f} s"
    )
    print(
        f"{len(sent)} messages ({len(stream) / 1e6:.1f} MB, {tasks} of them with tasks) searched for "
        f"{len(secrets)} secrets ({', '.join(sorted(set(secrets.values())))}): {sum(leaks.values())} found"
    )
    return (
        killer.killed is not None
        and len(report) == report.counts().get("downloaded") == len(contents) + 1  # the service adds a file
        and right == len(contents)
        and not left_behind
        and tasks > 0
        and len(set(secrets.values())) == 5
        and not leaks
    )


def main() -> int:
    """Run once; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="provena-dask-") as place:
        return 0 if run(Path(place), options.files, options.workers) else 1


if __name__ == "__main__":
    raise SystemExit(main())
