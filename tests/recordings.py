"""Recorded exchanges, and how an answer is compared with a recorded one.

Bodies are compared by value, not only by shape: what differs from run to run (times, generated ids, scores) is compared
by type, and texts that the recording cut short by their beginning. ``…`` as a key means that more keys follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
Exchange = dict[str, Any]

TIMES = {"timestamp", "created_timestamp", "updated_timestamp", "release_timestamp"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXPIRY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
POOL = re.compile(r"HTTPConnectionPool\(host='[^']*', port=\d+\)")
SET = re.compile(r"\{('[^{}]*')\}")
MORE = "…"


def load(path: Path) -> list[Exchange]:
    """Return the exchanges of a file, in the order they were recorded in."""
    exchanges: list[Exchange] = json.loads(path.read_text(encoding="utf-8"))
    return exchanges


def differences(
    recorded: Any, given: Any, where: str, key: str = "", *, unordered: Collection[str] = ()
) -> Iterator[str]:
    """Yield where two bodies differ; lists in ``unordered`` come in any order."""
    if isinstance(recorded, dict) and isinstance(given, dict):
        partial = MORE in recorded
        for name in sorted((recorded.keys() - {MORE}) | (set() if partial else given.keys())):
            if name not in given or name not in recorded:
                yield f"{where}.{name}: only {'recorded' if name in recorded else 'given'}"
            elif name == "json_schema":
                assert isinstance(given[name], dict)
            else:
                inner = f"{where}.{name}"
                yield from differences(recorded[name], given[name], inner, name, unordered=unordered)
    elif isinstance(recorded, list) and isinstance(given, list):
        if (key in unordered or where in unordered) and all(isinstance(one, str) for one in recorded):
            recorded, given = sorted(recorded), sorted(given)
        if len(recorded) != len(given):
            yield f"{where}: {len(recorded)} entries recorded, {len(given)} given"
        for place, (one, other) in enumerate(zip(recorded, given, strict=False)):
            yield from differences(one, other, f"{where}[{place}]", unordered=unordered)
    elif type(recorded) is not type(given):
        yield f"{where}: {recorded!r} recorded, {given!r} given"
    elif isinstance(recorded, str):
        if not same_text(recorded, given):
            yield f"{where}: {recorded!r} recorded, {given!r} given"
    elif recorded != given and not (key == "score" or (key in TIMES and isinstance(given, int))):
        yield f"{where}: {recorded!r} recorded, {given!r} given"


def same_text(recorded: str, given: str) -> bool:
    """Return whether two texts differ only in what differs from run to run."""
    if recorded.startswith("<") and recorded.endswith(">"):
        return given != ""
    for pattern in (UUID, EXPIRY):
        if pattern.fullmatch(recorded):
            return pattern.fullmatch(given) is not None
    recorded, given = (SET.sub(_sorted_set, POOL.sub("pool", text)) for text in (recorded, given))
    return given.startswith(recorded[:-1]) if recorded.endswith(MORE) else recorded == given


def _sorted_set(found: re.Match[str]) -> str:
    return "{" + ", ".join(sorted(found[1].split(", "))) + "}"
