"""docs/errors.md has a section for each code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from provena_sdk import errors
from provena_sdk.errors import ProvenaError

TEXT = (Path(__file__).parents[1] / "docs" / "errors.md").read_text("utf-8")
SECTIONS = {
    found[1]: found[2]
    for found in re.finditer(r"^### ([a-z-]+)\n\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
}
KINDS = {
    kind.code: kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if inspect.isclass(kind) and issubclass(kind, ProvenaError)
}


def test_each_code_has_a_section_and_each_section_a_code() -> None:
    assert sorted(SECTIONS) == sorted(KINDS)


@pytest.mark.parametrize("code", KINDS)
def test_a_section_says_what_why_and_what_to_do(code: str) -> None:
    section, kind = SECTIONS[code], KINDS[code]
    parts = re.findall(r"^- \*\*(Why|What to do|Example):\*\* \S", section, re.MULTILINE)
    assert parts == ["Why", "What to do", "Example"]
    first = " ".join(section.partition("\n\n")[0].split())
    assert first.startswith(f"`{kind.__name__}`")
    for named in re.findall(
        r"`(\w+(?:Error|Failed|Argument|Request|Missing|Denied|Group))`", first.partition(":")[0]
    ):
        of = getattr(errors, named, None) or getattr(__import__("builtins"), named)
        assert issubclass(kind, of), named


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.DatasetNotFound, "dataset-not-found"),
        (errors.NotAFile, "not-a-file"),
        (errors.ProvenaError, "provena-error"),
    ],
)
def test_codes_are_stable(kind: type[ProvenaError], code: str) -> None:
    assert kind.code == code
