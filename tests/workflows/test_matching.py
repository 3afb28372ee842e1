"""What somebody typed, compared with names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.workflows.registry.matching import Rank, rank

NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("Ada Diver", "Ada Diver", Rank.SAME),
        ("  ada DIVER ", "Ada Diver", Rank.SAME),
        ("Diver, Ada", "Ada Diver", Rank.WORDS),
        ("Ana Muller", "Ana Müller", Rank.WORDS),
        ("Straße", "STRASSE", Rank.SAME),
        ("ada", "Ada Diver", Rank.BEGINS),
        ("div ad", "Ada Diver", Rank.BEGINS),
        ("iver", "Ada Diver", Rank.CONTAINS),
        ("da di", "Ada Diver", Rank.CONTAINS),
        ("Ada Diver", "Ada", None),
        ("Bob", "Ada Diver", None),
        ("!", "Ada! Diver", None),
        ("กี", "กา", None),
    ],
)
def test_ranks(query: str, name: str, expected: Rank | None) -> None:
    assert rank(query, [None, "", name]) == expected


def test_the_best_name_counts() -> None:
    assert rank("CSIRO", ["CSIRO Oceans", "CSIRO"]) == Rank.SAME


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_compared(query: str, name: str) -> None:
    rank(query, [name])


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_words_in_another_order_are_the_same_words(words: list[str]) -> None:
    assert rank(" ".join(reversed(words)), [" ".join(words)]) in (Rank.SAME, Rank.WORDS)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_what_begins_a_name_finds_it(words: list[str]) -> None:
    name = " ".join(words)
    for length in range(1, len(name) + 1):
        assert rank(name[:length], [name]) is not None
