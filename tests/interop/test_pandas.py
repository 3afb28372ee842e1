"""pandas reads and writes by address."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def frame() -> pd.DataFrame:
    """A table with 5,000 rows."""
    return pd.DataFrame({"site": [f"S{number % 7}" for number in range(5000)], "depth": range(5000)})


def test_csv(url: str) -> None:
    assert pd.read_csv(f"{url}/obs/2023.csv").temperature.tolist() == [25.5, 26.0]


def test_a_missing_file_is_missing(url: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"obs/2025\.csv"):
        pd.read_csv(f"{url}/obs/2025.csv")


def test_csv_written(url: str, frame: pd.DataFrame, stored: Stored) -> None:
    frame.to_csv(f"{url}/out/plain.csv", index=False)
    frame.to_csv(f"{url}/out/packed.csv.gz", index=False)
    plain = stored()["out/plain.csv"]
    assert plain.splitlines()[:2] == [b"site,depth", b"S0,0"]
    assert gzip.decompress(stored()["out/packed.csv.gz"]) == plain
    assert_frame_equal(pd.read_csv(f"{url}/out/packed.csv.gz"), frame)


def test_csv_in_chunks(url: str, frame: pd.DataFrame) -> None:
    frame.to_csv(f"{url}/long.csv", index=False)
    with pd.read_csv(f"{url}/long.csv", chunksize=1000) as chunks:
        assert [int(chunk.depth.sum()) for chunk in chunks] == [
            int(frame.depth[begin : begin + 1000].sum()) for begin in range(0, 5000, 1000)
        ]


def test_parquet(url: str, frame: pd.DataFrame, stored: Stored) -> None:
    frame.to_parquet(f"{url}/out/frame.parquet")
    assert stored()["out/frame.parquet"].startswith(b"PAR1")
    assert_frame_equal(pd.read_parquet(f"{url}/out/frame.parquet"), frame)
    assert list(pd.read_parquet(f"{url}/out/frame.parquet", columns=["depth"])) == ["depth"]


def test_parquet_in_partitions(url: str, frame: pd.DataFrame, stored: Stored) -> None:
    frame.to_parquet(f"{url}/parts", partition_cols=["site"])
    assert {path.split("/")[1] for path in stored() if path.startswith("parts/")} == {
        f"site=S{number}" for number in range(7)
    }
    found = pd.read_parquet(f"{url}/parts", filters=[("site", "==", "S3")])
    assert found.depth.tolist() == [number for number in range(5000) if number % 7 == 3]


@pytest.mark.parametrize("kind", ["feather", "json", "pickle"])
def test_other_formats(url: str, frame: pd.DataFrame, kind: str) -> None:
    getattr(frame, f"to_{kind}")(f"{url}/out/frame.{kind}")
    assert_frame_equal(getattr(pd, f"read_{kind}")(f"{url}/out/frame.{kind}"), frame, check_dtype=False)


def test_a_profile_says_who_and_where(url: str, profile: str, frame: pd.DataFrame, stored: Stored) -> None:
    options = {"profile": profile}
    frame.to_csv(f"{url}/out/plain.csv", index=False, storage_options=options)
    assert_frame_equal(pd.read_csv(f"{url}/out/plain.csv", storage_options=options), frame)
    assert "out/plain.csv" in stored()


def test_what_was_opened_to_be_read_is_not_written(url: str, frame: pd.DataFrame, stored: Stored) -> None:
    before = stored()
    with pytest.raises(PermissionError, match="access='read'"):
        frame.to_parquet(f"{url}/frame.parquet", storage_options={"access": "read"})
    assert stored() == before


class Unwritable:
    """Fails when it is written."""

    def __str__(self) -> str:
        raise RuntimeError("cannot be written")


def test_a_table_that_fails_half_way_is_not_there(
    url: str, stored: Stored, open_uploads: Callable[[], int]
) -> None:
    rows: list[object] = ["a" * 1_000_000] * 20
    frame = pd.DataFrame({"a": [*rows, Unwritable()]})
    with pytest.raises(RuntimeError, match="cannot be written"):
        frame.to_csv(f"{url}/broken.csv", chunksize=1)
    with pytest.raises(Exception, match="Unwritable"):
        frame.to_parquet(f"{url}/broken.parquet")
    assert not [path for path in stored() if path.startswith("broken")]
    assert open_uploads() == 0


def test_a_local_copy(url: str, tmp_path: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(f"{url}/long.csv", index=False)
    options = {"simplecache": {"cache_storage": str(tmp_path)}}
    assert_frame_equal(pd.read_csv(f"simplecache::{url}/long.csv", storage_options=options), frame)
    (copy,) = tmp_path.iterdir()
    assert copy.read_text("utf-8").startswith("site,depth\n")


def test_a_refusal_says_why(url: str, reef: str, sandbox: Any, frame: pd.DataFrame) -> None:
    # pandas tries what was refused once more, without credentials as it thinks.
    sandbox.set_access(reef, locked=True)
    with pytest.raises(PermissionError, match="locked"):
        frame.to_csv(f"{url}/out.csv")
