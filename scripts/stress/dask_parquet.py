"""A Dask cluster of several processes adds up Parquet files through ``provena://`` while keys live ten seconds.

One worker is killed half-way. The sum must be right, keys must have been renewed, and neither the task graph nor
anything else that the cluster was sent may hold a token or a key that was ever in use. With ``--lease`` the workers are
not signed in, and read by a lease: then keys to read are in what brings the lease to them, and nowhere else.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster
from distributed.protocol.pickle import dumps

from provena_sdk import Deployment, Provena
from provena_sdk.auth import token_source
from provena_sdk.dask import lease
from provena_sdk.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.stress.dask_worker_lost import Approved, note_secrets, record_sent  # noqa: E402 reason= needs ROOT

KEYS_SECONDS = 10.0
WORK_SECONDS = 2.2 * KEYS_SECONDS
"""What the work is to take: longer than keys live, so that a worker can be killed in the middle, too."""

TOKENS = frozenset({"access token", "refresh token"})
KEYS = frozenset({"S3 key id", "S3 secret key", "S3 session token"})


def tables(files: int, rows: int) -> tuple[dict[str, bytes], int]:
    """Make Parquet files, and the sum of their column ``value``."""
    chance = np.random.default_rng(files)
    made: dict[str, bytes] = {}
    total = 0
    for number in range(files):
        values = chance.integers(0, 1_000_000, rows)
        total += int(values.sum())
        buffer = io.BytesIO()
        frame = pd.DataFrame({"site": number, "value": values, "noise": chance.random(rows)})
        frame.to_parquet(buffer, index=False, row_group_size=max(1, rows // 4))
        made[f"part/{number:04}.parquet"] = buffer.getvalue()
    return made, total


def slowly(frame: pd.DataFrame, seconds: float) -> pd.DataFrame:
    """Take a while; runs on a worker."""
    time.sleep(seconds)
    return frame


def kill_one(cluster: LocalCluster, client: Client, tasks: int, killed: list[int]) -> None:
    """Kill a worker when about half of the tasks are done."""
    while not killed:
        done = client.run_on_scheduler(finished)  # type: ignore[no-untyped-call]  # Dask's
        if done >= tasks // 2:
            process: int = next(iter(cluster.workers.values())).pid
            os.kill(process, signal.SIGKILL)
            killed.append(process)
        time.sleep(0.05)


def finished(dask_scheduler: Any) -> int:
    """Count the tasks that are done; runs on the scheduler."""
    return sum(task.state in ("memory", "released") for task in dask_scheduler.tasks.values())


def kinds(secrets: Mapping[bytes, str], data: bytes) -> Counter[str]:
    """Count the secrets within bytes, by what they are."""
    return Counter(kind for secret, kind in secrets.items() if secret in data)


def run(place: Path, files: int, workers: int, rows: int, *, leased: bool) -> bool:
    """Add up with a cluster; True when all went well."""
    secrets, sent = note_secrets(), record_sent()
    contents, expected = tables(files, rows)
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            Sandbox(approve_as="writer", poll_interval=0.1, credentials_seconds=KEYS_SECONDS)
        )
        os.environ.update(sandbox.environment(), PROVENA_STATE_DIR=str(place / "state"))
        handle = sandbox.add_dataset("Reef", files=contents)
        if leased:
            # Set before the workers start, which take it over; what is signed in here is an argument.
            os.environ["PROVENA_NON_INTERACTIVE"] = "1"
            provena = stack.enter_context(Provena(access_token=sandbox.access_token("writer", lifetime=3600)))
        else:
            token_source(Deployment.from_env(), interactive=True, present=Approved()).sign_in()
        cluster = stack.enter_context(
            LocalCluster(  # type: ignore[no-untyped-call]  # Dask's
                n_workers=workers, threads_per_worker=1, dashboard_address=":0"
            )
        )
        client = stack.enter_context(Client(cluster))  # type: ignore[no-untyped-call]  # Dask's
        client.wait_for_workers(workers)
        options: dict[str, Any] = {}
        if leased:
            options = stack.enter_context(lease(client, handle, provena=provena)).storage_options
        asked = len(sandbox.requests)
        started = time.monotonic()
        frame = dd.read_parquet(
            f"provena://{handle}/part/*.parquet", columns=["value"], storage_options=options
        )
        # Dask reads several files in one task.
        pause = WORK_SECONDS * workers / frame.optimize().npartitions
        total = frame.map_partitions(slowly, pause, meta=frame._meta)["value"].sum()
        # As Dask itself sends it.
        graph = total.optimize().dask
        graph_bytes: bytes = dumps(graph) + dumps(total)  # type: ignore[no-untyped-call]  # Dask's
        killed: list[int] = []
        killer = threading.Thread(target=kill_one, args=(cluster, client, files, killed), daemon=True)
        killer.start()
        found = int(total.compute())
        seconds = time.monotonic() - started
        grants = sum("credentials" in exchange.path for exchange in sandbox.requests[asked:])
    stream = b"\n".join(sent)
    in_graph, in_stream = kinds(secrets, graph_bytes), kinds(secrets, stream)
    # The one thing that may hold keys is what brings a lease; all of it names the class that does.
    elsewhere = kinds(secrets, b"\n".join(message for message in sent if b"_handed_over" not in message))
    print(
        f"{'lease' if leased else 'signed in'}: {files} Parquet files, {workers} workers, one killed: "
        f"{'yes' if killed else 'no'}; keys live {KEYS_SECONDS:.0f} s, {grants} times asked for in {seconds:.1f} s; "
        f"the sum is {'right' if found == expected else f'{found} instead of {expected}'}"
    )
    print(
        f"searched for {len(secrets)} secrets ({', '.join(sorted(set(secrets.values())))}): "
        f"{sum(in_graph.values())} in the graph ({len(graph_bytes) / 1e3:.0f} kB, {len(graph)} tasks), "
        f"{sum(in_stream.values())} in {len(sent)} messages ({len(stream) / 1e6:.1f} MB)"
        + (f", {sum(elsewhere.values())} of them outside the lease" if leased else "")
    )
    no_tokens = not TOKENS & in_stream.keys()
    clean = not elsewhere and no_tokens and (in_stream.keys() == KEYS if leased else not in_stream)
    wanted = KEYS | ({"access token"} if leased else TOKENS)
    return (
        found == expected
        and bool(killed)
        and seconds > KEYS_SECONDS
        and grants > (1 if leased else workers)
        and wanted <= set(secrets.values())
        and not in_graph
        and clean
    )


def main() -> int:
    """Run once; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--lease", action="store_true", help="read by a lease; the workers are not signed in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="provena-dask-") as place:
        went_well = run(Path(place), options.files, options.workers, options.rows, leased=options.lease)
    return 0 if went_well else 1


if __name__ == "__main__":
    raise SystemExit(main())
