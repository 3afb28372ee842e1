"""Read a table of an object store with DuckDB, once or twice, for ``scripts/other_tools.py``.

    python scripts/other_tools_duckdb.py EXTENSION URL [SECONDS] < secret.sql

The SQL on stdin creates the secret. With SECONDS, the table is read again after a pause.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module

import duckdb


def main() -> None:
    """Print what the table sums up to."""
    extension, url, *pause = sys.argv[1:]
    with import_module("duckdb_ext").init(duckdb.connect()) as connection:
        for name in ("httpfs", extension):
            connection.load_extension(name)
        connection.execute(sys.stdin.read())
        print(total(connection, url), end="")
        for seconds in pause:
            time.sleep(float(seconds))
            print(f", and again {total(connection, url)}", end="")


def total(connection: duckdb.DuckDBPyConnection, url: str) -> object:
    """Return the sum of the temperatures."""
    (row,) = connection.sql(f"SELECT sum(temperature) FROM read_csv('{url}')").fetchall()
    return row[0]


if __name__ == "__main__":
    main()
