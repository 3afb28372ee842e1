from __future__ import annotations

from ..types import OpenEnum

__all__ = ("LockActionType",)


class LockActionType(OpenEnum):
    """What was done with a lock.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    LOCK = "LOCK"
    UNLOCK = "UNLOCK"
