"""The limits of S3, and the size of parts and ranges."""

from __future__ import annotations

from typing import Final

PART_BYTES: Final = 8 * 1024 * 1024
"""The size in bytes of a download's ranges and, unless the line is slow, of an upload's parts."""

LEAST_PART_BYTES: Final = 5 * 1024 * 1024
"""The smallest part that S3 accepts, in bytes; the last part may be smaller."""

MAX_PARTS: Final = 10_000
"""The most parts of one object; they are numbered from 1."""

PAGE_SIZE: Final = 1000
"""The most entries on one page of a listing."""

MAX_PUT_BYTES: Final = 5 * 1024**3
"""The most bytes that S3 accepts in one request."""

MAX_KEY_BYTES: Final = 1024
"""The longest key, in bytes of UTF-8."""

MAX_OBJECT_BYTES: Final = 5 * 1024**4
"""The largest object, in bytes."""
