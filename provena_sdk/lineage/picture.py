"""Draw a lineage as SVG.

The text is valid in HTML and XML, has no ids or styles that could clash with those of a page, and takes the colour of
the text around it, so that it reads in light and dark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from provena_sdk.display.pictures.text_width import clipped, text_width, wrapped
from provena_sdk.display.text import printable
from provena_sdk.lineage.layout import Layout, Link, Place, arranged
from provena_sdk.lineage.nodes import ACTIVITY, AGENT, ENTITY, Edge, Node

MOST_NODES: Final = 50
"""Most nodes that a picture shows."""

_WIDTH: Final = 168
_HEIGHT: Final = 66
_ROOF: Final = 9
_BESIDE: Final = 18
_BETWEEN: Final = 64
_PASSING: Final = 22
_MARGIN: Final = 16
_PORT: Final = 15
_WIDEST: Final = 1180
"""Up to this width, in pixels, time runs from left to right; beyond, it runs downwards if that is narrower."""

_NAME: Final = 11.5
_SMALL: Final = 9.5
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

_COLOURS: Final = {ENTITY: "#b8931f", ACTIVITY: "#4a7fd4", AGENT: "#d0702f"}
_LINES: Final = {
    "used": ("#4a7fd4", ""),
    "wasGeneratedBy": ("#3a9468", ""),
    "wasAssociatedWith": ("#d0702f", "6 3.5"),
    "wasAttributedTo": ("#a85aa0", "1.6 3.2"),
    "wasInformedBy": ("#4a7fd4", "6 3.5"),
    "wasInfluencedBy": ("#808080", "6 3.5"),
    "hadMember": ("#808080", "1.6 3.2"),
}
_OTHER: Final = ("#808080", "")


class _Spot(NamedTuple):
    """A point of the picture."""

    x: float
    y: float

    def __str__(self) -> str:
        return f"{self.x:.1f} {self.y:.1f}"


def drawn(title: str, start: str, nodes: Sequence[Node], edges: Sequence[Edge], *, standalone: bool) -> str:
    """Return the picture.

    Args:
        title: What it shows.
        start: Handle of the node to highlight.
        nodes: The nodes, nearest to the start first; at most ``MOST_NODES`` are drawn.
        edges: The edges.
        standalone: True for a file, with a text colour of its own; False for a part of a page.
    """
    shown = {node.id: node for node in nodes[:MOST_NODES]}
    kept = [edge for edge in edges if edge.source in shown and edge.target in shown]
    return _Picture(title, start, shown, kept, left_out=len(nodes) - len(shown)).text(standalone=standalone)


class _Picture:
    def __init__(
        self,
        title: str,
        start: str,
        nodes: dict[str, Node],
        edges: Sequence[Edge],
        *,
        left_out: int,
    ) -> None:
        self._title = printable(title, 200)
        self._start = start
        self._nodes = nodes
        self._relations = list(dict.fromkeys(edge.relation for edge in edges))
        self._left_out = left_out
        self._across, self._layout = _oriented(list(nodes.values()), edges)
        self._rows = {place: number for number, row in enumerate(self._layout.rows) for place in row}
        self._ports = self._port_offsets()
        spots = [self._centre(place) for place in nodes]
        passing = [self._centre(place).x for place in self._layout.at if isinstance(place, tuple)]
        self._width = max([420.0, *passing, *(spot.x + _WIDTH / 2 for spot in spots)]) + _MARGIN
        self._top = 2.0 * _MARGIN + 14
        self._bottom = self._top + max([0.0, *(spot.y + _HEIGHT / 2 for spot in spots)])

    def text(self, *, standalone: bool) -> str:
        notes, height = self._notes()
        parts = [
            f'<text x="{_MARGIN}" y="{_MARGIN + 12}" font-size="14" font-weight="600">'
            f"{escape(clipped(self._title, 14, self._width - 2 * _MARGIN))}</text>",
            f'<g transform="translate(0 {self._top:.0f})">',
            *self._lines(),
            *(self._node(node) for node in self._nodes.values()),
            "</g>",
            *notes,
        ]
        style = (
            "<style>.provena-lineage{color:#1c2126}"
            "@media (prefers-color-scheme:dark){.provena-lineage{color:#e4e7ea}}</style>"
            if standalone
            else ""
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="provena-lineage" role="img" width="{self._width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {self._width:.0f} {height:.0f}" fill="currentColor" '
            f'font-family="{_FONT}" style="max-width:100%;height:auto">'
            f"<title>{escape(self._title)}</title>{style}\n" + "\n".join(parts) + "\n</svg>"
        )

    def _centre(self, place: Place) -> _Spot:
        row = self._rows[place]
        along = self._layout.at[place]
        if self._across:
            return _Spot(_MARGIN + _WIDTH / 2 + row * (_WIDTH + _BETWEEN), along)
        return _Spot(_MARGIN + along, _HEIGHT / 2 + row * (_HEIGHT + _BETWEEN))

    def _port_offsets(self) -> dict[tuple[Place, bool, str], float]:
        """Return how far from the middle of a side the lines of each relation end there."""
        ends: dict[tuple[Place, bool], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        at = self._layout.at
        for link in self._layout.links:
            if not isinstance(link.older, tuple):
                ends[link.older, True][link.relation].append(at[link.younger])
            if not isinstance(link.younger, tuple):
                ends[link.younger, False][link.relation].append(at[link.older])
        offsets = {}
        for (place, is_older), relations in ends.items():
            ordered = sorted(relations, key=lambda name: sum(relations[name]) / len(relations[name]))
            for number, relation in enumerate(ordered):
                offsets[place, is_older, relation] = (number - (len(ordered) - 1) / 2) * _PORT
        return offsets

    def _end(self, link: Link, *, older: bool) -> _Spot:
        """Return where a link meets one of its places."""
        place = link.older if older else link.younger
        centre, side = self._centre(place), 1 if older else -1
        offset = self._ports.get((place, older, link.relation), 0.0)
        if self._across:
            return _Spot(centre.x + side * _WIDTH / 2, centre.y + offset)
        return _Spot(centre.x + offset, centre.y + side * _HEIGHT / 2)

    def _lines(self) -> Iterator[str]:
        passed: set[Place] = set()
        for link in self._layout.links:
            start, end = self._end(link, older=False), self._end(link, older=True)
            way = self._curve(link, start, end)
            if isinstance(link.older, tuple) and link.older not in passed:
                passed.add(link.older)
                beyond = self._end(Link(link.older, link.older, link.relation), older=False)
                way += f" L{beyond}"
            colour, dashes = _LINES.get(link.relation, _OTHER)
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            yield (
                f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}>'
                f"<title>{escape(printable(link.relation, 60))}</title></path>"
            )
            if not isinstance(link.younger if link.backwards else link.older, tuple):
                yield self._head(start if link.backwards else end, colour, towards_older=not link.backwards)

    def _curve(self, link: Link, start: _Spot, end: _Spot) -> str:
        bend = _BETWEEN * 0.55
        if self._across:
            return f"M{start} C{_Spot(start.x - bend, start.y)} {_Spot(end.x + bend, end.y)} {end}"
        return f"M{start} C{_Spot(start.x, start.y - bend)} {_Spot(end.x, end.y + bend)} {end}"

    def _head(self, tip: _Spot, colour: str, *, towards_older: bool) -> str:
        length = 8.0 if towards_older else -8.0
        if self._across:
            wings = (_Spot(tip.x + length, tip.y - 3.8), _Spot(tip.x + length, tip.y + 3.8))
        else:
            wings = (_Spot(tip.x - 3.8, tip.y + length), _Spot(tip.x + 3.8, tip.y + length))
        return f'<path d="M{tip} L{wings[0]} L{wings[1]} Z" fill="{colour}"/>'

    def _node(self, node: Node) -> str:
        x, y = self._centre(node.id)
        names = wrapped(node.label, _NAME, _WIDTH - 24, lines=2)
        small = ' fill-opacity="0.72"'
        lines = [
            (node.kind_in_words, _SMALL, small),
            *((name, _NAME, ' font-weight="600"') for name in names),
            (printable(node.id, 60), _SMALL, small),
        ]
        heights = [13.0 if size == _SMALL else 15.0 for _, size, _ in lines]
        base = y - sum(heights) / 2 + (2 if node.category == AGENT else 0)
        texts = []
        for (line, size, look), height in zip(lines, heights, strict=True):
            base += height
            texts.append(
                f'<text x="{x:.1f}" y="{base - 3.5:.1f}" font-size="{size:g}" text-anchor="middle"{look}>'
                f"{escape(clipped(line, size, _WIDTH - 16))}</text>"
            )
        whole = f"{node.label} ({node.kind_in_words}, {printable(node.id, 100)})"
        shape = _shape(
            node.category,
            _Spot(x, y),
            (_WIDTH, _HEIGHT),
            bold=node.id == self._start,
            dashed=node.name is None,
        )
        return f"<g><title>{escape(whole)}</title>{shape}{''.join(texts)}</g>"

    def _notes(self) -> tuple[list[str], float]:
        """Return the legend and the notes below the picture, and the height of everything."""
        parts = []
        x, y = float(_MARGIN), self._bottom + 26
        for sample, words in self._legend():
            width = 30 + text_width(words, 11) + 20
            if x + width > self._width and x > _MARGIN:
                x, y = float(_MARGIN), y + 20
            parts.append(
                f'<g transform="translate({x:.0f} {y:.0f})">{sample}'
                f'<text x="30" y="4" font-size="11">{escape(words)}</text></g>'
            )
            x += width
        for words in self._remarks():
            y += 20
            parts.append(f'<text x="{_MARGIN}" y="{y + 4:.0f}" font-size="11">{escape(words)}</text>')
        return parts, y + _MARGIN + 4

    def _legend(self) -> Iterator[tuple[str, str]]:
        categories = dict.fromkeys(node.category for node in self._nodes.values())
        for category in (ENTITY, ACTIVITY, AGENT):
            if category in categories:
                yield _shape(category, _Spot(11, 0), (22, 13)), category.lower()
        for relation in self._relations:
            colour, dashes = _LINES.get(relation, _OTHER)
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            yield (
                f'<path d="M0 0H16" stroke="{colour}" stroke-width="1.5" fill="none"{dash}/>'
                f'<path d="M23 0L15 -3.8L15 3.8Z" fill="{colour}"/>',
                printable(relation, 40),
            )

    def _remarks(self) -> Iterator[str]:
        if not self._nodes:
            yield "Nothing is recorded."
        elif self._relations:
            older = "left" if self._across else "top"
            yield f"Arrows point from the younger item to the older, which is further to the {older}."
        if self._left_out:
            are = "item is" if self._left_out == 1 else "items are"
            nearest = f"{len(self._nodes)} nearest to {printable(self._start, 60)}"
            yield f"{self._left_out} more {are} left out; shown are the {nearest}."


def _oriented(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[bool, Layout]:
    """Return whether time runs from left to right rather than downwards, and the layout."""
    across = arranged(nodes, edges, node_room=_HEIGHT + _BESIDE, passing_room=_PASSING)
    width = len(across.rows) * (_WIDTH + _BETWEEN)
    if width <= _WIDEST:
        return True, across
    downwards = arranged(nodes, edges, node_room=_WIDTH + _BESIDE, passing_room=_PASSING)
    return (True, across) if width <= max(downwards.at.values()) + _WIDTH else (False, downwards)


def _shape(
    category: str, centre: _Spot, size: tuple[float, float], *, bold: bool = False, dashed: bool = False
) -> str:
    """Draw an entity rounded, an activity as a rectangle, an agent with a roof: the shapes of PROV's own pictures."""
    width, height = size
    left, top = centre.x - width / 2, centre.y - height / 2
    colour = _COLOURS.get(category, _OTHER[0])
    look = f'fill="{colour}" fill-opacity="0.15" stroke="{colour}" stroke-width="{3 if bold else 1.4}"'
    if dashed:
        look += ' stroke-dasharray="4 3"'
    if category == AGENT:
        roof = height * _ROOF / _HEIGHT
        return (
            f'<path d="M{_Spot(left, top + roof)} L{_Spot(centre.x, top)} L{_Spot(left + width, top + roof)} '
            f'V{top + height:.1f} H{left:.1f} Z" {look}/>'
        )
    rounded = {ENTITY: height * 0.32, ACTIVITY: 0.0}.get(category, 4.0)
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:g}" height="{height:g}" rx="{rounded:.1f}" {look}/>'
