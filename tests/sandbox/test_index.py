"""Search finds items by the beginnings of words, one to twenty letters long."""

from __future__ import annotations

import gc
import warnings
from typing import Any

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.index import MAX_SPELLINGS, SearchIndex
from provena_sdk.sandbox.data.items import Item

LONG = "pneumonoultramicroscopicsilicovolcanoconiosis"


def index(*names: str) -> SearchIndex:
    made = SearchIndex()
    for name in names:
        made.put(Item(name, "ORGANISATION", "admin", 0, 0, body={"display_name": name, "name": name}))
    return made


def found(searched: SearchIndex, query: str) -> set[str]:
    return {handle for handle, _ in searched.find(query, 1000)}


@pytest.mark.parametrize("length", range(1, 8))
def test_every_beginning_of_a_word_finds_it(length: int) -> None:
    searched = index("Epsilon reef", "Zeta")
    assert found(searched, "Epsilon"[:length]) == {"Epsilon reef"}
    assert found(searched, "epsilon"[:length].upper()) == {"Epsilon reef"}


def test_the_middle_of_a_word_does_not_find_it() -> None:
    for middle in ("n", "on", "lon", "silon"):
        assert found(index("Epsilon"), middle) == set()


def test_a_beginning_of_no_word_finds_words_that_begin_almost_like_it() -> None:
    searched = index("Epsilon reef", "Zeta")
    for misspelt in ("epzi", "epzilo", "psilon"):
        assert found(searched, misspelt) == {"Epsilon reef"}
    assert found(searched, "ez") == set()  # two letters have to be right


def test_only_the_first_twenty_letters_of_a_word_count() -> None:
    searched = index(LONG)
    assert found(searched, LONG[:20]) == {LONG}
    assert found(searched, LONG[:22]) == {LONG}  # two letters too many are forgiven
    assert found(searched, LONG[:23]) == set()
    assert found(searched, LONG) == set()


def test_the_whole_word_ranks_first_by_id() -> None:
    searched = index(*(f"10378.1/19000{number}" for number in range(10, 40)))
    assert searched.find("10378.1/1900025", 5)[0][0] == "10378.1/1900025"


def test_a_misspelling_like_a_thousand_words_is_searched_for_all_the_same() -> None:
    searched = index(*(f"q{number:03}ab" for number in range(1000)))
    assert 0 < len(found(searched, "q000abxy")) <= MAX_SPELLINGS


def test_the_search_service_matches_beginnings(sandbox: Sandbox, send: Any) -> None:
    dataset = sandbox.add_dataset("Epsilon currents")
    answer = send(
        sandbox.search_url,
        "GET",
        "/search/entity-registry",
        query={"query": "epsi", "subtype_filter": "DATASET"},
        token=sandbox.access_token("reader"),
    )
    assert [hit["id"] for hit in answer.body["results"]] == [dataset]


def test_an_index_that_nobody_closed_warns_of_nothing() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        index("Epsilon")
        gc.collect()
    assert [str(warning.message) for warning in caught if "database" in str(warning.message)] == []
