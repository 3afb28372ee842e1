from __future__ import annotations

from ..types import OpenEnum

__all__ = ("RecordType",)


class RecordType(OpenEnum):
    """Whether a record is complete or only a reserved handle.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    SEED_ITEM = "SEED_ITEM"
    COMPLETE_ITEM = "COMPLETE_ITEM"
