"""The registry's items, and their form in answers."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from provena_sdk.sandbox.http.server import encode_json

BUCKET: Final = "provena-storage"
READ_ROLES: Final = ("dataset-data-read", "metadata-read")
ITEM_ROLES: Final = ("metadata-read", "metadata-write", "admin")
ALL_ROLES: Final = (*ITEM_ROLES, "dataset-data-read", "dataset-data-write")
# Roles on an item, any of which suffices.
READERS: Final = frozenset(ITEM_ROLES)
EDITORS: Final = frozenset({"metadata-write", "admin"})

Metadata = dict[str, Any]
Kind = Literal["complete", "seed", "unparsable"]
_AGENTS = frozenset({"PERSON", "ORGANISATION", "SOFTWARE"})
_ACTIVITIES = frozenset({"WORKFLOW_RUN", "MODEL_RUN", "STUDY", "CREATE", "VERSION"})


def category_of(subtype: str) -> str:
    """Return the category of a subtype: ``AGENT``, ``ACTIVITY`` or ``ENTITY``."""
    return "AGENT" if subtype in _AGENTS else "ACTIVITY" if subtype in _ACTIVITIES else "ENTITY"


def roles_for(subtype: str) -> tuple[str, ...]:
    """Return the roles that items of a subtype have."""
    return ALL_ROLES if subtype == "DATASET" else ITEM_ROLES


def prefix_of(handle: str) -> str:
    """Return the prefix of a dataset's files in the bucket, with a slash at the end.

    Example:
        >>> prefix_of("10378.1/1900011")
        'datasets/10378-1-1900011/'
    """
    return f"datasets/{handle.replace('.', '-').replace('/', '-')}/"


def s3_location(handle: str, bucket: str) -> dict[str, str]:
    """Return the location of a dataset's files, as the services write it."""
    path = prefix_of(handle)
    return {"bucket_name": bucket, "path": path, "s3_uri": f"s3://{bucket}/{path}"}


@dataclass(slots=True)
class Item:
    """One item of the registry.

    Attributes:
        id: The handle.
        subtype: Such as ``DATASET``, ``PERSON`` or ``CREATE``.
        owner: User name of the owner.
        created: Time of its creation, in whole Unix seconds.
        updated: Time of its last change, in whole Unix seconds.
        kind: ``complete``; ``seed`` if minting stopped half-way; ``unparsable`` if the server cannot read it.
        body: The fields of the subtype, as in an answer.
        history: Earlier versions, the newest first.
        versioning: Its place in a chain of versions, which entities alone have.
        locked: Whether metadata and files are locked against changes.
        lock_history: Who locked and unlocked it, the oldest first.
        general_roles: The roles of every user; those that the subtype does not have are left out.
        group_roles: The roles of the members of each group.
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
    lock_history: list[dict[str, Any]] = field(default_factory=list)
    general_roles: tuple[str, ...] = READ_ROLES
    group_roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _encoded: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        known = roles_for(self.subtype)
        self.general_roles = tuple(role for role in self.general_roles if role in known)

    @property
    def category(self) -> str:
        """``AGENT``, ``ACTIVITY`` or ``ENTITY``."""
        return category_of(self.subtype)

    @property
    def display_name(self) -> str | None:
        """The name in listings; None for a seed."""
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
        """Discard the encoded form, after a change."""
        self._encoded = None

    def set_metadata(self, metadata: Metadata) -> None:
        """Replace a dataset's metadata and the fields derived from them."""
        info = metadata["dataset_info"]
        self.body["display_name"] = info["name"]
        self.body["user_metadata"] = info["user_metadata"]
        self.body["collection_format"] = metadata
        self.body["access_info_uri"] = info["access_info"]["uri"]
        self.changed()

    def record(self, reason: str, username: str, timestamp: int) -> None:
        """Add the current metadata to the history."""
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
        """Return the item as in a typed answer; a seed has neither content nor history."""
        content = {} if self.kind == "seed" else {**self.body, "history": self.history}
        return {
            **content,
            "id": self.id,
            "owner_username": self.owner,
            "created_timestamp": self.created,
            "updated_timestamp": self.updated,
            "item_category": self.category,
            "item_subtype": self.subtype,
            "record_type": "SEED_ITEM" if self.kind == "seed" else "COMPLETE_ITEM",
            "workflow_links": self._workflow_links(),
            "versioning_info": self.versioning if self.category == "ENTITY" else None,
        }

    def row(self) -> dict[str, Any]:
        """Return the item as it is stored, which general answers show: without what is null."""
        row: dict[str, Any] = _without_null(self.document())
        return row

    def set_lock(self, *, locked: bool, username: str, email: str | None, reason: str, at: int) -> None:
        """Lock or unlock the item, and record who did it at which Unix time and why."""
        self.locked = locked
        event = {"action_type": "LOCK" if locked else "UNLOCK", "username": username, "email": email}
        self.lock_history.append({**event, "reason": reason, "timestamp": at})

    def _workflow_links(self) -> dict[str, str | None] | None:
        created, versioned = self.create_workflow, self.version_workflow
        if created is None and versioned is None:
            return None
        return {"create_activity_workflow_id": created, "version_activity_workflow_id": versioned}

    def encoded(self) -> bytes:
        """Return the item as JSON, as in an answer; cached until it changes."""
        if self._encoded is None:
            self._encoded = encode_json(self.document())
        return self._encoded


def dataset_body(handle: str, metadata: Metadata, bucket: str) -> dict[str, Any]:
    """Return the fields of a dataset that was never released."""
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


def person_body(first_name: str, last_name: str, email: str, orcid: str | None = None) -> dict[str, Any]:
    """Return the fields of a person who consented to being registered."""
    return {
        "display_name": f"{first_name} {last_name}",
        "user_metadata": None,
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "orcid": orcid,
        "ethics_approved": True,
    }


def organisation_body(name: str, ror: str | None = None) -> dict[str, Any]:
    """Return the fields of an organisation."""
    return {"display_name": name, "user_metadata": None, "name": name, "ror": ror}


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_null(one) for one in value]
    return value
