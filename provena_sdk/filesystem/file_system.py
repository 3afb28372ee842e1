"""The file system of ``provena://``."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import os
import stat
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from glob import has_magic
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeVar

from fsspec.asyn import _run_coros_in_chunks, get_loop, mirror_sync_methods
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from fsspec.implementations.local import make_path_posix
from fsspec.utils import tokenize

from provena_sdk.concurrency.io_thread import on_io_thread, run_sync
from provena_sdk.connection import Datasets
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.entries import Entry
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import not_found
from provena_sdk.datasets.service_file import is_service_file
from provena_sdk.display.text import quoted
from provena_sdk.errors import (
    DatasetFileNotFound,
    FileAccessDenied,
    IntegrityError,
    InvalidArgument,
    NotAFile,
)
from provena_sdk.filesystem.addresses import PROTOCOL, Place, parent, place, stripped
from provena_sdk.filesystem.catalogue import Catalogue
from provena_sdk.filesystem.leases import LeasedCatalogue
from provena_sdk.filesystem.local_copies import LocalCopies
from provena_sdk.filesystem.open_file.async_file import DatasetStream
from provena_sdk.filesystem.open_file.file import DatasetFile
from provena_sdk.filesystem.open_file.fsspec_types import AsyncFileSystem
from provena_sdk.filesystem.open_file.opening import open_file
from provena_sdk.filesystem.options import OF_READING, check_options, datasets_for, domain_of
from provena_sdk.s3.media_type import check_content_type
from provena_sdk.tracebacks import OneFrame, short_traceback, short_tracebacks

T = TypeVar("T")

LISTINGS_SECONDS: Final = 30.0
"""How long a listing is kept by default."""

_KEPT_ENTRIES: Final = 10_000
_LARGE_BYTES: Final = 16 * 1024 * 1024


@short_tracebacks
class ProvenaFileSystem(AsyncFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """Present datasets as files to every library that works with fsspec.

    A URL is ``provena://<prefix>/<suffix>/<path>``; the first two segments are the dataset's handle. A folder exists
    only while there are files in it. Signing in works as in :class:`provena_sdk.Provena`; the first access sends the
    first request.

    Listings are cached for 30 seconds. They show this file system's own changes at once, and those of others after
    that time, after ``invalidate_cache()``, or with ``refresh=True``.

    Threads may share a file system, and other processes may unpickle it: the pickle holds the storage options and no
    secret, so the other process uses its own session, profile or environment to sign in, or a lease. A forked child
    opens its own connections; in a program with threads, spawning is safer than forking.

    Args:
        profile: The name of a profile in ``config.toml``.
        deployment: The domain, such as ``example.org``; or a mapping with the fields of
            :class:`provena_sdk.Deployment`.
        realm: The sign-in realm.
        access: ``read`` refuses every change before sending anything; ``write`` uses write credentials for reading,
            too; None requests write credentials at the first change.
        lease: Whether to read with the leases of this process only, without signing in. See
            :func:`provena_sdk.dask.lease`.
        options: fsspec's ``asynchronous``, ``loop``, ``batch_size``, ``use_listings_cache``,
            ``listings_expiry_time`` in seconds, ``max_paths`` and ``skip_instance_cache``; and ``block_size`` in
            bytes, ``cache_type`` and ``cache_options`` for all files opened for reading.

    Raises:
        InvalidArgument: An option is unknown, has an invalid value, or is a secret. Storage options must not be
            secrets, because libraries store, pickle and print them.

    Example:
        >>> import fsspec
        >>> fsspec.filesystem("provena", deployment="example.org", access="read")
        ProvenaFileSystem(deployment='example.org', access='read')
    """

    protocol: ClassVar[str] = PROTOCOL
    root_marker: ClassVar[str] = ""
    # fsspec would add the sync methods once the object is made; __init__ does, and shortens their tracebacks.
    mirror_sync_methods: ClassVar[bool] = False
    _pid: int

    def __init__(
        self,
        profile: str | None = None,
        deployment: str | Mapping[str, str | bool | None] | None = None,
        realm: str | None = None,
        access: str | None = None,
        lease: bool = False,
        **options: Any,
    ) -> None:
        with OneFrame():
            check_options(deployment, access, lease, options)
            domain = domain_of(profile, deployment, realm) if lease else None
        super().__init__(**{"listings_expiry_time": LISTINGS_SECONDS, **options})
        self.access = Access.READ if lease else access
        self.lease = lease
        self._reading_options: dict[str, Any] = {
            name: options[name] for name in OF_READING if name in options
        }
        self._make_catalogue: Callable[[], Catalogue | LeasedCatalogue] = lambda: (
            LeasedCatalogue(domain) if lease else Catalogue(datasets_for(profile, deployment, realm))
        )
        self._making = threading.Lock()
        self._copies: dict[tuple[str, Access], LocalCopies] = {}
        self._known_catalogue: Catalogue | LeasedCatalogue | None = None
        mirror_sync_methods(self)
        for name, method in [*vars(self).items()]:
            if inspect.isfunction(method) and not name.startswith("_"):
                method.__name__ = name
                setattr(self, name, short_traceback(method))

    @classmethod
    def of_client(cls, datasets: Datasets, options: Mapping[str, Any]) -> Self:
        """Return the file system of a client; it uses the client's session and connections.

        Its pickle holds the options, not the client.

        Args:
            datasets: The client's datasets.
            options: The storage options that create such a client in another process.
        """
        made = cls(**options, skip_instance_cache=True)
        made._known_catalogue = Catalogue(datasets)
        # Two clients may belong to two users.
        made._fs_token_ = tokenize(made._fs_token_, uuid.uuid4().hex)
        return made

    def __repr__(self) -> str:
        options = [f"{name}={value!r}" for name, value in self.storage_options.items()]
        return f"{type(self).__name__}({', '.join(options)})"

    @property
    def loop(self) -> Any:
        """The event loop for sync calls; None when the file system is asynchronous."""
        if self._pid != os.getpid():
            # After a fork, fsspec's loop runs only in the parent.
            self._pid = os.getpid()
            self._making = threading.Lock()
            self._copies = {}
            self.dircache.clear()
            if not self.asynchronous:
                self._loop = get_loop()
        return self._loop

    @property
    def _catalogue(self) -> Catalogue | LeasedCatalogue:
        if self._known_catalogue is None:
            with self._making:
                if self._known_catalogue is None:
                    self._known_catalogue = self._make_catalogue()
        return self._known_catalogue

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return [stripped(one) for one in path] if isinstance(path, list) else stripped(path)

    @classmethod
    def _parent(cls, path: str) -> str:
        return parent(path)

    async def _reading(self, named: Place) -> DatasetFiles:
        """Return a dataset's files for reading; runs on fsspec's event loop."""
        access = Access.WRITE if self.access == Access.WRITE else Access.READ
        return await self._catalogue.files(named.handle, access, at_once=bool(named.path))

    async def _writing(self, named: Place) -> DatasetFiles:
        """Return a dataset's files for writing; runs on fsspec's event loop."""
        return await self._catalogue.files(named.handle, Access.WRITE)

    def _copies_of(self, files: DatasetFiles) -> LocalCopies:
        """Return the copier of a dataset's single files; runs on fsspec's event loop."""
        key = files.location.dataset_id, files.access
        found = self._copies.get(key)
        if found is None or found.files is not files:
            found = self._copies[key] = LocalCopies(files)
        return found

    def _to_write(self, path: str) -> Place:
        """Parse the path of a file to change; raise before anything is sent if it cannot be changed."""
        named = place(path)
        if self.access == Access.READ:
            option = "lease=True" if self.lease else "access='read'"
            raise FileAccessDenied(
                f"{quoted(path)} cannot be changed: this file system was opened with {option}.",
                path=path,
                hint=f"Open it without '{option.partition('=')[0]}'.",
            )
        if not named.handle:
            raise not_in_a_dataset(path)
        return named

    async def _ls(
        self, path: str, detail: bool = True, *, refresh: bool = False, limit: int | None = None
    ) -> list[Any]:
        named = place(path)
        name = stripped(path)
        entries: list[Entry] | None = None if refresh else self.dircache.get(name)
        if entries is None:
            entries = await on_io_thread(self._list(named, limit))
            is_folder = not (len(entries) == 1 and entries[0]["name"] == name)
            if limit is None and is_folder:
                self.dircache[name] = entries
        chosen = entries if limit is None else entries[:limit]
        return list(chosen) if detail else [entry["name"] for entry in chosen]

    async def _list(self, named: Place, limit: int | None) -> list[Entry]:
        if not named.handle:
            return await self._catalogue.entries(named.prefix, limit)
        files = await self._reading(named)
        return await files.ls(named.path)

    async def _info(self, path: str, *, refresh: bool = False) -> Entry:
        named = place(path)
        name = stripped(path)
        if named.path and not refresh:
            known = self._from_listing(name)
            if known is not None:
                return dict(known)
        return await on_io_thread(self._look_up(named, name))

    def _from_listing(self, name: str) -> Entry | None:
        """Return an entry from a cached listing; if a file and a folder have the same name, the file's."""
        found = [entry for entry in self.dircache.get(parent(name)) or () if entry["name"] == name]
        return min(found, key=lambda entry: entry["type"] != "file", default=None)

    async def _look_up(self, named: Place, name: str) -> Entry:
        if named.path:
            return await (await self._reading(named)).info(named.path)
        if named.handle:
            return await self._catalogue.entry(named.handle)
        if named.prefix and not await self._catalogue.entries(named.prefix, 1):
            raise DatasetFileNotFound(
                f"There are no datasets whose handle begins with {quoted(name)}.", path=name
            )
        return {"name": name, "type": "directory", "size": 0}

    async def _exists(self, path: str, **options: Any) -> bool:
        try:
            if await self._is_dataset(path):
                return True
            await self._info(path, **options)
        except FileNotFoundError:
            return False
        return True

    async def _isdir(self, path: str) -> bool:
        try:
            return await self._is_dataset(path) or (await self._info(path))["type"] == "directory"
        except FileNotFoundError:
            return False

    async def _isfile(self, path: str) -> bool:
        try:
            return not await self._is_dataset(path) and (await self._info(path))["type"] == "file"
        except FileNotFoundError:
            return False

    async def _is_dataset(self, path: str) -> bool:
        """Return whether a path is a dataset's; each dataset is looked up once, without its metadata."""
        named = place(path)
        if not named.handle or named.path:
            return False
        await on_io_thread(self._reading(named))
        return True

    async def _find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        *,
        detail: bool = False,
        prefix: str = "",
        refresh: bool = False,
    ) -> Any:
        name = stripped(path)
        named = place(name)
        if maxdepth is not None and maxdepth < 1:
            raise InvalidArgument("maxdepth", "must be at least 1.")
        if maxdepth is not None or not named.handle:
            found = await self._find_by_level(name, named, maxdepth, withdirs, prefix, refresh)
        else:
            found = await on_io_thread(self._find_all(named, prefix, withdirs))
        if withdirs and name and (found or await self._isdir(name)) and not prefix:
            found = [{"name": name, "type": "directory", "size": 0}, *found]
        if not found and named.path:
            with contextlib.suppress(FileNotFoundError):
                info = await self._info(name)
                found = [info] if info["type"] == "file" else []
        known = {entry["name"]: entry for entry in found}
        return known if detail else list(known)

    async def _find_all(self, named: Place, prefix: str, withdirs: bool) -> list[Entry]:
        files = await self._reading(named)
        found = await files.find(named.path, prefix=prefix, folders=True)
        if found and not prefix and len(found) <= _KEPT_ENTRIES:
            self._keep(files.name(named.path), found)
        return found if withdirs else [entry for entry in found if entry["type"] == "file"]

    def _keep(self, name: str, found: list[Entry]) -> None:
        """Cache the entries found below a folder as the listings of it and its subfolders."""
        listings: dict[str, list[Entry]] = {name: []}
        for entry in found:
            listings.setdefault(parent(entry["name"]), []).append(entry)
        for folder, entries in listings.items():
            self.dircache[folder] = entries

    async def _find_by_level(
        self, name: str, named: Place, maxdepth: int | None, withdirs: bool, prefix: str, refresh: bool
    ) -> list[Entry]:
        """Find the entries down to a depth below a folder, without listing deeper folders."""
        if not named.handle:
            datasets = await self._find_datasets(name, maxdepth)
            found = datasets if withdirs else []
        else:
            found = await self._list_levels(name, maxdepth, refresh)
            found = [entry for entry in found if withdirs or entry["type"] == "file"]
        begin = f"{name}/{prefix}" if name else prefix
        chosen = [entry for entry in found if entry["name"].startswith(begin)]
        return sorted(chosen, key=lambda entry: str(entry["name"]))

    async def _list_levels(self, name: str, levels: int | None, refresh: bool) -> list[Entry]:
        """List a folder and its subfolders level by level, the folders of a level concurrently."""
        found: list[Entry] = []
        folders = [name]
        while folders and levels != 0:
            listings: Any = await _run_coros_in_chunks(
                [self._ls(folder, refresh=refresh) for folder in folders],
                batch_size=self.batch_size,
                nofiles=True,
                return_exceptions=True,
            )
            folders = []
            for listing in listings:
                # A folder may have vanished in the meantime.
                if isinstance(listing, FileNotFoundError):
                    continue
                if isinstance(listing, BaseException):
                    raise listing
                found += listing
                folders += [entry["name"] for entry in listing if entry["type"] == "directory"]
            levels = None if levels is None else levels - 1
        return found

    async def _find_datasets(self, name: str, maxdepth: int | None) -> list[Entry]:
        levels = 1 if name else 2
        if maxdepth is None or maxdepth > levels:
            raise lists_every_dataset()
        entries: list[Entry] = await self._ls(name)
        if name:
            return entries
        firsts = {entry["name"].partition("/")[0] for entry in entries}
        above = [{"name": first, "type": "directory", "size": 0} for first in firsts]
        return [*above, *entries] if maxdepth == levels else above

    async def _walk(
        self, path: str, maxdepth: int | None = None, *args: Any, **options: Any
    ) -> AsyncIterator[tuple[str, Any, Any]]:
        named = place(path)
        if named.handle:
            async for step in super()._walk(path, maxdepth, *args, **options):
                yield step
            return
        if maxdepth != 1:
            raise lists_every_dataset()
        name = stripped(path)
        found = {entry["name"].removeprefix(f"{name}/"): entry for entry in await self._ls(name)}
        yield (name, found, {}) if options.get("detail") else (name, list(found), [])

    async def _du(
        self,
        path: str,
        total: bool = True,
        maxdepth: int | None = None,
        withdirs: bool = False,
        **options: Any,
    ) -> Any:
        found = await self._find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True, **options)
        sizes = {name: entry["size"] for name, entry in found.items()}
        return sum(sizes.values()) if total else sizes

    def created(self, path: str) -> datetime | None:
        """Return when a file was written, or a dataset registered.

        Args:
            path: The file or dataset. A file's time is that of its latest version, as files are only replaced.

        Raises:
            DatasetFileNotFound: It does not exist.
        """
        entry = self.info(path)
        found: datetime | None = entry.get("created", entry.get("LastModified"))
        return found

    def modified(self, path: str) -> datetime | None:
        """Return when a file was last written, or a dataset's metadata changed.

        Args:
            path: The file or dataset.

        Raises:
            DatasetFileNotFound: It does not exist.
        """
        found: datetime | None = self.info(path).get("LastModified")
        return found

    def ukey(self, path: str) -> str:
        """Return a string that changes whenever the file does; asks the store.

        Args:
            path: The file.

        Raises:
            DatasetFileNotFound: It does not exist.
        """
        entry = self.info(path, refresh=True)
        version = f"{entry['name']} {entry.get('ETag', entry.get('LastModified'))}"
        return hashlib.sha256(version.encode()).hexdigest()

    def checksum(self, path: str) -> int:
        """Return a number that changes whenever the file does; asks the store.

        Args:
            path: The file.

        Raises:
            DatasetFileNotFound: It does not exist.
        """
        return int(self.ukey(path), 16)

    def sign(self, path: str, expiration: int = 100, **options: Any) -> str:
        """Return a URL that downloads a file without signing in. Treat it as a secret.

        Args:
            path: The file.
            expiration: How long it is valid, from 1 to 86,400 seconds.
            options: None are supported.

        Raises:
            InvalidArgument: The time is out of range, or the service does not accept the path.
            FileNotInDataset: The file does not exist.
            DatasetAccessDenied: You may not read the dataset's files.
        """
        for name in options:
            raise InvalidArgument(name, "there is no such option.")
        named = place(path)
        if not named.path:
            raise not_in_a_dataset(path)
        return self._catalogue.sign(named.handle, named.path, expiration)

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        named = place(path)
        if not named.path:
            raise not_in_a_dataset(path)

        known = self._from_listing(stripped(path)) if start is None and end is None else None

        async def read() -> bytes:
            files = await self._reading(named)
            if known is not None and known["size"] > _LARGE_BYTES:
                # Several ranges at once are faster, but the listing may be outdated.
                with contextlib.suppress(IntegrityError):
                    return bytes(await files.read_range(named.path, 0, known["size"], etag=known["ETag"]))
            return await files.read(named.path, start, end)

        return await on_io_thread(read())

    async def _get(self, rpath: Any, lpath: Any, *args: Any, **options: Any) -> Any:
        # Symbolic links must not lead out of the destination. In a list, the caller chose every destination.
        within = Path(str(make_path_posix(lpath))) if isinstance(lpath, str | os.PathLike) else None
        return await super()._get(rpath, lpath, *args, within=within, **options)

    async def _get_file(
        self,
        rpath: str,
        lpath: Any,
        callback: Callback = DEFAULT_CALLBACK,
        *,
        within: Path | None = None,
        **options: Any,
    ) -> None:
        entry = await self._info(rpath)
        if entry["type"] == "directory":
            await asyncio.to_thread(os.makedirs, lpath, exist_ok=True)
            return
        named = place(rpath)

        async def get() -> None:
            files = await self._reading(named)
            await self._copies_of(files).download(named.path, Path(lpath), entry=entry, within=within)

        callback.set_size(entry["size"])
        await on_io_thread(get())
        callback.relative_update(entry["size"])

    def open(self, path: str, mode: str = "rb", *args: Any, **options: Any) -> Any:
        """Open a file; see :func:`provena_sdk.filesystem.open_file.opening.open_file`.

        Args:
            path: The file.
            mode: As for Python's ``open``: ``r`` to read, ``w`` to write, ``a`` to append,
                ``x`` to create a new file; with ``b`` for bytes.
            args: ``block_size`` in bytes, ``cache_options`` and ``compression``.
            options: The same by name; ``cache_type`` and ``content_type``; ``encoding``, ``errors`` and ``newline``
                of text.

        Returns:
            A file object. A written file appears when it is closed; an exception in a ``with`` block aborts the upload.

        Raises:
            InvalidArgument: The mode or an option is invalid.
            DatasetFileNotFound: The file to read does not exist; the hint suggests similar names.
            DatasetFileExists: The file exists, and the mode is ``x``.
            NotAFile: The path is a folder.
            ServiceFileRefused: The file is ``metadata.json`` at a dataset's root, and the mode writes.
            DatasetAccessDenied: You may not read, or write, the dataset's files.
            Forbidden: The mode writes, and the dataset's release is pending or done.
        """
        if "r" in mode:
            options = {**self._reading_options, **options}
        return open_file(self, self._strip_protocol(path), mode, *args, **options)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> DatasetFile:
        named = place(path) if mode == "rb" else self._to_write(path)
        if not named.handle:
            raise not_in_a_dataset(path)
        files = run_sync(self._reading(named) if mode == "rb" else self._writing(named))
        try:
            return DatasetFile(self, path, mode, files=files, inner=named.path, **options)
        except DatasetFileNotFound:
            pass
        # Raised outside 'except', so that the store's error does not become its context.
        raise run_sync(not_found(files, named.path))

    async def _pipe_file(
        self, path: str, value: bytes, mode: str = "overwrite", *, content_type: str | None = None
    ) -> None:
        _check_write_mode(mode)
        check_content_type(content_type)
        named = self._to_write(path)
        self._refuse_in_transaction("pipe")

        async def write() -> None:
            files = await self._writing(named)
            await files.write(named.path, value, content_type=content_type, new=mode == "create")

        await on_io_thread(write())
        self.invalidate_cache(path)

    async def _put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Callback = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **options: Any,
    ) -> None:
        _check_write_mode(mode)
        named = self._to_write(rpath)
        self._refuse_in_transaction("put")
        source = Path(lpath)
        status = await asyncio.to_thread(source.stat)
        if stat.S_ISDIR(status.st_mode):
            return
        size = status.st_size

        async def put() -> None:
            files = await self._writing(named)
            await self._copies_of(files).upload(source, size, named.path, new=mode == "create")

        callback.set_size(size)
        await on_io_thread(put())
        callback.relative_update(size)
        self.invalidate_cache(rpath)

    async def _cp_file(self, path1: str, path2: str, **options: Any) -> None:
        source, target = place(path1), self._to_write(path2)
        if not source.path:
            raise not_in_a_dataset(path1)
        self._refuse_in_transaction("copy")

        async def copy() -> None:
            there = await self._writing(target)
            if source.handle == target.handle:
                await there.copy(source.path, target.path)
            else:
                await there.copy_from(await self._reading(source), source.path, target.path)

        try:
            await on_io_thread(copy())
        except DatasetFileNotFound:
            # A folder is copied by copying its files.
            if not await self._isdir(path1):
                raise
            return
        self.invalidate_cache(path2)

    async def _rm(
        self,
        path: str | list[str],
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
    ) -> None:
        self._refuse_in_transaction("rm")
        chosen: dict[str, list[str]] = {}
        found: Any = await _run_coros_in_chunks(
            [
                self._to_remove(one, recursive, maxdepth)
                for one in (path if isinstance(path, list) else [path])
            ],
            batch_size=batch_size or self.batch_size,
            nofiles=True,
        )
        for names in found:
            for name in names:
                named = self._to_write(name)
                chosen.setdefault(named.handle, []).append(named.path)
        for handle, paths in chosen.items():
            await on_io_thread(self._remove(handle, paths))
            self.invalidate_cache(handle)

    async def _rm_file(self, path: str) -> None:
        self._refuse_in_transaction("rm")
        named = self._to_write(path)
        entry = await self._info(path, refresh=True)
        if entry["type"] == "directory":
            raise is_a_folder(path)
        await on_io_thread(self._remove(named.handle, [named.path]))
        self.invalidate_cache(path)

    async def _remove(self, handle: str, paths: Sequence[str]) -> None:
        files = await self._writing(Place(handle, ""))
        await files.remove(paths)

    async def _to_remove(self, path: str, recursive: bool, maxdepth: int | None) -> list[str]:
        """Return the files of a path or pattern, without the service's own file unless it is named."""
        name = stripped(path)
        self._to_write(name)
        if has_magic(name):
            matched = await self._glob(name, detail=True)
            if not matched:
                raise DatasetFileNotFound(f"Nothing matches {quoted(name)}.", path=name)
            files = [one for one, entry in matched.items() if entry["type"] == "file"]
            if recursive:
                for one, entry in matched.items():
                    if entry["type"] == "directory":
                        files += await self._find(one, maxdepth=maxdepth, refresh=True)
            return _without_service_file(files)
        if not recursive:
            entry = await self._info(name, refresh=True)
            if entry["type"] == "directory":
                raise is_a_folder(name)
            return [name]
        found = list(await self._find(name, maxdepth=maxdepth, refresh=maxdepth is not None))
        if not found and not await self._exists(name):
            raise DatasetFileNotFound(f"There is neither a file nor a folder {quoted(name)}.", path=name)
        return found if found == [name] else _without_service_file(found)

    def touch(self, path: str, truncate: bool = True, **options: Any) -> None:
        """Create an empty file.

        Args:
            path: The file.
            truncate: Whether to empty an existing file. If not, the file must be new, as the store cannot change a
                file's time.
            options: None are supported.

        Raises:
            DatasetFileExists: The file exists, and ``truncate`` is False.
        """
        for name in options:
            raise InvalidArgument(name, "there is no such option.")
        self.pipe_file(path, b"", mode="overwrite" if truncate else "create")

    async def _mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
        """Do nothing: folders appear with their files, and datasets are registered elsewhere."""

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Do nothing, for the same reason."""

    def _refuse_in_transaction(self, what: str) -> None:
        if self._intrans:
            raise NotImplementedError(
                f"{what} takes effect at once and cannot wait for the end of a transaction; open files instead."
            )

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget listings.

        Args:
            path: What has changed; listings of the folders above and below it are forgotten. None means all listings.
        """
        if path is None:
            self.dircache.clear()
        else:
            name = stripped(path)
            for known in list(self.dircache):
                if known.startswith(f"{name}/") or name == known or name.startswith(f"{known}/"):
                    # Another thread may have deleted it.
                    with contextlib.suppress(KeyError):
                        del self.dircache[known]
        super().invalidate_cache(path)

    async def open_async(self, path: str, mode: str = "rb", **options: Any) -> DatasetStream:
        """Open a file with async methods, for any event loop; nothing is read ahead.

        Args:
            path: The file.
            mode: ``rb`` or ``wb``.
            options: ``block_size``, the size of a part in bytes.

        Raises:
            InvalidArgument: The mode or an option is invalid.
            DatasetFileNotFound: The file to read does not exist.
            ServiceFileRefused: The file is ``metadata.json`` at a dataset's root, and the mode is ``wb``.
        """
        named = place(path) if mode == "rb" else self._to_write(path)
        files = await on_io_thread(self._reading(named) if mode == "rb" else self._writing(named))
        return await DatasetStream.opened(self, stripped(path), mode, files, named.path, **options)


def _check_write_mode(mode: str) -> None:
    if mode not in ("overwrite", "create"):
        raise InvalidArgument("mode", f"must be 'overwrite' or 'create', not {mode!r}.")


def _without_service_file(names: Sequence[str]) -> list[str]:
    return [name for name in names if not is_service_file(place(name).path)]


def lists_every_dataset() -> InvalidArgument:
    """Return the error for listing the files of every dataset."""
    return InvalidArgument(
        "path",
        "this would list the files of every dataset.",
        hint="Start with a dataset's handle, as in '10378.1/1451860/**'; ls('') lists the datasets.",
    )


def is_a_folder(path: str) -> NotAFile:
    """Return the error for removing a folder like a file."""
    return NotAFile(
        f"{quoted(path)} is a folder.", path=path, hint="Pass recursive=True to remove the files in it."
    )


def not_in_a_dataset(path: str) -> NotAFile:
    """Return the error for a path outside the datasets."""
    return NotAFile(
        f"{quoted(path)} is not a file of a dataset.",
        path=path,
        hint="A file's name is its dataset's handle and its path, as in '10378.1/1451860/obs/2024.csv'.",
    )
