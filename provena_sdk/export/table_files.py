"""Rows in files that other programs read: Parquet and Excel, written batch by batch."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from provena_sdk.display.text import printable

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

StrPath: TypeAlias = str | os.PathLike[str]
Write: TypeAlias = Callable[[Sequence[Sequence[object]]], None]
"""Writes some rows, each with a value for each column."""

_ARROW_TYPES: Final = {
    "text": "string",
    "count": "int64",
    "number": "float64",
    "date": "date32",
    "truth": "bool_",
}
_EXCEL_ROWS: Final = 1_048_576
_EXCEL_CHARACTERS: Final = 32_000


@contextmanager
def parquet_file(path: StrPath, columns: Mapping[str, str]) -> Iterator[Write]:
    """Write a Parquet file; it has its name only once it is complete.

    Args:
        path: The file, which is replaced if it exists.
        columns: The type of each column: ``text``, ``texts``, ``count``, ``number``, ``date``, ``time`` or ``truth``.

    Yields:
        What writes rows.

    Raises:
        ImportError: pyarrow is not installed.
        OSError: The file cannot be written.
    """
    try:
        import pyarrow  # noqa: PLC0415  # an extra
        import pyarrow.parquet  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError("to_parquet() needs pyarrow: install provena-sdk[parquet].") from error
    fixed = {name: getattr(pyarrow, arrow)() for name, arrow in _ARROW_TYPES.items()}
    types = {**fixed, "texts": pyarrow.list_(pyarrow.string()), "time": pyarrow.timestamp("us", tz="UTC")}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])

    with _completed(path) as part, pyarrow.parquet.ParquetWriter(part, schema) as writer:

        def write(rows: Sequence[Sequence[object]]) -> None:
            cells = list(zip(*rows, strict=True)) or [()] * len(columns)
            arrays = [
                pyarrow.array(list(values), type=field.type)
                for values, field in zip(cells, schema, strict=True)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))

        yield write


@contextmanager
def excel_file(path: StrPath, columns: Mapping[str, str]) -> Iterator[Write]:
    """Write an Excel workbook; it has its name only once it is complete.

    Text is written as text, so that a name that begins with ``=`` is not run as a formula. Times are in UTC. Rows that
    do not fit on a sheet continue on the next.

    Args:
        path: The file, which is replaced if it exists.
        columns: The columns, as for :func:`parquet_file`.

    Yields:
        What writes rows.

    Raises:
        ImportError: openpyxl is not installed.
        OSError: The file cannot be written.
    """
    try:
        from openpyxl import Workbook  # noqa: PLC0415  # an extra
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError("to_excel() needs openpyxl: install provena-sdk[excel].") from error
    book = Workbook(write_only=True)
    sheets: list[WriteOnlyWorksheet] = []
    count = 0

    def cell(value: object) -> Any:
        if not isinstance(value, str | list | tuple):
            return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
        text = value if isinstance(value, str) else ", ".join(map(str, value))
        made = WriteOnlyCell(sheets[-1], printable(text, _EXCEL_CHARACTERS))
        made.data_type = "s"
        return made

    def write(rows: Sequence[Sequence[object]]) -> None:
        nonlocal count
        for row in rows:
            if count % _EXCEL_ROWS == 0:
                sheets.append(book.create_sheet())
                sheets[-1].append([cell(name) for name in columns])
                count += 1
            sheets[-1].append([cell(value) for value in row])
            count += 1

    with _completed(path) as part:
        try:
            yield write
        except BaseException:
            # Otherwise their temporary files stay open.
            for sheet in sheets:
                sheet.close()
            raise
        if not sheets:
            sheets.append(book.create_sheet())
            sheets[-1].append([cell(name) for name in columns])
        book.save(part)


@contextmanager
def _completed(path: StrPath) -> Iterator[Path]:
    """Yield the path of a file to write, which replaces the one wanted when the block ends without an error.

    Its name cannot be guessed, and the file is made anew, so nobody else who may write to the folder can have put a
    link there. It gets the permissions of any new file.
    """
    wanted = Path(path)
    part = wanted.with_name(f".provena-{secrets.token_hex(8)}.part")
    part.touch(exist_ok=False)
    try:
        yield part
        part.replace(wanted)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
