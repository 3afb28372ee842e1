"""The registry's items: what is stored of a dataset, and how it looks in an answer."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from provena_sdk.sandbox.http.server import encode_json

BUCKET: Final = "provena-storage"
READ_ROLES: Final = ("dataset-data-read", "metadata-read")
ALL_ROLES: Final = ("metadata-read", "metadata-write", "admin", "dataset-data-read", "dataset-data-write")

Metadata = dict[str, Any]
Kind = Literal["complete", "seed", "unparsable"]
_CATEGORIES = {"DATASET": "ENTITY", "ORGANISATION": "AGENT", "PERSON": "AGENT"}


def prefix_of(handle: str) -> str:
    """Where a dataset's files lie in the bucket, with a slash at the end.

    Example:
        >>> prefix_of("10378.1/1900011")
        'datasets/10378-1-1900011/'
    """
    return f"datasets/{handle.replace('.', '-').replace('/', '-')}/"


def s3_location(handle: str, bucket: str) -> dict[str, str]:
    """The location of a dataset's files, as the services write it."""
    path = prefix_of(handle)
    return {"bucket_name": bucket, "path": path, "s3_uri": f"s3://{bucket}/{path}"}


@dataclass(slots=True)
class Item:
    """One item of the registry.

    Attributes:
        id: The handle.
        subtype: ``DATASET``, ``PERSON`` or ``ORGANISATION``.
        owner: User name of the owner.
        created: When it was made, in whole Unix seconds.
        updated: When it changed last, in whole Unix seconds.
        kind: ``complete``; ``seed`` when minting stopped half-way; ``unparsable`` when the server cannot read it.
        body: The fields particular to the subtype, as in an answer.
        history: Earlier states, the newest first.
        locked: Whether metadata and files are closed to changes.
        general_roles: What everybody may do.
        group_roles: What members of a group may do.
    """

    id: str
    subtype: str
    owner: str
    created: int
    updated: int
    kind: Kind = "complete"
    body: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    versioning: dict[str, Any] = field(
        default_factory=lambda: {"previous_version": None, "version": 1, "reason": None, "next_version": None}
    )
    create_workflow: str | None = None
    version_workflow: str | None = None
    locked: bool = False
    general_roles: tuple[str, ...] = READ_ROLES
    group_roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _encoded: bytes | None = field(default=None, repr=False)

    @property
    def display_name(self) -> str | None:
        """The name it is listed under; None for a seed."""
        return self.body.get("display_name")

    @property
    def metadata(self) -> Metadata:
        """A dataset's metadata."""
        metadata: Metadata = self.body["collection_format"]
        return metadata

    @property
    def release_status(self) -> str:
        """``NOT_RELEASED``, ``PENDING`` or ``RELEASED``."""
        status: str = self.body["release_status"]
        return status

    def changed(self) -> None:
        """Forget the encoded form, after a change."""
        self._encoded = None

    def set_metadata(self, metadata: Metadata) -> None:
        """Replace a dataset's metadata and what follows from it."""
        info = metadata["dataset_info"]
        self.body["display_name"] = info["name"]
        self.body["user_metadata"] = info["user_metadata"]
        self.body["collection_format"] = metadata
        self.body["access_info_uri"] = info["access_info"]["uri"]
        self.changed()

    def record(self, reason: str, username: str, timestamp: int) -> None:
        """Write the present state into the history."""
        entry = {
            "id": len(self.history),
            "timestamp": timestamp,
            "reason": reason,
            "username": username,
            "item": copy.deepcopy(self.body),
        }
        self.history.insert(0, entry)
        self.updated = timestamp
        self.changed()

    def document(self) -> dict[str, Any]:
        """The item as in an answer."""
        return {
            **self.body,
            "history": self.history,
            "id": self.id,
            "owner_username": self.owner,
            "created_timestamp": self.created,
            "updated_timestamp": self.updated,
            "item_category": _CATEGORIES[self.subtype],
            "item_subtype": self.subtype,
            "record_type": "SEED_ITEM" if self.kind == "seed" else "COMPLETE_ITEM",
            "workflow_links": self._workflow_links(),
            "versioning_info": self.versioning,
        }

    def _workflow_links(self) -> dict[str, str | None] | None:
        created, versioned = self.create_workflow, self.version_workflow
        if created is None and versioned is None:
            return None
        return {"create_activity_workflow_id": created, "version_activity_workflow_id": versioned}

    def encoded(self) -> bytes:
        """The item as in an answer, in JSON; kept until it changes."""
        if self._encoded is None:
            self._encoded = encode_json(self.document())
        return self._encoded


def dataset_body(handle: str, metadata: Metadata, bucket: str) -> dict[str, Any]:
    """The fields of a dataset that was never released."""
    info = metadata["dataset_info"]
    return {
        "display_name": info["name"],
        "user_metadata": info["user_metadata"],
        "collection_format": metadata,
        "s3": s3_location(handle, bucket),
        "release_history": [],
        "release_status": "NOT_RELEASED",
        "release_approver": None,
        "release_timestamp": None,
        "access_info_uri": info["access_info"]["uri"],
    }
