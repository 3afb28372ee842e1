"""S3 requests for one dataset: signed, admitted, repeated and read in one place."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Sequence

from provena_sdk.files.admission import Admission
from provena_sdk.files.objects.state import ListedUpload, ObjectState, Page, Received, Stored, StoredPart


class ObjectClient:
    """The object store, held to one dataset's folder. All paths are within the dataset."""

    admission: Admission

    def list(self, folder: str = "", *, delimiter: str = "", start_after: str = "") -> AsyncIterator[Page]:
        """List what lies below a folder."""
        raise NotImplementedError

    async def head(self, path: str, *, part: int | None = None, if_match: str | None = None) -> ObjectState:
        """Ask for an object's state."""
        raise NotImplementedError

    async def get(
        self,
        path: str,
        *,
        span: tuple[int, int] | None = None,
        if_match: str | None = None,
        size: int | None = None,
    ) -> Received:
        """Get an object, or ``span`` = (offset, length) of it; ``size`` is what the whole object must have."""
        raise NotImplementedError

    async def put(
        self,
        path: str,
        data: bytes | bytearray | memoryview,
        *,
        crc32: str,
        content_type: str | None = None,
        if_none_match: bool = False,
    ) -> Stored:
        """Store an object in one request."""
        raise NotImplementedError

    async def create_upload(self, path: str, *, content_type: str | None = None) -> str:
        """Begin an upload in parts; return its id."""
        raise NotImplementedError

    async def upload_part(
        self, path: str, upload_id: str, number: int, data: bytes | bytearray | memoryview, *, crc32: str
    ) -> StoredPart:
        """Send one part."""
        raise NotImplementedError

    async def list_parts(self, path: str, upload_id: str) -> builtins.list[StoredPart] | None:
        """List the parts that the store has; None when there is no such upload."""
        raise NotImplementedError

    async def complete_upload(
        self,
        path: str,
        upload_id: str,
        parts: Sequence[StoredPart],
        *,
        crc32: str,
        size: int,
        if_none_match: bool = False,
    ) -> Stored:
        """Put the parts together."""
        raise NotImplementedError

    async def abort_upload(self, path: str, upload_id: str) -> None:
        """Give an upload up; that there is none is fine."""
        raise NotImplementedError

    async def list_uploads(self, folder: str = "") -> builtins.list[ListedUpload]:
        """List the unfinished uploads below a folder."""
        raise NotImplementedError

    async def delete(self, paths: Sequence[str]) -> dict[str, Exception]:
        """Delete objects; return the failures by path."""
        raise NotImplementedError

    async def copy(self, source: str, target: str) -> Stored:
        """Copy an object within the dataset."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the connections."""
        raise NotImplementedError
