"""Docstrings, comments, messages and documents use the terms of docs/glossary.md."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
PACKAGE = ROOT / "provena_sdk"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def phrases() -> list[str]:
    """Return what the glossary says not to write."""
    text = GLOSSARY.read_text("utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    listed = ";".join(cells[2] for cells in rows[1:]) + ";" + text.rpartition("also avoid: ")[2].rstrip(".\n")
    return sorted(phrase for phrase in map(str.strip, listed.split(";")) if phrase)


PHRASES = re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases()))})\b", re.IGNORECASE)


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the comments, docstrings and other strings of a module, with their lines."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def found_in(path: Path, texts: Iterator[tuple[int, str]]) -> list[str]:
    """List the phrases in some texts, with path and line."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for line, text in texts
        for match in PHRASES.finditer(" ".join(text.split()))
    ]


def parts() -> list[str]:
    return sorted(
        path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    )


def test_the_glossary_lists_phrases() -> None:
    assert len(phrases()) > 40
    assert PHRASES.search("One whom to tell.")
    assert not PHRASES.search("is no handler")


@pytest.mark.parametrize("part", parts())
def test_the_package_uses_the_terms_of_the_glossary(part: str) -> None:
    modules = [PACKAGE / part] if part.endswith(".py") else sorted((PACKAGE / part).rglob("*.py"))
    found = [hit for path in modules for hit in found_in(path, prose(path))]
    assert not found, "\n".join(found)


def test_the_documents_use_the_terms_of_the_glossary() -> None:
    found = []
    for path in DOCUMENTS:
        lines = enumerate(path.read_text("utf-8").splitlines(), 1)
        if path != GLOSSARY:
            found += found_in(path, iter(lines))
    assert not found, "\n".join(found)
