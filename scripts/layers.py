"""Report the structure of the package: import circles, deferred imports, modules and lines per folder.

    python scripts/layers.py            # the package beside this script
    python scripts/layers.py FOLDER     # another checkout

Imports inside functions and for type checkers count like any other. The script fails if modules or folders import each
other in a circle, if a folder has more than fourteen modules, or if a deferred import of our own modules has no reason.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "provena_sdk"
MOST_MODULES: Final = 14


@dataclass(frozen=True)
class Import:
    """One import of our own modules."""

    importer: str
    imported: str
    line: int
    deferred: bool
    reason: str


def modules_of(root: Path) -> dict[str, Path]:
    """Return the path of every module of the package."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[Import]:
    """Yield the imports of our own modules in one module."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    for node, deferred in _nodes(ast.parse(text), inside=False):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            targets = [f"{module}.{alias.name}" for alias in node.names]
            imported = {target if target in modules else module for target in targets}
        elif isinstance(node, ast.Import):
            imported = {alias.name for alias in node.names}
        else:
            continue
        reason = lines[node.lineno - 1].partition("PLC0415")[2].strip(" #")
        for target in sorted(imported & modules.keys() - {name}):
            yield Import(name, target, node.lineno, deferred, reason)


def _nodes(tree: ast.AST, *, inside: bool) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, inside
        yield from _nodes(node, inside=inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def circles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the groups that import each other, by Tarjan's algorithm."""
    graph: dict[str, set[str]] = defaultdict(set)
    for start, end in edges:
        graph[start].add(end)
    found: list[list[str]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def folder_of(module: str, packages: Set[str]) -> str:
    """Return the folder of a module; an __init__ belongs to its own folder."""
    return module if module in packages else module.rpartition(".")[0]


def folder_edges(imports: Iterable[Import], packages: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield the imports between folders; a subfolder is a folder of its own."""
    for found in imports:
        start, end = folder_of(found.importer, packages), folder_of(found.imported, packages)
        # The package's own modules stand by themselves, and its __init__ only names what is public.
        start = found.importer if start == PACKAGE else start
        end = found.imported if end == PACKAGE else end
        if start != end and PACKAGE not in (start, end):
            yield start, end


def main() -> int:
    """Print the figures; return 1 when a rule is broken."""
    parser = argparse.ArgumentParser(description="Circles, deferred imports, modules and lines a folder.")
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    root: Path = parser.parse_args().root
    modules = modules_of(root)
    packages = {name for name, path in modules.items() if path.name == "__init__.py"}
    imports = [found for name, path in modules.items() for found in imports_of(name, path, modules)]

    counts = Counter(folder_of(name, packages) for name in modules if name not in packages)
    lines: Counter[str] = Counter()
    for name, path in modules.items():
        lines[folder_of(name, packages)] += len(path.read_text("utf-8").splitlines())
    print(f"{'folder':<36} {'modules':>7} {'lines':>7}")
    for folder in sorted(lines):
        print(f"{folder:<36} {counts[folder]:>7} {lines[folder]:>7,}")
    print(f"{'in all':<36} {counts.total():>7} {lines.total():>7,}\n")

    among_modules = circles(
        (found.importer, found.imported) for found in imports if found.importer != PACKAGE
    )
    among_folders = circles(folder_edges(imports, packages))
    for kind, groups in (("modules", among_modules), ("folders", among_folders)):
        print(f"circles among {kind}: {len(groups)}")
        for group in groups:
            print(f"  {len(group)}: {', '.join(group)}")

    deferred = [found for found in imports if found.deferred]
    print(f"deferred imports of our own: {len(deferred)}")
    for found in deferred:
        print(f"  {found.importer}:{found.line} imports {found.imported}: {found.reason or 'NO REASON'}")

    crowded = [folder for folder, count in counts.items() if count > MOST_MODULES]
    print(
        f"folders with more than {MOST_MODULES} modules: {len(crowded)} {', '.join(sorted(crowded))}".rstrip()
    )
    unexplained = [found for found in deferred if not found.reason]
    return 1 if among_modules or among_folders or crowded or unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
