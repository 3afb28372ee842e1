"""Maps, timelines and GeoJSON of several datasets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provena_api.models import ItemDataset

from provena_sdk.coverage.described import period, place
from provena_sdk.coverage.geojson import feature, feature_collection
from provena_sdk.display.pictures.map import Outline, map_picture
from provena_sdk.display.pictures.picture import Picture
from provena_sdk.display.pictures.plot import plotted
from provena_sdk.display.pictures.timeline import Bar, timeline


def places(items: Iterable[ItemDataset]) -> Picture:
    """Draw where the datasets' data lie; those without a place are left out."""
    return map_picture(_outlines(items))


def plotted_places(items: Iterable[ItemDataset], axes: Any) -> Any:
    """Draw the same with matplotlib; return the axes."""
    return plotted(_outlines(items), axes)


def _outlines(items: Iterable[ItemDataset]) -> list[Outline]:
    found = ((item, place(item.collection_format)) for item in items)
    return [
        outline
        for item, extent in found
        if extent is not None
        for outline in extent.outlines(item.display_name)
    ]


def times(items: Iterable[ItemDataset]) -> Picture:
    """Draw when the datasets' data were taken, earliest first; those without a time are left out."""
    spans = [(item.display_name, period(item.collection_format)) for item in items]
    bars = [Bar(name, span.begin, span.end) for name, span in spans if span is not None]
    return timeline(sorted(bars, key=lambda bar: (bar.begin, bar.end)))


def features(items: Iterable[ItemDataset]) -> dict[str, Any]:
    """Return a GeoJSON feature collection, one feature per dataset."""
    return feature_collection(map(_feature, items))


def _feature(item: ItemDataset) -> dict[str, Any]:
    info = item.collection_format.dataset_info
    extent, span = place(item.collection_format), period(item.collection_format)
    properties = {
        "handle": item.id,
        "name": item.display_name,
        "owner": item.owner_username,
        "status": str(item.release_status),
        "begin": span.begin.isoformat() if span else None,
        "end": span.end.isoformat() if span else None,
        "keywords": list(info.keywords or ()),
        "licence": info.license,
    }
    return feature(None if extent is None else extent.geometry, properties, item.id)
