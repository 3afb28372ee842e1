from __future__ import annotations

from ..types import OpenEnum

__all__ = ("SortType",)


class SortType(OpenEnum):
    """What a listing can be sorted by.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    CREATED_TIME = "CREATED_TIME"
    UPDATED_TIME = "UPDATED_TIME"
    DISPLAY_NAME = "DISPLAY_NAME"
    RELEASE_TIMESTAMP = "RELEASE_TIMESTAMP"
    ACCESS_INFO_URI_BEGINS_WITH = "ACCESS_INFO_URI_BEGINS_WITH"
