"""File systems of one dataset, through s3fs.

:class:`DatasetStore` is s3fs held to one dataset's folder: whatever is asked of it, no request leaves that folder
and none writes the file that belongs to the service. :class:`DatasetFileSystem` is what users get: the same,
with paths that begin at the dataset's root.
"""

from __future__ import annotations

import asyncio
import os
import stat
import weakref
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import aiohttp
from botocore import exceptions as boto
from fsspec.asyn import AsyncFileSystem, sync_wrapper
from fsspec.implementations.dirfs import DirFileSystem
from s3fs import S3FileSystem

from provena_sdk.datasets.contents import DatasetContents
from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.service_file import SERVICE_FILE, ServiceFileGuard, check_removable, check_writable
from provena_sdk.datasets.session import DatasetSession, StoreCredentials, authorities, proxies
from provena_sdk.display.text import LIMIT, quoted, server_text
from provena_sdk.errors import (
    ConnectionFailed,
    FileStoreError,
    IntegrityError,
    ProvenaError,
    RequestTimedOut,
    UnsafePath,
)
from provena_sdk.filesystem.open_file.file import DatasetFile
from provena_sdk.filesystem.open_file.opening import open_file
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.client.request import USER_AGENT
from provena_sdk.s3.client.writer import PART_BYTES
from provena_sdk.s3.failures import is_renewable, refusal, translate
from provena_sdk.s3.models import StoreAddress
from provena_sdk.secret import without_frames

CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 60

_BLOCK_BYTES: Final = 8 * 1024 * 1024
_CONNECTIONS: Final = 64
_ATTEMPTS: Final = 4
_REGION: Final = "us-east-1"
_WRITES: Final = frozenset(
    {"put_object", "create_multipart_upload", "copy_object", "put_object_acl"}
    | {"put_object_tagging", "upload_part", "upload_part_copy", "complete_multipart_upload"}
)
_KEYLESS: Final = frozenset({"list_objects_v2", "list_object_versions", "list_multipart_uploads"})


class DatasetStore(S3FileSystem):  # type: ignore[misc]
    """s3fs for one dataset and access; addresses are ``<bucket>/<key>``.

    Its arguments hold where to find credentials, never the credentials. Its protocol is its own, so that keys
    configured for ``s3`` in fsspec's settings do not apply.

    Args:
        location: The dataset's folder.
        access: What its credentials shall allow.
        source: Where they come from.
        address: How the store is reached.
    """

    protocol = ("provena-store",)
    cachable = False
    # botocore repeats requests; this is s3fs's own layer round it, for answers that break off.
    retries = 2

    def __init__(
        self,
        location: DatasetLocation,
        access: Access,
        source: CredentialsSource,
        address: StoreAddress,
    ) -> None:
        self.location = location
        self.address = address
        self.credentials = DatasetCredentials(source, location.dataset_id, access)
        self._signing = StoreCredentials(self.credentials)
        self._objects: ObjectClient | None = None
        self.root = f"{location.bucket}/{location.prefix.removesuffix('/')}"
        super().__init__(
            endpoint_url=address.url,
            session=DatasetSession(self._signing),
            client_kwargs={"region_name": address.region or _REGION, "verify": authorities(address.ca_file)},
            config_kwargs={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": READ_SECONDS,
                "max_pool_connections": _CONNECTIONS,
                "retries": {"mode": "standard", "total_max_attempts": _ATTEMPTS},
                "proxies": proxies(address.url),
                "user_agent": USER_AGENT,
                "s3": {"addressing_style": "path" if address.url else "auto"},
            },
            default_block_size=_BLOCK_BYTES,
            # Others may write to the dataset; a listing kept for ever would hide it.
            use_listings_cache=False,
        )
        self.contents = DatasetContents(self, self.root)
        _alive[id(self)] = self

    @property
    def objects(self) -> ObjectClient:
        """The requests that s3fs would take ten times as long for: bulk bytes, listings, uploads in parts."""
        if self._objects is None:
            self._objects = ObjectClient(
                self.location.folder,
                self.credentials,
                self.address,
                guard=ServiceFileGuard(self.location.dataset_id),
            )
        return self._objects

    def split_path(self, path: str) -> tuple[str, str, str | None]:
        """Split an address into bucket and key, taking ``?versionId=`` and the like as part of the key."""
        bucket, _, key = self._strip_address(path).partition("/")
        return bucket, key, None

    def _strip_address(self, path: str) -> str:
        scheme = f"{self.protocol[0]}://"
        return path.removeprefix(scheme)

    def _within(self, path: str) -> str:
        """Return the path within the dataset that an address names.

        Raises:
            UnsafePath: It lies elsewhere.
        """
        address = self._strip_address(path).rstrip("/")
        if address == self.root:
            return ""
        if not address.startswith(f"{self.root}/"):
            raise UnsafePath(f"{quoted(path)} is not in the folder of dataset {self.location.dataset_id}.")
        return address[len(self.root) + 1 :]

    async def _info(self, path: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return await self.contents.info(self._within(path))

    async def _exists(self, path: str) -> bool:
        return await self.contents.exists(self._within(path))

    async def _isdir(self, path: str) -> bool:
        try:
            return bool((await self._info(path))["type"] == "directory")
        except FileNotFoundError:
            return False

    async def _ls(self, path: str, detail: bool = False, *args: Any, **kwargs: Any) -> list[Any]:
        entries = await self.contents.ls(self._within(path))
        return entries if detail else [entry["name"] for entry in entries]

    async def _find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool | None = None,
        detail: bool = False,
        prefix: str = "",
        **kwargs: Any,
    ) -> Any:
        if maxdepth is not None:
            return await AsyncFileSystem._find(self, path, maxdepth, bool(withdirs), detail=detail)
        inner = self._within(path)
        entries = await self.contents.find(inner, prefix=prefix, folders=bool(withdirs))
        if not entries and await self._isfile(path):
            entries = [await self._info(path)]
        found = {entry["name"]: entry for entry in entries}
        return found if detail else list(found)

    async def _cat_file(
        self,
        path: str,
        version_id: str | None = None,
        start: int | None = None,
        end: int | None = None,
        chunksize: int | None = None,
        max_concurrency: int | None = None,
    ) -> Any:
        return await self.contents.read(self._within(path), start, end)

    async def _pipe_file(
        self,
        path: str,
        data: bytes,
        chunksize: int = PART_BYTES,
        max_concurrency: int | None = None,
        mode: str = "overwrite",
        **kwargs: Any,
    ) -> None:
        await self.contents.write(self._within(path), data, new=mode == "create")

    async def _put_file(self, lpath: Any, rpath: str, *args: Any, **kwargs: Any) -> None:
        source = Path(lpath)
        status = await asyncio.to_thread(source.stat)
        if not stat.S_ISDIR(status.st_mode):
            await self.contents.upload(source, status.st_size, self._within(rpath))

    async def _get_file(self, rpath: str, lpath: Any, *args: Any, **kwargs: Any) -> None:
        if await self._isdir(rpath):
            await asyncio.to_thread(os.makedirs, lpath, exist_ok=True)
        else:
            await self.contents.download(self._within(rpath), Path(lpath))

    async def _cp_file(
        self, path1: str, path2: str, preserve_etag: bool | None = None, **kwargs: Any
    ) -> None:
        await self.contents.copy(self._within(path1), self._within(path2))

    def open(self, path: str, mode: str = "rb", *args: Any, **kwargs: Any) -> Any:
        """Open a file; see :func:`provena_sdk.filesystem.open_file.opening.open_file`."""
        return open_file(self, str(self._strip_protocol(path)), mode, *args, **kwargs)

    def _open(self, path: str, mode: str = "rb", *args: Any, **options: Any) -> Any:
        inner = self._within(path)
        return DatasetFile(self, path, mode, *args, contents=self.contents, inner=inner, **options)

    async def _mkdir(self, path: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: folders exist by the files in them, and buckets are the service's business."""

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Do nothing, for the same reason."""

    async def _call_s3(self, method: str, *akwarglist: Mapping[str, Any], **kwargs: Any) -> Any:
        """Make one request as s3fs does, within the dataset and with our errors."""
        arguments = self._permitted(method, kwargs)

        async def call() -> Any:
            return await super(DatasetStore, self)._call_s3(method, *akwarglist, **arguments)

        return await self._renewing(call, arguments)

    async def request(self, operation: str, **arguments: Any) -> Any:
        """Make one request with botocore's client, repeated by nothing but botocore itself.

        Args:
            operation: The client's method, such as ``get_object``.
            arguments: Its arguments; the bucket is added.

        Returns:
            The answer as botocore gives it.

        Raises:
            FileError: The store refused; see :func:`provena_sdk.s3.failures.translate`.
            ConnectionFailed: The store could not be reached.
        """
        permitted = self._permitted(operation, {"Bucket": self.location.bucket, **arguments})

        async def call() -> Any:
            client = await self.set_session()
            return await getattr(client, operation)(**permitted)

        return await self._renewing(call, permitted)

    async def _renewing(self, call: Callable[[], Awaitable[Any]], arguments: Mapping[str, Any]) -> Any:
        renewed = False
        while True:
            failure: BaseException
            try:
                return await call()
            except asyncio.CancelledError as error:
                failure = error
                break
            except Exception as error:
                if not renewed and _is_expired(error):
                    renewed = True
                    if self._signing.latest is not None:
                        self.credentials.refused(self._signing.latest)
                    continue
                failure = _translated(error, self._path_of(arguments), self.location.folder.label)
                break
        # Raised here and not above, so that the original error does not travel along as its context, and without the
        # frames of botocore, which hold headers and keys.
        raise failure.with_traceback(None) if isinstance(failure, ProvenaError) else without_frames(failure)

    def _path_of(self, arguments: Mapping[str, Any]) -> str | None:
        key = arguments.get("Key")
        return key.removeprefix(self.location.prefix) if isinstance(key, str) else None

    def _permitted(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        prefix = self.location.prefix
        if operation == "delete_objects":
            return self._permitted_deletion(arguments)
        if operation in _KEYLESS:
            inside = str(arguments.get("Prefix") or "").startswith(prefix)
        else:
            inside = str(arguments.get("Key") or "").startswith(prefix)
        if not inside or arguments.get("Bucket") != self.location.bucket:
            raise UnsafePath(
                f"The {operation} request would leave the folder of dataset {self.location.dataset_id}."
            )
        if operation in _WRITES:
            check_writable(str(arguments["Key"]).removeprefix(prefix), self.location.dataset_id)
        elif operation == "delete_object":
            check_removable(str(arguments["Key"]).removeprefix(prefix), self.location.dataset_id)
        return arguments

    def _permitted_deletion(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Hold a bulk deletion to the dataset, and leave the service's file out of it."""
        # s3fs lists folders, the dataset's own among them, as if they were keys.
        entries = [entry for entry in arguments["Delete"]["Objects"] if not self._is_root(arguments, entry)]
        for entry in entries:
            self._permitted("head_object", {"Bucket": arguments.get("Bucket"), "Key": entry["Key"]})
        kept = [entry for entry in entries if entry["Key"] != self.location.key(SERVICE_FILE)]
        if not kept:
            check_removable(SERVICE_FILE, self.location.dataset_id)
        return {**arguments, "Delete": {**arguments["Delete"], "Objects": kept}}

    def _is_root(self, arguments: Mapping[str, Any], entry: Mapping[str, str]) -> bool:
        return f"{arguments.get('Bucket')}/{entry['Key']}" == self.root

    # s3fs binds these to its own coroutines, not to the ones above.
    call_s3 = sync_wrapper(_call_s3)
    exists = sync_wrapper(_exists)
    find = sync_wrapper(_find)
    isdir = sync_wrapper(_isdir)
    mkdir = sync_wrapper(_mkdir)
    makedirs = sync_wrapper(_makedirs)

    async def close_client(self) -> None:
        """Close the connections; the next request opens new ones."""
        creator = getattr(self, "_s3creator", None)
        self._s3 = None
        if self._objects is not None:
            await self._objects.close()
        if creator is not None:
            await creator.__aexit__(None, None, None)


_alive: Final[weakref.WeakValueDictionary[int, DatasetStore]] = weakref.WeakValueDictionary()
_inherited: Final[list[DatasetStore]] = []


def _keep_inherited() -> None:
    """Keep a forked child from closing what it inherited.

    Closing one of those connections would take it out of the epoll set that the child shares with its parent, and
    the parent would wait on that connection for ever.
    """
    _inherited.extend(_alive.values())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep_inherited)


class DatasetFileSystem(DirFileSystem):  # type: ignore[misc]
    """One dataset's files as an fsspec file system, its paths beginning at the dataset's root.

    Pickles hold where to ask for credentials and no credentials; both sides of a pickle ask for their own.

    Args:
        location: The dataset's folder.
        access: Whether files may be written.
        source: Where credentials come from.
        address: How the store is reached.
    """

    protocol: ClassVar[str] = "provena-dataset"
    cachable = False

    def __init__(
        self,
        location: DatasetLocation,
        access: Access,
        source: CredentialsSource,
        address: StoreAddress,
    ) -> None:
        store = DatasetStore(location, access, source, address)
        super().__init__(path=store.root, fs=store)
        self.store = store

    def __repr__(self) -> str:
        return f"<DatasetFileSystem {self.store.location.dataset_id} ({self.store.credentials.access})>"


_BROKEN: Final = (
    boto.ConnectionError,
    boto.ConnectionClosedError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.ResponseStreamingError,
    aiohttp.ClientError,
)


def _is_expired(error: BaseException) -> bool:
    answer = _client_error(error)
    return answer is not None and is_renewable(
        _code(answer), bodiless=answer.operation_name.startswith("Head")
    )


def _translated(error: Exception, path: str | None, label: str) -> Exception:
    answer = _client_error(error)
    if answer is not None:
        return refusal(
            _code(answer),
            path=path,
            label=label,
            status=answer.response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
            message=server_text(str(answer.response.get("Error", {}).get("Message", "")), limit=LIMIT),
            bodiless=answer.operation_name.startswith("Head"),
        )
    what = f"{quoted(path)}" if path else f"the files of {label}"
    found = translate(error, path=path, label=label)
    if found is not error:
        return found
    if isinstance(error, boto.FlexibleChecksumError):
        return IntegrityError(f"The bytes of {what} do not match the store's checksum.", path=path)
    if isinstance(error, (boto.ConnectTimeoutError, boto.ReadTimeoutError)):
        return RequestTimedOut(f"The object store did not answer in time for {what}.", hint="Try again.")
    if isinstance(error, _BROKEN):
        return ConnectionFailed(
            f"The connection to the object store failed for {what}.",
            hint="Check the network, then try again.",
        )
    if isinstance(error, boto.BotoCoreError):
        return FileStoreError(
            f"The request for {what} could not be made ({type(error).__name__}).", path=path
        )
    return error


def _client_error(error: BaseException) -> boto.ClientError | None:
    if isinstance(error, boto.ClientError):
        return error
    cause = error.__cause__
    return cause if isinstance(cause, boto.ClientError) else None


def _code(answer: boto.ClientError) -> str:
    return str(answer.response.get("Error", {}).get("Code", "unknown"))
