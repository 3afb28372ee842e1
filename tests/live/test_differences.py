"""The known differences of the stores: documented, and of tests that exist."""

from __future__ import annotations

import pytest

from tests.live.differences import BY_CHANCE, DIFFERENCES
from tests.live.test_guard import ROOT


@pytest.mark.parametrize("store", DIFFERENCES)
def test_each_difference_is_documented(store: str) -> None:
    documented = (ROOT / "docs" / "live.md").read_text("utf-8")
    missing = [reason for reason in DIFFERENCES[store] if f"- {reason}\n" not in documented]
    assert not missing


def test_each_difference_names_a_test_that_exists() -> None:
    named = {
        name.partition("[")[0]
        for reasons in DIFFERENCES.values()
        for tests in reasons.values()
        for name in tests
    }
    gone = []
    for file, _, function in (name.partition("::") for name in sorted(named | BY_CHANCE)):
        sources = [path.read_text("utf-8") for path in (ROOT / "tests").rglob(file)]
        if not any(f"def {function}(" in source for source in sources) and file != "test_abstract.py":
            gone.append(f"{file}::{function}")
    assert not gone
