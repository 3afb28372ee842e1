"""A dataset's files as the entries of a file system: what there is, and reading and changing it.

Paths are within the dataset, without a slash at either end; the dataset's root is the empty path. A folder exists by
the files in it. Keys that hold an empty segment cannot be named by such a path, and are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from provena_sdk.datasets.paths import check_not_reserved
from provena_sdk.datasets.service_file import check_writable
from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileNotFound, FileStoreError, IntegrityError
from provena_sdk.filesystem.open_file.file import already_there, not_a_file
from provena_sdk.s3.client.writer import (
    AT_ONCE,
    MULTIPART_BYTES,
    PART_BYTES,
    ObjectWriter,
    crc32_of_parts,
    together,
)
from provena_sdk.s3.limits import MAX_PARTS
from provena_sdk.s3.models import FileInfo, ObjectState, StoredPart
from provena_sdk.transfer.items import Download, Upload

if TYPE_CHECKING:
    from provena_sdk.datasets.store import DatasetStore
    from provena_sdk.transfer.scheduler import Scheduler

_log = logging.getLogger(__name__)

Entry: TypeAlias = dict[str, Any]
"""What fsspec calls a file's info: ``name``, ``type``, ``size`` and, of files, ``ETag`` and ``LastModified``."""

MAX_COPY_BYTES: Final = 5 * 1024**3
"""The most that S3 copies in one request."""

COPY_PART_BYTES: Final = 1024**3

# Of what a store tells no time.
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

WHOLE_BYTES: Final = 4 * 1024**2
"""What is read in one request; a longer range is read in several at once."""

_PAST_THE_END: Final = frozenset({"InvalidRange", "416"})


class DatasetContents:
    """The files of one dataset, for a file system that shows them under a name of its own.

    Everything runs on fsspec's event loop.

    Args:
        store: The dataset's store.
        root: The name of the dataset's root in that file system, without a slash at its end.
    """

    def __init__(self, store: DatasetStore, root: str) -> None:
        self.store = store
        self.root = root
        self._shared: Scheduler | None = None
        self._downloads = 0

    def name(self, path: str) -> str:
        """Return the name that a path has in the file system."""
        return f"{self.root}/{path}" if path else self.root

    async def info(self, path: str) -> Entry:
        """Return a file's entry, or that of a folder. Of a file and a folder with one name, the file is meant.

        Args:
            path: The path within the dataset.

        Raises:
            DatasetFileNotFound: There is neither.
        """
        if not path:
            return self._folder("")
        try:
            state = await self.store.objects.head(path)
        except DatasetFileNotFound:
            if await self._has_any(path):
                return self._folder(path)
            raise
        return self._file(path, state.size, state.etag, state.modified)

    async def opening(self, path: str, length: int, *, tail: bool) -> tuple[Entry, bytes]:
        """Return a file's entry and, in the same request, its first or last bytes; or a folder's entry.

        Args:
            path: The path within the dataset.
            length: How many bytes.
            tail: Whether the last ones are meant.

        Raises:
            DatasetFileNotFound: There is neither.
        """
        try:
            received = await self.store.objects.peek(path, length, tail=tail)
        except DatasetFileNotFound:
            return await self.info(path), b""
        state = received.state
        return self._file(path, state.size, state.etag, state.modified), bytes(received.data)

    async def exists(self, path: str) -> bool:
        """Whether there is a file or a folder of this name."""
        try:
            await self.info(path)
        except DatasetFileNotFound:
            return False
        return True

    async def _has_any(self, path: str) -> bool:
        async for page in self.store.objects.list(f"{path}/", delimiter="/"):
            if page.files or page.folders:
                return True
        return False

    async def ls(self, path: str) -> list[Entry]:
        """List a folder, or return a file's entry alone.

        Args:
            path: The path within the dataset.

        Raises:
            DatasetFileNotFound: There is neither.
        """
        folder = f"{path}/" if path else ""
        entries: list[Entry] = []
        empty = True
        async for page in self.store.objects.list(folder, delimiter="/"):
            empty = empty and not page.files and not page.folders
            entries += [self._of(info) for info in page.files if not info.path.endswith("/")]
            entries += [self._folder(name.removesuffix("/")) for name in page.folders if name != f"{folder}/"]
        if empty and path:
            return [await self.info(path)]
        return sorted(entries, key=_name)

    async def find(self, path: str, *, prefix: str = "", folders: bool = False) -> list[Entry]:
        """List all files below a folder, however deep.

        Args:
            path: The folder within the dataset.
            prefix: What their paths below the folder begin with.
            folders: Whether to list the folders as well.
        """
        folder = f"{path}/" if path else ""
        known: set[str] = set()
        entries: list[Entry] = []
        async for page in self.store.objects.list(folder + prefix):
            for info in page.files:
                # Of a key with an empty segment, only the folders before that can be named.
                plain, empty, _ = f"/{info.path[len(folder) :]}".partition("//")
                below = f"{plain}/"[1:] if empty else plain[1:]
                if folders:
                    entries += [self._folder(folder + name) for name in _parents(below) if name not in known]
                    known.update(_parents(below))
                if below and not below.endswith("/"):
                    entries.append(self._of(info))
        return sorted(entries, key=_name)

    def _of(self, info: FileInfo) -> Entry:
        return self._file(info.path, info.size, info.etag, info.modified)

    def _file(self, path: str, size: int, etag: str, modified: datetime | None) -> Entry:
        return {
            "name": self.name(path),
            "type": "file",
            "size": size,
            "ETag": etag,
            "LastModified": modified,
        }

    def _folder(self, path: str) -> Entry:
        return {"name": self.name(path), "type": "directory", "size": 0}

    async def read(
        self, path: str, start: int | None = None, end: int | None = None, *, etag: str | None = None
    ) -> bytes:
        """Read a file, or a range of it; what is long is fetched in several ranges at once.

        Args:
            path: The path within the dataset.
            start: The first byte; negative ones count from the end.
            end: The byte to stop before; negative ones count from the end. What lies behind the end is left out.
            etag: The ETag that the file must still have.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: The file was replaced meanwhile.
        """
        if not start and end is None:
            return await self._whole(path, etag)
        first = start or 0
        if first < 0 or end is None or end < 0:
            return await self._slice(path, start, end, etag)
        if first >= end:
            return b""
        try:
            return await self.span(path, first, end, etag=etag)
        except (IntegrityError, FileStoreError) as error:
            if etag is not None or (isinstance(error, FileStoreError) and error.code not in _PAST_THE_END):
                raise
        # The range may end behind the file's end.
        return await self._slice(path, start, end, etag)

    async def _whole(self, path: str, etag: str | None) -> bytes:
        """Read a file of which nothing is known, in one request if it is short."""
        received = await self.store.objects.peek(path, WHOLE_BYTES, if_match=etag)
        first, state = received.data, received.state
        if len(first) >= state.size:
            return bytes(first)
        return b"".join((first, await self.piece(path, len(first), state.size, etag=state.etag)))

    async def _slice(self, path: str, start: int | None, end: int | None, etag: str | None) -> bytes:
        state = await self.store.objects.head(path, if_match=etag)
        first, stop, _ = slice(start, end).indices(state.size)
        # Both requests must speak of one file.
        return await self.span(path, first, stop, etag=state.etag) if first < stop else b""

    async def span(self, path: str, start: int, end: int, *, etag: str | None = None) -> bytes:
        """Read a range that lies within a file.

        Args:
            path: The path within the dataset.
            start: The first byte.
            end: The byte to stop before, behind ``start``.
            etag: The ETag that the file must still have.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: The file was replaced meanwhile, or is shorter.
        """
        return bytes(await self.piece(path, start, end, etag=etag))

    async def piece(self, path: str, start: int, end: int, *, etag: str | None = None) -> bytes | bytearray:
        """Do what :meth:`span` does, and leave the bytes where they arrived.

        Args:
            path: The path within the dataset.
            start: The first byte.
            end: The byte to stop before, behind ``start``.
            etag: The ETag that the file must still have.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: The file was replaced meanwhile, or is shorter.
        """
        objects = self.store.objects
        length = end - start
        if length <= WHOLE_BYTES:
            return (await objects.get(path, span=(start, length), if_match=etag)).data
        parts = -(-length // (PART_BYTES if length > AT_ONCE * PART_BYTES else WHOLE_BYTES))
        # In equal parts, none of them is left to wait for.
        size = -(-length // parts)
        buffer = _room(path, length)
        offsets = iter(range(0, length, size))
        with buffer.getbuffer() as view:

            async def fetch(offset: int) -> str:
                part = min(size, length - offset)
                got = await objects.get(path, span=(start + offset, part), if_match=etag)
                view[offset : offset + part] = got.data
                return got.state.etag

            async def work() -> None:
                for offset in offsets:
                    await fetch(offset)

            if etag is None:
                # All of them must be of one file, and the first says of which.
                etag = await fetch(next(offsets))
            await together(work() for _ in range(AT_ONCE))
        # This shares the buffer's bytes, where bytes(…) would copy them.
        return buffer.getvalue()

    async def write(
        self,
        path: str,
        data: bytes | bytearray | memoryview,
        *,
        content_type: str | None = None,
        new: bool = False,
    ) -> None:
        """Write a whole file.

        Args:
            path: The path within the dataset.
            data: Its bytes.
            content_type: Its media type; guessed by its name when None.
            new: Whether there must be no such file yet.

        Raises:
            DatasetFileExists: There is such a file, and it was to be new.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
        """
        self.check_file(path)
        await ObjectWriter(self.store.objects, path, content_type=content_type, new=new).write(data)

    async def remove(self, paths: Sequence[str]) -> None:
        """Remove files.

        Args:
            paths: The paths within the dataset.

        Raises:
            ServiceFileRefused: One of them is ``metadata.json`` at the root; nothing was removed.
            FileError: The store refused; the others are gone.
        """
        failures = await self.store.objects.delete(paths)
        for failure in failures.values():
            raise failure

    async def copy(self, source: str, target: str) -> None:
        """Copy a file within the dataset; its bytes stay in the store.

        Args:
            source: The path within the dataset.
            target: The copy's path.

        Raises:
            DatasetFileNotFound: There is no such file.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
        """
        self.check_file(target)
        if source == target:
            await self.store.objects.head(source)
            return
        try:
            await self.store.objects.copy(source, target)
        except FileStoreError:
            state = await self.store.objects.head(source)
            if state.size <= MAX_COPY_BYTES:
                raise
        else:
            return
        await self._copy_parts(source, target, state)

    async def begin_with(self, writer: ObjectWriter, state: ObjectState) -> int:
        """Begin to write a file with what it holds already, which the store copies by itself.

        Args:
            writer: Writes the file; it has not begun.
            state: The file as it is.

        Returns:
            How many parts were made of it; 0 when that cannot be done, and nothing was begun.
        """
        await writer.begin()
        try:
            copied = await self._copy_to(writer.path, str(writer.upload_id), writer.path, state)
            parts = await self.store.objects.list_parts(writer.path, str(writer.upload_id))
            if parts is not None and await writer.adopt(parts):
                return len(copied)
        except FileStoreError as error:
            # MinIO copies nothing into an upload that keeps checksums.
            _log.debug("The store does not copy %s into parts: %s", quoted(writer.path), error.message)
        except BaseException:
            await writer.give_up()
            raise
        await writer.give_up()
        return 0

    async def _copy_parts(self, source: str, target: str, state: ObjectState) -> None:
        """Copy a file that is too large for one request."""
        objects = self.store.objects
        upload_id = await objects.create_upload(target, content_type=state.content_type)
        try:
            parts = await self._copy_to(target, upload_id, source, state)
            await objects.complete_upload(
                target, upload_id, parts, crc32=crc32_of_parts(parts), size=state.size
            )
        except BaseException as error:
            with contextlib.suppress(Exception):
                await objects.abort_upload(target, upload_id)
            if not isinstance(error, FileStoreError):
                raise
        else:
            return
        # A store that does not copy into parts may still take the bytes from here.
        await self.copy_from(self, source, target)

    async def _copy_to(
        self, target: str, upload_id: str, source: str, state: ObjectState
    ) -> list[StoredPart]:
        """Have the store copy a file into the parts of an upload."""
        parts: list[StoredPart] = []
        # Even parts: what is written behind them may follow none that is too small.
        count = min(-(-state.size // COPY_PART_BYTES), MAX_PARTS)
        step = -(-state.size // count)
        offsets = iter(enumerate(range(0, state.size, step), start=1))

        async def work() -> None:
            for number, offset in offsets:
                span = offset, min(step, state.size - offset)
                parts.append(
                    await self.store.objects.copy_part(
                        target, upload_id, number, source, span=span, if_match=state.etag
                    )
                )

        await together(work() for _ in range(AT_ONCE))
        return sorted(parts)

    async def copy_from(self, other: DatasetContents, source: str, target: str) -> None:
        """Copy a file of another dataset; its bytes come through here, a few parts at a time.

        Args:
            other: The other dataset.
            source: The path within it.
            target: The copy's path.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: It was replaced meanwhile.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
        """
        self.check_file(target)
        state = await other.store.objects.head(source)
        writer = ObjectWriter(self.store.objects, target, content_type=state.content_type)
        if state.size < MULTIPART_BYTES:
            await writer.put(await other.read(source, etag=state.etag))
            return

        async def fetch(start: int, end: int) -> bytes:
            return await other.span(source, start, end, etag=state.etag)

        await writer.write_parts(state.size, fetch)

    async def upload(self, source: Path, size: int, path: str, *, new: bool = False) -> None:
        """Send a local file.

        Args:
            source: The file.
            size: Its size in bytes.
            path: The path within the dataset.
            new: Whether there must be no such file yet.

        Raises:
            DatasetFileExists: There is such a file, and it was to be new.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
            IntegrityError: The local file changed while it was sent.
        """
        from provena_sdk.transfer.upload import upload_file

        self.check_file(path)
        if new and await self.exists(path):
            raise already_there(path, self.store.location.dataset_id)
        await upload_file(self._engine(), Upload(source, path, size))

    async def download(
        self, path: str, target: Path, *, entry: Entry | None = None, within: Path | None = None
    ) -> None:
        """Fetch a file. It has its local name only once it is there as a whole, and verified.

        Args:
            path: The path within the dataset.
            target: The local file; it is replaced. Folders above it are made.
            entry: The file's entry, when it is known; a stale one costs a request more.
            within: A folder above the local file that no link below it may lead out of; None means its own folder.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: It was replaced, or damaged on the way, again and again.
            UnsafePath: The SDK gives such names to its own temporary files, or a link leads out of the folder.
        """
        from provena_sdk.transfer.download import download_file

        root = target.parent if within is None or within not in target.parents else within
        local = target.relative_to(root).as_posix()
        check_not_reserved(path)
        check_not_reserved(local)
        found = entry if entry is not None else await self.info(path)
        if found["type"] != "file":
            raise not_a_file(path, self.store.location.dataset_id)
        info = FileInfo(path, found["size"], found["ETag"], found["LastModified"] or _LONG_AGO)
        await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
        engine = self._engine()
        self._downloads += 1
        try:
            await download_file(engine, Download(info, local), root)
        finally:
            self._downloads -= 1
            if not self._downloads:
                engine.close_folders()

    def _engine(self) -> Scheduler:
        """Return what all single transfers share, so that together they stay within one budget of memory."""
        if self._shared is None:
            from provena_sdk.transfer.scheduler import Scheduler

            self._shared = Scheduler(self.store)
        return self._shared

    def check_file(self, path: str) -> None:
        """Refuse a path that no file can be written to.

        Raises:
            NotAFile: It is the dataset's root.
            ServiceFileRefused: It is ``metadata.json`` at the root.
            UnsafePath: The SDK gives such names to its own temporary files.
        """
        if not path:
            raise not_a_file("", self.store.location.dataset_id)
        check_writable(path, self.store.location.dataset_id)


def _room(path: str, length: int) -> io.BytesIO:
    """Make room for the bytes of a file; the system gives memory as they arrive, whatever length the store told."""
    with contextlib.suppress(MemoryError):
        return io.BytesIO(bytes(length))
    raise FileStoreError(
        f"{length:,} bytes of {quoted(path)} do not fit into the memory.",
        path=path,
        hint="Read it in parts, or download it.",
    )


def _name(entry: Entry) -> str:
    return str(entry["name"])


def _parents(path: str) -> list[str]:
    """Return the folders above a path, without slashes at their ends.

    Example:
        >>> _parents("a/b/c.csv"), _parents("a/"), _parents("c.csv")
        (['a', 'a/b'], ['a'], [])
    """
    return [path[:at] for at, character in enumerate(path) if character == "/"]
