"""Every regular expression of the package takes time in proportion to the text it reads, whatever the text says.

The expressions are found by walking the modules, so a new one is covered without being named here.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import provena_sdk
from provena_sdk.display.text import READ_LIMIT

NEVER_FOREIGN: Final = {
    # module and name of an expression that only ever reads the user's own text: why
    "provena_sdk.config.deployment._DOMAIN": "reads the user's own settings",
    "provena_sdk.config.deployment._REALM": "reads the user's own settings",
    "provena_sdk.config.profiles._LINE": "reads what Python's TOML reader says about the user's own file",
    "provena_sdk.transfer.spec.patterns._CLASS": "reads the patterns that the user wrote",
    "provena_sdk.transfer.spec.patterns._ALTERNATIVES": "reads the patterns that the user wrote",
}

METHODS: Final = ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")
LONG: Final = READ_LIMIT
SHORT: Final = LONG // 10
MOST_GROWTH: Final = 12
TRIES: Final = 6
LEAST_SECONDS: Final = 2e-6


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(provena_sdk.__path__, "provena_sdk."):
        if not found.name.startswith("provena_sdk.sandbox") and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def expressions() -> dict[str, re.Pattern[Any]]:
    """Every compiled expression, by the module that made it and its name there."""
    found: dict[int, tuple[str, re.Pattern[Any]]] = {}
    for module in modules():
        source = Path(str(module.__file__)).read_text("utf-8")
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and f"{name}" in source and "re.compile" in source:
                found.setdefault(id(value), (f"{module.__name__}.{name}", value))
    return dict(found.values())


def trees() -> Iterator[tuple[str, ast.Module]]:
    for module in modules():
        yield module.__name__, ast.parse(Path(str(module.__file__)).read_text("utf-8"))


def uses() -> dict[str, set[str]]:
    """The methods that are called on each name, anywhere in the package."""
    found: dict[str, set[str]] = {}
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                named = (
                    node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", None)
                )
                if named is not None:
                    found.setdefault(named, set()).add(node.attr)
    return found


EXPRESSIONS: Final = expressions()
USES: Final = uses()


def fills(pattern: str) -> tuple[list[str], list[str]]:
    """Beginnings and repeated pieces that an expression may choke on: its own words and letters, and the usual ones."""
    plain = re.sub(r"\\[sSdDwWbBAZ]|\(\?[:=!<P][^a-z]?|\{[\d,]+\}", " ", pattern).replace("\\", "")
    words = [word for text in re.findall(r"[A-Za-z0-9<>=:/_&#%. \"'-]{2,}", plain) if (word := text.strip())]
    letters = sorted({*plain, *" \t\n0aA./:-_<>\"'=\\,;&%[]{}\x00é٣"})
    pieces = [*letters, *words[:8], *(f"{one}{other}" for one, other in itertools.pairwise(words))]
    pieces += [f"{letter}{other}" for letter in "aA0 ./" for other in '0a /.-:,="[']
    return ["", *words[:8]], pieces


def texts(pattern: str, length: int) -> Iterator[str]:
    begins, pieces = fills(pattern)
    for begin in begins:
        for piece in pieces:
            body = (begin + piece * (length // len(piece) + 1))[: length - 1]
            yield body + "\x00"


def seconds(run: Any, text: Any) -> float:
    started = time.thread_time()
    run(text)
    return time.thread_time() - started


def growth(run: Any, short: Any, long: Any) -> float:
    """How many times as long the long text takes, at the best of several tries: others use the machine as well."""
    best = float("inf")
    for repeats in (1, *[3] * TRIES):
        taken = max(min(seconds(run, short) for _ in range(repeats)), LEAST_SECONDS)
        best = min(best, min(seconds(run, long) for _ in range(repeats)) / taken)
        if best <= MOST_GROWTH:
            break
    return best


def runs(name: str) -> Iterator[Any]:
    pattern = EXPRESSIONS[name]
    used = USES.get(name.rpartition(".")[2], set()) or {"search"}
    if used & {"sub", "subn"}:
        yield lambda text: pattern.sub(text[:0], text)
    if used & {"search", "findall", "finditer", "split"}:
        yield lambda text: sum(1 for _ in pattern.finditer(text))
    if "match" in used:
        yield pattern.match
    if "fullmatch" in used:
        yield pattern.fullmatch


def test_there_are_expressions_to_look_at() -> None:
    assert len(EXPRESSIONS) > 15
    assert set(NEVER_FOREIGN) <= set(EXPRESSIONS), "an expression of the list is gone"


@pytest.mark.parametrize("quadratic", [r"\s+$", r"(?:a|b)+c", r"https?://\S*x"])
def test_the_measure_finds_an_expression_that_is_not_linear(quadratic: str) -> None:
    run = re.compile(quadratic).search
    pairs = zip(texts(quadratic, SHORT), texts(quadratic, LONG), strict=True)
    assert any(growth(run, short, long) > 2 * MOST_GROWTH for short, long in pairs)


@pytest.mark.parametrize("name", sorted(set(EXPRESSIONS) - set(NEVER_FOREIGN)))
def test_time_grows_with_the_text_alone(name: str) -> None:
    pattern = EXPRESSIONS[name]
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    for run in runs(name):
        for short, long in zip(texts(source, SHORT), texts(source, LONG), strict=True):
            given: list[Any] = [short, long]
            if is_bytes:
                given = [text.encode() for text in given]
            grown = growth(run, *given)
            assert grown <= MOST_GROWTH, f"{name} on {long[:40]!r} …: {grown:.0f} times as long"


def test_no_expression_hides_in_a_function() -> None:
    """``re.search("…", text)`` compiles where no list of expressions can find it."""
    hidden = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in METHODS
    ]
    assert hidden == []
