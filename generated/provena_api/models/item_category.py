from __future__ import annotations

from ..types import OpenEnum

__all__ = ("ItemCategory",)


class ItemCategory(OpenEnum):
    """The three kinds of things in a provenance record.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    ACTIVITY = "ACTIVITY"
    AGENT = "AGENT"
    ENTITY = "ENTITY"
