"""provenaclient's part of ``peer_check.py``; runs in an environment of its own.

Each of its calls is made as a script of its users would make it. ``AWS_ENDPOINT_URL``, which its S3 client reads, leads
its files to the sandbox.
"""

from __future__ import annotations

import asyncio
import filecmp
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from provenaclient import Config, ProvenaClient
from provenaclient.auth import DeviceFlow, OfflineFlow
from provenaclient.models import RevertMetadata
from provenaclient.utils.config import APIOverrides
from ProvenaInterfaces.DataStoreAPI import CredentialsRequest, PresignedURLRequest
from ProvenaInterfaces.RegistryAPI import NoFilterSubtypeListRequest, VersionRequest
from ProvenaInterfaces.RegistryModels import CollectionFormat, ItemSubType

Step = Callable[[], Awaitable[object]]

# Calls of provenaclient that fail against the services as well, by its own doing.
LEFT_OUT = {
    "datastore.validate_dataset_metadata": "it wants a status, and the answer is flat",
    "datastore.review.*": "it sends them to the auth service",
}


class Deployment(NamedTuple):
    """What ``peer_check.py`` hands over.

    Attributes:
        environment: Addresses of the services, by the names of the SDK's environment variables.
        offline_token: Of the user who approves devices; None where the issuer is Keycloak, which refuses the empty
            scope that provenaclient sends with an offline token.
        metadata: Of a dataset, as JSON.
    """

    environment: dict[str, str]
    offline_token: str | None
    metadata: dict[str, Any]

    def config(self) -> Config:
        """The deployment as provenaclient names it."""
        overrides = APIOverrides(
            datastore_api_endpoint_override=self.environment["PROVENA_DATASTORE_URL"],
            search_api_endpoint_override=self.environment["PROVENA_SEARCH_URL"],
            keycloak_endpoint_override=self.environment["PROVENA_ISSUER_URL"],
        )
        return Config(self.environment["PROVENA_DOMAIN"], self.environment["PROVENA_REALM"], overrides)


class Session:
    """One user's work, call by call: each method makes the call that it is listed under, and checks what comes back."""

    def __init__(self, deployment: Deployment) -> None:
        self._given = deployment
        self._source, self._copy = Path("source"), Path("copy")
        self._client: ProvenaClient
        self._dataset = ""

    def steps(self) -> dict[str, Step]:
        """What is done, in this order, by the name of the call."""
        return {
            "DeviceFlow": self._sign_in_by_device,
            "OfflineFlow": self._sign_in_by_offline_token,
            "datastore.get_health_check": self._check_health,
            "datastore.mint_dataset": self._mint,
            "datastore.fetch_dataset": self._fetch,
            "datastore.update_dataset_metadata": self._update,
            "datastore.revert_dataset_metadata": self._revert,
            "datastore.list_datasets": self._list_page,
            "datastore.list_all_datasets": self._list_all,
            "datastore.for_all_datasets": self._list_each,
            "datastore.search_datasets": self._search,
            "search.search_registry": self._search_registry,
            "datastore.generate_read_access_credentials": self._read_credentials,
            "datastore.generate_write_access_credentials": self._write_credentials,
            "datastore.io.upload_all_files": self._upload,
            "datastore.io.list_all_files": self._list_files,
            "datastore.io.download_all_files": self._download,
            "datastore.io.download_specific_file": self._download_file,
            "datastore.generate_dataset_presigned_url": self._presign,
            "datastore.interactive_dataset": self._interact,
            "InteractiveDataset.fetch_dataset": self._interactive_fetch,
            "InteractiveDataset.revert_dataset_metadata": self._interactive_revert,
            "InteractiveDataset.generate_read_access_credentials": self._interactive_read_credentials,
            "InteractiveDataset.generate_write_access_credentials": self._interactive_write_credentials,
            "InteractiveDataset.upload_all_files": self._interactive_upload,
            "InteractiveDataset.download_all_files": self._interactive_download,
            "InteractiveDataset.download_specific_file": self._interactive_download_file,
            "datastore.version_dataset": self._version,
            "InteractiveDataset.version": self._interactive_version,
        }

    async def _sign_in_by_device(self) -> None:
        config = self._given.config()
        self._client = ProvenaClient(DeviceFlow(config, "client-tools"), config)
        assert (await self._client.datastore.list_all_datasets())[0].id

    async def _sign_in_by_offline_token(self) -> None:
        config = self._given.config()
        flow = OfflineFlow(config, "automated-access", offline_token=self._given.offline_token)
        flow.force_refresh()
        self._client = ProvenaClient(flow, config)

    async def _check_health(self) -> None:
        assert (await self._client.datastore.get_health_check()).message

    def _metadata(self, name: str) -> CollectionFormat:
        info = {**self._given.metadata["dataset_info"], "name": name}
        return CollectionFormat.model_validate({**self._given.metadata, "dataset_info": info})

    async def _mint(self) -> None:
        minted = await self._client.datastore.mint_dataset(self._metadata("Epsilon currents"))
        self._dataset = minted.handle or ""
        assert self._dataset

    async def _name(self) -> str:
        item = (await self._client.datastore.fetch_dataset(self._dataset)).item
        return str(item.collection_format.dataset_info.name)

    async def _fetch(self) -> None:
        assert await self._name() == "Epsilon currents"

    async def _update(self) -> None:
        metadata = self._metadata("Epsilon tides")
        await self._client.datastore.update_dataset_metadata(self._dataset, "another name", metadata)
        assert await self._name() == "Epsilon tides"

    async def _revert(self) -> None:
        request = RevertMetadata(id=self._dataset, history_id=0, reason="the first name")
        await self._client.datastore.revert_dataset_metadata(request)
        assert await self._name() == "Epsilon currents"

    async def _list_page(self) -> None:
        page = await self._client.datastore.list_datasets(NoFilterSubtypeListRequest(page_size=1))
        assert [item.id for item in page.items or []] == [self._dataset]

    async def _list_all(self) -> None:
        listed = await self._client.datastore.list_all_datasets()
        assert self._dataset in [item.id for item in listed]
        assert len(listed) > 20, "more than a page"

    async def _list_each(self) -> None:
        pages = self._client.datastore.for_all_datasets(NoFilterSubtypeListRequest(page_size=7), 10)
        assert len([item async for item in pages]) == 10

    async def _search(self) -> None:
        found = await self._client.datastore.search_datasets("epsi")
        assert [hit.id for hit in found.items] == [self._dataset]
        assert not found.auth_errors
        assert not found.misc_errors

    async def _search_registry(self) -> None:
        found = await self._client.search.search_registry("epsilon", 5, ItemSubType.DATASET)
        assert [hit.id for hit in found.results or []] == [self._dataset]

    def _credentials(self) -> CredentialsRequest:
        return CredentialsRequest(dataset_id=self._dataset, console_session_required=False)

    async def _read_credentials(self) -> None:
        given = await self._client.datastore.generate_read_access_credentials(self._credentials())
        assert given.credentials.aws_session_token

    async def _write_credentials(self) -> None:
        given = await self._client.datastore.generate_write_access_credentials(self._credentials())
        assert given.credentials.aws_session_token

    def _arrived(self, folder: Path) -> None:
        for path in self._source.rglob("*.*"):
            assert filecmp.cmp(path, folder / path.relative_to(self._source), shallow=False), path

    async def _upload(self) -> None:
        write(self._source, {"a.csv": b"1,2\n", "nested/ü b.bin": bytes(range(256)) * 4096})
        await self._client.datastore.io.upload_all_files(str(self._source), self._dataset)

    async def _list_files(self) -> None:
        listed = await self._client.datastore.io.list_all_files(self._dataset)
        assert {"a.csv", "ü b.bin"} <= {path.name for path in listed}

    async def _download(self) -> None:
        await self._client.datastore.io.download_all_files(str(self._copy), self._dataset)
        self._arrived(self._copy)

    async def _download_file(self) -> None:
        await self._client.datastore.io.download_specific_file(self._dataset, "a.csv", "single")
        assert filecmp.cmp(self._source / "a.csv", Path("single", "a.csv"), shallow=False)

    async def _presign(self) -> None:
        request = PresignedURLRequest(dataset_id=self._dataset, file_path="a.csv", expires_in=60)
        url = (await self._client.datastore.generate_dataset_presigned_url(request)).presigned_url
        async with httpx.AsyncClient() as http:
            assert (await http.get(url)).content == b"1,2\n"

    async def _interact(self) -> None:
        self._interactive = await self._client.datastore.interactive_dataset(self._dataset)

    async def _interactive_fetch(self) -> None:
        assert (await self._interactive.fetch_dataset()).item.id == self._dataset

    async def _interactive_revert(self) -> None:
        await self._interactive.revert_dataset_metadata(1, "the second name")
        assert await self._name() == "Epsilon tides"

    async def _interactive_read_credentials(self) -> None:
        given = await self._interactive.generate_read_access_credentials(console_session_required=True)
        assert given.console_session_url

    async def _interactive_write_credentials(self) -> None:
        given = await self._interactive.generate_write_access_credentials(console_session_required=False)
        assert given.credentials.aws_session_token

    async def _interactive_upload(self) -> None:
        write(Path("further"), {"later.csv": b"3,4\n"})
        await self._interactive.upload_all_files("further")

    async def _interactive_download(self) -> None:
        await self._interactive.download_all_files("later")
        self._arrived(Path("later"))

    async def _interactive_download_file(self) -> None:
        await self._interactive.download_specific_file("later.csv", "single")
        assert filecmp.cmp(Path("further", "later.csv"), Path("single", "later.csv"), shallow=False)

    async def _version(self) -> None:
        request = VersionRequest(id=self._dataset, reason="more data")
        self._dataset = (await self._client.datastore.version_dataset(request)).new_version_id

    async def _interactive_version(self) -> None:
        latest = await self._client.datastore.interactive_dataset(self._dataset)
        assert (await latest.version("even more data")).new_version_id != self._dataset


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files, by path within the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


async def main() -> int:
    """Make every call, and print each with its outcome."""
    deployment = Deployment(**json.loads(sys.stdin.read()))
    steps, left_out = Session(deployment).steps(), dict(LEFT_OUT)
    if deployment.offline_token is None:
        del steps["OfflineFlow"]
        left_out["OfflineFlow"] = "Keycloak refuses the empty scope that it sends"
    well = 0
    for name, step in steps.items():
        try:
            await step()
        except Exception as error:  # whatever it is, the next calls are made all the same
            print(f"  failed   {name}: {type(error).__name__}: {error}", flush=True)
        else:
            well += 1
            print(f"  ok       {name}", flush=True)
    for name, reason in left_out.items():
        print(f"  left out {name}: {reason}")
    print(f"{well} of {len(steps)} calls", flush=True)
    return 0 if well == len(steps) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
