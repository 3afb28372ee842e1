"""What S3 allows."""

from __future__ import annotations

from typing import Final

MAX_PARTS: Final = 10_000
"""The most parts of one object; they are numbered from 1."""

PAGE_SIZE: Final = 1000
"""The most entries of one page of a listing."""

MAX_PUT_BYTES: Final = 5 * 1024**3
"""The most that is taken in one request."""

MAX_KEY_BYTES: Final = 1024
"""The longest key, in UTF-8 bytes."""
