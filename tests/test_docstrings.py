"""Every example in a docstring is true: it is run, against a sandbox where it needs a Provena."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import provena_sdk
from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.sandbox import Sandbox

LEFT_OUT = ("provena_sdk.sandbox.", "provena_sdk.cli.")
"""The sandbox's examples start a sandbox of their own, and the commands have none."""


class Finder(doctest.DocTestFinder):
    """Finds the examples of decorated methods, too."""

    def _from_module(self, module: types.ModuleType | None, thing: object) -> bool:
        found: bool = super()._from_module(module, inspect.unwrap(thing) if callable(thing) else thing)  # type: ignore[misc]
        return found


def examples() -> list[Any]:
    """All docstrings with examples, as test parameters named by what they describe."""
    found = []
    finder = Finder(exclude_empty=True)
    for module in pkgutil.walk_packages(provena_sdk.__path__, "provena_sdk."):
        if f"{module.name}.".startswith(LEFT_OUT):
            continue
        found += finder.find(importlib.import_module(module.name), module.name)
    return [pytest.param(test, id=test.name) for test in found if test.examples]


EXAMPLES = examples()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with the datasets that the examples speak of."""
    with Sandbox() as made:
        alpha = made.add_dataset(
            "Alpha reef survey",
            files={"obs/2024.csv": b"day,temperature\n2024-01-01,27.5\n"},
            spatial_info={"coverage": "SRID=4326;POLYGON((145 -10, 155 -10, 155 -25, 145 -25, 145 -10))"},
            temporal_info={"duration": {"begin_date": "2010-02-01", "end_date": "2021-04-03"}},
        )
        assert alpha == "10378.1/1900011", "the examples name it so"
        made.add_dataset("Tides of the reef")
        made.state.reviewers.add("10378.1/1900005")
        yield made


async def run(test: doctest.DocTest, names: dict[str, Any]) -> list[str]:
    """Run the examples of a docstring, and say which of them told something else than they show."""
    wrong = []
    checker = doctest.OutputChecker()
    names = {**test.globs, **names}
    for example in test.examples:
        if example.options.get(doctest.SKIP):
            continue  # it needs a person
        place = f"{test.name}, line {(test.lineno or 0) + example.lineno + 1}"
        code = compile(example.source, place, "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            result = types.FunctionType(code, names)()
            if inspect.iscoroutine(result):
                await result
        if not checker.check_output(example.want, told.getvalue(), doctest.ELLIPSIS):
            wrong.append(f"{place}:\n{example.source}shows:\n{example.want}and tells:\n{told.getvalue()}")
    return wrong


@pytest.mark.parametrize("test", EXAMPLES)
def test_example(
    test: doctest.DocTest, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVENA_CACHE_DIR", str(tmp_path / "cache"))
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    deployment, access_token = Deployment.from_env(), sandbox.access_token("writer")
    shared = {
        "Provena": Provena,
        "AsyncProvena": AsyncProvena,
        "deployment": deployment,
        "access_token": access_token,
    }

    async def awaiting() -> list[str]:
        async with AsyncProvena(deployment, access_token=access_token) as provena:
            return await run(test, {**shared, "provena": provena})

    def blocking() -> list[str]:
        with Provena(deployment, access_token=access_token) as provena:
            return asyncio.run(run(test, {**shared, "provena": provena}))

    awaits = any("await " in example.source or "async " in example.source for example in test.examples)
    assert "\n".join(asyncio.run(awaiting()) if awaits else blocking()) == ""


def test_both_faces_have_examples() -> None:
    names = [str(parameter.id) for parameter in EXAMPLES]
    assert len(names) > 60
    for wanted in (
        "resources.datastore.Datastore.fetch_dataset",
        "resources._async.search.AsyncSearch",
        "client.Provena.whoami",
    ):
        assert any(wanted in name for name in names)


def test_an_untrue_example_is_noticed() -> None:
    text = """
    >>> 1 + 1
    3
    >>> await asyncio.sleep(0, "slept")
    'slept'
    >>> await asyncio.sleep(0, "slept")
    """
    test = doctest.DocTestParser().get_doctest(text, {"asyncio": asyncio}, "untrue", None, 0)
    wrong = asyncio.run(run(test, {}))
    assert [told.partition(":")[0] for told in wrong] == ["untrue, line 2", "untrue, line 6"]
