"""A client of one dataset, and a way to run what it does on fsspec's loop."""

from collections.abc import Callable, Iterator

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.service_file import ServiceFileGuard
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.models import StoreAddress
from provena_sdk.s3.retry import RetryRule
from provena_sdk.sandbox.object_store import Server
from tests.store_fixtures import *  # noqa: F403  # reason=fixtures are found by their names

SOON = RetryRule(base=0.001, cap=0.01, patience=1.0, most=8)


Make = Callable[..., ObjectClient]


@pytest.fixture
def make(server: Server, location: DatasetLocation, source: CredentialsSource) -> Iterator[Make]:
    """Makes clients of the dataset that try again at once."""
    made: list[ObjectClient] = []

    def client(access: Access = Access.WRITE, url: str | None = None, idle: float = 5.0) -> ObjectClient:
        credentials = DatasetCredentials(source, location.dataset_id, access)
        made.append(
            ObjectClient(
                location.folder,
                credentials,
                StoreAddress(url or server.url),
                guard=ServiceFileGuard(location.dataset_id),
                rule=SOON,
                idle=idle,
            )
        )
        return made[-1]

    yield client
    for one in made:
        run_sync(one.close())


@pytest.fixture
def client(make: Make) -> ObjectClient:
    """A client that may write."""
    return make()
