from __future__ import annotations

from ..types import OpenEnum

__all__ = ("JobType",)


class JobType(OpenEnum):
    """The workers that do jobs.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    PROV_LODGE = "PROV_LODGE"
    REGISTRY = "REGISTRY"
    EMAIL = "EMAIL"
    REPORT = "REPORT"
