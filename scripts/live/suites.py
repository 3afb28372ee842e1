"""``python -m scripts.live.suites``: run the tests that use an object store against real ones, and count."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from scripts.live import cache
from scripts.live.programs import VERSITYGW
from scripts.live.stores import STORES, Store

ROOT: Final = Path(__file__).parents[2]
SUITES: Final[dict[str, tuple[str, ...]]] = {
    "conformance": ("tests/sandbox/object_store/test_conformance.py",),
    # What is left out here is about servers of the tests' own.
    "transfer": (
        "tests/transfer",
        "tests/datasets",
        "tests/s3",
        "--ignore-glob=*odd_stores.py",
        "--ignore-glob=*test_connections.py",
        "--ignore-glob=*test_logged.py",
    ),
    "file system": ("tests/filesystem",),
    "interop": ("tests/interop",),
}
_FAST: Final = "not slow and not browser and not live"


class Count(NamedTuple):
    """The results of one suite against one store.

    Attributes:
        passed: Tests that passed.
        differing: Tests that failed for a known difference of the store.
        skipped: Tests that look into the sandbox's own store.
        failed: Tests that failed.
        seconds: How long it took.
    """

    passed: int
    differing: int
    skipped: int
    failed: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites.

    Returns:
        The exit status: 0, or 1 when a test failed.
    """
    parser = argparse.ArgumentParser(prog="python -m scripts.live.suites", description=__doc__)
    parser.add_argument(
        "stores", nargs="*", metavar="STORE", help=f"{', '.join(STORES)}; {VERSITYGW.name} otherwise"
    )
    parser.add_argument("--all", action="store_true", help="run them against every store that is cached")
    parser.add_argument("--only", action="append", choices=SUITES, help="run this suite only; repeatable")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.stores) - set(STORES))
    if unknown:
        parser.error(f"no store is called {', '.join(unknown)}; there are {', '.join(STORES)}.")
    names = options.stores or [VERSITYGW.name]
    if options.all:
        names = [name for name, store in STORES.items() if cache.is_cached(store.program)]
    counts: dict[tuple[str, str], Count] = {}
    for name in names:
        with STORES[name]() as store:
            for suite in options.only or SUITES:
                counts[suite, name] = _run(suite, store)
    _show(counts, names)
    return int(any(count.failed for count in counts.values()))


def _run(suite: str, store: Store) -> Count:
    described = {
        "name": store.name,
        "url": store.url,
        "access_key_id": store.access_key_id,
        "secret_access_key": store.secret_access_key,
        "accounts_url": store.admin_url,
    }
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-rf", "-n", "2", "--dist", "loadgroup"]
        options = ["-m", _FAST, "--disable-warnings", f"--junitxml={report}"]
        print(f"== {suite} against {store.name}", flush=True)
        ran = subprocess.run(
            [*command, *options, *SUITES[suite]],
            cwd=ROOT,
            env=os.environ | {"LIVE_STORE": json.dumps(described)},
            check=False,
        )
        count = _count(report, time.monotonic() - began)
    # A run that did not finish failed, whatever its report says.
    return count._replace(failed=count.failed or int(ran.returncode not in (0, 5)))


def _count(report: Path, seconds: float) -> Count:
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    passed = differing = skipped = failed = 0
    for case in cases:
        reason = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif reason is None:
            passed += 1
        elif reason.get("type") == "pytest.xfail":
            differing += 1
        else:
            skipped += 1
    return Count(passed, differing, skipped, failed, seconds)


def _show(counts: dict[tuple[str, str], Count], names: Sequence[str]) -> None:
    print(
        "\nsuite        store      passed  known difference  skipped (sandbox's own store)  failed  seconds"
    )
    for (suite, name), count in counts.items():
        print(
            f"{suite:<12} {name:<10} {count.passed:6} {count.differing:17} {count.skipped:30} "
            f"{count.failed:7} {count.seconds:8.0f}"
        )
    missing = [name for name in STORES if name not in names]
    if missing:
        print(f"Not tested: {', '.join(missing)}.")


if __name__ == "__main__":
    sys.exit(main())
