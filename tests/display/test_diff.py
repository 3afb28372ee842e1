"""Diffs, as text, in colours and as HTML."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.diff import MOST, Difference, diff_html, diff_text
from provena_sdk.display.terminal import wants_colour

LONG = "The survey covers forty reefs of the northern section between March and May. " * 3


def test_only_the_words_that_differ_are_marked() -> None:
    coloured = diff_text(
        [Difference("name", "Alpha reef survay 2024", "Alpha reef survey 2024")], colour=True
    )
    assert coloured.splitlines()[1:] == [
        "\x1b[31m- Alpha reef \x1b[7msurvay\x1b[27m 2024\x1b[0m",
        "\x1b[32m+ Alpha reef \x1b[7msurvey\x1b[27m 2024\x1b[0m",
    ]
    shown = diff_html([Difference("name", "Alpha reef survay 2024", "Alpha reef survey 2024")])
    assert re.search(r">Alpha reef <del [^>]*>survay</del> 2024<", shown)
    assert re.search(r">Alpha reef <ins [^>]*>survey</ins> 2024<", shown)


def test_words_at_the_end_are_added_or_removed() -> None:
    coloured = diff_text([Difference("name", "Kelp", "Kelp forests")], colour=True).splitlines()
    assert coloured[1:] == [
        "\x1b[31m- Kelp\x1b[0m",
        "\x1b[32m+ Kelp\x1b[7m forests\x1b[27m\x1b[0m",
    ]


def test_long_texts_are_shortened_around_what_differs() -> None:
    lines = diff_text([Difference("description", LONG + "Forty.", LONG + "Fifty.")]).splitlines()
    assert lines == ["description", "- … between March and May. Forty.", "+ … between March and May. Fifty."]


def test_what_was_added_or_removed_has_one_line() -> None:
    assert diff_text([Difference("a", None, "x"), Difference("b", "y", None)]) == "a\n+ x\nb\n- y"


def test_only_so_many_are_shown() -> None:
    shown = diff_text([Difference(f"field{number}", "a", "b") for number in range(MOST + 3)])
    assert shown.splitlines()[-1] == "… and 3 more"


TEXTS = st.none() | st.text(max_size=300) | st.text("ab ", max_size=300)


@given(TEXTS, TEXTS)
def test_anything_is_printable_bounded_and_escaped(before: str | None, after: str | None) -> None:
    difference = Difference("<b>\x1b[2J", before, after)
    lines = diff_text([difference]).split("\n")
    assert all(line.isprintable() and len(line) < 200 for line in lines)
    assert set(re.findall(r"<(\w+)", diff_html([difference]))) <= {
        "div",
        "table",
        "tr",
        "th",
        "td",
        "del",
        "ins",
    }


@pytest.mark.parametrize(
    ("environment", "wanted"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_can_be_switched_off(
    environment: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour() is wanted
