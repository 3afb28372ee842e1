# Written by scripts/twins.py; change the module in resources/ instead.
"""Reviewers and releases."""

from __future__ import annotations

from provena_api.models import (
    ActionApprovalRequest,
    ActionApprovalRequestResponse,
    ReleaseApprovalRequest,
    ReleaseApprovalRequestResponse,
)

from provena_sdk.operations.arguments import JsonSource
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport
from provena_sdk.workflows import review


@short_tracebacks
class AsyncReviewSubModule:
    """Who reviews datasets, and the way to a release. Reached as ``provena.datastore.review``.

    A dataset goes from NOT_RELEASED to PENDING when its owner asks, and on to RELEASED, or back, when the reviewer
    decides. While it is PENDING or RELEASED its files cannot be changed.
    """

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_dataset_reviewers(self) -> list[str]:
        """List the ids of everybody who may review datasets.

        Returns:
            Ids of Persons in the registry, sorted.

        Raises:
            RoleMissing: The user lacks the role ``entity-registry-write``.

        Example:
            >>> await provena.datastore.review.list_dataset_reviewers()
            ['10378.1/1900005']
        """
        return await self._transport.run(review.list_reviewers())

    async def add_dataset_reviewer(self, reviewer_id: str) -> None:
        """Make a person a reviewer. Adding somebody twice does no harm.

        Args:
            reviewer_id: The person: handle, whole name, e-mail address or ORCID. A handle is not checked.

        Raises:
            InvalidArgument: The id is empty.
            NameNotFound: No person has this name.
            NameAmbiguous: Several have it; the error lists them.
            RoleMissing: The user lacks the role ``sys-admin-write``.
        """
        return await self._transport.run(review.add_reviewer(reviewer_id))

    async def delete_dataset_reviewer(self, reviewer_id: str) -> None:
        """Remove a person from the reviewers. Removing somebody who is not a reviewer does no harm.

        Args:
            reviewer_id: The person: handle, whole name, e-mail address or ORCID; or any other id that is listed.

        Raises:
            InvalidArgument: The id is empty.
            NameNotFound: No reviewer has this name.
            NameAmbiguous: Several have it; the error lists them.
            RoleMissing: The user lacks the role ``sys-admin-admin``.
        """
        return await self._transport.run(review.delete_reviewer(reviewer_id))

    async def dataset_approval_request(
        self,
        approval_request: ReleaseApprovalRequest | JsonSource | None = None,
        *,
        dataset_id: str | None = None,
        approver_id: str | None = None,
        notes: str | None = None,
    ) -> ReleaseApprovalRequestResponse:
        """Ask a reviewer to approve the release of a dataset you own; it becomes PENDING.

        Args:
            approval_request: The request as one object; or give the keywords below.
            dataset_id: Handle of the dataset.
            approver_id: The reviewer: handle, whole name, e-mail address or ORCID.
            notes: What the reviewer should know.

        Returns:
            The dataset, the reviewer and the service's message.

        Raises:
            InvalidArgument: A field is missing or malformed.
            NameNotFound: No person has this name.
            NameAmbiguous: Several have it; the error lists them.
            BadRequest: The approver is not a reviewer, or the dataset is pending or released already.
            DatasetAccessDenied: The user does not own the dataset.
            PersonNotLinked: The user's account has no Person in the registry.
            OutcomeUnknown: The service failed; the dataset may be PENDING nevertheless.
        """
        return await self._transport.run(
            review.request_approval(
                approval_request, dataset_id=dataset_id, approver_id=approver_id, notes=notes
            )
        )

    async def action_approval_request(
        self,
        action_approval_request: ActionApprovalRequest | JsonSource | None = None,
        *,
        dataset_id: str | None = None,
        approve: bool | None = None,
        notes: str | None = None,
    ) -> ActionApprovalRequestResponse:
        """Approve or reject a release as the reviewer who was asked.

        Args:
            action_approval_request: The decision as one object; or give the keywords below.
            dataset_id: Handle of the dataset.
            approve: True releases it, False sends it back.
            notes: What the owner should know.

        Returns:
            The dataset, the decision and the service's message.

        Raises:
            InvalidArgument: A field is missing or malformed.
            BadRequest: The dataset is not pending.
            NotTheReviewer: Another reviewer was asked, or the user is none.
            OutcomeUnknown: The service failed; the decision may have been taken nevertheless.
        """
        return await self._transport.run(
            review.action_approval(
                action_approval_request, dataset_id=dataset_id, approve=approve, notes=notes
            )
        )
