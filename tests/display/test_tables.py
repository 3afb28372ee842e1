"""Tables show what services say without letting it control the terminal or the page."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.tables import CELL_LIMIT, MOST_ROWS, Tabular, html_table, table


class Groups(Tabular):
    _columns = ("id", "name")

    def __init__(self, rows: Sequence[Sequence[object]], title: str = "") -> None:
        self._given = rows
        self._line = title

    def _rows(self) -> Sequence[Sequence[object]]:
        return self._given

    def _title(self) -> str:
        return self._line


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_whatever_the_cells_hold_each_row_is_one_printable_line(rows: list[tuple[str, str]]) -> None:
    lines = table(["a", "b"], rows).split("\n")

    assert len(lines) == 1 + len(rows)
    assert all(character.isprintable() or character in "\u200c\u200d" for line in lines for character in line)


def test_long_cells_and_many_rows_are_cut() -> None:
    lines = table(["n"], [["x" * 1000]] * (MOST_ROWS + 3)).split("\n")

    assert len(lines) == 1 + MOST_ROWS + 1
    assert max(map(len, lines)) == CELL_LIMIT
    assert lines[-1] == "… and 3 more"


def test_a_notebook_gets_no_markup_from_the_cells() -> None:
    page = Groups([["<script>", "a & b"]], "2 < 3")._repr_html_()

    assert "&lt;script&gt;" in page
    assert "<p>2 &lt; 3</p>" in page
    assert html_table(["id", "name"], [["<script>", "a & b"]]) in page


def test_the_title_stands_alone_when_there_are_no_rows() -> None:
    assert str(Groups([], "no groups")) == "no groups"
    assert Groups([], "no groups")._repr_html_() == "<p>no groups</p>"
    assert str(Groups([])) == "id  name"
    assert str(Groups([["a", None]], "one group")) == "one group\nid  name\na"
