"""provenaclient in the transfer benchmark; runs in an environment of its own.

Its own ``download_all_files`` and ``upload_all_files`` are called. Two things are changed: it is given a token that
stays good, so that its own way of signing in costs it nothing, and the client it makes for the object store, which
knows Amazon S3 only, is told where the store is.
"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path

from cloudpathlib.s3 import S3Client
from provenaclient import Config, ProvenaClient
from provenaclient.auth.manager import AuthManager
from provenaclient.modules.submodules import datastore_io_submodule
from provenaclient.utils.config import APIOverrides

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.transfer_work import Transfer, serve


class StaticToken(AuthManager):
    """A token that stays good."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self) -> str:
        """The token."""
        return self._token

    def force_refresh(self) -> None:
        """Nothing to do."""


def client(transfer: Transfer) -> ProvenaClient:
    """A client of its own for each transfer, as a script would make it."""

    class NearbyClient(S3Client):
        """cloudpathlib's client, told where the store is."""

        def __init__(self, **options: object) -> None:
            super().__init__(**options, endpoint_url=transfer.store.url)

    datastore_io_submodule.s3.S3Client = NearbyClient
    services = transfer.services
    overrides = APIOverrides(
        datastore_api_endpoint_override=services["PROVENA_DATASTORE_URL"],
        search_api_endpoint_override=services["PROVENA_SEARCH_URL"],
        keycloak_endpoint_override=services["PROVENA_ISSUER_URL"],
    )
    config = Config(services["PROVENA_DOMAIN"], services["PROVENA_REALM"], overrides)
    return ProvenaClient(StaticToken(transfer.token), config)


def download(transfer: Transfer) -> None:
    """All files of the dataset."""
    asyncio.run(client(transfer).datastore.io.download_all_files(transfer.folder, transfer.dataset))


def upload(transfer: Transfer) -> None:
    """All files of the folder."""
    asyncio.run(client(transfer).datastore.io.upload_all_files(transfer.folder, transfer.dataset))


if __name__ == "__main__":
    serve(
        download, upload, f"provenaclient {version('provenaclient')}, cloudpathlib {version('cloudpathlib')}"
    )
