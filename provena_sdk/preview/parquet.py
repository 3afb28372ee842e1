"""The columns and first rows of Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from provena_sdk.preview.failures import missing, read_as
from provena_sdk.preview.kinds import PreviewColumn, TablePreview
from provena_sdk.preview.opened import Opened

_MOST_BYTES: Final = 32 * 1024 * 1024
"""A column is read as a whole, up to the end of a row group; columns are read as long as they have no more.

Those that are compressed count as what they become.
"""
_MOST_VALUE: Final = 10_000
"""Most characters or bytes of a value."""


def read_parquet(file: Opened, rows: int) -> TablePreview:
    """Read the columns and the first rows; of many or large columns, the values of the first ones.

    Args:
        file: The file.
        rows: The number of rows to read.

    Raises:
        InvalidArgument: pyarrow is not installed.
        UnreadableFile: The file is not Parquet.
    """
    try:
        from pyarrow import parquet  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise missing("pyarrow", "Parquet", file.path, "'provena-sdk[parquet]'") from error
    with read_as("Parquet", file.path):
        opened = parquet.ParquetFile(file.stream)
        columns = tuple(PreviewColumn(one.name, str(one.type)) for one in opened.schema_arrow)
        return TablePreview(
            file.path,
            "Parquet",
            file.size,
            columns,
            _first_rows(opened, columns, rows),
            opened.metadata.num_rows,
        )


def _first_rows(opened: Any, columns: tuple[PreviewColumn, ...], rows: int) -> tuple[tuple[object, ...], ...]:
    if not rows or not opened.metadata.num_row_groups:
        return ()
    names = _affordable(opened.metadata.row_group(0), [column.name for column in columns])
    batches = opened.iter_batches(batch_size=rows, row_groups=[0], columns=names, use_threads=False)
    for batch in batches if names else ():
        return tuple(zip(*(map(_cut, column.to_pylist()) for column in batch.columns), strict=True))
    return ()


def _cut(value: object) -> object:
    """Return a value, and of a long text or of many bytes the beginning.

    Example:
        >>> _cut(b"reef"), len(_cut("x" * 20_000))
        (b'reef', 10001)
    """
    if isinstance(value, str) and len(value) > _MOST_VALUE:
        return f"{value[:_MOST_VALUE]}…"
    return value[:_MOST_VALUE] if isinstance(value, bytes) else value


def _affordable(group: Any, names: Sequence[str]) -> list[str]:
    """Return the first columns, as long as reading them fetches and takes little."""
    sizes: dict[str, int] = {}
    for place in range(group.num_columns):
        column = group.column(place)
        top = column.path_in_schema.partition(".")[0]
        sizes[top] = sizes.get(top, 0) + max(column.total_compressed_size, column.total_uncompressed_size)
    left = _MOST_BYTES
    found: list[str] = []
    for name in names:
        left -= sizes.get(name.partition(".")[0], 0)
        if left < 0:
            break
        found.append(name)
    return found
