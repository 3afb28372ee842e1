"""Draw a map with matplotlib, to be styled, combined with other data and printed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from provena_sdk.display.pictures.coastlines import land
from provena_sdk.display.pictures.map import Outline, together, view_of


def plotted(shapes: Sequence[Outline], axes: Any = None) -> Any:
    """Draw shapes and the coasts around them, in longitude and latitude.

    Args:
        shapes: The shapes.
        axes: Matplotlib's axes to draw on; None makes new ones.

    Returns:
        The axes.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        pyplot = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError("plot() needs matplotlib: pip install matplotlib.") from error
    if axes is None:
        axes = pyplot.figure().add_subplot()
    moved = together(shapes)
    west, south, east, north = box = view_of(moved).box
    for ring in land():
        for turn in (-360, 0, 360):
            longitudes = [x + turn for x, _ in ring]
            if min(longitudes) < east and west < max(longitudes):
                axes.fill(
                    longitudes,
                    [y for _, y in ring],
                    facecolor="0.85",
                    edgecolor="0.6",
                    linewidth=0.5,
                    zorder=0,
                )
    for shape in moved:
        _plot(shape, axes)
    axes.set(xlim=box[::2], ylim=(south, north), xlabel="longitude", ylabel="latitude")
    axes.set_aspect("equal")
    return axes


def _plot(shape: Outline, axes: Any) -> None:
    style = {"color": "tab:orange", "label": shape.label}
    if shape.kind == "area":
        path, patches = import_module("matplotlib.path").Path, import_module("matplotlib.patches")
        rings = path.make_compound_path(*(path(line, closed=True) for line in shape.lines))
        axes.add_patch(patches.PathPatch(rings, alpha=0.3, **style))
    else:
        longitudes, latitudes = zip(*shape.lines[0], strict=True)
        axes.plot(longitudes, latitudes, marker="o" if shape.kind == "point" else None, **style)
