"""boto3's CRT transfers in the transfer benchmark; runs in an environment of its own.

boto3 itself gives the CRT no other address than Amazon's, so its two parts, client and transfer manager, are put
together here with its defaults and the address of the store.
"""

from __future__ import annotations

import sys
from pathlib import Path

import awscrt
import boto3
import botocore.credentials
import botocore.session
from s3transfer.crt import (
    BotocoreCRTCredentialsWrapper,
    BotocoreCRTRequestSerializer,
    CRTTransferManager,
    create_s3_crt_client,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.transfer_boto3 import give, take
from scripts.bench.transfer_work import Transfer, serve


def manager(transfer: Transfer) -> CRTTransferManager:
    """A transfer manager with the dataset's keys."""
    store = transfer.store
    keys = botocore.credentials.Credentials(store.access_key_id, store.secret_access_key, store.session_token)
    provider = BotocoreCRTCredentialsWrapper(keys).to_crt_credentials_provider()
    client = create_s3_crt_client(store.region, provider, use_ssl=False)
    place = {"region_name": store.region, "endpoint_url": store.url}
    return CRTTransferManager(client, BotocoreCRTRequestSerializer(botocore.session.Session(), place))


def download(transfer: Transfer) -> None:
    """All files of the dataset."""
    take(transfer, manager(transfer))


def upload(transfer: Transfer) -> None:
    """All files of the folder."""
    give(transfer, manager(transfer))


if __name__ == "__main__":
    serve(download, upload, f"boto3 {boto3.__version__} with CRT {awscrt.__version__}")
