from __future__ import annotations

from ..types import OpenEnum

__all__ = ("ReleaseAction",)


class ReleaseAction(OpenEnum):
    """The steps of a release.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    REQUEST = "REQUEST"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
