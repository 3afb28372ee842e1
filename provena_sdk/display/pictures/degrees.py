"""Longitudes and latitudes as people write them."""

from __future__ import annotations

from collections.abc import Sequence

Span = tuple[float, float]
"""West and east; east of the date line, longitudes exceed 180."""


def longitude(value: float) -> str:
    """Format a longitude; beyond the date line it goes on on the other side.

    Example:
        >>> longitude(145), longitude(-0.25), longitude(182), longitude(180)
        ('145°E', '0.25°W', '178°W', '180°E')
    """
    return _degrees(value if -180 <= value <= 180 else (value + 180) % 360 - 180, "EW")


def latitude(value: float) -> str:
    """Format a latitude.

    Example:
        >>> latitude(-16.5), latitude(0)
        ('16.5°S', '0°')
    """
    return _degrees(value, "NS")


def box_in_words(box: tuple[float, float, float, float]) -> str:
    """Format west, south, east and north.

    Example:
        >>> box_in_words((145, -25, 155, -10)), box_in_words((178, -16, 178, -16))
        ('145°E to 155°E, 25°S to 10°S', '178°E, 16°S')
    """
    west, south, east, north = box
    across = "all longitudes" if east - west >= 360 else _span(longitude(west), longitude(east))
    return f"{across}, {_span(latitude(south), latitude(north))}"


def western_end(spans: Sequence[Span]) -> float:
    """Return the longitude from which spans together reach least far east, on a globe.

    Where no turn saves room, that is the least longitude as it is given.

    Example:
        >>> western_end([(175, 178), (-178, -175)]), western_end([(-180, 180), (10, 20)])
        (175, -180)
    """
    plain = max(east for _, east in spans) - min(west for west, _ in spans)
    ordered = sorted((west - 360 * ((west + 180) // 360), east - west) for west, east in spans)
    reach = max(west + width for west, width in ordered) - 360
    widest, start = 0.0, ordered[0][0]
    for west, width in ordered:
        if west - reach > widest:
            widest, start = west - reach, west
        reach = max(reach, west + width)
    return min(west for west, _ in spans) if plain <= 360 - widest + 1e-9 else start


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _degrees(value: float, ends: str) -> str:
    size = f"{abs(value):.2f}".rstrip("0").rstrip(".")
    return f"{size}°{'' if size == '0' else ends[value < 0]}"
