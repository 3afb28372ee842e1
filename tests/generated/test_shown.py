"""How the models show themselves: briefly in a repr, with the SDK as text and HTML."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from provena_api import models
from provena_api.types import Shown

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
