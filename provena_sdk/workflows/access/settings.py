"""A dataset's access settings as data: what roles permit, and how a change leaves everything else as it was.

The rules were measured on the services. They compare roles literally: no role includes another, although the registry
describes them so. Reading metadata requires metadata-read, metadata-write or admin; changing it metadata-write or
admin; files can be read only by those who may also read the metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from attrs import evolve
from provena_api import models

from provena_sdk.display.text import alternatives, printable
from provena_sdk.errors import InvalidArgument
from provena_sdk.views.tabular import Tabular

READ_METADATA: Final = "metadata-read"
WRITE_METADATA: Final = "metadata-write"
READ_FILES: Final = "dataset-data-read"
WRITE_FILES: Final = "dataset-data-write"
ADMINISTER: Final = "admin"

_METADATA_READERS: Final = {READ_METADATA, WRITE_METADATA, ADMINISTER}
_METADATA_WRITERS: Final = {WRITE_METADATA, ADMINISTER}
_FILE_READERS: Final = {READ_FILES, WRITE_FILES, ADMINISTER}
_FILE_WRITERS: Final = {WRITE_FILES, ADMINISTER}
_ORDER: Final = (READ_METADATA, READ_FILES, WRITE_METADATA, WRITE_FILES, ADMINISTER)

Reading: TypeAlias = bool | Literal["metadata"]
"""What may be read: True for metadata and files, ``"metadata"`` for metadata alone."""

Writing: TypeAlias = bool | Literal["metadata", "files"]
"""What may be written: True for metadata and files, or one of them."""

Kept: TypeAlias = Literal["read", "metadata"]
"""What may still be read when access is taken back: metadata and files, or metadata alone."""


@dataclass(frozen=True, slots=True, repr=False)
class DatasetRoles:
    """Roles on one dataset, and what they permit together.

    Attributes:
        names: The roles' names, such as ``metadata-read``; those known first, from reading to administering.

    Example:
        >>> print(DatasetRoles(("metadata-read", "dataset-data-read")))
        metadata-read, dataset-data-read: read metadata and files
        >>> DatasetRoles(("dataset-data-read",)).reads_files
        False
    """

    names: tuple[str, ...] = ()

    @property
    def reads_metadata(self) -> bool:
        """Whether they permit to fetch the dataset, with its metadata and history."""
        return not _METADATA_READERS.isdisjoint(self.names)

    @property
    def writes_metadata(self) -> bool:
        """Whether they permit to change the metadata."""
        return not _METADATA_WRITERS.isdisjoint(self.names)

    @property
    def reads_files(self) -> bool:
        """Whether they permit to list and download files, which requires reading the metadata, too."""
        return self.reads_metadata and not _FILE_READERS.isdisjoint(self.names)

    @property
    def writes_files(self) -> bool:
        """Whether they permit to upload, replace and delete files, which requires reading the metadata, too."""
        return self.reads_metadata and not _FILE_WRITERS.isdisjoint(self.names)

    @property
    def administers(self) -> bool:
        """Whether they permit to share and lock the dataset, and to request its release."""
        return ADMINISTER in self.names

    @property
    def permits(self) -> str:
        """What they permit, in words."""
        if self.administers:
            return "everything"
        metadata = _doing(self.reads_metadata, self.writes_metadata)
        files = _doing(self.reads_files, self.writes_files)
        if metadata == files:
            return f"{metadata} metadata and files" if metadata else "nothing"
        return ", ".join(f"{may} {what}" for may, what in ((metadata, "metadata"), (files, "files")) if may)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        return f"{_listed(self.names)}: {self.permits}"

    def __repr__(self) -> str:
        return f"<DatasetRoles {printable(', '.join(self.names) or 'none', 150)}>"


@dataclass(frozen=True, slots=True, repr=False)
class GroupAccess:
    """The roles of a group's members on one dataset.

    Attributes:
        id: The group's id.
        name: Its display name; None when the deployment has no group with this id, so that the roles permit nothing to
            anybody, or when groups could not be listed.
        exists: False if the deployment has no such group; None when groups could not be listed.
        roles: The members' roles.
    """

    id: str
    name: str | None
    exists: bool | None
    roles: DatasetRoles

    def __str__(self) -> str:
        name = f"{printable(self.name)} ({printable(self.id)})" if self.name else printable(self.id)
        return name if self.exists is not False else f"{name}, an unknown group"

    def __repr__(self) -> str:
        return f"<GroupAccess {printable(self.id, 60)}: {self.roles.permits}>"


@dataclass(frozen=True, slots=True, repr=False)
class DatasetAccess(Tabular):
    """Who may do what with a dataset. It prints as a table.

    The owner and the registry's administrators may do everything, whatever the settings say.

    Attributes:
        dataset_id: The dataset's handle.
        owner: The owner's user name.
        owner_name: The owner's name in the registry; None when it could not be found out.
        everyone: The roles of everybody who may read the registry.
        groups: The roles of groups' members, by group.

    Example:
        >>> print(DatasetAccess("10378.1/1900011", "ada", "Ada Lovelace", DatasetRoles(("metadata-read",))))
        dataset 10378.1/1900011 of Ada Lovelace (ada)
        who       may            roles
        everyone  read metadata  metadata-read
    """

    dataset_id: str
    owner: str
    owner_name: str | None = None
    everyone: DatasetRoles = DatasetRoles()
    groups: tuple[GroupAccess, ...] = ()

    _columns: ClassVar = ("who", "may", "roles")
    _index: ClassVar = "who"

    @property
    def public(self) -> bool:
        """Whether everybody may read its metadata; ``everyone.reads_files`` says whether also its files."""
        return self.everyone.reads_metadata

    def _title(self) -> str:
        owner = (
            f"{printable(self.owner_name)} ({printable(self.owner)})"
            if self.owner_name
            else printable(self.owner)
        )
        return f"dataset {printable(self.dataset_id)} of {owner}"

    def _rows(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = [("everyone", self.everyone.permits, _listed(self.everyone))]
        for group in self.groups:
            may = "nothing" if group.exists is False else group.roles.permits
            rows.append((str(group), may, _listed(group.roles)))
        return rows

    def __repr__(self) -> str:
        public = "public" if self.public else "not public"
        return f"<DatasetAccess {printable(self.dataset_id, 60)}: {public}, groups: {len(self.groups)}>"


def roles_of(settings: models.AccessSettings, party: str | None) -> tuple[str, ...]:
    """Return the roles that access settings give to a party: a group's id, or None for everyone."""
    return tuple(settings.general if party is None else settings.groups.get(party, ()))


def granting(
    settings: models.AccessSettings, party: str | None, roles: Iterable[str], *, only: bool = False
) -> models.AccessSettings:
    """Return access settings with further roles; whatever is there stays, also roles that are not known here.

    With ``only``, the party has no other roles.

    Example:
        >>> before = models.AccessSettings(owner="ada", general=["metadata-read", "newer-role"], groups={})
        >>> granting(before, None, ["metadata-read", "dataset-data-read"]).general
        ['metadata-read', 'newer-role', 'dataset-data-read']
    """
    held = () if only else roles_of(settings, party)
    return _with(settings, party, [*held, *(role for role in roles if role not in held)])


def leaving(settings: models.AccessSettings, party: str | None, keep: Kept | None) -> models.AccessSettings:
    """Return access settings without the roles of a party, except those with which it reads what it keeps.

    Roles that are not known here go as well, since nothing tells what they permit.

    Example:
        >>> before = models.AccessSettings(owner="ada", general=["metadata-write", "dataset-data-write"], groups={})
        >>> leaving(before, None, "metadata").general
        ['metadata-read']
    """
    held = DatasetRoles(roles_of(settings, party))
    left = [READ_METADATA] if keep is not None and held.reads_metadata else []
    left += [READ_FILES] if keep == "read" and held.reads_files else []
    return _with(settings, party, left)


def _with(settings: models.AccessSettings, party: str | None, roles: list[str]) -> models.AccessSettings:
    if party is None:
        return evolve(settings, general=roles)
    others = {group: given for group, given in settings.groups.items() if group != party or roles}
    return evolve(settings, groups={**others, party: roles} if roles else others)


def changes(before: models.AccessSettings, after: models.AccessSettings) -> list[str]:
    """Return in words what differs, party by party; the order of roles does not matter.

    Example:
        >>> before = models.AccessSettings(owner="ada", general=[], groups={})
        >>> changes(before, granting(granting(before, None, ["metadata-read"]), "coral-team", ["admin"]))
        ['everyone: now metadata-read', 'coral-team: now admin']
    """
    parties = [None, *dict.fromkeys((*before.groups, *after.groups))]
    return [
        f"{'everyone' if party is None else printable(party)}: now {_listed(roles_of(after, party))}"
        for party in parties
        if set(roles_of(before, party)) != set(roles_of(after, party))
    ]


def known_first(names: Iterable[str]) -> DatasetRoles:
    """Sort roles, which services return in any order.

    Example:
        >>> known_first(["x-new", "admin", "metadata-read", "admin"]).names
        ('metadata-read', 'admin', 'x-new')
    """
    unique = set(names)
    return DatasetRoles((*(role for role in _ORDER if role in unique), *sorted(unique.difference(_ORDER))))


def roles_for(read: Reading, write: Writing, *, admin: bool) -> tuple[str, ...]:
    """Return the roles with which all that is asked for works, checked as arguments.

    Args:
        read: What may be read.
        write: What may be written.
        admin: Whether everything is permitted, with sharing and locking.

    Raises:
        InvalidArgument: A value is unknown, nothing is granted, or something would be written that cannot be read.

    Example:
        >>> roles_for(True, False, admin=False), roles_for("metadata", False, admin=False)
        (('metadata-read', 'dataset-data-read'), ('metadata-read',))
    """
    _one_of("read", read, True, False, "metadata")
    _one_of("write", write, True, False, "metadata", "files")
    _one_of("admin", admin, True, False)
    if admin:
        return _ORDER
    if not read and not write:
        raise InvalidArgument(
            "read", "must be True or 'metadata' to grant anything; unshare() takes access back."
        )
    if write in (True, "files") and read is not True:
        raise InvalidArgument("read", "must be True for those who write files.")
    if write and not read:
        raise InvalidArgument("read", "must be True or 'metadata' for those who write metadata.")
    wanted = {READ_METADATA: True, READ_FILES: read is True}
    wanted |= {WRITE_METADATA: write in (True, "metadata"), WRITE_FILES: write in (True, "files")}
    return tuple(role for role, is_wanted in wanted.items() if is_wanted)


def kept(value: object) -> Kept | None:
    """Check what may still be read when access is taken back.

    Raises:
        InvalidArgument: The value is unknown.
    """
    for known in (None, "read", "metadata"):
        if value == known:
            return known
    raise InvalidArgument("keep", f"must be None, 'read' or 'metadata', not {printable(repr(value), 60)}.")


def _one_of(argument: str, value: object, *known: object) -> None:
    if not any(value is one or (isinstance(one, str) and value == one) for one in known):
        raise InvalidArgument(argument, f"must be {alternatives(known)}, not {printable(repr(value), 60)}.")


def _doing(reads: bool, writes: bool) -> str:
    return " and ".join(word for word, is_done in (("read", reads), ("write", writes)) if is_done)


def _listed(names: Iterable[str]) -> str:
    return printable(", ".join(names) or "none")
