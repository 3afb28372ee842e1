from __future__ import annotations

from ..types import OpenEnum

__all__ = ("ReleasedStatus",)


class ReleasedStatus(OpenEnum):
    """The release status of a dataset.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    NOT_RELEASED = "NOT_RELEASED"
    PENDING = "PENDING"
    RELEASED = "RELEASED"
