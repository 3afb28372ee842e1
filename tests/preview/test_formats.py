"""What is in files of each format, read from folders on this machine."""

from __future__ import annotations

import bz2
import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk import errors
from provena_sdk.preview import ArrayPreview, Preview, TablePreview, TextPreview, read_preview

CSV = b"day,site,temperature\n2024-01-01,a,27.5\n2024-01-02,b,28\n\n2024-01-03,c,\n"


def preview(folder: Path, path: str, rows: int = 10) -> Preview:
    return read_preview(DirFileSystem(path=str(folder), fs=LocalFileSystem()), path, rows)


def table(folder: Path, name: str, content: bytes, rows: int = 10) -> TablePreview:
    (folder / name).write_bytes(content)
    found = preview(folder, name, rows)
    assert isinstance(found, TablePreview)
    return found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.CSV", CSV.replace(b"\n", b"\r\n")),
        ("a.csv.gz", gzip.compress(CSV)),
        ("a.csv.bz2", bz2.compress(CSV)),
        ("a.tsv", CSV.replace(b",", b"\t")),
        ("a.csv", CSV.replace(b",", b";")),
        ("a.csv", b"\xef\xbb\xbf" + CSV),
        ("a.csv", CSV.decode().encode("utf-16")),
    ],
    ids=["commas", "CRLF", "gzip", "bzip2", "tabs", "semicolons", "mark", "UTF-16"],
)
def test_a_table_of_text(tmp_path: Path, name: str, content: bytes) -> None:
    found = table(tmp_path, name, content)
    assert [tuple(column) for column in found.columns] == [
        ("day", "date"),
        ("site", "text"),
        ("temperature", "number"),
    ]
    assert found.rows == (("2024-01-01", "a", "27.5"), ("2024-01-02", "b", "28"), ("2024-01-03", "c", ""))
    assert found.row_count == 3
    assert found.size == len(content)


def test_only_the_first_rows_are_read(tmp_path: Path) -> None:
    found = table(tmp_path, "long.csv", b"number\n" + b"1\n" * 10**5, rows=3)
    assert found.rows == (("1",),) * 3
    assert found.row_count is None


def test_rows_of_different_lengths(tmp_path: Path) -> None:
    found = table(tmp_path, "odd.csv", b"a,b\n1\n1,2,3\n")
    assert [column.name for column in found.columns] == ["a", "b", "column 3"]
    assert found.rows == (("1", None, None), ("1", "2", "3"))


def test_very_many_columns_are_cut(tmp_path: Path) -> None:
    found = table(tmp_path, "wide.csv", b"a\n" * 9 + b"," * 399_999 + b"\n")
    assert (len(found.columns), found.more_columns, len(found.rows[-1])) == (10_000, 390_000, 10_000)
    assert "10,000 columns and 390,000 more, 9 rows" in str(found)
    assert found.to_dict()["more_columns"] == 390_000
    found = table(tmp_path, "long.csv", b"a\n" * 999 + b"," * 4_999 + b"\n", rows=1000)
    assert (len(found.columns), found.more_columns, found.row_count) == (1_000, 4_000, 999)


def test_a_line_that_does_not_end(tmp_path: Path) -> None:
    found = table(tmp_path, "wide.csv", b"a,b\n1,2\n" + b"x" * 5_000_000)
    assert found.rows == (("1", "2"),)
    assert found.row_count is None


def test_a_table_in_latin_1(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", "höhe\nüber\n".encode("latin-1"))
    assert (found.columns[0].name, found.rows) == ("höhe", (("über",),))


def test_no_rows(tmp_path: Path) -> None:
    assert table(tmp_path, "empty.csv", b"").columns == ()
    assert table(tmp_path, "names.csv", b"a,b\n").row_count == 0
    assert table(tmp_path, "none.csv", CSV, rows=0).rows == ()


@given(st.binary(max_size=400))
def test_any_bytes_can_be_previewed(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.csv", "a.txt"):
            (Path(folder) / name).write_bytes(content)
            try:
                found = preview(Path(folder), name)
            except (errors.UnreadableFile, errors.InvalidArgument):
                continue
            assert all(line.isprintable() for line in str(found).split("\n"))
            json.dumps(found.to_dict(), allow_nan=False)


def test_many_columns_are_shown_as_lines(tmp_path: Path) -> None:
    names = ",".join(f"band{number}" for number in range(9))
    text = str(table(tmp_path, "wide.csv", f"{names}\n{'1,' * 8}2\n".encode()))
    assert text.splitlines()[0] == "'wide.csv': CSV, 72 B, 9 columns, 1 row"
    assert text.splitlines()[-1].split() == ["band8", "integer", "2"]


def test_text_and_what_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "read.me").write_text("one\ntwo\x1b[2J\nthree\n")
    found = preview(tmp_path, "read.me", rows=2)
    assert isinstance(found, TextPreview)
    assert str(found).splitlines()[1:] == ["one", "two\\x1b[2J"]
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert str(preview(tmp_path, "image.png")) == "'image.png': PNG, 108 B"
    (tmp_path / "table.csv").write_bytes(b"a,b\n\0")
    assert str(preview(tmp_path, "table.csv")) == "'table.csv': binary, 5 B"


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = {"site": ["a", "b", None], "depth": [1.5, float("nan"), 3.0], "tags": [["x"], [], None]}
    parquet.write_table(pa.table(rows), tmp_path / "a.parquet")
    found = preview(tmp_path, "a.parquet", rows=2)
    assert isinstance(found, TablePreview)
    assert [column.type for column in found.columns] == ["string", "double", "list<element: string>"]
    assert found.row_count == 3
    assert found.to_dict()["rows"] == [["a", 1.5, ["x"]], ["b", None, []]]
    assert str(found).splitlines()[-1].split() == ["b"]


def test_large_columns_of_parquet_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    monkeypatch.setattr("provena_sdk.preview.parquet._MOST_BYTES", 5_000)
    parquet.write_table(
        pa.table({"a": range(100), "large": [str(2**n) for n in range(900, 1000)]}), tmp_path / "a.parquet"
    )
    found = preview(tmp_path, "a.parquet", rows=2)
    assert isinstance(found, TablePreview)
    assert (len(found.columns), found.row_count, found.rows) == (2, 100, ((0,), (1,)))
    assert [line.split() for line in str(found).splitlines()[1:]] == [
        ["a", "large"],
        ["(int64)", "(string)"],
        ["0"],
        ["1"],
    ]
    parquet.write_table(pa.table({"a": pa.array([], "int8")}), tmp_path / "empty.parquet")
    assert str(preview(tmp_path, "empty.parquet")).splitlines()[1:] == ["a", "(int8)"]


def test_text_of_parquet_that_is_small_only_when_compressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": ["x" * 100_000]}), tmp_path / "a.parquet", compression="zstd")
    assert preview(tmp_path, "a.parquet").to_dict()["rows"] == [["x" * 10_000 + "…"]]
    monkeypatch.setattr("provena_sdk.preview.parquet._MOST_BYTES", 50_000)
    assert preview(tmp_path, "a.parquet").to_dict()["rows"] == []


def test_parquet_that_is_damaged(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(50))
    with pytest.raises(errors.UnreadableFile, match=r"'a.parquet' cannot be read as Parquet"):
        preview(tmp_path, "a.parquet")


def test_a_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(errors.InvalidArgument, match="which needs pyarrow") as caught:
        preview(tmp_path, "a.parquet")
    assert "provena-sdk[parquet]" in str(caught.value.hint)


def classic(version: int) -> bytes:
    """A header of classic netCDF: a time of records, a latitude, and a temperature over both."""
    count, offset = (">Q" if version == 5 else ">I"), (">I" if version == 1 else ">Q")

    def number(value: int) -> bytes:
        return struct.pack(count, value)

    def name(text: str) -> bytes:
        return number(len(text)) + text.encode() + bytes(-len(text) % 4)

    def text(key: str, value: str) -> bytes:
        return name(key) + struct.pack(">I", 2) + name(value)

    def listed(tag: int, *entries: bytes) -> bytes:
        return struct.pack(">I", tag if entries else 0) + number(len(entries)) + b"".join(entries)

    limits = name("valid_range") + struct.pack(">I", 5) + number(2) + struct.pack(">ff", -2.0, 40.0)
    variable = (
        name("sst")
        + number(2)
        + number(0)
        + number(1)
        + listed(12, text("units", "degC"), text("long_name", "Sea surface"), limits)
        + struct.pack(">I", 5)
        + number(12)
        + struct.pack(offset, 400)
    )
    return (
        b"CDF"
        + bytes([version])
        + number(365)
        + listed(10, name("time") + number(0), name("lat") + number(3))
        + listed(12, text("title", "Reef"))
        + listed(11, variable)
    )


@pytest.mark.parametrize("version", [1, 2, 5])
def test_classic_netcdf(tmp_path: Path, version: int) -> None:
    header = classic(version)
    (tmp_path / "a.nc").write_bytes(header + bytes(100))
    found = preview(tmp_path, "a.nc")
    assert isinstance(found, ArrayPreview)
    (variable,) = found.variables
    assert (variable.name, variable.type, variable.extent) == ("sst", "float32", "time 365, lat 3")
    assert variable.attributes == {
        "units": "degC",
        "long_name": "Sea surface",
        "valid_range": [-2.0, 40.0],
    }
    assert found.attributes == {"title": "Reef"}
    assert str(found).splitlines()[1:3] == [
        "variable  type     dimensions       units  long name",
        "sst       float32  time 365, lat 3  degC   Sea surface",
    ]
    (tmp_path / "cut.nc").write_bytes(header[:-1])
    with pytest.raises(errors.UnreadableFile, match="its header is incomplete"):
        preview(tmp_path, "cut.nc")


@given(st.sampled_from([1, 2, 5]), st.integers(0, 300), st.binary(min_size=1, max_size=8))
def test_a_damaged_header_is_an_error_of_ours(version: int, place: int, damage: bytes) -> None:
    import tempfile

    header = classic(version)
    place = 4 + place % (len(header) - 4)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.nc").write_bytes(header[:place] + damage + header[place + len(damage) :])
        try:
            found = preview(Path(folder), "a.nc")
        except errors.UnreadableFile:
            return
        assert all(line.isprintable() for line in str(found).split("\n"))


def store(folder: Path, documents: dict[str, Any]) -> None:
    for name, document in documents.items():
        path = folder / "sst.zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    (folder / "sst.zarr" / "sst" / "c").mkdir(parents=True, exist_ok=True)
    (folder / "sst.zarr" / "sst" / "c" / "0").write_bytes(bytes(8))


V2_ARRAY = {"zarr_format": 2, "shape": [365, 3], "dtype": "<f4", "chunks": [100, 3]}
V2_NAMES = {"_ARRAY_DIMENSIONS": ["time", "lat"], "units": "degC"}
V3_ARRAY = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [365, 3],
    "data_type": "float32",
    "dimension_names": ["time", "lat"],
    "attributes": {"units": "degC"},
}
V3_GROUP = {"zarr_format": 3, "node_type": "group", "attributes": {"title": "Reef"}}
STORES = {
    "v2": {
        ".zgroup": {"zarr_format": 2},
        ".zattrs": {"title": "Reef"},
        "sst/.zarray": V2_ARRAY,
        "sst/.zattrs": V2_NAMES,
    },
    "v2, consolidated": {
        ".zmetadata": {
            "metadata": {
                ".zgroup": {"zarr_format": 2},
                ".zattrs": {"title": "Reef"},
                "sst/.zarray": V2_ARRAY,
                "sst/.zattrs": V2_NAMES,
            }
        },
        ".zgroup": {"zarr_format": 2},
        "sst/.zarray": V2_ARRAY,
        "sst/.zattrs": V2_NAMES,
    },
    "v3": {"zarr.json": V3_GROUP, "sst/zarr.json": V3_ARRAY},
    "v3, consolidated": {
        "zarr.json": {**V3_GROUP, "consolidated_metadata": {"metadata": {"sst": V3_ARRAY}}},
        "sst/zarr.json": V3_ARRAY,
    },
}


@pytest.mark.parametrize("documents", STORES.values(), ids=STORES)
def test_zarr(tmp_path: Path, documents: dict[str, Any]) -> None:
    store(tmp_path, documents)
    for path in ("sst.zarr", "sst.zarr/"):
        found = preview(tmp_path, path)
        assert isinstance(found, ArrayPreview)
        (variable,) = found.variables
        assert (variable.name, variable.type, variable.extent) == ("sst", "float32", "time 365, lat 3")
        assert (variable.attributes, found.attributes) == ({"units": "degC"}, {"title": "Reef"})
        assert found.size is None
    alone = preview(tmp_path, "sst.zarr/sst")
    assert isinstance(alone, ArrayPreview)
    assert [one.name for one in alone.variables] == ["sst"]


@pytest.mark.parametrize("document", [[], {"node_type": "array"}, {"node_type": "array", "shape": 7}, "x"])
def test_zarr_that_is_damaged(tmp_path: Path, document: Any) -> None:
    store(tmp_path, {"zarr.json": document})
    with pytest.raises(errors.UnreadableFile):
        preview(tmp_path, "sst.zarr")


def test_the_documents_of_a_zarr_store_have_one_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    padded = {**V3_ARRAY, "chunk_grid": "x" * 1_000}
    names = [f"band{number}" for number in range(9)]
    store(tmp_path, {"zarr.json": V3_GROUP, **{f"{name}/zarr.json": padded for name in names}})
    monkeypatch.setattr("provena_sdk.preview.zarr._MOST_BYTES", 5_000)
    found = preview(tmp_path, "sst.zarr")
    assert isinstance(found, ArrayPreview)
    assert len(found.variables) == 4


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    store(tmp_path, {"a.csv": []})
    with pytest.raises(errors.NotAFile, match="is a folder, and not a Zarr store"):
        preview(tmp_path, "sst.zarr")
