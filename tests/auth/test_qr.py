"""The QR code in a terminal without a browser: it says what it should, and stays away where it cannot be read."""

from __future__ import annotations

import io
import sys

import pytest

from provena_sdk.auth import Prompt, TerminalPresenter
from provena_sdk.auth.prompts import qr

URL = "https://auth.example.org/auth/realms/provena/device?user_code=ABCD-EFGH"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def modules(rows: list[str]) -> list[list[int]]:
    """Read the dark modules back from half blocks, light being drawn."""
    halves = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
    matrix: list[list[int]] = []
    for row in rows:
        pairs = [halves[character] for character in row]
        matrix += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    return matrix


def test_it_holds_the_whole_address() -> None:
    segno = pytest.importorskip("segno")
    rows = qr.lines(URL)
    assert rows is not None
    expected = [list(row) for row in segno.make_qr(URL, error="l").matrix_iter(border=2)]
    assert modules(rows)[: len(expected)] == expected


def test_colours_are_set_whatever_the_terminal_has() -> None:
    drawn = qr.drawn(URL, columns=80, encoding="utf-8").splitlines()
    assert len(drawn) > 10
    assert all(line.startswith("    \x1b[97;40m") and line.endswith("\x1b[0m") for line in drawn)


@pytest.mark.parametrize(
    ("columns", "encoding", "url"),
    [
        (30, "utf-8", URL),
        (80, "ascii", URL),
        (80, None, URL),
        (80, "no-such", URL),
        (500, "utf-8", "x" * 9000),
    ],
)
def test_where_it_cannot_be_read_it_is_left_out(columns: int, encoding: str | None, url: str) -> None:
    assert qr.drawn(url, columns=columns, encoding=encoding) == ""


def test_without_the_extra_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr.lines(URL) is None
    assert qr.drawn(URL, columns=80, encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("browser", "stream", "shown"),
    [(False, Terminal, True), (True, Terminal, False), (False, io.StringIO, False)],
)
def test_it_is_for_terminals_without_a_browser(
    monkeypatch: pytest.MonkeyPatch, browser: bool, stream: type[io.StringIO], shown: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("provena_sdk.auth.prompts.terminal._open", lambda url: True)
    out = stream()
    TerminalPresenter(stream=out, browser=browser).show(Prompt("example.org", URL, "ABCD-EFGH", 600))
    assert ("█" in out.getvalue()) is shown
    assert out.getvalue().endswith("    ABCD-EFGH\n")
