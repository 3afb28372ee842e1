from __future__ import annotations

from ..types import OpenEnum

__all__ = ("DatasetType",)


class DatasetType(OpenEnum):
    """Where the datasets of a run are registered.

    A value this version does not know keeps the type, with ``is_known`` False.
    """

    DATA_STORE = "DATA_STORE"
