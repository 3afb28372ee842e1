"""Reviewers, and the datasets that wait for their review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows.access import releases

if TYPE_CHECKING:
    from provena_sdk.workflows.access.releases import Inbox, ReviewerList


@short_tracebacks
class Reviews:
    """What waits for your review, and who reviews. Reached as ``provena.reviews``.

    ``ds.release`` requests a release, and approves or rejects it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def inbox(self) -> Inbox:
        """List the datasets that wait for your review.

        The service leaves out datasets that are private to others.

        Returns:
            The requests, longest waiting first; prints as a table.

        Raises:
            PersonNotLinked: Your account has no Person in the registry.

        Example:
            >>> list(provena.reviews.inbox())
            []
        """
        return self._transport.run(releases.inbox())

    def reviewers(self) -> ReviewerList:
        """List everybody who reviews datasets, with names.

        Returns:
            The reviewers, sorted by name; prints as a table. A reviewer whose name cannot be found out is last.

        Raises:
            RoleMissing: You lack the role ``entity-registry-write``.

        Example:
            >>> [reviewer.id for reviewer in provena.reviews.reviewers()]
            ['10378.1/1900005']
        """
        return self._transport.run(releases.reviewers())
