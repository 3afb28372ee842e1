"""What commands print on stdout: tables for people, lines for pipes, JSON, or ids alone."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from itertools import chain
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeAlias

import click

from provena_sdk.cli import streams
from provena_sdk.cli.options import Options
from provena_sdk.cli.pager import finish, start_pager
from provena_sdk.cli.table import Column, Layout, described, shown
from provena_sdk.display.terminal import is_terminal
from provena_sdk.display.text import alternatives, escaped, quoted

if TYPE_CHECKING:
    import subprocess

_Bytes: TypeAlias = bytes  # a method has this name

_FIRST_ROWS: Final = 40
"""Rows whose widths decide those of the columns, if the screen has no more lines."""

_FIRST_SECONDS: Final = 0.2
"""How long to wait for more of the first rows once there is one."""


class Output:
    """The standard output of a command, in the format that its options ask for.

    Args:
        options: The options of every command.
        changes: Whether the command may have changed something before it prints.

    Attributes:
        for_people: Whether a terminal shows it.
    """

    def __init__(self, options: Options, *, changes: bool = False) -> None:
        self._options = options
        self._changes = changes
        self._stream = sys.stdout
        self.for_people = is_terminal(sys.stdout)
        self._pager: subprocess.Popen[str] | None = None
        self._is_read = True
        self._may_page = self.for_people

    @property
    def is_json(self) -> bool:
        """Whether to print JSON."""
        return self._options.json or self._options.jsonl

    def rows(self, items: Iterable[Any], columns: Sequence[Column]) -> int:
        """Print a row for each item, as they come.

        A terminal shows a table; a pipe gets lines of cells between tabs, without a heading.

        Args:
            items: The items; of results that come in pages, the first page is printed before the second is fetched.
            columns: The columns; one of them is the id.

        Returns:
            The number of rows. The rest is not fetched once nobody reads them.
        """
        columns = self._chosen(columns)
        if self._options.json:
            return self._json_array(items, columns)
        if self._options.jsonl:
            return self._lines(items, lambda item: _document(_values(item, columns), self._stream))
        if self._options.quiet:
            ids = [column for column in columns if column.id][:1] or columns[:1]
            return self._lines(items, lambda item: _tabbed(item, ids))
        if self.for_people:
            return self._table(items, columns)
        return self._lines(items, lambda item: _tabbed(item, columns))

    def one(self, item: Any, columns: Sequence[Column]) -> None:
        """Print one item: a line for each field, or a JSON object.

        Args:
            item: The item.
            columns: Its fields.
        """
        columns = self._chosen(columns)
        if self.is_json:
            self._json(_values(item, columns))
        elif self._options.quiet:
            self._write(_tabbed(item, [column for column in columns if column.id] or columns[:1]))
        elif self.for_people:
            self._page(described(item, columns, streams.screen().columns))
        else:
            for column in columns:
                self._write(f"{column.name}\t{_plain(column.get(item))}")

    def view(self, view: object, data: object, *, id: str | None = None) -> None:
        """Print an object of the SDK as it shows itself, or its data as JSON.

        Args:
            view: The object; its ``text(colour=…)``, or else its ``str``, is for people.
            data: What to print as JSON: a mapping or a list.
            id: What ``--quiet`` prints; None prints the view.

        Raises:
            click.UsageError: There are no fields to choose from, in a command that changes nothing.
        """
        if self.is_json:
            self._json(self._fields_of(data) if self._options.fields else data)
            return
        if self._options.fields:
            self._refuse(click.UsageError("--fields: there are none to choose from here; --json has them."))
        if self._options.quiet and id is not None:
            self._write(escaped(id))
        else:
            make: Callable[..., str] | None = getattr(view, "text", None)
            colour = self.for_people and streams.has_colours(sys.stdout)
            self._page((make(colour=colour) if callable(make) else str(view)).splitlines())

    def json(self, data: object) -> None:
        """Print what is JSON by nature, for people and programs alike."""
        self._json(data)

    def text(self, text: str) -> None:
        """Print what is text by nature, such as a citation; JSON prints it as a string."""
        if self.is_json:
            self._json(text)
        else:
            self._page(text.splitlines())

    def bytes(self, content: _Bytes | Iterable[_Bytes]) -> None:
        """Print bytes as they are, such as a file's."""
        self.flush()
        if not self._is_read:
            return
        binary = getattr(self._stream, "buffer", None)
        for chunk in (content,) if isinstance(content, bytes) else content:
            if binary is None:
                self._put(chunk.decode("utf-8", "replace"))
            else:
                self._while_read(binary.write, chunk)
            if not self._is_read:
                return
        if binary is not None:
            self._while_read(binary.flush)

    def flush(self) -> None:
        """Write what is left."""
        self._while_read(self._stream.flush)

    def close(self) -> None:
        """Write what is left, and wait until the pager has been read."""
        if self._pager is not None:
            pager, self._pager, self._stream = self._pager, None, sys.stdout
            finish(pager)
        self.flush()

    def _chosen(self, columns: Sequence[Column]) -> Sequence[Column]:
        if not self._options.fields:
            return columns if self.is_json else [column for column in columns if not column.extra]
        named = {column.name: column for column in columns}
        _refuse_unknown(self._options.fields, list(named))
        return [named[name] for name in self._options.fields]

    def _fields_of(self, data: object) -> object:
        try:
            return _only(self._options.fields, data)
        except click.UsageError as error:
            self._refuse(error)
            return data

    def _refuse(self, error: click.UsageError) -> None:
        """Raise an error, unless the command may have done already what it is for."""
        if not self._changes:
            raise error
        streams.warn(error.message)

    def _table(self, items: Iterable[Any], columns: Sequence[Column]) -> int:
        size = streams.screen()
        batches = _batches(items, max(_FIRST_ROWS, size.lines))
        first = next(batches)
        if not first:
            return 0
        cells = [[shown(column, column.get(item)) for column in columns] for item in first]
        layout = Layout(columns, cells, size.columns)
        self._page_if(len(first) + 3 > size.lines)
        self._write(streams.bold(layout.heading(), sys.stdout))
        for row in cells:
            self._write(layout.line(row))
        self.flush()
        count = len(first)
        for item in chain.from_iterable(batches) if self._is_read else ():
            self._write(layout.line([shown(column, column.get(item)) for column in layout.columns]))
            count += 1
            if not self._is_read:
                break
        return count

    def _lines(self, items: Iterable[Any], line: Callable[[Any], str]) -> int:
        count, flushed = 0, 0.0
        for count, item in enumerate(items, start=1):  # noqa: B007  # the last is the number of rows
            self._write(line(item))
            if time.monotonic() - flushed > _FIRST_SECONDS:
                self.flush()
                flushed = time.monotonic()
            if not self._is_read:
                break
        return count

    def _json_array(self, items: Iterable[Any], columns: Sequence[Column]) -> int:
        count = 0
        for count, item in enumerate(items, start=1):  # the last is the number of rows
            self._put("[\n  " if count == 1 else ",\n  ")
            self._put(_document(_values(item, columns), self._stream))
            if not self._is_read:
                break
        self._write("\n]" if count else "[]")
        return count

    def _json(self, data: object) -> None:
        self._write(_document(data, self._stream, indent=None if self._options.jsonl else 2))

    def _page(self, lines: Sequence[str]) -> None:
        self._page_if(len(lines) + 1 > streams.screen().lines)
        for line in lines:
            self._write(line)

    def _page_if(self, is_long: bool) -> None:
        if is_long and self._may_page:
            self._may_page = False
            self._pager = start_pager()
            if self._pager is not None and self._pager.stdin is not None:
                stream: Any = self._pager.stdin
                self._stream = stream

    def _write(self, line: str) -> None:
        self._put(f"{line}\n")

    def _put(self, text: str) -> None:
        self._while_read(self._stream.write, text)

    def _while_read(self, write: Callable[..., object], *content: object) -> None:
        """Call a function that writes; once the reader has closed the pipe, nothing more is written."""
        if not self._is_read:
            return
        try:
            write(*content)
        except BrokenPipeError:
            self._is_read = False
            if self._pager is None:
                streams.abandon_stdout()
                self._stream = sys.stdout


def _batches(items: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Yield the first rows as soon as they are there, then the others one by one."""
    rest = iter(items)
    first: list[Any] = []
    began = 0.0
    for item in rest:
        began = began if first else time.monotonic()
        first.append(item)
        if len(first) >= most or time.monotonic() - began > _FIRST_SECONDS:
            break
    yield first
    for item in rest:
        yield [item]


def _values(item: Any, columns: Sequence[Column]) -> dict[str, object]:
    return {column.name: column.get(item) for column in columns}


def _tabbed(item: Any, columns: Sequence[Column]) -> str:
    return "\t".join(_plain(column.get(item)) for column in columns)


def _plain(value: object) -> str:
    """Return a value for a pipe: whole, on one line, without tabs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_plain, value))
    return escaped(str(value if isinstance(value, str | int | float) else _as_json(value)))


def _document(value: object, stream: TextIO, indent: int | None = None) -> str:
    text = json.dumps(value, default=_as_json, ensure_ascii=not streams.is_unicode(stream), indent=indent)
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter == "\n" else _json_escaped(letter) for letter in text
    )


def _json_escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _as_json(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PathLike):
        return fspath(value)
    for name in ("to_dict", "_asdict"):
        make = getattr(value, name, None)
        if callable(make):
            return make()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def _only(fields: Sequence[str], data: object) -> object:
    """Return some fields of a mapping, or of each mapping in a list."""
    items = [data] if isinstance(data, Mapping) else data
    if not isinstance(items, Sequence) or not all(isinstance(item, Mapping) for item in items):
        raise click.UsageError("--fields: there are none to choose from here.")
    if items:
        _refuse_unknown(fields, list(dict.fromkeys(chain.from_iterable(items))))
    chosen = [{name: item.get(name) for name in fields} for item in items]
    return chosen[0] if isinstance(data, Mapping) else chosen


def _refuse_unknown(fields: Iterable[str], known: Sequence[str]) -> None:
    for field in fields:
        if field not in known:
            raise click.UsageError(
                f"--fields: there is no field {quoted(field, 60)}; it must be {alternatives(known)}."
            )
