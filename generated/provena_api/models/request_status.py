from __future__ import annotations

from ..types import OpenEnum

__all__ = ("RequestStatus",)


class RequestStatus(OpenEnum):
    """How far a request for roles is.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED_PENDING_ACTION = "APPROVED_PENDING_ACTION"
    DENIED_PENDING_DELETION = "DENIED_PENDING_DELETION"
    ACTIONED_PENDING_DELETION = "ACTIONED_PENDING_DELETION"
