"""Recognise the format of a file by its first bytes and its name, and read what is in it."""

from __future__ import annotations

import bz2
import gzip
from typing import IO, Any, Final, cast

from provena_sdk.errors import InvalidArgument
from provena_sdk.preview.classic import read_classic
from provena_sdk.preview.delimited import read_delimited
from provena_sdk.preview.failures import read_as
from provena_sdk.preview.kinds import Preview, TextPreview
from provena_sdk.preview.netcdf import read_netcdf
from provena_sdk.preview.opened import Folder, Opened
from provena_sdk.preview.parquet import read_parquet
from provena_sdk.preview.text import encoding_of, read_text
from provena_sdk.preview.zarr import read_zarr

MOST_ROWS: Final = 1000
"""The most rows of a preview."""

_FIRST_BYTES: Final = 4096
_GZIP: Final = b"\x1f\x8b"
_BZIP2: Final = b"BZh"
_PACKED: Final = (".gz", ".bz2")
# Formats of which only the name is shown.
_OTHERS: Final = (
    (b"PK\x03\x04", "zip"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"%PDF-", "PDF"),
    (b"GRIB", "GRIB"),
    (b"\x93NUMPY", "NumPy"),
)
_TABLES: Final = (".csv", ".tsv", ".tab")


def read_preview(folder: Folder, path: str, rows: int) -> Preview:
    """Read what is in a file, or in a folder that is a Zarr store; only a small part of the file is fetched.

    Args:
        folder: The dataset.
        path: The path within it.
        rows: The number of rows, or of lines, to read.

    Raises:
        InvalidArgument: A library that reads the format is not installed.
        DatasetFileNotFound: There is no such file.
        NotAFile: The path is a folder, and not a Zarr store.
        UnreadableFile: The file is not valid in its format.
    """
    if path.endswith("/"):
        return read_zarr(folder, path.rstrip("/"))
    try:
        opened = folder.open(path, "rb")
    except IsADirectoryError:
        opened = None
    if opened is None:
        return read_zarr(folder, path)
    with opened:
        return _read(Opened(path, opened.size, opened), rows)


def check_rows(rows: int) -> None:
    """Refuse a number of rows that is too large, or is not a number.

    Raises:
        InvalidArgument: It is.
    """
    if not isinstance(rows, int) or isinstance(rows, bool) or not 0 <= rows <= MOST_ROWS:
        raise InvalidArgument("rows", f"must be a number from 0 to {MOST_ROWS:,}.")


def _read(file: Opened, rows: int) -> Preview:
    start = _start(file.stream)
    if start.startswith(b"PAR1"):
        return read_parquet(file, rows)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return read_netcdf(file)
    if start.startswith((b"CDF\x01", b"CDF\x02", b"CDF\x05")):
        return read_classic(file)
    for mark, name in _OTHERS:
        if start.startswith(mark):
            return TextPreview(file.path, name, file.size)
    with read_as("text", file.path):
        if start.startswith((_GZIP, _BZIP2)):
            file = file._replace(stream=_unpacked(file.stream, start))
            start = _start(file.stream)
        if encoding_of(start) is None:
            return TextPreview(file.path, "binary", file.size)
        name = file.path.lower()
        for suffix in _PACKED:
            name = name.removesuffix(suffix)
        return read_delimited(file, rows) if name.endswith(_TABLES) else read_text(file, rows)


def _start(stream: IO[bytes]) -> bytes:
    start = stream.read(_FIRST_BYTES)
    stream.seek(0)
    return start


def _unpacked(stream: IO[bytes], start: bytes) -> IO[bytes]:
    packed: Any = gzip.GzipFile(fileobj=stream) if start.startswith(_GZIP) else bz2.BZ2File(stream)
    return cast("IO[bytes]", packed)
