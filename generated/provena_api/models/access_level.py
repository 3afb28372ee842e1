from __future__ import annotations

from ..types import OpenEnum

__all__ = ("AccessLevel",)


class AccessLevel(OpenEnum):
    """How much a role allows.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    READ = "READ"
    WRITE = "WRITE"
    ADMIN = "ADMIN"
