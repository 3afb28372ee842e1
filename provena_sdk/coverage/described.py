"""Where and when a dataset's data lie, by its metadata."""

from __future__ import annotations

from provena_api.models import CollectionFormat

from provena_sdk.coverage.extent import Extent
from provena_sdk.coverage.period import Period


def place(metadata: CollectionFormat) -> Extent | None:
    """Return the extent that metadata give, or None if they give none that can be read.

    It is the field ``coverage``; or ``extent``, if that one is missing or cannot be read.
    """
    spatial = metadata.dataset_info.spatial_info
    for text in (spatial.coverage, spatial.extent) if spatial is not None else ():
        if text:
            try:
                return Extent.from_ewkt(text)
            except ValueError:
                continue
    return None


def period(metadata: CollectionFormat) -> Period | None:
    """Return the span of time that metadata give, or None."""
    temporal = metadata.dataset_info.temporal_info
    if temporal is None or temporal.duration is None:
        return None
    return Period(temporal.duration.begin_date, temporal.duration.end_date)
