"""Showing something in a notebook or a terminal, when somebody can see it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from provena_sdk.display import showing


class Shown:
    def text(self, *, colour: bool) -> str:
        return "coloured" if colour else "plain"

    def _repr_html_(self) -> str:
        return "<b>html</b>"


@pytest.mark.parametrize(
    ("wanted", "in_terminal", "expected"),
    [
        (None, False, ""),
        (None, True, "coloured\n"),
        (True, False, "plain\n"),
        (True, True, "coloured\n"),
        (False, True, ""),
    ],
)
def test_standard_error_shows_it_to_somebody(
    wanted: bool | None,
    in_terminal: bool,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: in_terminal)
    showing.show(Shown(), wanted)
    assert capsys.readouterr() == ("", expected)


def test_a_notebook_shows_it_in_the_cell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(showing, "kernel", object)
    monkeypatch.setattr("IPython.display.display", shown.append)
    given = Shown()
    showing.show(given)
    showing.show(given, wanted=False)
    assert shown == [given]
    assert capsys.readouterr() == ("", "")
