"""Listings of a folder's objects and unfinished uploads, page by page."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from typing import Final

from provena_sdk.s3 import limits
from provena_sdk.s3.client.folder import FolderClient
from provena_sdk.s3.client.request import Request
from provena_sdk.s3.http import endpoint as addresses
from provena_sdk.s3.models import ListedUpload, Page
from provena_sdk.s3.responses import documents
from provena_sdk.s3.responses.pages import Forward

# A million unfinished uploads.
_MOST_UPLOAD_PAGES: Final = 1000


class Listings(FolderClient):
    """The list operations on a folder."""

    async def list(
        self, folder: str = "", *, delimiter: str = "", start_after: str = ""
    ) -> AsyncIterator[Page]:
        """Yield the entries below a folder in the order of their keys, up to 1,000 at a time.

        Args:
            folder: The prefix of the paths, such as ``obs/``; empty for all.
            delimiter: Groups paths: with ``/``, files in subfolders are listed as one entry for each subfolder.
            start_after: List only paths after this one.

        Raises:
            FileStoreError: The store refused the request, or its answer is invalid.
            ConnectionFailed: The store could not be reached.
        """
        prefix = self._folder.prefix
        pairs = [
            ("list-type", "2"),
            ("prefix", prefix + folder),
            ("max-keys", str(limits.PAGE_SIZE)),
            ("encoding-type", "url"),
        ]
        if delimiter:
            pairs.append(("delimiter", delimiter))
        if start_after:
            pairs.append(("start-after", prefix + start_after))
        follow: list[tuple[str, str]] = []
        forward = Forward(start_after)
        while True:
            request = Request("GET", None, query=addresses.query(pairs + follow))
            answer = await self._exchange.answer(request)
            found = self._read(request, lambda: documents.entries(answer.data, prefix, folder))  # noqa: B023 reason= called at once
            if not forward.passes(found.page):
                raise self._exchange.circular()
            yield found.page
            if found.next is None:
                return
            if not forward.leads_to(found.next):
                raise self._exchange.circular()
            follow = [("continuation-token", found.next)]

    async def list_uploads(self, folder: str = "") -> builtins.list[ListedUpload]:
        """List the uploads in parts that were neither completed nor aborted.

        Args:
            folder: The prefix of the paths, such as ``obs/``; empty for all.
        """
        prefix = self._folder.prefix
        pairs = [
            ("uploads", ""),
            ("prefix", prefix + folder),
            ("encoding-type", "url"),
            ("max-uploads", str(limits.PAGE_SIZE)),
        ]
        found: list[ListedUpload] = []
        follow: list[tuple[str, str]] = []
        forward = Forward(pages=_MOST_UPLOAD_PAGES)
        while True:
            request = Request("GET", None, query=addresses.query(pairs + follow))
            answer = await self._exchange.answer(request)
            read = self._read(request, lambda: documents.uploads(answer.data, prefix))  # noqa: B023 reason= called at once
            found += read.uploads
            if read.next is None:
                return found
            if not forward.leads_to(read.next):
                raise self._exchange.circular()
            follow = [("key-marker", read.next[0]), ("upload-id-marker", read.next[1])]
