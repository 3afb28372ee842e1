from __future__ import annotations

from ..types import OpenEnum

__all__ = ("QueryRecordTypes",)


class QueryRecordTypes(OpenEnum):
    """The kinds of records to filter by.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    ALL = "ALL"
    SEED_ONLY = "SEED_ONLY"
    COMPLETE_ONLY = "COMPLETE_ONLY"
