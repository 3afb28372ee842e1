"""What commands print: tables for people, lines for pipes, JSON, ids."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from provena_sdk.cli.options import Options
from provena_sdk.cli.output import Output
from provena_sdk.cli.table import Column, Layout
from tests.cli.conftest import Terminal

COLUMNS = (
    Column("handle", lambda item: item["handle"], id=True),
    Column("name", lambda item: item["name"]),
    Column("size", lambda item: item.get("size"), show=lambda size: f"{size} B", right=True),
)
ITEMS: list[dict[str, object]] = [
    {"handle": "10378.1/1", "name": "Reef", "size": 5},
    {"handle": "10378.1/20", "name": "Tides\tof the\nreef \x1b[2J", "size": None},
]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes an output, and returns it with a function that returns what it has printed."""

    def make(*, terminal: bool = False, width: int = 80, encoding: str = "utf-8", **options: Any) -> Any:
        kept = io.BytesIO()
        kind = Terminal if terminal else io.TextIOWrapper
        monkeypatch.setattr(sys, "stdout", kind(kept, encoding=encoding, write_through=True))
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("PROVENA_PAGER", "cat")
        monkeypatch.setenv("NO_COLOR", "1")
        return Output(Options(**options)), lambda: kept.getvalue().decode(encoding)

    return make


def test_a_terminal_shows_a_table(printed: Any) -> None:
    output, text = printed(terminal=True)
    assert output.rows(ITEMS, COLUMNS) == 2
    assert text() == (
        "HANDLE      NAME                       SIZE\n"
        "10378.1/1   Reef                        5 B\n"
        "10378.1/20  Tides of the reef \\x1b[2J\n"
    )


def test_a_pipe_gets_lines_of_whole_cells(printed: Any) -> None:
    output, text = printed()
    output.rows(ITEMS, COLUMNS)
    assert text() == "10378.1/1\tReef\t5\n10378.1/20\tTides\\tof the\\nreef \\x1b[2J\t\n"


def test_json_is_one_array(printed: Any) -> None:
    output, text = printed(json=True)
    output.rows(iter(ITEMS), COLUMNS)
    assert json.loads(text()) == ITEMS
    output, text = printed(json=True)
    assert output.rows([], COLUMNS) == 0
    assert json.loads(text()) == []


def test_jsonl_comes_line_by_line(printed: Any) -> None:
    output, text = printed(jsonl=True)
    seen: list[str] = []

    def items() -> Iterator[dict[str, object]]:
        for item in ITEMS:
            yield item
            seen.append(text())

    output.rows(items(), COLUMNS)
    assert seen[0].count("\n") == 1
    assert [json.loads(line)["handle"] for line in text().splitlines()] == ["10378.1/1", "10378.1/20"]


def test_quiet_prints_ids_alone(printed: Any) -> None:
    output, text = printed(quiet=True, terminal=True)
    output.rows(ITEMS, COLUMNS)
    assert text() == "10378.1/1\n10378.1/20\n"


def test_fields_choose_columns_in_their_order(printed: Any) -> None:
    output, text = printed(fields=("size", "handle"))
    output.rows(ITEMS, COLUMNS)
    assert text() == "5\t10378.1/1\n\t10378.1/20\n"
    output, text = printed(fields=("siez",))
    with pytest.raises(
        click.UsageError, match="there is no field 'siez'; it must be 'handle', 'name' or 'size'"
    ):
        output.rows(ITEMS, COLUMNS)


def test_the_first_rows_do_not_wait_for_the_last(printed: Any) -> None:
    output, text = printed(terminal=True)
    shown_at: list[int] = []

    def items() -> Iterator[dict[str, object]]:
        for number in range(100_000):
            shown_at.append(text().count("\n")) if number == 60 else None
            yield {"handle": f"10378.1/{number}", "name": "x"}
            if number == 60:
                return

    output.rows(items(), COLUMNS)
    assert shown_at[0] >= 41


def test_one_item_is_shown_field_by_field(printed: Any) -> None:
    output, text = printed(terminal=True)
    output.one(ITEMS[0], COLUMNS)
    assert text() == "handle  10378.1/1\nname    Reef\nsize    5 B\n"
    output, text = printed(terminal=True, width=30)
    output.one({"handle": "10378.1/1", "name": "Temperatures of the northern reef"}, COLUMNS)
    assert text() == "handle  10378.1/1\nname    Temperatures of the\n        northern reef\n"
    output, text = printed()
    output.one(ITEMS[0], COLUMNS)
    assert text() == "handle\t10378.1/1\nname\tReef\nsize\t5\n"
    output, text = printed(json=True)
    output.one(ITEMS[0], COLUMNS)
    assert json.loads(text()) == ITEMS[0]


def test_a_view_is_shown_as_it_is_or_as_json(printed: Any) -> None:
    output, text = printed()
    output.view("a card", {"name": "Reef"})
    assert text() == "a card\n"
    output, text = printed(json=True)
    output.view("a card", {"name": "Reef", "when": datetime(2024, 1, 1, tzinfo=UTC), "where": Path("x")})
    assert json.loads(text()) == {"name": "Reef", "when": "2024-01-01T00:00:00+00:00", "where": "x"}


def test_json_holds_no_control_character(printed: Any) -> None:
    output, text = printed(json=True)
    output.view("", {"name": "\x9b2J\u202e\x7f\U0001f600\U000e0001"})
    assert json.loads(text()) == {"name": "\x9b2J\u202e\x7f\U0001f600\U000e0001"}
    assert not {"\x9b", "\x7f"} & set(text())
    assert "\U0001f600" in text()
    output, text = printed(json=True, encoding="cp1252")
    output.view("", {"name": "Søren 礁 \U0001f600"})
    assert json.loads(text()) == {"name": "Søren 礁 \U0001f600"}


def test_bytes_come_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(kept, encoding="utf-8"))
    Output(Options()).bytes([b"\x00\xff", b"\r\n"])
    assert kept.getvalue() == b"\x00\xff\r\n"


@given(
    rows=st.lists(
        st.tuples(st.text(max_size=30), st.text(max_size=60), st.text(max_size=60)), min_size=1, max_size=5
    ),
    width=st.integers(20, 200),
)
def test_a_table_is_no_wider_than_the_terminal(rows: Sequence[Sequence[str]], width: int) -> None:
    columns = (Column("a", str), Column("b", str, right=True), Column("c", str))
    cells = [["".join(filter(str.isprintable, cell)) for cell in row] for row in rows]
    layout = Layout(columns, cells, width)
    for line in [layout.heading(), *map(layout.line, cells)]:
        assert cell_len(line) <= width


def test_a_narrow_terminal_shortens_names_but_never_ids() -> None:
    columns = (Column("handle", str, id=True), Column("name", str), Column("owner", str))
    row = ["10378.1/1451860", "Temperatures of the northern reef", "writer"]
    layout = Layout(columns, [row], 40)
    assert layout.line(row) == "10378.1/1451860  Temperatures o…  writer"
    assert Layout(columns, [row], 30).line(row) == "10378.1/1451860  Temperatures…"


@pytest.mark.skipif(os.name != "posix", reason="starts a file by its permission")
@pytest.mark.parametrize("named", ["less '", "./no-program"])
def test_a_broken_pager_is_named_once_and_not_used(
    printed: Any,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = tmp_path / "no-program"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    output, text = printed(terminal=True)
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO()))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PROVENA_PAGER", named)
    output.text("line\n" * 200)
    output.text("line\n" * 200)
    output.close()
    assert text() == "line\n" * 400
    assert capsys.readouterr().err.count("Warning: The pager") == 1


def test_fields_choose_from_the_data_of_a_view(printed: Any) -> None:
    output, text = printed(json=True, fields=("size", "name"))
    output.view("", [{"name": "Reef", "size": 5, "id": 1}, {"name": "Kelp"}])
    assert json.loads(text()) == [{"size": 5, "name": "Reef"}, {"size": None, "name": "Kelp"}]
    for data in ([{"name": "Reef"}], {"name": "Reef"}, ["Reef"]):
        with pytest.raises(click.UsageError, match="--fields: there "):
            output.view("", data)
    output, text = printed(fields=("name",))
    with pytest.raises(click.UsageError, match="--json has them"):
        output.view("a card", {"name": "Reef"})
    assert text() == ""


def test_fields_that_are_unknown_do_not_fail_what_is_done_already(capsys: pytest.CaptureFixture[str]) -> None:
    Output(Options(fields=("name",)), changes=True).view("changed", {})
    Output(Options(fields=("name",), jsonl=True), changes=True).view("", {"size": 5})
    printed, warned = capsys.readouterr()
    assert printed == 'changed\n{"size": 5}\n'
    assert warned.count("Warning: --fields: there ") == 2
