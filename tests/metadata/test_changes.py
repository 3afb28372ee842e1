"""Comparing metadata, and changing them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.changes import Change, changes
from provena_sdk.errors import InvalidArgument
from provena_sdk.metadata.changes import merged, with_fields

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.lists(st.text(max_size=3), max_size=2)
)
OBJECTS: Any = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAVES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | LEAVES, max_size=3),
    max_leaves=8,
)


def without_nulls(value: Any) -> Any:
    """An object without what counts as missing: nulls, and objects of nothing else."""
    if not isinstance(value, dict):
        return value
    kept = {name: without_nulls(inner) for name, inner in value.items()}
    return {name: inner for name, inner in kept.items() if inner is not None and inner != {}}


# The examples of RFC 7396, appendix A, whose target and patch are objects.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_is_applied_as_the_standard_says(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((target, patch))
    assert merged(target, patch) == result
    assert (target, patch) == before


@given(OBJECTS, OBJECTS)
def test_nothing_differs_exactly_when_nothing_but_nulls_does(one: Any, other: Any) -> None:
    assert changes(one, one) == []
    assert (changes(one, other) == []) is (without_nulls(one) == without_nulls(other))


@given(OBJECTS, OBJECTS)
def test_each_change_names_what_stands_at_its_path(one: Any, other: Any) -> None:
    def at(value: Any, path: str) -> Any:
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    for change in changes(one, other):
        for found, expected in (
            (at(one, change.path), change.before),
            (at(other, change.path), change.after),
        ):
            assert found == expected or not (found or expected)


def test_lists_are_compared_as_a_whole() -> None:
    assert changes({"keywords": ["a", "b"]}, {"keywords": ["a"]}) == [Change("keywords", ["a", "b"], ["a"])]


def test_fields_are_found_in_their_sections() -> None:
    before: dict[str, Any] = {"dataset_info": {"purpose": "x"}, "associations": {}, "approvals": {}}
    cleared = {"relevant": False, "obtained": False}
    after = with_fields(
        before,
        {"name": "Reef", "purpose": None, "data_custodian_id": "10378.1/1", "ethics_access": cleared},
    )
    assert after == {
        "dataset_info": {"name": "Reef"},
        "associations": {"data_custodian_id": "10378.1/1"},
        "approvals": {"ethics_access": cleared},
    }
    assert before["dataset_info"] == {"purpose": "x"}


def test_an_unknown_field_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidArgument, match=r"no such field\. Did you mean 'keywords'") as caught:
        with_fields({}, {"keyword": []})
    assert caught.value.argument == "keyword"
    with pytest.raises(InvalidArgument, match="Its fields are access_info, "):
        with_fields({}, {"zzz": []})
