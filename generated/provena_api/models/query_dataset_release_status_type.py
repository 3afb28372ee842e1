from __future__ import annotations

from ..types import OpenEnum

__all__ = ("QueryDatasetReleaseStatusType",)


class QueryDatasetReleaseStatusType(OpenEnum):
    """The release statuses to filter by.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    NOT_RELEASED = "NOT_RELEASED"
    PENDING = "PENDING"
    RELEASED = "RELEASED"
