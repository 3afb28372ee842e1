"""Both faces offer the same: names, parameters, defaults, types, words."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import provena_sdk
from provena_sdk import AsyncProvena, Provena, client, errors
from provena_sdk.paging import results
from provena_sdk.resources import datastore, files, groups, inventory, reviews, roles, transfers
from provena_sdk.resources._async import datastore as async_datastore
from provena_sdk.resources._async import files as async_files
from provena_sdk.resources.interactive import contents, editing, export, sharing, tools

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [
    "Provena",
    "Datastore",
    "Search",
    "ReviewSubModule",
    "People",
    "Organisations",
    "Registry",
    "InteractiveDataset",
    "IOSubModule",
    "Jobs",
    "MetadataEdit",
    "ModelRun",
    "Results",
    "Inventory",
    "DatasetRelease",
    "Groups",
    "Reviews",
    "Roles",
]
AT_ONCE = {
    "assign",
    "browse",
    "edit",
    "explain",
    "for_all",
    "for_all_datasets",
    "input",
    "interactive_dataset",
    "inventory",
    "iter_files",
    "merge",
    "model_run",
    "output",
    "read",
    "with_options",
}
"""Methods that send nothing themselves, and are therefore not awaited."""

GENERATORS = {"pages"}


AROUND = {
    "People": ["me", "find", "get", "list", "for_all", "create", "update", "link", "link_me"],
    "Organisations": ["find", "get", "list", "for_all", "create", "update"],
    "Registry": ["get", "list", "for_all", "names_of"],
}
"""What the services around the datastore offer, by class."""


def public(kind: type[Any]) -> dict[str, Any]:
    ours = [base for base in reversed(kind.__mro__) if base.__module__.startswith("provena_sdk.")]
    return {
        name: member
        for base in ours
        for name, member in vars(base).items()
        if inspect.isfunction(member) and (not name.startswith("_") or name == "__init__")
    }


def methods() -> Iterator[tuple[str, str]]:
    for name in PAIRS:
        for method in public(getattr(provena_sdk, name)):
            yield name, method


def twins(name: str, method: str) -> tuple[Any, Any]:
    return (
        getattr(getattr(provena_sdk, name), method),
        getattr(getattr(provena_sdk, f"Async{name}"), method),
    )


def blocking(annotation: Any) -> str:
    """An annotation of the awaiting face, as the blocking one writes it."""
    text = re.sub(r"\bAsync(?=[A-Z])", "", str(annotation))
    # What is awaited stands in the blocking face for its result.
    return re.sub(r"Coroutine\[Any, Any, ([^\]]+\])\]", r"\1", text)


@pytest.mark.parametrize("name", PAIRS)
def test_twins_have_the_same_members(name: str) -> None:
    first, second = getattr(provena_sdk, name), getattr(provena_sdk, f"Async{name}")
    assert list(public(first)) == list(public(second))
    assert second.__doc__


@pytest.mark.parametrize(("name", "methods"), AROUND.items())
@pytest.mark.parametrize("prefix", ["", "Async"])
def test_the_services_around_are_offered(prefix: str, name: str, methods: list[str]) -> None:
    kind = getattr(provena_sdk, prefix + name)
    client = {"": Provena, "Async": AsyncProvena}[prefix]("example.org", access_token="t")
    assert [method for method in public(kind) if method != "__init__"] == methods
    assert type(getattr(client, name.lower())) is kind


@pytest.mark.parametrize(("name", "method"), list(methods()))
def test_twins_have_the_same_parameters_and_types(name: str, method: str) -> None:
    first, second = map(inspect.signature, twins(name, method))
    assert list(first.parameters) == list(second.parameters)
    for one, other in zip(first.parameters.values(), second.parameters.values(), strict=True):
        assert (one.name, one.kind, one.default) == (other.name, other.kind, other.default)
        assert str(one.annotation) == blocking(other.annotation)
    assert str(first.return_annotation) == blocking(second.return_annotation)


@pytest.mark.parametrize(("name", "method"), list(methods()))
def test_what_sends_is_awaited(name: str, method: str) -> None:
    first, second = twins(name, method)
    assert not inspect.iscoroutinefunction(first)
    if method in GENERATORS:
        assert inspect.isasyncgenfunction(second)
    else:
        assert inspect.iscoroutinefunction(second) is (method not in AT_ONCE and method != "__init__")


@pytest.mark.parametrize(("name", "method"), list(methods()))
def test_twins_say_the_same(name: str, method: str) -> None:
    def words(function: Any) -> list[str]:
        lines = (inspect.getdoc(function) or "").splitlines()
        start = lines.index("Example:") if "Example:" in lines else len(lines)
        return [line.rstrip() for line in lines[:start] if line.strip()]

    first, second = twins(name, method)
    assert words(first) == words(second)


def test_clients_have_the_same_attributes() -> None:
    pairs = [(Provena("example.org", access_token="t"), AsyncProvena("example.org", access_token="t"))]
    while pairs:
        one, other = pairs.pop()
        assert type(other).__name__ == f"Async{type(one).__name__}"
        names = [name for name in vars(one) if not name.startswith("_")]
        assert names == [name for name in vars(other) if not name.startswith("_")]
        pairs += [
            (getattr(one, name), getattr(other, name))
            for name in names
            if type(getattr(one, name)).__module__.startswith("provena_sdk.resources")
        ]


def test_the_written_twins_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/twins.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


FACES = [getattr(provena_sdk, prefix + name) for name in PAIRS for prefix in ("", "Async")]


def names_for_checkers() -> dict[str, Any]:
    """What the modules import for type checkers only."""
    found: dict[str, Any] = {}
    for module in (
        *(client, results, datastore, files, async_files, transfers, sharing, groups, reviews, roles),
        *(inventory, contents, editing, export, tools, async_datastore),
    ):
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                exec(compile(ast.Module(node.body, []), "imports", "exec"), found)
    return found


@pytest.mark.parametrize("kind", FACES, ids=lambda kind: kind.__name__)
def test_public_signatures_show_nothing_of_the_http_client(kind: type[Any]) -> None:
    for function in public(kind).values():
        hints = typing.get_type_hints(function, localns=names_for_checkers())
        signature = inspect.signature(function)
        told = f"{hints} {[repr(parameter.default) for parameter in signature.parameters.values()]}"
        assert "httpx" not in told
        assert "httpcore" not in told


@pytest.mark.parametrize("kind", FACES, ids=lambda kind: kind.__name__)
def test_everything_public_is_described(kind: type[Any]) -> None:
    assert inspect.getdoc(kind)
    for name, function in public(kind).items():
        if name == "__init__":
            continue
        text = inspect.getdoc(function) or ""
        place = f"{kind.__name__}.{name}"
        assert text, place
        signature = inspect.signature(function)
        parameters = [parameter for parameter in signature.parameters if parameter != "self"]
        if parameters:
            told = text.partition("Args:")[2].partition("Returns:")[0].partition("Raises:")[0]
            assert [p for p in parameters if f"    {p}: " not in told] == [], place
        if kind.__name__.endswith(("Results", "Inventory")):
            continue
        if "None" not in str(signature.return_annotation):
            assert "Returns:" in text, place
        if name not in ("browse", "close", "explain"):
            assert "Raises:" in text, place


@pytest.mark.parametrize("kind", FACES, ids=lambda kind: kind.__name__)
def test_the_errors_that_are_promised_exist(kind: type[Any]) -> None:
    for function in public(kind).values():
        told = (inspect.getdoc(function) or "").partition("Raises:")[2].partition("Example:")[0]
        for name in re.findall(r"^    (\w+):", told, re.MULTILINE):
            assert name in errors.__all__ or name in ("ImportError", "OSError"), (
                f"{function.__qualname__}: {name}"
            )
