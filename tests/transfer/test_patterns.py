"""Choosing files by patterns."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.spec.patterns import Selection


@pytest.mark.parametrize(
    ("pattern", "taken", "left"),
    [
        ("*.csv", ["a.csv", "obs/a.csv", "obs/2024/.csv"], ["a.csv/b", "a.csvx", "csv"]),
        ("obs/*.csv", ["obs/a.csv"], ["a.csv", "obs/x/a.csv", "x/obs/a.csv"]),
        ("/*.csv", ["a.csv"], ["obs/a.csv"]),
        ("obs/*", ["obs/a"], ["obs/a/b", "obs"]),
        ("obs/**", ["obs/a", "obs/a/b"], ["obs", "obsolete/a"]),
        ("**/a", ["a", "x/a", "x/y/a"], ["x/ba", "a/x"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "x/a/b"]),
        ("**/**/b", ["b", "x/b", "x/y/z/b"], ["xb"]),
        ("**", ["a", "a/b"], []),
        ("tmp/", ["tmp/a", "x/tmp/y/z"], ["tmp", "x/tmp", "mytmp/a"]),
        ("/tmp/", ["tmp/a"], ["x/tmp/a"]),
        ("x/*/", ["x/a/b", "x/a/b/c"], ["x/a"]),
        ("20[0-2]?.nc", ["2021.nc", "200x.nc"], ["2031.nc", "20.nc"]),
        ("[!a]", ["b", "x/b"], ["a", "bb"]),
        ("[*]", ["*"], ["a"]),
        ("a[]]", ["a]"], ["a"]),
        ("a[[]", ["a["], ["a"]),
        ("a]", ["a]"], ["a"]),
        ("{a}", ["{a}"], ["a"]),
        ("a{b,c", ["a{b,c"], ["ab"]),
        ("a[{]b,c}", ["a{b,c}"], ["ab"]),
        ("[{,}]", ["{", ",", "}"], ["a"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("a*b*c", ["abc", "axbxc", "abbcc"], ["ab/c", "acb"]),
        ("*ab", ["aab", "abab"], ["aba"]),
        ("a.c", ["a.c"], ["abc"]),
        ("*", ["a", "a/b", "line\nbreak"], []),
        ("é*", ["écrit"], ["ecrit"]),
    ],
)
def test_what_a_pattern_takes(pattern: str, taken: list[str], left: list[str]) -> None:
    selection = Selection(include=pattern)
    assert [path for path in taken + left if selection.takes(path)] == taken
    excluding = Selection(exclude=[pattern])
    assert [path for path in taken + left if excluding.takes(path)] == left


def test_nothing_given_takes_everything() -> None:
    assert Selection().everything
    assert Selection([], []).takes("anything")
    assert not Selection(exclude="x").everything


@pytest.mark.parametrize("pattern", ["", "/", "//", "a//b", "a\\b", "[z-a]", b"a", 3])
def test_malformed_patterns_name_the_argument(pattern: object) -> None:
    for argument in ("include", "exclude"):
        with pytest.raises(InvalidArgument) as caught:
            Selection(**{argument: [pattern]})  # type: ignore[arg-type]  # wrong types are what this is about
        assert caught.value.argument == argument
    with pytest.raises(InvalidArgument):
        Selection(include=7)  # type: ignore[arg-type]  # and so is this


@pytest.mark.parametrize("pattern", ["[a", "a[", "[]", "[!]", "x/[a/b]", "[a]["])
def test_brackets_are_closed(pattern: str) -> None:
    with pytest.raises(InvalidArgument, match=r"include: .* has a bracket that is not closed") as caught:
        Selection(include=pattern)
    assert caught.value.hint == "Write a literal bracket as '[[]'."


@pytest.mark.parametrize("pattern", ["*.{csv,txt}", "{obs,run/x}/*", "{a,{b,c}}", "x{,y}"])
def test_alternatives_in_braces_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidArgument, match=r"exclude: .* alternatives in braces") as caught:
        Selection(exclude=pattern)
    assert "several patterns" in str(caught.value.hint)


def test_many_stars_take_no_time() -> None:
    assert not Selection(include="*a" * 20 + "*b").takes("a" * 250)
    assert not Selection(include="/".join(["**", "a*a"] * 4)).takes("/".join(["aa"] * 10) + "/b")


def plainly(pattern: list[str], path: list[str]) -> bool:
    """The same, segment by segment."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(path)
        return any(plainly(pattern[1:], path[skipped:]) for skipped in range(len(path) + 1))
    return bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and plainly(pattern[1:], path[1:])


SEGMENTS = st.text(alphabet="ab.", min_size=1, max_size=5)
GLOBS = st.one_of(st.just("**"), st.text(alphabet="ab.*?", min_size=1, max_size=6), st.just("[!b]*"))


@given(st.lists(GLOBS, min_size=2, max_size=4), st.lists(SEGMENTS, min_size=1, max_size=4))
@example(["**", "a*b*"], ["a", "b", "aab"])
def test_patterns_agree_with_matching_segment_by_segment(pattern: list[str], path: list[str]) -> None:
    assert Selection(include="/".join(pattern)).takes("/".join(path)) == plainly(pattern, path)
