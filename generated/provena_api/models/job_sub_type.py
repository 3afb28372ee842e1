from __future__ import annotations

from ..types import OpenEnum

__all__ = ("JobSubType",)


class JobSubType(OpenEnum):
    """What a job does.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    REGISTRY_WAKE_UP = "REGISTRY_WAKE_UP"
    REGISTER_CREATE_ACTIVITY = "REGISTER_CREATE_ACTIVITY"
    REGISTER_VERSION_ACTIVITY = "REGISTER_VERSION_ACTIVITY"
    LODGE_CREATE_ACTIVITY = "LODGE_CREATE_ACTIVITY"
    LODGE_VERSION_ACTIVITY = "LODGE_VERSION_ACTIVITY"
