"""How the datastore and the registry list: order, page size, and following the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from provena_api.models import SortOptions, SortType

from provena_sdk.display.text import printable
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import arguments
from provena_sdk.operations.arguments import Model
from provena_sdk.operations.mismatch import mismatch_of
from provena_sdk.operations.workflow import Workflow
from provena_sdk.paging import Page, PageKey, UnreadableItem, VisitedKeys
from provena_sdk.paging.page import warn_of_unreadable

T = TypeVar("T")

DEFAULT_PAGE_SIZE: Final = 20
"""The services' default number of rows per page."""

PAGE_SIZE: Final = 200
"""Rows per page by default: few round trips, and well within the gateway's 30 seconds."""


def sort(given: object, ascending: object, begins_with: object = None) -> SortOptions | None:
    """Make sort options from the arguments of a method.

    Args:
        given: The name of an attribute, a model, a mapping or a pydantic object, or None.
        ascending: True for the smallest or oldest first; None means not given.
        begins_with: What ``ACCESS_INFO_URI_BEGINS_WITH`` looks for; None means not given.

    Returns:
        The options, or None if nothing is given.

    Raises:
        InvalidArgument: The services cannot sort this way.
    """
    if given is None and ascending is None and begins_with is None:
        return None
    if isinstance(given, str):
        options = SortOptions(sort_type=SortType(given))
    else:
        options = SortOptions() if given is None else arguments.request("sort_by", SortOptions, given, {})
    if ascending is not None:
        options.ascending = arguments.flag("ascending", ascending)
    if begins_with is not None:
        options.begins_with = arguments.text("begins_with", begins_with)
    _check(options)
    return options


def _check(options: SortOptions) -> None:
    by_prefix = options.sort_type == "ACCESS_INFO_URI_BEGINS_WITH"
    if options.sort_type is not None and not options.sort_type.is_known:
        raise InvalidArgument(
            "sort_by",
            f"must be one of {', '.join(SortType)}, not {printable(options.sort_type.value, 60)!r}.",
        )
    if options.sort_type == "RELEASE_TIMESTAMP":
        raise InvalidArgument("sort_by", "the service cannot sort by RELEASE_TIMESTAMP; it answers 500.")
    if by_prefix and options.begins_with is None:
        raise InvalidArgument("begins_with", "must be given to sort by ACCESS_INFO_URI_BEGINS_WITH.")
    if not by_prefix and options.begins_with is not None:
        raise InvalidArgument("begins_with", "must be given only to sort by ACCESS_INFO_URI_BEGINS_WITH.")


def rows_for(total_limit: int | None) -> int:
    """Return the rows per page for listing everything, or as much of it as the caller wants.

    Raises:
        InvalidArgument: The limit is negative, or not a whole number.
    """
    if total_limit is not None:
        arguments.count("total_limit", total_limit, least=0)
    return min(PAGE_SIZE, total_limit or PAGE_SIZE)


def unreadable(model: type[Model], entries: Iterable[dict[str, Any]] | None) -> tuple[UnreadableItem, ...]:
    """Return what a page left out, by handle and reason.

    Args:
        model: The class of the page's items.
        entries: The page's ``unparsable_items``, as JSON data.
    """
    return tuple(
        UnreadableItem(
            str(entry.get("id") or ""),
            mismatch_of(model.from_dict, entry) or "the service cannot read it",
        )
        for entry in entries or ()
    )


def every(fetch: Callable[[PageKey | None], Workflow[Page[T]]]) -> Workflow[list[T]]:
    """Fetch all pages, one after another.

    Args:
        fetch: Fetches the page for a key; None is the first.

    Returns:
        The items of all pages.

    Raises:
        ProvenaError: A page cannot be fetched, or the pages lead in a circle.
    """
    found: list[T] = []
    visited = VisitedKeys()
    key: PageKey | None = None
    while True:
        page = yield from fetch(key)
        found += page.items
        warn_of_unreadable(page.unreadable)
        key = page.key
        if key is None:
            return found
        visited.add(key)
