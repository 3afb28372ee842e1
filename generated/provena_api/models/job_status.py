from __future__ import annotations

from ..types import OpenEnum

__all__ = ("JobStatus",)


class JobStatus(OpenEnum):
    """How far a job is.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    PENDING = "PENDING"
    DEQUEUED = "DEQUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
