"""docs/live.md names every known difference of the stores."""

from __future__ import annotations

import pytest

from tests.live.differences import DIFFERENCES
from tests.live.test_guard import ROOT


@pytest.mark.parametrize("store", DIFFERENCES)
def test_each_difference_is_documented(store: str) -> None:
    documented = (ROOT / "docs" / "live.md").read_text("utf-8")
    missing = [reason for reason in DIFFERENCES[store] if f"- {reason}\n" not in documented]
    assert not missing
