"""DuckDB reads and writes by address, once the file system is registered with a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import fsspec
import pytest

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def connection(url: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the file system."""
    with duckdb.connect() as connection:
        connection.register_filesystem(fsspec.filesystem("provena"))
        yield connection


def test_select(connection: duckdb.DuckDBPyConnection, url: str) -> None:
    assert connection.sql(f"SELECT max(temperature) FROM '{url}/obs/2023.csv'").fetchall() == [(26.0,)]
    found = connection.sql(f"SELECT count(*), sum(temperature) FROM '{url}/obs/*.csv'")
    assert found.fetchall() == [(3, 79.0)]


def test_copy_and_select(connection: duckdb.DuckDBPyConnection, url: str, stored: Stored) -> None:
    connection.sql(f"COPY (SELECT i, i % 5 AS k FROM range(300000) t(i)) TO '{url}/numbers.parquet'")
    connection.sql(f"COPY (SELECT 1 AS a) TO '{url}/one.csv'")
    assert stored()["numbers.parquet"].startswith(b"PAR1")
    assert stored()["one.csv"] == b"a\n1\n"
    found = connection.sql(f"SELECT sum(i) FROM '{url}/numbers.parquet' WHERE k = 3")
    assert found.fetchall() == [(sum(range(3, 300000, 5)),)]


def test_copy_in_partitions(connection: duckdb.DuckDBPyConnection, url: str, stored: Stored) -> None:
    # It looks into the folder first unless told not to, and a folder without files is none.
    connection.sql(
        f"COPY (SELECT i, i % 3 AS k FROM range(1000) t(i)) TO '{url}/parts' "
        "(FORMAT parquet, PARTITION_BY (k), OVERWRITE_OR_IGNORE)"
    )
    written = sorted(path.split("/")[1] for path in stored() if path.startswith("parts/"))
    assert written == ["k=0", "k=1", "k=2"]
    found = connection.sql(f"SELECT k, count(*) FROM '{url}/parts/**/*.parquet' GROUP BY k ORDER BY k")
    assert found.fetchall() == [(0, 334), (1, 333), (2, 333)]


def test_a_missing_file(connection: duckdb.DuckDBPyConnection, url: str) -> None:
    with pytest.raises(duckdb.Error, match=r"2025\.csv"):
        connection.sql(f"SELECT * FROM '{url}/obs/2025.csv'").fetchall()
