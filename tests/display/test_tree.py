"""Trees of files: folded, bounded, whatever the names."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.tree import Tree

NAMES = st.text(st.sampled_from("ab<&\x1b/ "), min_size=1, max_size=12)


def test_a_folder_shows_its_size_and_its_first_files() -> None:
    files = [(f"obs/{number:04}.csv", 10) for number in range(1200)]
    assert str(Tree([*files, ("read.me", 5)])).splitlines() == [
        "obs/          12.0 kB  1,200 files",
        *(f"  {number:04}.csv       10 B" for number in range(6)),
        "  … and more  11.9 kB  1,194 files",
        "read.me           5 B",
    ]


def test_folders_that_hold_one_folder_share_its_line() -> None:
    assert str(Tree([("a/b/c/d.csv", 1), ("a/b/c/e.csv", 2)])).splitlines() == [
        "a/b/c/   3 B  2 files",
        "  d.csv  1 B",
        "  e.csv  2 B",
    ]


def test_many_folders_stay_short() -> None:
    lines = str(
        Tree((f"{top}/{below}/{name}", 1) for top in range(90) for below in range(9) for name in range(9))
    )
    assert len(lines.splitlines()) < 60
    assert lines.splitlines()[-1].split() == ["…", "and", "more", "5.3", "kB", "5,265", "files"]


def test_a_page_unfolds_folders_without_a_script() -> None:
    page = Tree([("obs/<b>.csv", 1), ("obs/2", 2), *((f"x/{number}", 1) for number in range(500))]).to_html()
    assert '<details open><summary>obs/ <small class="p-quiet">3 B, 2 files</small></summary>' in page
    assert "&lt;b&gt;.csv" in page
    assert page.count("<li>") < 70
    assert "450 B, 450 files</small>" in page


def test_a_very_deep_path() -> None:
    tree = Tree([("/".join("a" * 500), 1), ("/".join("a" * 499) + "/b", 1)])
    assert "2 files" in str(tree)
    assert len(tree.to_html()) < 3000


@given(st.dictionaries(NAMES, st.integers(0, 10**15), min_size=1, max_size=60))
def test_any_names_give_printable_lines_whose_sizes_add_up(files: dict[str, int]) -> None:
    tree = Tree(files.items())
    assert (tree.root.files, tree.root.size) == (len(files), sum(files.values()))
    assert all(line.isprintable() for line in str(tree).splitlines())
    page = tree.to_html()
    assert not re.search(r"<(?!/?(?:ul|li|small|details|summary)\b)", page)
    assert page.count("<ul ") == page.count("</ul>")
