"""Whether the pages of a listing go forward; a store, or what lies between, could lead in a circle for ever."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from provena_sdk.s3.models import Page

# S3 may answer with a page that holds nothing and is not the last; it does not do so a hundred times.
_MOST_EMPTY: Final = 100


class Forward:
    """Follows one listing.

    Args:
        after: The path after which it begins.
        pages: The most pages it may have; None where its paths rise, so that it ends by itself.
    """

    def __init__(self, after: str = "", *, pages: int | None = None) -> None:
        self._last = after
        self._pages = pages
        self._seen: set[Hashable] = set()
        self._empty = 0

    def passes(self, page: Page) -> bool:
        """Whether every path of a page comes after those before; S3 lists in the order of UTF-8, as Python compares.

        Args:
            page: The next page.
        """
        before = self._last
        files, folders = [info.path for info in page.files], page.folders
        if not self._rise(files, before) or not self._rise(folders, before):
            return False
        self._empty = 0 if self._last != before else self._empty + 1
        return self._empty <= _MOST_EMPTY

    def leads_to(self, marker: Hashable) -> bool:
        """Whether a page leads to one that was not asked for yet.

        Args:
            marker: What asks for the next page.
        """
        if marker in self._seen or (self._pages is not None and len(self._seen) >= self._pages):
            return False
        self._seen.add(marker)
        return True

    def _rise(self, paths: Sequence[str], last: str) -> bool:
        for path in paths:
            if path <= last:
                return False
            last = path
        self._last = max(self._last, last)
        return True
