"""Which keys may become local paths; what is accepted must stay inside by the rules of POSIX and of Windows."""

import ntpath
import posixpath
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provena_sdk.datasets.paths import (
    ancestors,
    checked,
    clashes,
    folded,
    form_matters,
    is_part_name,
    mapped,
    part_name,
    refusal,
    unmapped,
    upload_refusal,
)
from provena_sdk.errors import UnsafePath

segments = st.one_of(
    st.sampled_from(
        ["..", ".", "", " ", ".. ", "...", "C:", "c:x", "a", "b", "NUL", "con.txt", "~", "\\", "a\\.."]
    ),
    st.text(max_size=6),
)
keys = st.lists(segments, max_size=5).map("/".join)


def as_windows(path: str) -> str:
    """Resolve a path as Windows does: trailing dots and spaces of a segment are dropped, except in '..'."""
    drive, rest = ntpath.splitdrive(ntpath.join("C:\\dest", path.replace("/", "\\")))
    parts = [
        ".." if re.fullmatch(r"\.\. *", part) else part.rstrip(". ") for part in rest.strip("\\").split("\\")
    ]
    return ntpath.normpath(drive + "\\" + "\\".join(part for part in parts if part))


@given(keys)
@example("../x")
@example("a/../../x")
@example("C:/Windows")
@example("\\\\server\\share\\x")
@example("a/.. /.. /x")
@example("/etc/passwd")
@example("nul\0byte")
@example(" /C:x")
@example("0:x")
def test_what_is_accepted_stays_inside(key: str) -> None:
    if refusal(key, windows=False) is not None:
        return
    assert "\0" not in key
    posix = posixpath.normpath(posixpath.join("/dest", key))
    assert posix.startswith("/dest/")
    assert posix == f"/dest/{key}"
    assert (as_windows(key) + "\\").startswith("C:\\dest\\")


@given(keys)
def test_windows_refuses_at_least_what_posix_refuses(key: str) -> None:
    if refusal(key, windows=False) is not None:
        assert refusal(key, windows=True) is not None


@given(keys)
def test_what_windows_accepts_it_stores_under_that_very_name(key: str) -> None:
    if refusal(key, windows=True) is None:
        assert as_windows(key) == "C:\\dest\\" + key.replace("/", "\\")


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "50%",
        "a+b",
        "#1",
        "?x",
        "ünï",
        "海洋",
        "12:30",
        "con",
        "nul.txt",
        "x.",
        "-",
        "~",
        "a" * 300,
        "\n",
    ],
)
def test_awkward_names_are_fine_on_posix(name: str) -> None:
    assert refusal(name, windows=False) is None


@pytest.mark.parametrize(
    "name",
    [
        "a:b",
        "con",
        "NUL.txt",
        "LPT1",
        "com¹.log",
        "x.",
        "x ",
        "a*",
        "?",
        'q"',
        "<",
        "|",
        "\n",
        "CONIN$",
        "aux .c",
    ],
)
def test_awkward_names_are_refused_on_windows(name: str) -> None:
    assert refusal(f"folder/{name}/file", windows=True) is not None


def test_names_that_are_no_unicode_are_refused() -> None:
    assert refusal("a\udce9", windows=False) == "it is not valid Unicode"


def test_checked_says_what_to_do() -> None:
    with pytest.raises(UnsafePath, match="Separate folders by '/'") as caught:
        checked("a\\b")
    assert caught.value.path == "a\\b"
    assert checked("") == checked("/") == ""
    assert checked("a/b/") == "a/b/"


def test_keys_that_are_too_long_are_not_uploaded() -> None:
    assert upload_refusal("a" * 1014, "datasets/x/") is not None
    assert upload_refusal("a" * 1013, "datasets/x/") is None


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_part_names_fit_and_are_recognised(name: str) -> None:
    part = part_name(name, "0123abcd")
    assert len(part.encode()) <= 255
    assert is_part_name(part)
    assert part_name(name, "4567abcd") != part


@given(st.lists(st.text("aAbé/\u0301", min_size=1, max_size=5), unique=True, max_size=8), st.booleans())
def test_what_does_not_clash_fits_into_one_folder(paths: list[str], fold: bool) -> None:
    safe = [path for path in paths if refusal(path, windows=False) is None]
    reasons = clashes(safe, fold=fold)
    kept = [path for path in safe if path not in reasons]
    key = folded if fold else str
    names = [key(path) for path in kept]
    assert len(set(names)) == len(names)
    assert not set(names) & {key(folder) for path in kept for folder in ancestors(path)}
    assert not safe or kept


@given(st.text(alphabet='aN.: %"U2L5\\x7f/é\x1f*|', max_size=14) | keys)
@example("con.txt/aux")
@example("50%25%3a.")
@example("a%/%41 ")
def test_mapped_names_are_read_back_and_fit_everywhere(path: str) -> None:
    written = mapped(path)
    assert unmapped(written) == path
    if refusal(path, windows=False) is None:
        assert refusal(written, windows=True) is None


@given(st.text(alphabet='aN.: %"U2L5E/', max_size=8), st.text(alphabet='aN.: %"U2L5E/', max_size=8))
def test_no_two_names_are_mapped_to_one(one: str, other: str) -> None:
    assert (mapped(one) == mapped(other)) == (one == other)


@given(st.text(alphabet="aN.:%34Ae/", max_size=10))
def test_what_is_read_back_is_written_the_same(local: str) -> None:
    path = unmapped(local)
    assert path is None or mapped(path) == local


def test_mapping_leaves_what_leads_out_to_be_refused() -> None:
    for path in ("../x", "a/./b", "a//b", "/a", "a/... ", ".. "):
        assert refusal(mapped(path), windows=False) is not None


def test_form_matters_only_when_something_would_collide() -> None:
    assert not form_matters(["A", "ax", "b/C"])
    assert form_matters(["A/x", "a"])
    assert form_matters(["caf\u00e9", "cafe\u0301"])
