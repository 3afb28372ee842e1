"""No repr of a public class is longer than 200 characters, or unprintable, whatever it holds."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
import pytest
from IPython.lib.pretty import pretty

import provena_sdk
from provena_sdk import auth, config, errors
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.lineage import Lineage
from provena_sdk.lineage.nodes import Edge, Node
from provena_sdk.paging import AsyncResults, Page, Results
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.secret import Secret
from provena_sdk.transfer.plan import TransferPlan
from provena_sdk.transfer.report import (
    FileOutcome,
    FileState,
    Outcome,
    TransferReport,
    Verification,
    VerifiedFile,
)
from provena_sdk.transfer.spec.items import ACTIONS, PlanItem
from provena_sdk.transfer.spec.options import TransferOptions
from provena_sdk.workflows.registry.agents import PERSON
from provena_sdk.workflows.registry.naming import matches

LIMIT = 200
PLAIN = "Alpha reef survey"
HOSTILE = "reef\x1b]52;c;AAAA\x07\x1b[2J\r\x9b31m\u202etxt.exe\u2066\u2028" + "x" * 5_000
TEXTS = pytest.mark.parametrize("text", [PLAIN, HOSTILE], ids=["plain", "hostile"])

HELD_BY_A_CLIENT = {
    *(
        "Datastore",
        "Groups",
        "IOSubModule",
        "InteractiveDataset",
        "Jobs",
        "ModelRun",
        "Organisations",
        "People",
    ),
    *("Registry", "ReviewSubModule", "Reviews", "Roles", "Search", "DatasetRelease", "MetadataEdit"),
}
"""Made by a client; the sync and the async one."""

DAY = datetime(2024, 1, 31, tzinfo=UTC)

NOT_SHOWN = {
    *("Progress", "FsspecProgress", "RichProgress", "TqdmProgress"),  # displays, with the repr of any object
    *("Flow", "Presenter", "TokenStore"),  # protocols
    *("KeyringStore", "FileStore", "MemoryStore", "TokenSource", "SignInServer", "NotebookPresenter"),
    *("ClientCredentials", "DeviceFlow", "OfflineToken", "StaticToken", "TerminalPresenter"),
    # Tests of their own show that these hold no secret; nobody prints them.
    *("Config", "Credential", "Given", "Settings", "Variables"),
}


def public() -> dict[str, type[Any]]:
    """All classes that the package, its errors and its folders for signing in and settings name."""
    found: dict[str, type[Any]] = {}
    for module, names in ((provena_sdk, dir(provena_sdk)), (auth, auth.__all__), (config, config.__all__)):
        for name in names:
            value = getattr(module, name, None)
            if isinstance(value, type) and not name.startswith("_"):
                found[name] = value
    return found


PUBLIC = public()
# A citation is a str, which is its own short form.
SHOWN_IN_NOTEBOOKS = {name for name, kind in PUBLIC.items() if hasattr(kind, "_repr_html_")} - {"Citation"}


def value_of(hint: Any, text: str, depth: int = 0) -> Any:
    """Return a value of a type, with the text wherever it can hold one."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in (Any, object):
        return text
    if isinstance(hint, TypeVar):
        return text
    if origin in (Union, types.UnionType):
        return value_of(next(arg for arg in args if arg is not type(None)), text, depth)
    if origin is Literal:
        return args[0]
    if origin in (list, Sequence, Iterable):
        return [value_of(args[0], text, depth + 1)] * 3
    if origin is tuple:
        values = [value_of(arg, text, depth + 1) for arg in args if arg is not Ellipsis]
        return tuple(values * 3 if Ellipsis in args else values)
    if origin in (dict, Mapping) or hint is dict:
        return {text: value_of(args[1], text, depth + 1) if args else text}
    simple: dict[Any, Any] = {
        **{str: text, int: 10**12, float: 12345.678, bool: True, Path: Path(text), list: [text], bytes: b"x"},
        **{date: date(2024, 1, 31), datetime: DAY, Exception: ValueError(text)},
        **{Secret: Secret(text), errors.ProvenaError: errors.ProvenaError(text)},
    }
    if hint in simple:
        return simple[hint]
    return made(hint, text, depth + 1)


def made(kind: type[Any], text: str, depth: int = 0) -> Any:
    """Return an instance of a class, with the text in all its fields."""
    if depth > 12:
        raise RecursionError(kind)
    if issubclass(kind, Enum):
        return kind(text) if text == HOSTILE and hasattr(kind, "is_known") else next(iter(kind))
    # Some modules import the names of their annotations only for type checkers.
    hints = typing.get_type_hints(kind, localns=dict(PUBLIC))
    if attrs.has(kind):
        names = [field.name for field in attrs.fields(kind)]
    elif dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind) if field.init]
    else:
        names = list(getattr(kind, "_fields", ()))
    return kind(**{name: value_of(hints[name], text, depth) for name in names})


def error(kind: type[BaseException], text: str) -> BaseException:
    failed = TransferReport((FileOutcome(text, "failed", error=ValueError(text)),))
    given: dict[str, Any] = {
        **{"status": 400, "report": failed, "fetched": fetched(text), "errors": [ValueError(text)]},
        **{"session_id": text, "seconds": 1.0, "problems": [text]},
    }
    if issubclass(kind, errors.ServiceError):
        return kind(text, operation=text, status=400, detail=text, dataset_id=text, hint=text)
    required = [
        parameter
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if parameter.default is parameter.empty and name not in ("self", "args", "fields")
    ]
    positional = [text for parameter in required if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    keywords = {
        parameter.name: given.get(parameter.name, text)
        for parameter in required
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    return kind(*positional, **keywords)


def of_a_client(name: str) -> Any:
    kind: Any = provena_sdk.AsyncProvena if name.startswith("Async") else provena_sdk.Provena
    client = kind("example.org", access_token="t")
    dataset = client.datastore.interactive_dataset("10378.1/1900011")
    found = {
        "Datastore": client.datastore,
        "Groups": client.groups,
        "IOSubModule": client.datastore.io,
        "InteractiveDataset": dataset,
        "Jobs": client.jobs,
        "Organisations": client.organisations,
        "People": client.people,
        "Registry": client.registry,
        "ReviewSubModule": client.datastore.review,
        "Reviews": client.reviews,
        "Roles": client.roles,
        "Search": client.search,
        "DatasetRelease": dataset.release,
        "MetadataEdit": dataset.edit("typo"),
        "ModelRun": client.model_run("10378.1/1800004", name="Heat", description="Heat"),
    }
    return found[name.removeprefix("Async")]


def plan(kind: type[TransferPlan], text: str) -> TransferPlan:
    items = [PlanItem(action, text, 10**12, reason=text) for action in ACTIONS]
    runner: Any = None
    return kind(items, Path(text), text, TransferOptions(), runner, none_of=3)


def report(text: str) -> TransferReport:
    outcomes: tuple[Any, ...] = typing.get_args(Outcome)
    return TransferReport(
        tuple(FileOutcome(text, one, bytes=10**9, resumed=10**6) for one in outcomes), 9.9, 7
    )


def verification(text: str) -> Verification:
    states: tuple[Any, ...] = typing.get_args(FileState)
    return Verification(tuple(VerifiedFile(text, state, 10**9, Path(text), text) for state in states), text)


def fetched(text: str) -> Any:
    answer = made(provena_sdk.RegistryFetchResponse, text)
    return provena_sdk.FetchedDatasets(
        (text, "b"), {text: answer}, {"b": errors.ServerError(text, operation="x", status=500)}
    )


def results(kind: Callable[..., Any], text: str) -> Any:
    return kind(lambda key: Page([text], None), lambda function: function(), kind=provena_sdk.DatasetList)


def store_place(text: str) -> tuple[DatasetLocation, StoreAddress, Access]:
    return DatasetLocation(text, "reef", "datasets/1/"), StoreAddress(text, text, text), Access.READ


EXPLICIT: dict[str, Callable[[str], Any]] = {
    "TransferReport": report,
    "Verification": verification,
    "FetchedDatasets": fetched,
    "Results": lambda text: results(Results, text),
    "AsyncResults": lambda text: results(AsyncResults, text),
    "Diagnosis": lambda text: PUBLIC["Diagnosis"](DAY, ((text, text),), config.Explanation(()), (), text, ()),
    "Checks": lambda text: PUBLIC["Checks"]([made(PUBLIC["Check"], text)] * 3),
    "Inventory": lambda text: results(provena_sdk.Inventory, text),
    "AsyncInventory": lambda text: results(provena_sdk.AsyncInventory, text),
    "Lineage": lambda text: Lineage(text, text, [Node(text, text, text, text)], [Edge(text, text, text)]),
    "Matches": lambda text: matches(PERSON, text, [made(provena_sdk.ItemPerson, text)]),
    "Deployment": lambda text: config.Deployment("reef." * 30 + "org", "r" * 200),
    "Provena": lambda text: provena_sdk.Provena("reef." * 30 + "org", access_token="t"),
    "AsyncProvena": lambda text: provena_sdk.AsyncProvena("reef." * 30 + "org", access_token="t"),
    "Secret": Secret,
    "AwsProfile": lambda text: provena_sdk.AwsProfile(*store_place(text), text, (text,), True),
    "StoreCredentials": lambda text: provena_sdk.StoreCredentials(
        *store_place(text), Credentials("a", "b", "c", DAY)
    ),
    "DatasetVersions": lambda text: provena_sdk.DatasetVersions(text, []),
    "History": lambda text: provena_sdk.History(text, [], {}),
    "MetadataDiff": lambda text: provena_sdk.MetadataDiff([made(provena_sdk.Change, text)] * 5, text),
    "FileList": lambda text: provena_sdk.FileList([made(provena_sdk.FileInfo, text)] * 3),
    "TransferInterrupted": lambda text: errors.TransferInterrupted("Stopped.", bytes=1, total_bytes=2),
    **{name: partial(plan, kind) for name, kind in PUBLIC.items() if issubclass(kind, TransferPlan)},
}


def instance(name: str, text: str) -> Any:
    kind = PUBLIC[name]
    if name in EXPLICIT:
        return EXPLICIT[name](text)
    if name.removeprefix("Async") in HELD_BY_A_CLIENT:
        return of_a_client(name)
    if issubclass(kind, BaseException):
        return error(kind, text)
    if issubclass(kind, list):
        return kind([text] * 3)
    return made(kind, text)


@TEXTS
@pytest.mark.parametrize("name", sorted(PUBLIC.keys() - NOT_SHOWN))
def test_the_repr_is_short_and_printable(name: str, text: str) -> None:
    shown = repr(instance(name, text))
    assert len(shown) <= LIMIT, f"{name}: {len(shown)} characters: {shown}"
    assert shown.isprintable(), shown


@pytest.mark.parametrize("name", sorted(SHOWN_IN_NOTEBOOKS))
def test_ipython_shows_the_text_of_a_result(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    thing = instance(name, PLAIN)
    monkeypatch.setattr(type(thing), "__str__", lambda self: "its\ntext")
    printed: Callable[[object], str] = pretty
    assert printed(thing) == "its\ntext"
    assert printed([thing]) == f"[{thing!r}]"


def test_what_is_left_out_exists() -> None:
    assert set(PUBLIC) >= NOT_SHOWN
