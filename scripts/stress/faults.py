"""Each fault that a store or a line can have, in downloads and uploads of small and of large files.

Every attempt has a server, a dataset and random contents of its own; the struck request, how often it is struck and
where in its body come from the seed. In the end the bytes must be equal, no upload may be left unfinished, and no part
file or journal may be left behind. A file that changes while it is read may also be reported as failed, but must never
become a mixture.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple, cast

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk.concurrency.io_thread import run_sync  # noqa: E402 reason= found by the path above
from provena_sdk.datasets.credentials import Access  # noqa: E402 reason= found by the path above
from provena_sdk.errors import IntegrityError, TransferFailed  # noqa: E402 reason= found by the path above
from provena_sdk.s3.retry import RetryRule  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.object_store import ObjectFault, RequestRecord  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.object_store.faults import ObjectFaultKind  # noqa: E402 reason= found by the path above
from provena_sdk.transfer.report import TransferReport  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import RunningStore, tree  # noqa: E402 reason= found by the path above
from tests.dataset import Dataset  # noqa: E402 reason= found by the path above

Way = Literal["down", "up"]
Size = Literal["small", "big"]
CELLS: tuple[tuple[Way, Size], ...] = (("down", "small"), ("down", "big"), ("up", "small"), ("up", "big"))

SMALL = 40_000
BIG = 26_000_000
IDLE = 0.5
OUTAGE = 5.0
# As patient as usual in number of attempts, and in less of a hurry to wait long.
HURRIED = RetryRule(base=0.02, cap=0.5)

_TRANSFERS: dict[tuple[Way, Size], tuple[str, ...]] = {
    ("down", "small"): ("GetObject",),
    ("down", "big"): ("GetObject",),
    ("up", "small"): ("PutObject",),
    ("up", "big"): ("UploadPart",),
}
# What is asked beside the transfers themselves.
_AROUND: dict[tuple[Way, Size], tuple[str, ...]] = {
    ("down", "small"): ("ListObjectsV2",),
    ("down", "big"): ("ListObjectsV2",),
    ("up", "small"): ("ListObjectsV2",),
    ("up", "big"): ("CreateMultipartUpload", "CompleteMultipartUpload"),
}


class Attempt(NamedTuple):
    """One attempt of one cell of the table."""

    fault: str
    way: Way
    size: Size
    seed: int


class Ended(NamedTuple):
    """How an attempt went: what was wrong, or nothing."""

    attempt: Attempt
    wrong: str
    seconds: float


@dataclass
class Scene:
    """A dataset and a folder, and what they hold before an attempt."""

    running: RunningStore
    files: Dataset
    folder: Path
    chance: random.Random
    attempt: Attempt
    contents: dict[str, bytes]
    # Whether each fault came true.
    struck: list[Callable[[], bool]] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    # What the file may hold in the end, besides its first contents.
    allowed: list[bytes] = field(default_factory=list)
    may_fail: bool = False

    def add(self, kind: ObjectFaultKind, *, around: bool = True, **options: object) -> None:
        """Let a fault strike a request of the transfer or, by chance, one around it."""
        cell = self.attempt.way, self.attempt.size
        operations = _TRANSFERS[cell] * 3 + (_AROUND[cell] if around else ())
        operation = self.chance.choice(operations)
        fault = ObjectFault(kind=kind, operation=operation, key=self._key(operation), **options)  # type: ignore[arg-type]
        self.put(fault)

    def put(self, fault: ObjectFault) -> None:
        """Put a fault in force."""
        self.running.server.faults.add(fault)
        self.struck.append(lambda: fault.hits > 0)

    def within(self) -> int:
        """Some place in a body, rather often near its beginning."""
        length = SMALL if self.attempt.size == "small" else 8 << 20
        return self.chance.choice([1, self.chance.randrange(1, length)])

    def _key(self, operation: str) -> str | None:
        return None if operation == "ListObjectsV2" else "*/file"


def _truncate(scene: Scene) -> None:
    scene.add(
        "truncate",
        around=scene.attempt.way == "down",
        times=scene.chance.randint(1, 3),
        after_bytes=scene.within(),
    )


def _reset_before(scene: Scene) -> None:
    scene.add("reset", times=scene.chance.randint(1, 3))


def _reset_within(scene: Scene) -> None:
    scene.add("reset", around=False, times=scene.chance.randint(1, 3), after_bytes=scene.within())


def _reset_after(scene: Scene) -> None:
    scene.add("reset", times=scene.chance.randint(1, 2), after_effect=True)


def _slow_down(scene: Scene) -> None:
    scene.add("slow_down", times=scene.chance.randint(3, 12))


def _internal_error(scene: Scene) -> None:
    scene.add("internal_error", times=scene.chance.randint(1, 4))


def _stall(scene: Scene) -> None:
    scene.add("stall", seconds=4 * IDLE, times=scene.chance.randint(1, 2), after_bytes=scene.within())


def _corrupt(scene: Scene) -> None:
    scene.add("corrupt", around=False, times=scene.chance.randint(1, 2), after_bytes=scene.within())


def _expire(scene: Scene) -> None:
    scene.add(
        "expire_credentials",
        skip=scene.chance.randint(0, 2) if scene.attempt.size == "big" else 0,
        around=False,
    )


def _error_in_200(scene: Scene) -> None:
    scene.put(
        ObjectFault(
            kind="error_in_200",
            operation="CompleteMultipartUpload",
            times=scene.chance.randint(1, 3),
            after_effect=scene.chance.random() < 0.5,
        )
    )


def _replaced(scene: Scene) -> None:
    """Downloads: another object at once after one request. Uploads: another source at the first request."""
    new = scene.chance.randbytes(len(scene.contents["file"]))
    scene.allowed.append(new)
    scene.may_fail = True
    if scene.attempt.way == "down":
        scene.add(
            "replace",
            around=False,
            data=new,
            skip=scene.chance.randint(0, 2) if scene.attempt.size == "big" else 0,
        )
        return
    source = scene.folder / "file"
    done = threading.Event()

    def change(record: RequestRecord) -> None:
        if record.operation in ("PutObject", "UploadPart") and not done.is_set():
            done.set()
            source.write_bytes(new)

    scene.running.server.activity.on_request = change
    scene.struck.append(done.is_set)


async def _reached(scene: Scene) -> None:
    for access in Access:
        async for _ in scene.files.for_access(access).objects.list():
            pass


def _refused(scene: Scene) -> None:
    """The server is away for some seconds, from the first answer of the transfer itself or from just before it."""
    running = scene.running
    begun = threading.Event()

    def away() -> None:
        running.stop()
        begun.set()
        time.sleep(OUTAGE)
        running.resume()

    outage = threading.Thread(target=away)
    scene.struck.append(begun.is_set)
    scene.afterwards.append(outage.join)
    if scene.attempt.size == "small" or scene.chance.random() < 0.3:
        # A store that never answered is given up sooner.
        run_sync(_reached(scene))
        outage.start()
        begun.wait()
        return

    def watch(record: RequestRecord) -> None:
        if record.operation in _TRANSFERS[scene.attempt.way, scene.attempt.size] and outage.ident is None:
            outage.start()

    running.server.activity.on_request = watch


FAULTS: dict[str, Callable[[Scene], None]] = {
    "truncate": _truncate,
    "reset before": _reset_before,
    "reset within": _reset_within,
    "reset after effect": _reset_after,
    "503 bursts": _slow_down,
    "500": _internal_error,
    "stall": _stall,
    "corrupt": _corrupt,
    "replaced while read": _replaced,
    "expired credentials": _expire,
    "error in 200": _error_in_200,
    f"refused for {OUTAGE:.0f} s": _refused,
}
# S3 answers so only what takes long, and of a transfer that is putting parts together.
_ELSEWHERE = {"error in 200": {("down", "small"), ("down", "big"), ("up", "small")}}


def attempt(asked: Attempt) -> Ended:
    """Make one attempt."""
    started = time.monotonic()
    try:
        wrong = _attempt(asked)
    except Exception as error:
        wrong = f"it raised {error!r}"
    return Ended(asked, wrong, time.monotonic() - started)


def _attempt(asked: Attempt) -> str:
    chance = random.Random(f"{asked}")
    size = SMALL if asked.size == "small" else BIG
    contents = {"file": chance.randbytes(size + chance.randrange(1000))}
    contents |= {f"beside/{number}": chance.randbytes(chance.randrange(5000)) for number in range(5)}
    with tempfile.TemporaryDirectory(prefix="provena-stress-") as place, RunningStore() as running:
        folder, state = Path(place) / "files", Path(place) / "state"
        os.environ["PROVENA_STATE_DIR"] = str(state)
        folder.mkdir()
        for path, data in contents.items():
            if asked.way == "down":
                running.put(path, data, checksum=chance.random() < 0.5)
            else:
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_bytes(data)
        files = running.files(rule=HURRIED, idle=IDLE)
        scene = Scene(running, files, folder, chance, asked, contents)
        FAULTS[asked.fault](scene)
        try:
            report = files.download_all(folder) if asked.way == "down" else files.upload_all(folder)
            failure = None
        except TransferFailed as error:
            failure, report = error, cast("TransferReport", error.report)
        finally:
            files.close()
            for afterwards in scene.afterwards:
                afterwards()
        return _wrong(scene, report, failure) or _left(running, folder, state, scene)


def _wrong(scene: Scene, report: TransferReport, failure: TransferFailed | None) -> str:
    """Say what is wrong with what was transferred."""
    if not all(struck() for struck in scene.struck):
        return "the fault struck nothing"
    if failure is not None:
        if not scene.may_fail or [outcome.path for outcome in report.failed] != ["file"]:
            return f"it failed: {failure.errors}"
        if not isinstance(report.failed[0].error, IntegrityError):
            return f"it failed otherwise: {report.failed[0].error!r}"
    found = tree(scene.folder) if scene.attempt.way == "down" else scene.running.stored()
    held = found.pop("file", None)
    expected = dict(scene.contents)
    allowed = [expected.pop("file"), *scene.allowed, *([None] if failure is not None else [])]
    if held not in allowed:
        return "the file is missing" if held is None else "the file holds other bytes"
    if found != expected:
        return f"other files are wrong: {sorted(found)}"
    return ""


def _left(running: RunningStore, folder: Path, state: Path, scene: Scene) -> str:
    """Say what was left behind."""
    if running.store.uploads:
        return f"{len(running.store.uploads)} uploads were left unfinished"
    if scene.attempt.way == "up" and (extra := tree(folder).keys() - scene.contents.keys()):
        return f"left beside the sources: {sorted(extra)}"
    journals = [path.name for path in state.rglob("*.json")] if state.exists() else []
    return f"journals were left: {journals}" if journals else ""


def applies(fault: str, cell: tuple[Way, Size]) -> bool:
    """Say whether a fault can happen in a cell at all."""
    return cell not in _ELSEWHERE.get(fault, ())


def show(ended: list[Ended], faults: list[str], seeds: int) -> None:
    """Print the table: how many attempts of each cell went well, and the seconds of one."""
    passed = Counter((one.attempt.fault, one.attempt.way, one.attempt.size) for one in ended if not one.wrong)
    seconds: Counter[tuple[str, Way, Size]] = Counter()
    for one in ended:
        seconds[one.attempt.fault, one.attempt.way, one.attempt.size] += one.seconds  # type: ignore[assignment]
    print(f"{'fault':<22}" + "".join(f"{f'{way} {size}':>20}" for way, size in CELLS))
    for fault in faults:
        line = f"{fault:<22}"
        for way, size in CELLS:
            if not applies(fault, (way, size)):
                line += f"{'does not happen':>20}"
                continue
            mean = seconds[fault, way, size] / seeds
            line += f"{f'{passed[fault, way, size]}/{seeds}  {mean:.2f} s':>20}"
        print(line)


def main() -> int:
    """Make all attempts; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20, help="attempts of each cell")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=FAULTS, action="append", help="only this fault; may be repeated")
    parser.add_argument("--parallel", type=int, default=4, help="attempts at once")
    options = parser.parse_args()
    faults = options.only or list(FAULTS)
    asked = [
        Attempt(fault, way, size, seed)
        for seed in range(options.first, options.first + options.seeds)
        for fault in faults
        for way, size in CELLS
        if applies(fault, (way, size))
    ]
    started = time.monotonic()
    with ProcessPoolExecutor(options.parallel, mp_context=get_context("spawn")) as pool:
        ended = list(pool.map(attempt, asked))
    show(ended, faults, options.seeds)
    failed = [one for one in ended if one.wrong]
    for one in failed:
        print(f"{one.attempt}: {one.wrong}", file=sys.stderr)
    print(
        f"{len(ended) - len(failed)} of {len(ended)} attempts went well, {time.monotonic() - started:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
