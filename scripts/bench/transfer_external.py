"""The Provena of the transfer benchmark whose files are in an external S3 store, in a process of its own.

The first line of its input describes the store. It does what the other lines ask for, as transfer_server.py does.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from botocore.config import Config  # noqa: E402 reason= found by the path above
from botocore.session import get_session  # noqa: E402 reason= found by the path above

from provena_sdk.sandbox import ExternalStore, Sandbox  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.data.items import prefix_of  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.data.storage import METADATA_FILE  # noqa: E402 reason= found by the path above
from scripts.bench.external import Listener  # noqa: E402 reason= found by the path above
from scripts.bench.transfer_server import (  # noqa: E402 reason= found by the path above
    COMPARED,
    DAY,
    MULTIPART_FROM,
    PART,
    answer,
    encoded_crc,
)
from scripts.live.relay import Relay, relay  # noqa: E402 reason= found by the path above

# The longest session that STS grants.
LONGEST = 43_200.0
# The most keys that one request deletes.
DELETED = 1000


class Benched:
    """A running sandbox with an external store.

    Args:
        sandbox: The sandbox.
        store: Its store.
        between: A relay in front of the store.
    """

    def __init__(self, sandbox: Sandbox, store: ExternalStore, between: Relay) -> None:
        self._sandbox = sandbox
        self._store = store
        self._relay = between
        self._url = store.url
        self._s3 = client(store)
        self._process = Listener(urlsplit(store.url).port or 80)
        self._handles: dict[str, list[str]] = {}

    def about(self) -> str:
        """Describe what the figures depend on, as Markdown."""
        headers = self._s3.head_bucket(Bucket=self._store.bucket)["ResponseMetadata"]["HTTPHeaders"]
        return (
            f"The files are in an external S3 store ({headers.get('server', 'of unknown make')}), whose CPU is "
            f"{'part of' if self._process.known else 'missing from'} the server's. At 0 ms it is reached directly; a "
            "longer delay comes from a relay. What is downloaded was uploaded in parts of 8 MiB above 16 MiB, with a "
            "CRC64NVME for ours, a CRC32 for “CRC32”, and without a checksum for all others."
        )

    def services(self) -> dict[str, Any]:
        """Return how to reach the services."""
        return {
            "services": self._sandbox.environment() | {"PROVENA_S3_ENDPOINT": self._url},
            "token": self._sandbox.access_token("writer", DAY),
        }

    def dataset(self, folder: str, kept: str) -> str:
        """Register a dataset with the files of a folder, and return its handle.

        Args:
            folder: The folder; empty for a dataset without files.
            kept: The CRC that is sent with each file: ``crc64nvme``, ``crc32`` or empty for none.
        """
        handle = self._sandbox.add_dataset()
        self._handles.setdefault(folder, []).append(handle)
        for name, path in files_of(folder).items() if folder else ():
            self._put(prefix_of(handle) + name, path, kept)
        return handle

    def keys(self, handle: str) -> dict[str, str]:
        """Return the store, and credentials for a dataset in it; earlier ones end where that is possible."""
        if self._store.issuing == "accounts":
            # All accounts are in the bucket's policy, which must stay short.
            self._sandbox.expire_credentials()
        given = asdict(self._sandbox.storage.credentials_for(handle, write=True))
        del given["expiry"]
        place = {"region": self._store.region, "bucket": self._store.bucket, "prefix": prefix_of(handle)}
        return place | given | {"url": self._url}

    def delay(self, seconds: float) -> None:
        """Wait so long before every answer of the store; 0 leads to the store itself."""
        self._relay.delay = seconds
        self._url = self._relay.url if seconds else self._store.url

    def compare(self, handle: str, folder: str) -> list[str]:
        """Return the differences between a dataset and a folder, byte for byte."""
        prefix = prefix_of(handle)
        expected = files_of(folder)
        found = {key.removeprefix(prefix) for key in self._keys(prefix)}
        wrong = [
            f"{name} is missing or unexpected" for name in sorted((expected.keys() ^ found) - {METADATA_FILE})
        ]
        wrong += [
            f"{name} has other bytes"
            for name in sorted(expected.keys() & found)
            if not self._same(prefix + name, expected[name])
        ]
        if uploads := self._uploads(prefix):
            wrong.append(f"{len(uploads)} uploads were left unfinished")
        return wrong

    def clear(self, handle: str) -> None:
        """Remove a dataset's files."""
        bucket, prefix = self._store.bucket, prefix_of(handle)
        for upload in self._uploads(prefix):
            self._s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        keys = [{"Key": key} for key in self._keys(prefix)]
        for at in range(0, len(keys), DELETED):
            self._s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[at : at + DELETED], "Quiet": True})

    def close(self) -> None:
        """Remove the files of all datasets; the sandbox would do so one by one."""
        for folder in list(self._handles):
            self.forget(folder)

    def forget(self, folder: str) -> None:
        """Remove the files of the datasets that were made of a folder."""
        for handle in self._handles.pop(folder, ()):
            self.clear(handle)

    def usage(self) -> float:
        """Return the CPU seconds that the store, the relay and the services have used."""
        return sum(os.times()[:2]) + self._process.cpu_seconds()

    def _put(self, key: str, path: Path, kept: str) -> None:
        named = {"Bucket": self._store.bucket, "Key": key}
        field = f"Checksum{kept.upper()}"
        if path.stat().st_size <= MULTIPART_FROM:
            data = path.read_bytes()
            self._s3.put_object(**named, **({field: encoded_crc(kept, data)} if kept else {}), Body=data)
            return
        kind = {"ChecksumType": "FULL_OBJECT"} if kept else {}
        algorithm = {"ChecksumAlgorithm": kept.upper()} if kept else {}
        upload = {"UploadId": self._s3.create_multipart_upload(**named, **algorithm, **kind)["UploadId"]}
        parts: list[dict[str, Any]] = []
        with path.open("rb") as file:
            while data := file.read(PART):
                number = {"PartNumber": len(parts) + 1}
                checksum = {field: encoded_crc(kept, data)} if kept else {}
                done = self._s3.upload_part(**named, **upload, **number, **checksum, Body=data)
                parts.append(number | {"ETag": done["ETag"]} | checksum)
        self._s3.complete_multipart_upload(**named, **upload, **kind, MultipartUpload={"Parts": parts})

    def _same(self, key: str, path: Path) -> bool:
        with self._s3.get_object(Bucket=self._store.bucket, Key=key)["Body"] as body, path.open("rb") as file:
            while data := body.read(COMPARED):
                if data != file.read(len(data)):
                    return False
            return not file.read(1)

    def _keys(self, prefix: str) -> list[str]:
        return [entry["Key"] for entry in self._listed("list_objects_v2", "Contents", prefix)]

    def _uploads(self, prefix: str) -> list[dict[str, Any]]:
        return self._listed("list_multipart_uploads", "Uploads", prefix)

    def _listed(self, call: str, entries: str, prefix: str) -> list[dict[str, Any]]:
        pages = self._s3.get_paginator(call).paginate(Bucket=self._store.bucket, Prefix=prefix)
        return [entry for page in pages for entry in page.get(entries, ())]


def client(store: ExternalStore) -> Any:  # botocore is not typed
    """Return a client that may do everything in the store and sends no checksums by itself."""
    return get_session().create_client(
        "s3",
        region_name=store.region,
        endpoint_url=store.url,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )


def files_of(folder: str) -> dict[str, Path]:
    """Return the files below a folder by their names relative to it, with slashes."""
    found = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def main() -> None:
    """Answer until the input closes."""
    store = ExternalStore(**json.loads(sys.stdin.readline()))
    place = urlsplit(store.url)
    with (
        relay(place.port or 80, place.hostname or "") as between,
        Sandbox(credentials_seconds=LONGEST, s3=store) as sandbox,
    ):
        benched = Benched(sandbox, store, between)
        try:
            answer(benched)
        finally:
            benched.close()


if __name__ == "__main__":
    main()
