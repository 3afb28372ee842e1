"""boto3 in the transfer benchmark; runs in an environment of its own.

All files are given to one transfer manager, which is what boto3 makes for each single file of ``download_file``; one
file after the other would be many times slower.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig, create_transfer_manager

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.transfer_work import Transfer, serve, sources, target


def client(transfer: Transfer) -> Any:  # boto3 is not typed
    """A client with the dataset's keys."""
    store = transfer.store
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        region_name=store.region,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        aws_session_token=store.session_token,
    )


def take(transfer: Transfer, manager: Any) -> None:
    """Download all files by a transfer manager."""
    store = transfer.store
    pages = (
        client(transfer).get_paginator("list_objects_v2").paginate(Bucket=store.bucket, Prefix=store.prefix)
    )
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    with manager:
        under_way = [
            manager.download(store.bucket, key, target(transfer.folder, key, store.prefix)) for key in keys
        ]
        for one in under_way:
            one.result()


def give(transfer: Transfer, manager: Any) -> None:
    """Upload all files by a transfer manager."""
    store = transfer.store
    with manager:
        under_way = [
            manager.upload(path, store.bucket, store.prefix + name) for path, name in sources(transfer.folder)
        ]
        for one in under_way:
            one.result()


def classic(transfer: Transfer) -> Any:
    """boto3's own transfer manager, with its defaults."""
    return create_transfer_manager(client(transfer), TransferConfig(preferred_transfer_client="classic"))


def download(transfer: Transfer) -> None:
    """All files of the dataset."""
    take(transfer, classic(transfer))


def upload(transfer: Transfer) -> None:
    """All files of the folder."""
    give(transfer, classic(transfer))


if __name__ == "__main__":
    serve(download, upload, f"boto3 {boto3.__version__}")
