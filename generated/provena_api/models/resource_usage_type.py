from __future__ import annotations

from ..types import OpenEnum

__all__ = ("ResourceUsageType",)


class ResourceUsageType(OpenEnum):
    """What a file of a dataset is for.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    PARAMETER_FILE = "PARAMETER_FILE"
    CONFIG_FILE = "CONFIG_FILE"
    FORCING_DATA = "FORCING_DATA"
    GENERAL_DATA = "GENERAL_DATA"
