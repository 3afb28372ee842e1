"""External text cannot control the terminal, show secrets or take long."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.text import READ_LIMIT, printable, printable_lines, server_text
from provena_sdk.errors import InvalidArgument, TransferFailed

JOINERS = "\u200c\u200d"


def _plain(text: str) -> bool:
    return all(c.isprintable() or c in JOINERS for c in text)


@given(st.text(st.characters(codec=None), max_size=3000))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert _plain(printable(text))
    assert len(printable(text)) <= 200
    assert _plain(server_text(text))
    assert all(map(_plain, printable_lines(text).split("\n")))


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]52;c;AAAA\x07",
        "\x1b[2J",
        "\x9b31m",
        "\u202etxt.exe",
        "\u2066x\u2069",
        "\ud800",
        "a\u2028b",
        "\x00",
    ],
)
def test_control_characters_become_escapes(text: str) -> None:
    assert _plain(printable(text))
    assert _plain(server_text(f"see {text}"))


def test_names_in_any_script_stay_as_they_are() -> None:
    for name in ("Café", "珊瑚礁", "می\u200cخواهم", "🪸 reef"):
        assert printable(name) == name


def test_a_long_text_is_cut() -> None:
    assert len(server_text("x" * 5000)) == 500
    assert printable("x" * 201).endswith("…")
    assert printable("x" * 200) == "x" * 200
    assert printable(" " * 5000 + "x").endswith("…")


@pytest.mark.parametrize(
    "text",
    [
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end",
        "Authorization: Bearer s3cr3t-value",
        "https://store/x?X-Amz-Signature=s3cr3t-value&X-Amz-Credential=s3cr3t-value",
        "aws_secret_access_key = s3cr3t-value",
        '{"access_token": "s3cr3t-value"}',
        f"{' ' * (READ_LIMIT - 4)}s3cr3t-value",
    ],
)
def test_secrets_are_left_out(text: str) -> None:
    shown = server_text(text, secrets=["s3cr3t-value"])
    assert "s3cr3t" not in shown
    assert "eyJ" not in shown


@pytest.mark.parametrize("fill", [" ", "aws_", "a", "eyJ", "eyJaaaaaaaa.", "Bearer ", "password=", "\x1b["])
@pytest.mark.parametrize("function", [printable, server_text])
def test_the_time_does_not_grow_with_the_text(function: Callable[[str], str], fill: str) -> None:
    def seconds(text: str) -> float:
        best = 1e9
        for _ in range(5):
            begun = time.process_time()
            function(text)
            best = min(best, time.process_time() - begun)
        return best

    short = (fill * READ_LIMIT)[:READ_LIMIT]
    assert seconds(short * 1000) < 12 * seconds(short) + 0.05


def test_an_error_controls_no_terminal() -> None:
    error = InvalidArgument("path", "'\x1b[2J' is not a path.", hint="\x07")
    failed = TransferFailed("\x1b[2J", report=None, errors=[error])
    assert str(error) == r"path: '\x1b[2J' is not a path. \x07"
    assert _plain(str(failed))
    assert _plain(failed.message)


@pytest.mark.parametrize("name", ["x" * 1_000_000, "\x1b" * 100_000, "\\" * 100_000, "\n" * 100_000])
def test_an_error_has_a_bounded_length(name: str) -> None:
    for error in (
        InvalidArgument("path", f"{name} is not a path.", hint=name),
        TransferFailed(name, report=None, errors=[InvalidArgument(name, name)] * 500, hint=name),
    ):
        assert len(str(error)) < 2000
        assert len(repr(error)) < 2000
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_hint_is_shown_after_a_long_message() -> None:
    assert str(InvalidArgument("path", "x" * 5000, hint="Shorten it.")).endswith("… Shorten it.")
