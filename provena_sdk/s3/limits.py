"""What S3 allows, and the size of parts and ranges."""

from __future__ import annotations

from typing import Final

PART_BYTES: Final = 8 * 1024 * 1024
"""The size of a part of an upload and of a range of a download, unless the file requires another."""

MAX_PARTS: Final = 10_000
"""The most parts of one object; they are numbered from 1."""

PAGE_SIZE: Final = 1000
"""The most entries of one page of a listing."""

MAX_PUT_BYTES: Final = 5 * 1024**3
"""The most that is taken in one request."""

MAX_KEY_BYTES: Final = 1024
"""The longest key, in UTF-8 bytes."""

MAX_OBJECT_BYTES: Final = 5 * 1024**4
"""The largest object."""
