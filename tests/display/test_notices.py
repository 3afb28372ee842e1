"""Warnings point to the program that uses the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_sdk.auth import FileStore, SessionKey
from provena_sdk.auth.store.locking import exclusive
from provena_sdk.display.notices import warn


def test_the_line_is_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path)
    key = SessionKey("https://auth.example.org/auth/realms/x", "x", "client-tools")
    store.path(key).write_text("{")
    with pytest.warns(UserWarning, match="set aside") as told:
        store.load(key)
    monkeypatch.setattr("provena_sdk.auth.store.locking.NOTICE_SECONDS", 0.1)
    (tmp_path / "x.held").write_text("{}")
    with (
        pytest.warns(UserWarning, match="Waiting for") as waited,
        exclusive(tmp_path / "x.lock", timeout=0.2),
    ):
        pass
    with pytest.warns(UserWarning, match="hello") as here:
        warn("hello")
    assert {warning.filename for warning in (*told, *waited, *here)} == {__file__}
