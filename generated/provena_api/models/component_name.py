from __future__ import annotations

from ..types import OpenEnum

__all__ = ("ComponentName",)


class ComponentName(OpenEnum):
    """The parts of Provena that roles are for.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    HANDLE_SERVICE = "handle-service"
    SYS_ADMIN = "sys-admin"
    ENTITY_REGISTRY = "entity-registry"
    JOB_SERVICE = "job-service"
