"""A contender of the benchmark of opening files: ``python open_contender.py NAME``, in a process of its own.

It reads a job a line, carries it out, and prints what it took. What is measured begins with making a file system and
ends with the values; modules are loaded, and a small file is read through another one, before.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.open_jobs import AWAITING, JOBS, FileSystem
from scripts.bench.transfer_work import Store, peak_bytes, spent_cpu

Opened = tuple[FileSystem, str]


def ours(asked: dict[str, Any], store: Store, asynchronous: bool) -> Opened:
    """``provena://``, signed in by the environment."""
    import fsspec

    os.environ.update(asked["services"], PROVENA_ACCESS_TOKEN=asked["token"])
    made = fsspec.filesystem("provena", asynchronous=asynchronous, skip_instance_cache=True)
    return made, asked["dataset"]


def plain_s3fs(asked: dict[str, Any], store: Store, asynchronous: bool) -> Opened:
    """s3fs with keys, and its defaults."""
    import s3fs

    made = s3fs.S3FileSystem(
        key=store.access_key_id,
        secret=store.secret_access_key,
        token=store.session_token,
        endpoint_url=store.url,
        client_kwargs={"region_name": store.region},
        asynchronous=asynchronous,
        skip_instance_cache=True,
    )
    return made, f"{store.bucket}/{store.prefix.rstrip('/')}"


def obstore(asked: dict[str, Any], store: Store, asynchronous: bool) -> Opened:
    """The file system for fsspec that obstore brings, with keys, and its defaults."""
    from obstore.fsspec import FsspecStore

    made = FsspecStore(
        "s3",
        config={
            "endpoint": store.url,
            "region": store.region,
            "access_key_id": store.access_key_id,
            "secret_access_key": store.secret_access_key,
            "session_token": store.session_token,
        },
        client_options={"allow_http": True},
        asynchronous=asynchronous,
        skip_instance_cache=True,
    )
    return made, f"{store.bucket}/{store.prefix.rstrip('/')}"


CONTENDERS: dict[str, tuple[str, Callable[[dict[str, Any], Store, bool], Opened]]] = {
    "ours": ("provena-sdk", ours),
    "s3fs": ("s3fs", plain_s3fs),
    "obstore": ("obstore", obstore),
}


def load() -> None:
    """Load what takes part."""
    import h5netcdf  # noqa: F401 reason= loading it is not measured
    import pandas  # noqa: F401 reason= see above
    import pyarrow.parquet  # noqa: F401 reason= see above
    import xarray  # noqa: F401 reason= see above
    import zarr.storage  # noqa: F401 reason= see above


def main(name: str) -> None:
    """Carry jobs out until the input closes."""
    package, opened = CONTENDERS[name]
    load()
    print(json.dumps({"version": f"{package} {version(package)}"}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        store = Store(**asked["store"])
        gc.collect()
        cpu, wall = spent_cpu(), time.perf_counter()
        fs, root = opened(asked, store, asked["job"] in AWAITING)
        found = JOBS[asked["job"]](fs, root)
        spent = {"wall": time.perf_counter() - wall, "cpu": spent_cpu() - cpu, "peak": peak_bytes()}
        print(json.dumps({**spent, "found": found}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
