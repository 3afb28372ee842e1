"""Choose datasets of a listing by owner, status and last change, on this machine: the service cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from provena_api.models import ItemDataset, NoFilterSubtypeListRequest, ReleasedStatus

from provena_sdk.coverage.period import day
from provena_sdk.display.text import alternatives, quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import arguments
from provena_sdk.paging import Page


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """What the datasets of a listing must be like.

    Attributes:
        owner: User name of who registered them; None for anybody.
        status: Their release status; None for any.
        since: Unix time before which they have not changed last; None for any.
        newest_first: Whether the listing has the most recently changed first, so that it can end early.
    """

    owner: str | None
    status: ReleasedStatus | None
    since: float | None
    newest_first: bool

    def of(self, page: Page[ItemDataset]) -> Page[ItemDataset]:
        """Return a page with the chosen datasets; the last one as soon as none can follow."""
        is_last = self.newest_first and any(self._is_older(item) for item in page.items)
        chosen = [item for item in page.items if self._is_chosen(item)]
        return Page(chosen, None if is_last else page.key, page.unreadable)

    def _is_chosen(self, item: ItemDataset) -> bool:
        return (
            self.owner in (None, item.owner_username)
            and self.status in (None, item.release_status)
            and not self._is_older(item)
        )

    def _is_older(self, item: ItemDataset) -> bool:
        return self.since is not None and item.updated_timestamp < self.since


def listing_filter(
    body: NoFilterSubtypeListRequest, *, owner: object, status: object, modified_since: object
) -> ListingFilter:
    """Check the arguments of a listing, and return what they choose.

    Args:
        body: The request of the listing.
        owner: As for ``Datastore.for_all_datasets``, like the others.
        status: The release status.
        modified_since: The time of the last change.

    Raises:
        InvalidArgument: An argument is malformed.
    """
    sort = body.sort_by
    is_by_change = sort is None or sort.sort_type in (None, "UPDATED_TIME")
    return ListingFilter(
        owner=None if owner is None else arguments.text("owner", owner),
        status=None if status is None else _status(status),
        since=None if modified_since is None else _time(modified_since).timestamp(),
        newest_first=is_by_change and not (sort is not None and sort.ascending),
    )


def _status(value: object) -> ReleasedStatus:
    text = arguments.text("status", value)
    found = ReleasedStatus(text.strip().upper().replace(" ", "_").replace("-", "_"))
    if not found.is_known:
        known = alternatives(each.lower().replace("_", "-") for each in ReleasedStatus)
        raise InvalidArgument("status", f"must be {known}, not {quoted(text, 60)}.")
    return found


def _time(value: object) -> datetime:
    try:
        if isinstance(value, datetime):
            return value.astimezone()
        if isinstance(value, str) and ":" in value:
            return datetime.fromisoformat(value).astimezone()
        if isinstance(value, str | date):
            return datetime.combine(day(value), time.min).astimezone()
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidArgument(
        "modified_since",
        "must be a date, a time, or text such as '2024', '2024-12-31' or '2024-12-31T18:00Z'.",
    )
