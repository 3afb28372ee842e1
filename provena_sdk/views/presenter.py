"""Text and HTML of the generated models, which find this module by its name in ``provena_api.presenter``."""

from __future__ import annotations

from provena_api.models import ItemDataset
from provena_api.types import Shown

from provena_sdk.views import search_results
from provena_sdk.views.card import Card
from provena_sdk.views.dataset_card import dataset_card
from provena_sdk.views.records import record_card


def text(model: Shown) -> str:
    """Return what ``str`` of a model returns."""
    datasets = _datasets(model)
    return str(_card(model)) if datasets is None else search_results.text(datasets, ())


def html(model: Shown) -> str:
    """Return what a notebook shows for a model."""
    datasets = _datasets(model)
    return _card(model)._repr_html_() if datasets is None else search_results.html(datasets, ())


def _datasets(model: Shown) -> list[ItemDataset] | None:
    """Return the datasets that an answer lists, or None if it is not such an answer."""
    for name in ("items", "dataset_items"):
        items = getattr(model, name, None)
        if isinstance(items, list) and items and all(isinstance(item, ItemDataset) for item in items):
            return items
    return None


def _card(model: Shown) -> Card:
    if isinstance(model, ItemDataset):
        return dataset_card(model)
    item = getattr(model, "item", None)
    if isinstance(item, ItemDataset):
        locked, roles = getattr(model, "locked", None), getattr(model, "roles", None)
        return dataset_card(item, locked=locked, roles=roles or ())
    return record_card(model)
