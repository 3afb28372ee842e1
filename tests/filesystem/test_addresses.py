"""Addresses of provena://."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import UnsafePath
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.filesystem.addresses import Place, parent, place, stripped

SEGMENTS = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1).filter(
    lambda segment: segment not in (".", "..")
)


@given(st.lists(SEGMENTS, min_size=3, max_size=6), st.sampled_from(["", "provena://", "/", "provena:///"]))
def test_an_address_is_a_handle_and_a_path(segments: list[str], beginning: str) -> None:
    named = place(beginning + "/".join(segments) + "/")
    assert named == Place("/".join(segments[:2]), "/".join(segments[2:]))
    assert stripped(f"{named.handle}/{named.path}") == "/".join(segments)
    assert parent("/".join(segments)) == "/".join(segments[:-1])


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", Place("", "")),
        ("provena://", Place("", "")),
        ("10378.1", Place("", "", "10378.1")),
        ("provena://10378.1/12", Place("10378.1/12", "")),
        ("provena://10378.1/12/", Place("10378.1/12", "")),
        ("10378.1/12/a?b#c%2F+ d", Place("10378.1/12", "a?b#c%2F+ d")),
    ],
)
def test_parts_of_an_address(address: str, found: Place) -> None:
    assert place(address) == found


@pytest.mark.parametrize("path", ["a//b", "a/../b", "../b", "a/./b", "..", "a/.."])
def test_what_no_file_can_be_named(path: str) -> None:
    with pytest.raises(UnsafePath, match="segment"):
        place(f"10378.1/12/{path}")


def test_what_fsspec_asks_of_the_class() -> None:
    strip = ProvenaFileSystem._strip_protocol
    assert strip("provena://10378.1/12/a/") == "10378.1/12/a"
    assert strip(["provena://10378.1/12", "10378.1/12/b"]) == ["10378.1/12", "10378.1/12/b"]
    assert strip(PurePosixPath("10378.1/12/a")) == "10378.1/12/a"
    assert ProvenaFileSystem._parent("provena://10378.1/12/a") == "10378.1/12"
    assert ProvenaFileSystem._parent("10378.1/12") == ""
    assert ProvenaFileSystem._parent("") == ""
