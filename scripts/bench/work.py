"""The loop that every contender of the catalogue benchmark runs in a process of its own.

It reads a job and an address a line, does the job, and prints what it took. Only the standard library is used, so
that it runs in any environment.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping

FETCHES = 100
QUERY = "coral bleaching"
LIMIT = 25

Job = Callable[[str], int]


def handle(number: int) -> str:
    """The id of the dataset with this number in the catalogue."""
    return f"10378.1/{2_000_000 + number}"


def serve(jobs: Mapping[str, Job], version: str) -> None:
    """Do jobs until the input closes.

    Args:
        jobs: By name; each takes the service's address and returns how many datasets it ended up with.
        version: Printed first, to say who is there.
    """
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        job = jobs[asked["job"]]
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        count = job(asked["url"])
        spent = {
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "count": count,
        }
        print(json.dumps(spent), flush=True)
