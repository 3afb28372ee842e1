"""What prints as a table: text, HTML, IPython, slices and data frames."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from provena_sdk.display.tables import MOST_ROWS, html_table
from provena_sdk.views.tabular import Tabular, TabularList

DAY = datetime(2024, 1, 31, tzinfo=UTC)


class Groups(Tabular):
    _columns = ("id", "name")

    def __init__(self, rows: Sequence[Sequence[object]], title: str = "") -> None:
        self._given = rows
        self._line = title

    def _rows(self) -> Sequence[Sequence[object]]:
        return self._given

    def _title(self) -> str:
        return self._line


class Days(TabularList[datetime]):
    _columns: ClassVar = ("year", "month", "day", "time")
    _shown: ClassVar = ("time", "year")
    _index: ClassVar = "year"
    _types: ClassVar = {"time": "time"}
    noun: ClassVar = ("day", "days")

    def _rows(self) -> Sequence[Sequence[object]]:
        return [(day.year, day.month, day.day, day) for day in self]


class Printer:
    """IPython's printer, at some depth."""

    def __init__(self, depth: int) -> None:
        self.stack = [0] * depth
        self.printed = ""

    def text(self, text: str) -> None:
        self.printed += text


def test_a_notebook_gets_no_markup_from_the_cells() -> None:
    page = Groups([["<script>", "a & b"]], "2 < 3")._repr_html_()

    assert "&lt;script&gt;" in page
    assert "2 &lt; 3</div>" in page
    assert html_table(["id", "name"], [["<script>", "a & b"]]) in page


def test_the_title_stands_alone_when_there_are_no_rows() -> None:
    assert str(Groups([], "no groups")) == "no groups"
    assert Groups([], "no groups")._repr_html_().endswith('<div class="p-title">no groups</div></div>')
    assert str(Groups([])) == "id  name"
    assert str(Groups([["a", None]], "one group")) == "one group\nid  name\na"


def test_notes_stand_below_the_table() -> None:
    class Noted(Groups):
        def _notes(self) -> Sequence[str]:
            return ["1 < 2", "and more"]

    assert str(Noted([["a", None]], "title")) == "title\nid  name\na\n1 < 2\nand more"
    page = Noted([["a", None]])._repr_html_()
    assert page.index("</table>") < page.index("1 &lt; 2</div>") < page.index("and more</div>")


def test_chosen_columns_are_shown_and_all_are_in_the_data_frame() -> None:
    days = Days([DAY])
    assert str(days).splitlines()[0].split() == ["time", "year"]
    assert str(days).endswith("2024")
    table = days.to_pandas()
    assert list(table.columns) == ["month", "day", "time"]
    assert table.index.name == "year"
    assert table["time"].iloc[0] == DAY


def test_constants_are_shown_in_words_and_stay_what_they_are_in_the_data_frame() -> None:
    class States(TabularList[str]):
        _columns: ClassVar = ("state",)
        _words: ClassVar = ("state",)

    assert str(States(["NOT_RELEASED"])) == "state\nnot released"
    assert States(["NOT_RELEASED"]).to_pandas()["state"].tolist() == ["NOT_RELEASED"]


def test_handles_are_links_in_html() -> None:
    class Handles(TabularList[str]):
        _columns: ClassVar = ("handle",)

    page = Handles(["10378.1/1900011", "<b>", "10378.1/x y"])._repr_html_()
    assert page.count("<a ") == 1
    assert 'href="https://hdl.handle.net/10378.1/1900011"' in page
    assert "&lt;b&gt;" in page


def test_ipython_prints_the_table_alone_and_the_repr_inside_a_list() -> None:
    days = Days([DAY])
    for depth, shown in ((1, str(days)), (2, repr(days))):
        printer: Any = Printer(depth)
        days._repr_pretty_(printer, False)
        assert printer.printed == shown
    assert repr(days) == "<Days of 1>"


def test_a_list_is_a_list() -> None:
    days = Days([DAY, DAY])
    assert days == [DAY, DAY]
    assert days[0] == DAY
    assert type(days[:1]) is Days
    assert repr(Days([DAY] * 1200)) == "<Days of 1,200>"
    assert type(pickle.loads(pickle.dumps(TabularList([1, 2])))) is TabularList
    assert pickle.loads(pickle.dumps(TabularList([1, 2]))) == [1, 2]


def test_a_slice_knows_what_the_list_knows() -> None:
    class OfReef(Days):
        def __init__(self, name: str, days: Sequence[datetime]) -> None:
            super().__init__(days)
            self.name = name

    part = OfReef("reef", [DAY, DAY])[1:]
    assert (type(part), part.name, len(part)) == (OfReef, "reef", 1)


def test_many_items_are_cut_before_they_are_formatted() -> None:
    seen = 0

    class Counted(Days):
        def _rows(self) -> Sequence[Sequence[object]]:
            nonlocal seen
            seen += len(self)
            return super()._rows()

    assert str(Counted([DAY] * 5000)).endswith(f"… and {5000 - MOST_ROWS:,} more")
    assert seen == MOST_ROWS


def test_a_list_without_columns_of_its_own() -> None:
    assert str(TabularList(["a", "<b>"])) == "item\na\n<b>"
    assert "&lt;b&gt;" in TabularList(["a", "<b>"])._repr_html_()
    assert TabularList(["a"]).to_pandas()["item"].tolist() == ["a"]


@pytest.mark.parametrize("full", [False, True])
def test_an_empty_list_has_its_columns(full: bool) -> None:
    table = Days().to_pandas(full=full)
    assert len(table) == 0
    assert table.index.name == "year"
    if not full:
        assert list(table.columns) == ["month", "day", "time"]
        assert str(table["time"].dtype) == "datetime64[us, UTC]"
