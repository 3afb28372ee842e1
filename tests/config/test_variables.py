"""Variables that only look like ours are warned of, once, without their values."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import provena_sdk
from provena_sdk import AsyncProvena, Provena
from provena_sdk.config import variables


@pytest.fixture(autouse=True)
def _nothing_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "_warned", set())


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
def test_a_slip_of_the_pen_is_warned_of_once(face: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_TIMOUT", "hush")
    monkeypatch.setenv("PROVENA_XYZZY\x1b[2J", "hush")
    monkeypatch.setenv("OTHER_VARIABLE", "hush")
    with pytest.warns(UserWarning, match="PROVENA_") as caught:
        face("example.org", access_token="t")
    told = sorted(str(warning.message) for warning in caught)
    assert told == [
        "The environment variable PROVENA_TIMOUT has no effect: provena-sdk does not know it. "
        "Did you mean PROVENA_TIMEOUT?",
        "The environment variable PROVENA_XYZZY\\x1b[2J has no effect: provena-sdk does not know it.",
    ]
    assert {warning.filename for warning in caught} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        face("example.org", access_token="t")


def test_an_environment_that_is_given_is_looked_at() -> None:
    with pytest.warns(UserWarning, match="Did you mean PROVENA_DOMAIN") as caught:
        Provena.from_env({"PROVENA_DOMAIN": "example.org", "PROVENA_DOMAINE": "hush"})
    assert caught[0].filename == __file__


def test_what_is_known_is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        variables.warn_of_unknown(dict.fromkeys(variables.KNOWN, "x"))


def named(root: Path) -> Iterator[str]:
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                value = node.value
                if value.startswith("PROVENA_") and value.isidentifier() and value != "PROVENA_":
                    yield value


def test_every_variable_that_the_package_names_is_known() -> None:
    assert set(named(Path(provena_sdk.__file__).parent)) <= variables.KNOWN
