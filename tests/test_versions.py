"""Which interpreters ``make versions`` finds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import versions


def fake(path: Path, *, says: str = "", fails: bool = False) -> Path:
    """Write a program that poses as an interpreter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says} {path}'\nexit {int(fails)}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any interpreter."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{tmp_path / 'more'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(versions, "own_version", lambda: "3.0")
    return tmp_path


def test_the_promised_versions_are_tested() -> None:
    assert versions.supported(versions.ROOT / "pyproject.toml") == ["3.11", "3.12", "3.13"]


def test_the_version_at_hand_is_the_running_one() -> None:
    assert versions.interpreter(f"3.{sys.version_info.minor}") == sys.executable


def test_a_version_the_machine_lacks_is_not_found(machine: Path) -> None:
    fake(machine / "bin" / "python3.12", says="3.12")
    assert versions.interpreter("3.13") is None


def test_an_interpreter_on_the_path_comes_before_those_of_pyenv(machine: Path) -> None:
    expected = fake(machine / "more" / "python3.12", says="3.12")
    fake(machine / "pyenv/versions/3.12.9/bin/python", says="3.12")
    assert versions.interpreter("3.12") == str(expected)


def test_a_shim_that_leads_nowhere_or_elsewhere_is_passed_over(machine: Path) -> None:
    fake(machine / "bin" / "python3.12", fails=True)
    fake(machine / "more" / "python3.12", says="3.11")
    expected = fake(machine / "pyenv/versions/3.12.1/bin/python", says="3.12")
    assert versions.interpreter("3.12") == str(expected)


def test_the_newest_release_of_pyenv_is_taken(machine: Path) -> None:
    for name in ("3.12.9", "3.12.10", "3.12.11t", "3.12-dev", "3.1.2"):
        fake(machine / "pyenv/versions" / name / "bin/python", says="3.12")
    assert versions.interpreter("3.12") == str(machine / "pyenv/versions/3.12.10/bin/python")


def test_a_file_that_is_no_program_is_passed_over(machine: Path) -> None:
    (machine / "bin").mkdir()
    (machine / "bin/python3.12").write_text("not a program", "utf-8")
    broken = fake(machine / "more/python3.12", says="3.12")
    broken.write_text("not a program either", "utf-8")
    assert versions.interpreter("3.12") is None
