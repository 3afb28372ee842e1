"""s3fs with its defaults in the transfer benchmark; runs in an environment of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import s3fs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.transfer_work import Transfer, serve


def filesystem(transfer: Transfer) -> Any:  # s3fs is not typed
    """The store as a file system."""
    store = transfer.store
    return s3fs.S3FileSystem(
        key=store.access_key_id,
        secret=store.secret_access_key,
        token=store.session_token,
        endpoint_url=store.url,
        client_kwargs={"region_name": store.region},
    )


def download(transfer: Transfer) -> None:
    """All files of the dataset."""
    folder = transfer.folder.rstrip("/") + "/"
    filesystem(transfer).get(f"{transfer.store.bucket}/{transfer.store.prefix}", folder, recursive=True)


def upload(transfer: Transfer) -> None:
    """All files of the folder."""
    folder = transfer.folder.rstrip("/") + "/"
    filesystem(transfer).put(folder, f"{transfer.store.bucket}/{transfer.store.prefix}", recursive=True)


if __name__ == "__main__":
    serve(download, upload, f"s3fs {s3fs.__version__}")
