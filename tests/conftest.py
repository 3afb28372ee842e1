"""What holds for every test: the configuration of whoever runs them does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

NOWHERE = Path(__file__).with_name("no-configuration")


@pytest.fixture(autouse=True)
def _nobodys_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    # Both: some tests take every variable of ours out of the environment.
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(NOWHERE / "config.toml"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(NOWHERE))
