"""JSON that is right by its grammar alone: too deep, too large, of other types than promised, or no JSON at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from provena_sdk.errors import ProvenaError
from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.actions import Action, Steps
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.scene import Scene
from scripts.stress.attacks.wire import MEBIBYTE, Asked, Reply, say, say_json

_HUGE: Final = "9" * 5000
_ODD: Final[tuple[object, ...]] = (
    None,
    True,
    5,
    -1,
    2.5,
    float("inf"),
    float("nan"),
    10**400,
    "",
    "x",
    "\x1b[2J\x07\u202e",
    "\ud800",
    "y" * 100_000,
    [],
    [None],
    {},
    {"a": 1},
)
"""What a field may hold in place of what was promised."""

WHOLE: Final = {
    "null": b"null",
    "a number": b"5",
    "a text": b'"text"',
    "true": b"true",
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a list of a list": b"[[]]",
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "a number of 5,000 digits": _HUGE.encode(),
    "beyond all numbers": b"1e400",
    "white space": b" \t\n" * 1000,
    "two documents": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"message": "x"}'.encode("utf-16"),
    "UTF-32": '{"message": "x"}'.encode("utf-32"),
    "100,000 lists deep": b"[" * 100_000 + b"]" * 100_000,
    "990 lists deep": b'{"status": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a lone surrogate": b'{"status": {"success": false, "details": "\\ud800"}}',
    "an escape without an end": b'{"status": "\\u00',
    "a refusal that controls the terminal": b'{"status": {"success": false, "details": "\\u001b[2J\\u0007\\u202egnp"}}',
    "a refusal that is a number": b'{"status": {"success": false, "details": 1e400}}',
    "a refusal of 1 MB": b'{"status": {"success": false, "details": "' + b"no " * 350_000 + b'"}}',
}

_SOME: Final = (
    "null",
    "a number",
    "an empty list",
    "an empty object",
    "not a number",
    "100,000 lists deep",
    "a refusal that controls the terminal",
    "a lone surrogate",
    "UTF-16",
)
LARGE: Final = {
    "a text of 10 MB": b'"' + b"x" * 10 * MEBIBYTE + b'"',
    "a text without an end": b'{"status": "' + b"x" * MEBIBYTE,
    "an object with 200,000 keys": b"{" + b",".join(b'"%d":1' % number for number in range(200_000)) + b"}",
    "100,000 objects deep": b'{"item":' * 100_000,
}

TARGETS: Final = (
    (actions.FETCH, "fetch"),
    (actions.LIST, "list"),
    (actions.SEARCH, "search"),
    (actions.MINT, "mint"),
    (actions.ACCESS, "access"),
    (actions.REVIEWERS, "reviewers"),
    (actions.READ, "read-credentials"),
    (actions.REFRESH, "token"),
    (actions.REFRESH, "discovery"),
    (actions.SIGN_IN, "device"),
    (actions.WHOAMI, "userinfo"),
)
_LENIENT: Final = {"discovery", "userinfo", "health", "reviewers"}


def again(name: str, call: Callable[[Any], Any], times: int) -> Action:
    """Do something again and again; what is raised is kept, and judged."""

    def run(provena: Any, scene: Scene) -> Steps:
        kept: list[object] = []
        for _ in range(times):
            try:
                kept.append((yield call(provena)))
            except ProvenaError as error:
                kept.append(error)
        return kept

    return Action(name, run, lambda result, scene: len(result) == times)


def cases() -> Iterator[Case]:
    """Every case."""
    for act, operation in TARGETS:
        whole = WHOLE if operation in ("fetch", "list", "token") else {name: WHOLE[name] for name in _SOME}
        large = LARGE if operation in ("fetch", "token") else {}
        for name, body in {**whole, **large}.items():
            yield case(
                "json",
                f"{name} for {operation}",
                act,
                operation,
                say("200 OK", body),
                harmless=operation in _LENIENT,
                right=_is_list if operation == "reviewers" else None,
            )
    fetch = again("fetch again", lambda p: p.datastore.fetch_dataset(honest.HANDLE), len(_ODD))
    for path in _paths(honest.fetched()):
        yield _odd(fetch, "fetch", path, honest.fetched())
    listing = again("list again", lambda p: p.datastore.for_all_datasets(total_limit=20), len(_ODD))
    for path in _paths(honest.listed(names=()), most=1):
        yield _odd(listing, "list", path, honest.listed())
    search = again("search again", lambda p: p.datastore.search_datasets("reef"), len(_ODD))
    for path in ("status", "results", "warnings"):
        yield _odd(search, "search", path, honest.found(2))
    keys = again("credentials again", actions.ask_credentials, len(_ODD))
    for path in _paths(honest.credentials()):
        yield _odd(keys, "read-credentials", path, honest.credentials())
    mint = again("mint again", lambda p: p.datastore.mint_dataset(honest.metadata()), len(_ODD))
    for path in ("status", "handle", "s3_location"):
        yield _odd(mint, "mint", path, {"status": honest.STATUS, "handle": honest.HANDLE, "s3_location": {}})
    yield from _twice()


def _is_list(result: object, scene: Scene) -> bool:
    return isinstance(result, list)


def _odd(act: Action, operation: str, path: str, whole: dict[str, Any]) -> Case:
    """One field of an answer, with each odd value in turn."""

    def answer(asked: Asked) -> Reply:
        value = _ODD[asked.number % len(_ODD)]
        return say("200 OK", json.dumps(honest.changed(whole, {path: value})))

    return case("type", f"{path} of {operation}", act, operation, answer, right=act.right)


def _paths(fields: dict[str, Any], before: str = "", most: int = 9) -> Iterator[str]:
    """Name every field, those of fields too."""
    for name, value in fields.items():
        yield f"{before}{name}"
        if isinstance(value, dict) and most > 1:
            yield from _paths(value, f"{before}{name}.", most - 1)


def _twice() -> Iterator[Case]:
    right = json.dumps(honest.fetched())
    other = json.dumps(honest.fetched(display_name="Other"))
    both = f"{other[:-1]}, {right[1:]}"
    yield case("json", "each key twice", actions.FETCH, "fetch", say("200 OK", both), harmless=True)
    deep: Any = "x"
    for _ in range(600):
        deep = [deep]
    within = say_json(honest.fetched(**{"collection_format.dataset_info.user_metadata": {"deep": deep}}))
    yield case("json", "600 lists deep within a field", actions.FETCH, "fetch", within, harmless=True)
    yield case(
        "json",
        "600 lists deep within an unknown field",
        actions.FETCH,
        "fetch",
        say_json({**honest.fetched(), "unknown": deep}),
        harmless=True,
    )
    unknown = {f"field {number}\x1b[2J": {"a": number} for number in range(1000)}
    yield case(
        "json",
        "a thousand unknown fields",
        actions.FETCH,
        "fetch",
        say_json({**honest.fetched(), **unknown}),
        harmless=True,
    )
    for name in ("__class__", "__dict__", "__init__", "self", "additional_properties", "to_dict"):
        fields = honest.fetched()
        fields["item"][name] = {"evil": 1}
        yield case("json", f"a field called {name}", actions.FETCH, "fetch", say_json(fields), harmless=True)
