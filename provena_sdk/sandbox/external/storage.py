"""Datasets' files in an external store."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

from provena_sdk.sandbox.data.items import prefix_of
from provena_sdk.sandbox.data.storage import Storage
from provena_sdk.sandbox.external.issuing import Accounts, AssumedRole, Issuer, WebIdentity
from provena_sdk.sandbox.external.parts import LEAST_ROLE_SECONDS, ExternalStore, Unreachable
from provena_sdk.sandbox.object_store import RequestRecord, TemporaryCredentials

_LOOK_SECONDS: Final = 1.0


class NotOurs(AttributeError):
    """Something was asked for that only the sandbox's own store has."""


class ExternalStorage(Storage):
    """A bucket in an external store. The sandbox leaves alone what it did not put there itself.

    Args:
        store: The store.
        seconds: Lifetime of credentials.
        ca_file: PEM file of certificates to trust instead of the system's.

    Raises:
        ValueError: The store cannot issue credentials for so short a time.
    """

    def __init__(self, store: ExternalStore, seconds: float, ca_file: str | None) -> None:
        if store.issuing == "assume-role" and seconds < LEAST_ROLE_SECONDS:
            raise ValueError(
                f"credentials_seconds must be at least {LEAST_ROLE_SECONDS}, the minimum of STS; "
                "with issuing='web-identity' credentials end with the caller's token."
            )
        self.url = store.url.rstrip("/")
        self.bucket = store.bucket
        self.region = store.region
        self._ca_file = ca_file
        self._s3 = self._client(store, "s3", self.url)
        self._issuer = self._issuer_of(store, seconds)
        self._prefixes: set[str] = set()
        self._watch: asyncio.Task[None] | None = None

    def _client(self, store: ExternalStore, service: str, url: str) -> Any:
        # botocore takes longer to import than the sandbox to start.
        from botocore.config import Config  # noqa: PLC0415  # keeps botocore away
        from botocore.session import get_session  # noqa: PLC0415  # keeps botocore away

        return get_session().create_client(
            service,
            region_name=store.region,
            endpoint_url=url,
            verify=self._ca_file,
            aws_access_key_id=store.access_key_id,
            aws_secret_access_key=store.secret_access_key,
            config=Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4" if service == "s3" else None,
                retries={"total_max_attempts": 3},
                connect_timeout=10,
                read_timeout=60,
            ),
        )

    def _issuer_of(self, store: ExternalStore, seconds: float) -> Issuer:
        if store.issuing == "accounts":
            return Accounts(store, self._ca_file, self._put_policy, seconds)
        sts = self._client(store, "sts", store.sts_url or self.url)
        return (WebIdentity if store.issuing == "web-identity" else AssumedRole)(store, sts, seconds)

    def __getattr__(self, name: str) -> Any:
        if name not in Storage.__annotations__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise NotOurs(
            f"The files are stored at {self.__dict__.get('url')}; the sandbox has no {name} of its own."
        )

    async def start(self, host: str, port: int) -> None:
        """Create the bucket if it is missing.

        Raises:
            Unreachable: The store does not answer, or refuses.
        """
        await asyncio.to_thread(self._make_bucket)
        if isinstance(self._issuer, Accounts):
            self._watch = asyncio.ensure_future(self._end_accounts(self._issuer))

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # keeps botocore away

        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise Unreachable(f"The store {self.url} refused: {error}") from error

    def _make_bucket(self) -> None:
        with self._asking():
            try:
                self._s3.head_bucket(Bucket=self.bucket)
            except self._s3.exceptions.ClientError as error:
                if not _is_missing(error):
                    raise
                self._s3.create_bucket(Bucket=self.bucket)

    async def _end_accounts(self, accounts: Accounts) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(Unreachable), self._asking():
                await asyncio.to_thread(accounts.expire)

    async def stop(self) -> None:
        """Stop removing expired accounts."""
        if self._watch is not None:
            self._watch.cancel()

    def close(self) -> None:
        """Remove the sandbox's files and accounts from the store."""
        with contextlib.suppress(Unreachable):
            self.clear()

    def first_suffix(self) -> int:
        """Return the first handle suffix that no earlier sandbox has used in this store."""
        return time.time_ns() // 1_000_000

    def requests(self) -> list[RequestRecord]:
        """Refuse: requests to an external store are not recorded.

        Raises:
            NotOurs: Always.
        """
        raise NotOurs(f"The files are stored at {self.url}; requests to that store are not recorded.")

    def forget_requests(self) -> None:
        """Do nothing: requests to an external store are not recorded."""

    def put(self, handle: str, path: str, data: bytes) -> None:
        """Write a file of a dataset."""
        self._prefixes.add(prefix_of(handle))
        with self._asking():
            self._s3.put_object(Bucket=self.bucket, Key=prefix_of(handle) + path, Body=data)

    def exists(self, handle: str, path: str) -> bool:
        """Return whether a dataset has this file."""
        if not path:
            return False
        with self._asking():
            try:
                self._s3.head_object(Bucket=self.bucket, Key=prefix_of(handle) + path)
            except self._s3.exceptions.ClientError as error:
                if not _is_missing(error):
                    raise
                return False
        return True

    def files(self, handle: str) -> dict[str, bytes]:
        """Return a dataset's files: content by path within the dataset."""
        prefix = prefix_of(handle)
        with self._asking():
            return {
                key[len(prefix) :]: self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                for key in self._keys(prefix)
            }

    def credentials_for(self, handle: str, *, write: bool, token: str = "") -> TemporaryCredentials:
        """Return temporary credentials for a dataset's files, for the holder of the access token."""
        with self._asking():
            return self._issuer.issue(prefix_of(handle), write=write, token=token)

    def presigned(self, handle: str, path: str, seconds: int) -> str:
        """Return a URL that reads one file without credentials, valid for some seconds."""
        named = {"Bucket": self.bucket, "Key": prefix_of(handle) + path}
        url: str = self._s3.generate_presigned_url("get_object", Params=named, ExpiresIn=seconds)
        return url

    def expire_credentials(self) -> None:
        """Expire all credentials that were issued.

        Raises:
            RuntimeError: The store cannot.
        """
        with self._asking():
            self._issuer.expire_all()

    def clear(self) -> None:
        """Remove the sandbox's files from the store; its accounts stop working."""
        with self._asking():
            if isinstance(self._issuer, Accounts):
                self._issuer.expire_all()
            prefixes, self._prefixes = self._prefixes, set()
            for prefix in prefixes:
                self._empty(prefix)

    def _empty(self, prefix: str) -> None:
        for key in self._keys(prefix):
            # versitygw lists some keys otherwise than it stores them; such a one cannot be removed by its name.
            with contextlib.suppress(self._s3.exceptions.ClientError):
                self._s3.delete_object(Bucket=self.bucket, Key=key)
        for upload in self._uploads(prefix):
            self._s3.abort_multipart_upload(
                Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def _uploads(self, prefix: str) -> list[dict[str, Any]]:
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry for page in pages for entry in page.get("Uploads", ())]

    def _put_policy(self, policy: dict[str, Any] | None) -> None:
        if policy is None:
            self._s3.delete_bucket_policy(Bucket=self.bucket)
        else:
            self._s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(policy))


def _is_missing(error: Any) -> bool:
    return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 404)
