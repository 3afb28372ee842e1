"""``ds.s3fs()``: s3fs itself, by either client."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from s3fs import S3FileSystem

from provena_sdk import AsyncProvena, DatasetAccessDenied, InvalidArgument, Provena
from provena_sdk.sandbox import Sandbox


def test_reading_and_writing(sandbox: Sandbox, dataset: str) -> None:
    with Provena() as provena:
        reef = provena.datastore.interactive_dataset(dataset)
        root = reef.fetch_dataset().item.s3.s3_uri
        fs = reef.s3fs(access="write")
        assert type(fs) is S3FileSystem
        fs.pipe_file(f"{root}obs/a.csv", b"1,2\n")
        assert reef.fs.cat_file("obs/a.csv") == b"1,2\n"
        assert reef.s3fs().cat_file(f"{root}obs/a.csv") == b"1,2\n"
        with pytest.raises(PermissionError):
            reef.s3fs().pipe_file(f"{root}obs/b.csv", b"")


async def test_the_async_client_gives_an_asynchronous_one(sandbox: Sandbox, dataset: str) -> None:
    async with AsyncProvena() as provena:
        reef = provena.datastore.interactive_dataset(dataset)
        root = (await reef.fetch_dataset()).item.s3.s3_uri
        fs = await reef.s3fs(access="write")
        assert fs.asynchronous
        session = await fs.set_session()
        await fs._pipe_file(f"{root}a.csv", b"1")
        assert await fs._cat_file(f"{root}a.csv") == b"1"
        await session.close()


def test_what_may_not_be_written_is_refused_at_once(sandbox: Sandbox) -> None:
    theirs = sandbox.add_dataset("Theirs", files={"a": b"1"}, owner="admin")
    with Provena() as provena:
        reef = provena.datastore.interactive_dataset(theirs)
        with pytest.raises(DatasetAccessDenied):
            reef.s3fs(access="write")
        with pytest.raises(InvalidArgument, match="access must be 'read' or 'write', not 'append'"):
            reef.s3fs(access="append")  # type: ignore[arg-type]  # on purpose


@pytest.mark.slow
def test_another_process_signs_in_by_itself(sandbox: Sandbox, dataset: str) -> None:
    with Provena() as provena:
        reef = provena.datastore.interactive_dataset(dataset)
        reef.fs.pipe_file("a.csv", b"1,2")
        root = reef.fetch_dataset().item.s3.s3_uri
        pickled = pickle.dumps(reef.s3fs())
    code = f"import pickle; print(pickle.loads({pickled!r}).cat_file({root + 'a.csv'!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "b'1,2'\n", done.stderr
    code = f"import os; os.environ.pop('PROVENA_ACCESS_TOKEN'); {code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SignInRequired" in done.stderr
    assert done.stdout == ""


def test_opening_a_file_loads_no_other_client(sandbox: Sandbox, dataset: str) -> None:
    with Provena() as provena:
        provena.datastore.interactive_dataset(dataset).fs.pipe_file("a.csv", b"1,2")
    code = f"""
import sys, fsspec
with fsspec.open("provena://{dataset}/a.csv") as file:
    assert file.read() == b"1,2"
fs = fsspec.filesystem("provena")
fs.pipe_file("{dataset}/b.csv", b"3")
with fsspec.open("provena://{dataset}/b.csv", "ab") as file:
    file.write(b"4")
assert fs.cat_file("{dataset}/b.csv") == b"34"
print(sorted({{"botocore", "aiobotocore", "aiohttp", "s3fs", "requests"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
