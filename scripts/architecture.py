"""Draw docs/architecture.svg: the folders of the package and their imports.

    python scripts/architecture.py            # write the picture
    python scripts/architecture.py --check    # fail if the picture is out of date

The picture is generated from the imports. A folder is drawn above all folders that it imports; arrows implied by others
are omitted. Folders that import each other share a row.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.layers import PACKAGE, circles, imports_of, modules_of  # noqa: E402

PICTURE: Final = ROOT / "docs" / "architecture.svg"
LEFT_OUT: Final = frozenset({"_version", "sandbox"})

BOX: Final = (212, 70)
GAP: Final = (24, 46)
MARGIN: Final = 24

STYLE: Final = """
svg { font-family: system-ui, sans-serif; color-scheme: light dark; }
.box { fill: #eef4fb; stroke: #4878a8; } .name { font-weight: 600; font-size: 14px; fill: #16324f; }
.says { font-size: 10.5px; fill: #44566b; } .arrow { fill: none; stroke: #8aa4c0; stroke-width: 1.2; }
@media (prefers-color-scheme: dark) {
  .box { fill: #1c2a3a; stroke: #6f9ecb; } .name { fill: #dbe9f7; } .says { fill: #a9bccf; } .arrow { stroke: #56718c; }
}
"""


def part_of(module: str) -> str:
    """Return the folder or module directly below the package."""
    return module.split(".")[1] if "." in module else ""


def graph() -> dict[str, set[str]]:
    """Return what each part of the package imports."""
    modules = modules_of(ROOT)
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in modules.items():
        if part_of(name) in LEFT_OUT or not part_of(name):
            continue
        found[part_of(name)] |= set()
        for edge in imports_of(name, path, modules):
            other = part_of(edge.imported)
            if other and other != part_of(name) and other not in LEFT_OUT:
                found[part_of(name)].add(other)
    return dict(found)


def pairs(edges: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Return the edges as pairs."""
    return [(part, other) for part, below in edges.items() for other in below]


def levels(edges: Mapping[str, set[str]]) -> dict[str, int]:
    """Number the rows from the bottom: each part is one above the highest part that it imports."""
    found: dict[str, int] = {}
    circle = {part: frozenset(parts) for parts in circles(pairs(edges)) for part in parts}

    def level(part: str) -> int:
        if part not in found:
            members = circle.get(part, frozenset({part}))
            below = {other for member in members for other in edges.get(member, ())} - members
            found.update(dict.fromkeys(members, 1 + max(map(level, below), default=-1)))
        return found[part]

    for part in edges:
        level(part)
    return found


def reduced(edges: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Omit the edges that others imply, except in circles."""
    row = levels(edges)

    def reach(part: str) -> set[str]:
        below = {other for other in edges.get(part, ()) if row[other] < row[part]}
        return below.union(*map(reach, below))

    return {
        part: {other for other in below if not any(other in reach(third) for third in below - {other})}
        for part, below in edges.items()
    }


def summary(part: str) -> str:
    """Return the first sentence of a part's docstring."""
    folder = ROOT / PACKAGE / part
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    sentence = re.sub(r":\w+:`~?([^`]+)`", r"\1", text.partition("\n")[0]).replace("``", "")
    return sentence.partition(". ")[0].rstrip(".")


def wrapped(text: str, width: int = 37, most: int = 3) -> list[str]:
    """Wrap a sentence; a longer one ends in an ellipsis."""
    lines: list[str] = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: width - 1]}…"]


def drawn() -> str:
    """Return the picture."""
    edges = graph()
    rows: dict[int, list[str]] = defaultdict(list)
    for part, level in levels(edges).items():
        rows[level].append(part)
    widest = max(map(len, rows.values()))
    width = 2 * MARGIN + widest * BOX[0] + (widest - 1) * GAP[0]
    height = 2 * MARGIN + len(rows) * BOX[1] + (len(rows) - 1) * GAP[1]
    at: dict[str, tuple[float, float]] = {}
    for level, parts in rows.items():
        start = (width - len(parts) * BOX[0] - (len(parts) - 1) * GAP[0]) / 2
        for place, part in enumerate(sorted(parts)):
            at[part] = start + place * (BOX[0] + GAP[0]), MARGIN + (len(rows) - 1 - level) * (BOX[1] + GAP[1])
    shapes = []
    for part, below in sorted(reduced(edges).items()):
        for other in sorted(below):
            x1, y1 = at[part][0] + BOX[0] / 2, at[part][1] + BOX[1]
            x2, y2 = at[other][0] + BOX[0] / 2, at[other][1] - 3
            bend = (y2 - y1) / 2
            shapes.append(
                f'<path class="arrow" marker-end="url(#head)" '
                f'd="M{x1:.0f} {y1:.0f} C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"/>'
            )
    for part, (x, y) in sorted(at.items()):
        lines = wrapped(summary(part))
        shapes.append(
            f'<rect class="box" x="{x:.0f}" y="{y:.0f}" width="{BOX[0]}" height="{BOX[1]}" rx="6"/>'
        )
        name = f"{part}/" if (ROOT / PACKAGE / part).is_dir() else f"{part}.py"
        shapes.append(f'<text class="name" x="{x + 10:.0f}" y="{y + 20:.0f}">{name}</text>')
        for number, line in enumerate(lines):
            shapes.append(
                f'<text class="says" x="{x + 10:.0f}" y="{y + 36 + 13 * number:.0f}">{escape(line)}</text>'
            )
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">\n'
        f"<title>The folders of {PACKAGE}; arrows point from what imports to what is imported</title>\n"
        f"<style>{STYLE}</style>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="arrow" d="M1 1 L7 4 L1 7"/></marker></defs>\n'
        f"{body}\n</svg>\n"
    )


def main() -> int:
    """Write the picture, or check it."""
    parser = argparse.ArgumentParser(description="Draw the architecture.")
    parser.add_argument("--check", action="store_true", help="fail if the picture is out of date")
    picture = drawn()
    if not parser.parse_args().check:
        PICTURE.write_text(picture, "utf-8")
        return 0
    if PICTURE.is_file() and PICTURE.read_text("utf-8") == picture:
        return 0
    print(f"{PICTURE.name} is out of date; run: make architecture", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
