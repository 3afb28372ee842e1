"""Longitudes and latitudes as people write them."""

from __future__ import annotations


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


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _degrees(value: float, ends: str) -> str:
    size = f"{abs(value):.2f}".rstrip("0").rstrip(".")
    return f"{size}°{'' if size == '0' else ends[value < 0]}"
