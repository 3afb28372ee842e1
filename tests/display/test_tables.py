"""Tables show what services say without letting it control the terminal or the page."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.tables import CELL_LIMIT, MOST_ROWS, html_table, table


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


def test_cells_of_every_type() -> None:
    row = [
        None,
        True,
        False,
        1.23456,
        ["coral", "reef"],
        datetime(2024, 1, 31, tzinfo=UTC),
        date(2024, 1, 31),
    ]
    names = list("abcdefg")
    (line,) = table(names, [row]).splitlines()[1:]

    assert line.split()[:5] == ["yes", "no", "1.235", "coral,", "reef"]
    assert line.split()[5].startswith("2024-01-3")
    assert line.endswith("2024-01-31")
    assert ">coral, reef</td>" in html_table(names, [row])


def test_the_number_of_rows_that_are_not_given() -> None:
    assert table(["n"], [[1]], 4).endswith("… and 3 more")
    assert html_table(["n"], [[1]], 4).endswith("… and 3 more</div>")
    assert "more" not in table(["n"], [[1]], 1)
