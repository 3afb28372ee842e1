"""Write geometries as GeoJSON (RFC 7946), in longitude and latitude, cut at the date line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provena_sdk.coverage.date_line import cut
from provena_sdk.coverage.ewkt import Geometry


def geometry_object(geometry: Geometry) -> dict[str, Any]:
    """Return the geometry as a GeoJSON object.

    Args:
        geometry: A geometry in degrees, without jumps at the date line.

    Example:
        >>> from provena_sdk.coverage.ewkt import parse
        >>> geometry_object(parse("SRID=4326;POINT(145 -16)"))
        {'type': 'Point', 'coordinates': [145.0, -16.0]}
    """
    whole = cut(geometry)
    points = [list(point) for point in whole.points]
    lines = [[list(position) for position in line] for line in whole.lines]
    polygons = [[[list(position) for position in ring] for ring in polygon] for polygon in whole.polygons]
    found: dict[str, list[Any]] = {"Point": points, "LineString": lines, "Polygon": polygons}
    if whole.kind == "GeometryCollection":
        parts = [{"type": kind, "coordinates": part} for kind, several in found.items() for part in several]
        return {"type": whole.kind, "geometries": parts}
    several = found[whole.kind.removeprefix("Multi")]
    coordinates = several if whole.kind.startswith("Multi") else next(iter(several), [])
    return {"type": whole.kind, "coordinates": coordinates}


def feature(
    geometry: Geometry | None, properties: Mapping[str, Any], identifier: str | None = None
) -> dict[str, Any]:
    """Return a GeoJSON feature.

    Args:
        geometry: A geometry as for :func:`geometry_object`, or None for a feature without a place.
        properties: Anything that JSON can express.
        identifier: The feature's id, if it has one.
    """
    return {
        "type": "Feature",
        **({} if identifier is None else {"id": identifier}),
        "geometry": None if geometry is None else geometry_object(geometry),
        "properties": dict(properties),
    }


def feature_collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a GeoJSON feature collection."""
    return {"type": "FeatureCollection", "features": list(features)}
