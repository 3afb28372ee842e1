from __future__ import annotations

from ..types import OpenEnum

__all__ = ("IntendedUserType",)


class IntendedUserType(OpenEnum):
    """Whom a role is for.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    GENERAL = "GENERAL"
    ADMINISTRATOR = "ADMINISTRATOR"
