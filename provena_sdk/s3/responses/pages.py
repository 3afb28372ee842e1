"""A check that the pages of a listing advance; a faulty store or proxy could repeat them for ever."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from provena_sdk.s3.models import Page

# S3 may send an empty page that is not the last, but not a hundred in a row.
_MOST_EMPTY: Final = 100


class Forward:
    """A check that one listing advances.

    Args:
        after: The path after which the listing begins.
        pages: The most pages; None where the paths must increase, which ends the listing.
    """

    def __init__(self, after: str = "", *, pages: int | None = None) -> None:
        self._last = after
        self._pages = pages
        self._markers: set[Hashable] = set()
        self._empty = 0

    def passes(self, page: Page) -> bool:
        """Return whether all paths of a page follow those before; S3 lists in UTF-8 order, as Python compares.

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
        """Return whether a page leads to one that was not requested yet.

        Args:
            marker: The marker of the next page.
        """
        if marker in self._markers or (self._pages is not None and len(self._markers) >= self._pages):
            return False
        self._markers.add(marker)
        return True

    def _rise(self, paths: Sequence[str], last: str) -> bool:
        for path in paths:
            if path <= last:
                return False
            last = path
        self._last = max(self._last, last)
        return True
