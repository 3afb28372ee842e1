"""How the models show themselves: briefly in a repr, with the SDK as text and HTML."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import attrs
import pytest
from provena_api import models
from provena_api.types import Shown

import provena_sdk

EVIL = "reef\x1b]52;c;AAAA\x07\u202etxt.exe\u2028\ud800" + "x" * 10_000

MODELS = [
    model
    for model in (getattr(models, name) for name in models.__all__)
    if isinstance(model, type) and issubclass(model, Shown)
]


def filled(model: Any, value: Any) -> Any:
    """A model all of whose fields have one value, whatever their type."""
    made = model.__new__(model)
    for field in attrs.fields(model):
        setattr(made, field.name, {} if field.name == "additional_properties" else value)
    return made


def test_all_models_show_themselves() -> None:
    assert len(MODELS) > 100
    assert all(attrs.has(model) for model in MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("value", [EVIL, None, [EVIL] * 1000, 10**300, True], ids=["text", "none", "list", "int", "bool"])
def test_a_repr_is_short_and_printable(model: Any, value: Any) -> None:
    shown = repr(filled(model, value))
    assert shown.startswith(f"<{model.__name__}")
    assert shown.endswith(">")
    assert len(shown) <= 200
    assert shown.isprintable()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_repr_has_nothing_secret(model: Any) -> None:
    hidden = {field.name for field in attrs.fields(model) if not field.repr}
    assert hidden.isdisjoint(field.removesuffix("=") for field in model._telling)


def test_a_model_that_is_not_complete_has_a_repr() -> None:
    assert repr(models.ItemDataset.__new__(models.ItemDataset)) == "<ItemDataset>"


def test_what_tells_most_comes_first() -> None:
    status = models.Status(success=True, details="Made.")
    assert repr(status) == "<Status details='Made.' success=True>"
    assert repr(models.MintResponse(status=status, handle="10378.1/7")).startswith("<MintResponse 10378.1/7")
    assert repr(models.GroupUser(username="ada", email="a@example.org")) == (
        "<GroupUser username='ada' email='a@example.org'>"
    )
    found = models.QueryResults(status=status, results=[models.QueryResult(id="1/2", score=0.5)])
    assert repr(found).startswith("<QueryResults 1 result ")
    assert repr(found.results[0]) == "<QueryResult 1/2 score=0.5>"


def test_without_the_sdk_text_is_the_repr() -> None:
    code = """if True:
        import sys
        from provena_api.models import QueryResult
        hit = QueryResult(id="10378.1/1", score=1.5)
        assert str(hit) == repr(hit) == "<QueryResult 10378.1/1 score=1.5>"
        assert hit._repr_html_() is None
        import provena_sdk
        assert "provena_sdk.views" not in sys.modules
        assert str(hit).splitlines()[0] == "Query result", str(hit)
        assert "10378.1/1" in hit._repr_html_()
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


def hidden_texts(model: Shown) -> Iterator[str]:
    """The values of secret fields, of a model and of those in it."""
    for field in attrs.fields(type(model)):  # type: ignore[arg-type]
        value = getattr(model, field.name)
        if isinstance(value, Shown):
            yield from hidden_texts(value)
        elif not field.repr and isinstance(value, str):
            yield value


def test_every_recorded_answer_shows_itself(exchanges: list[Any]) -> None:
    assert provena_sdk.__version__  # the presenter is named by the package
    longest = shown = secrets = 0
    for exchange in exchanges:
        if exchange.operation is None or exchange.status != 200 or "…" in json.dumps(exchange.response):
            continue
        module = f"provena_api.api.{exchange.service}.{exchange.operation['operationId']}"
        try:
            answer = importlib.import_module(module).parse(exchange.response)
        except (KeyError, TypeError):
            continue  # a refusal, whose other fields are null
        if not isinstance(answer, Shown):
            continue
        html = answer._repr_html_() or ""
        longest = max(longest, len(repr(answer)))
        shown += 1
        assert repr(answer).isprintable(), exchange.name
        assert len(str(answer)) < 20_000, exchange.name
        assert len(html) < 40_000, exchange.name
        assert html.startswith('<div class="provena">'), exchange.name
        for secret in hidden_texts(answer):
            secrets += 1
            assert secret not in f"{answer!r} {answer} {unescape(html)}", exchange.name
    print(f"{shown} recorded answers shown, the longest repr has {longest} characters")
    assert longest <= 200
    assert shown > 250
    assert secrets > 20
