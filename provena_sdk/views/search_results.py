"""The hits of a search as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from provena_api.models import ItemDataset

from provena_sdk.coverage.described import period, place
from provena_sdk.display.html import Html, element, fragment, link, rows
from provena_sdk.display.tables import MOST_ROWS, table
from provena_sdk.views.dataset_card import status_in_words
from provena_sdk.views.dataset_pictures import places, times
from provena_sdk.views.handles import handle_url

COLUMNS: Final = ("dataset", "name", "status", "place", "time")


def text(items: Sequence[ItemDataset], notes: Sequence[str]) -> str:
    """Return the hits as lines, best first, with notes below.

    Args:
        items: The datasets.
        notes: Lines such as how many hits are not readable; external text in them must already be printable.
    """
    lines = [table(COLUMNS, [_row(item) for item in items])] if items else []
    return "\n".join([*lines, *notes]) or "no hits"


def html(items: Sequence[ItemDataset], notes: Sequence[str]) -> str:
    """Return the hits as HTML, with notes, a map and a timeline below."""
    shown = items[:MOST_ROWS]
    cells = [[link(handle_url(item.id), item.id), *_row(item)[1:]] for item in shown]
    notes = [*([f"… and {len(items) - MOST_ROWS:,} more"] if len(items) > MOST_ROWS else []), *notes]
    head = element("div", f"{len(items)} dataset{'' if len(items) == 1 else 's'}", kind="p-title")
    below = [element("div", note, kind="p-line p-quiet") for note in notes]
    return fragment(head, *([rows(COLUMNS, cells)] if items else []), *below, _pictures(items))


def _pictures(items: Sequence[ItemDataset]) -> Html:
    has_places = any(place(item.collection_format) for item in items)
    has_times = any(period(item.collection_format) for item in items)
    shown = [
        *([element("div", places(items).inline(), kind="p-map")] if has_places else []),
        *([element("div", times(items).inline())] if has_times else []),
    ]
    return element("div", *shown, kind="p-side") if shown else Html("")


def _row(item: ItemDataset) -> list[object]:
    where, when = place(item.collection_format), period(item.collection_format)
    return [item.id, item.display_name, status_in_words(item.release_status), where, when]
