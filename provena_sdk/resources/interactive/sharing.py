"""Who may do what with a dataset: its locks, its access settings and its release."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeAlias

from provena_sdk.resources.interactive.cache import DatasetCache
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows.access import locks, releases, sharing

if TYPE_CHECKING:
    from provena_api.models import StatusResponse

    from provena_sdk.workflows.access.locks import LockHistory
    from provena_sdk.workflows.access.releases import ReleaseState
    from provena_sdk.workflows.access.settings import DatasetAccess, DatasetRoles, Kept, Reading, Writing

Changing: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Makes a block that changes a dataset."""


@short_tracebacks
class DatasetRelease:
    """The release of one dataset, as ``ds.release``.

    A dataset goes from NOT_RELEASED to PENDING when its release is requested, and on to RELEASED, or back, when the
    reviewer decides. While it is PENDING or RELEASED its files cannot be changed.

    Attributes:
        dataset_id: The dataset's handle.
    """

    def __init__(self, dataset_id: str, transport: Transport, changing: Changing) -> None:
        self.dataset_id = dataset_id
        self._transport = transport
        self._changing = changing

    def __repr__(self) -> str:
        return f"<DatasetRelease {self.dataset_id}>"

    def request(self, reviewer: str, notes: str) -> ReleaseState:
        """Ask a reviewer to approve the release; the dataset becomes PENDING.

        The reviewer gets an e-mail. The request cannot be withdrawn; only the reviewer can reject it. Reviewers find
        datasets in their inbox only if they may read them: share a private one with a group of theirs first.

        Args:
            reviewer: The reviewer: handle, whole name, e-mail address or ORCID; see ``provena.reviews.reviewers()``.
            notes: What the reviewer should know; must not be empty.

        Returns:
            The new state of the release; without its steps, and with a warning, if you may not fetch the dataset.

        Raises:
            InvalidArgument: The notes are empty.
            NameNotFound: No reviewer has this name, or several have.
            BadRequest: The person is not a reviewer, or the dataset is pending or released already.
            DatasetAccessDenied: You are neither its owner nor its administrator.
            PersonNotLinked: Your account has no Person in the registry.
            OutcomeUnknown: The service failed, and the dataset is not PENDING.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.release.request("Reviewer", "complete since May")  # doctest: +SKIP
            <ReleaseState 10378.1/1900011: PENDING>
        """
        with self._changing():
            return self._transport.run(releases.request(self.dataset_id, reviewer, notes))

    def approve(self, notes: str) -> ReleaseState:
        """Approve the release, as the reviewer who was asked; the dataset becomes RELEASED, which is final.

        Args:
            notes: What the owner should know; must not be empty.

        Returns:
            The new state of the release; without its steps, and with a warning, if you may not fetch the dataset.

        Raises:
            InvalidArgument: The notes are empty.
            BadRequest: The dataset is not pending.
            NotTheReviewer: Another reviewer was asked, or you are not a reviewer.
            PersonNotLinked: Your account has no Person in the registry.
            OutcomeUnknown: The service failed, and the dataset is not RELEASED.
        """
        with self._changing():
            return self._transport.run(releases.decide(self.dataset_id, notes, approve=True))

    def reject(self, notes: str) -> ReleaseState:
        """Reject the release, as the reviewer who was asked; the dataset is NOT_RELEASED again.

        Args:
            notes: What the owner should change; must not be empty.

        Returns:
            The new state of the release; without its steps, and with a warning, if you may not fetch the dataset.

        Raises:
            InvalidArgument: The notes are empty.
            BadRequest: The dataset is not pending.
            NotTheReviewer: Another reviewer was asked, or you are not a reviewer.
            PersonNotLinked: Your account has no Person in the registry.
            OutcomeUnknown: The service failed, and the dataset is still PENDING.
        """
        with self._changing():
            return self._transport.run(releases.decide(self.dataset_id, notes, approve=False))

    def status(self) -> ReleaseState:
        """Fetch how far the release is: its status, its reviewer, and every request and decision.

        Returns:
            The state of the release, which prints as a table.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(reef.release.status())
            dataset 10378.1/1900011: not released
        """
        return self._transport.run(releases.status(self.dataset_id))


@short_tracebacks
class DatasetSharing(DatasetCache):
    """What an interactive dataset has for locks, access settings and its release.

    Attributes:
        dataset_id: The dataset's handle.
    """

    _transport: Transport

    @property
    def release(self) -> DatasetRelease:
        """Its release: request, approve, reject and status.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.release.status().status.value
            'NOT_RELEASED'
        """
        return DatasetRelease(self.dataset_id, self._transport, self._changing)

    def lock(self, reason: str) -> StatusResponse:
        """Lock it: nobody can change its metadata or files, not even you, until it is unlocked.

        It can still be read, versioned and shared.

        Args:
            reason: Why, for the lock history, which everybody who reads the dataset can see; must not be empty.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: The reason is empty.
            AlreadyLocked: It is locked; the message says by whom, when and why.
            DatasetAccessDenied: You are neither its owner nor its administrator.
            OutcomeUnknown: The service failed; it may be locked nevertheless.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.lock("cited in a paper").status.details
            'Resource locked successfully.'
            >>> reef.unlock("typo in the description").status.details
            'Resource unlocked successfully.'
        """
        with self._changing():
            return self._transport.run(locks.lock(self.dataset_id, reason))

    def unlock(self, reason: str) -> StatusResponse:
        """Unlock it, so that it can be changed again.

        Args:
            reason: Why, for the lock history; must not be empty.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: The reason is empty.
            NotLocked: It is not locked; the message says who unlocked it last.
            DatasetAccessDenied: You are neither its owner nor its administrator.
            OutcomeUnknown: The service failed; it may be unlocked nevertheless.
        """
        with self._changing():
            return self._transport.run(locks.unlock(self.dataset_id, reason))

    def lock_history(self) -> LockHistory:
        """Fetch who locked and unlocked it, when and why.

        Returns:
            The events, oldest first, and whether it is locked; prints as a table.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> print(provena.datastore.interactive_dataset("10378.1/1900012").lock_history())
            dataset 10378.1/1900012: not locked, and never was
        """
        return self._transport.run(locks.history(self.dataset_id))

    def access(self) -> DatasetAccess:
        """Fetch who may do what with it. Only its owner and administrators see this; others have :meth:`my_roles`.

        Returns:
            The owner, and the roles of everyone and of groups; prints as a table.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: You are neither its owner nor its administrator.

        Example:
            >>> access = provena.datastore.interactive_dataset("10378.1/1900011").access()
            >>> access.owner, access.public, access.everyone.permits
            ('writer', True, 'read metadata and files')
        """
        return self._transport.run(sharing.access(self.dataset_id))

    def share(
        self,
        group: str | None = None,
        *,
        public: bool = False,
        read: Reading = True,
        write: Writing = False,
        admin: bool = False,
        only: bool = False,
    ) -> DatasetAccess:
        """Share it with a group, or with everyone who may read the registry.

        What they may do already stays, unless ``only`` is True; :meth:`unshare` takes it back. Other settings are not
        touched. If somebody else changes them at the same moment, the later change wins: the service does not compare.

        Args:
            group: Id or name of the group; see ``provena.groups.list()``.
            public: True instead of a group, to share it with everyone.
            read: What they may read: True for metadata and files, ``"metadata"`` for metadata alone.
            write: What they may change: True for metadata and files, or ``"metadata"`` or ``"files"``.
            admin: True for everything, also to share and lock it and to request its release; for groups only.
            only: True to take back whatever else they may do.

        Returns:
            Who may now do what, as read from the service after the change; as it was sent, with a warning, if that
            could not be read.

        Raises:
            NameNotFound: No group has this id or name, or several have the name.
            InvalidArgument: Nothing is granted, or what is granted cannot work.
            DatasetAccessDenied: You are neither its owner nor its administrator.
            AccessChanged: Somebody else changed the settings at the same time, and your change is not in force.
            OutcomeUnknown: The service failed, and your change is not in force, or that cannot be read. It is not sent
                again, since that could undo what somebody else has changed meanwhile.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(reef.share("Coral team", write="metadata").groups[0].roles.permits)
            read and write metadata, read files
        """
        with self._changing():
            return self._transport.run(
                sharing.share(
                    self.dataset_id, group, public=public, read=read, write=write, admin=admin, only=only
                )
            )

    def unshare(
        self, group: str | None = None, *, public: bool = False, keep: Kept | None = None
    ) -> DatasetAccess:
        """Stop sharing it with a group, or with everyone. The owner keeps every role.

        What somebody has already downloaded stays with them, and credentials that they hold work until they expire,
        after eight hours at most.

        Args:
            group: Id or name of the group.
            public: True instead of a group, to make it private.
            keep: What they may still read, if they could before: ``"read"`` for metadata and files, ``"metadata"`` for
                metadata alone; None for nothing.

        Returns:
            Who may now do what, as read from the service after the change; as it was sent, with a warning, if that
            could not be read.

        Raises:
            NameNotFound: No group has this id or name, or several have the name.
            InvalidArgument: ``keep`` is something else.
            DatasetAccessDenied: You are neither its owner nor its administrator.
            AccessChanged: Somebody else changed the settings at the same time, and your change is not in force.
            OutcomeUnknown: The service failed, and your change is not in force, or that cannot be read. It is not sent
                again, since that could undo what somebody else has changed meanwhile.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.unshare("coral-team").groups
            ()
        """
        with self._changing():
            return self._transport.run(sharing.unshare(self.dataset_id, group, public=public, keep=keep))

    def my_roles(self) -> DatasetRoles:
        """Fetch your roles on it, and what they permit.

        Returns:
            The roles; none if it is private to others.

        Raises:
            DatasetNotFound: The dataset does not exist.

        Example:
            >>> roles = provena.datastore.interactive_dataset("10378.1/1900011").my_roles()
            >>> roles.writes_files, roles.permits
            (True, 'everything')
        """
        return self._transport.run(sharing.own_roles(self.dataset_id))
