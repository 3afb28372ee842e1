"""What roles permit, and that a change of access settings leaves everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provena_api.models import AccessSettings

from provena_sdk.errors import InvalidArgument
from provena_sdk.workflows.access.settings import (
    DatasetAccess,
    DatasetRoles,
    GroupAccess,
    changes,
    granting,
    kept,
    known_first,
    leaving,
    roles_for,
    roles_of,
)

KNOWN = ("metadata-read", "metadata-write", "admin", "dataset-data-read", "dataset-data-write")
NAMES = st.sampled_from([*KNOWN, "newer-role", "x"])
ROLES = st.lists(NAMES, max_size=5)
GROUPS = st.sampled_from(["coral-team", "empty-team", "Coral team", ""])
SETTINGS = st.builds(
    AccessSettings,
    owner=st.just("writer"),
    general=ROLES,
    groups=st.dictionaries(GROUPS, ROLES, max_size=4),
    additional_properties=st.sampled_from([{}, {"newer": [1]}]),
)
PARTIES = st.one_of(st.none(), GROUPS)


@pytest.mark.parametrize(
    ("names", "permits"),
    [
        ([], "nothing"),
        (["metadata-read"], "read metadata"),
        (["metadata-write"], "read and write metadata"),
        (["dataset-data-read"], "nothing"),
        (["dataset-data-write"], "nothing"),
        (["metadata-read", "dataset-data-read"], "read metadata and files"),
        (["metadata-read", "dataset-data-write"], "read metadata, read and write files"),
        (["metadata-write", "dataset-data-read"], "read and write metadata, read files"),
        (["metadata-read", "metadata-write", "dataset-data-read", "dataset-data-write"], None),
        (["admin"], "everything"),
        (["newer-role"], "nothing"),
    ],
)
def test_roles_permit_what_the_services_let_their_holders_do(names: list[str], permits: str | None) -> None:
    assert DatasetRoles(tuple(names)).permits == (permits or "read and write metadata and files")


@pytest.mark.parametrize(
    ("read", "write", "admin"),
    [
        (read, write, admin)
        for read in (True, False, "metadata")
        for write in (True, False, "metadata", "files")
        for admin in (True, False)
    ],
)
def test_what_is_granted_works_and_nothing_more_is(read: Any, write: Any, admin: bool) -> None:
    if not admin and (not read or (write in (True, "files") and read == "metadata")):
        with pytest.raises(InvalidArgument, match=r"^read must be True"):
            roles_for(read, write, admin=admin)
        return

    roles = DatasetRoles(roles_for(read, write, admin=admin))

    assert roles.administers is admin
    assert admin or roles.reads_files is (read is True)
    assert roles.reads_metadata
    assert admin or roles.writes_metadata is (write in (True, "metadata"))
    assert admin or roles.writes_files is (write in (True, "files"))


@pytest.mark.parametrize(
    ("argument", "given"),
    [("read", "files"), ("read", 1), ("read", None), ("write", "all"), ("write", 0), ("admin", "yes")],
)
def test_other_values_are_refused_by_name(argument: str, given: object) -> None:
    asked: dict[str, Any] = {"read": True, "write": False, "admin": False, argument: given}

    with pytest.raises(InvalidArgument, match=f"{argument} must be True") as caught:
        roles_for(**asked)

    assert caught.value.argument == argument


@given(SETTINGS, PARTIES, ROLES)
def test_granting_adds_and_changes_nothing_else(
    settings: AccessSettings, party: str | None, roles: list[str]
) -> None:
    unchanged = settings.to_dict()
    held, after = roles_of(settings, party), granting(settings, party, roles)

    assert set(roles_of(after, party)) == {*held, *roles}
    assert roles_of(after, party)[: len(held)] == held
    assert _others(after, party) == _others(settings, party)
    assert roles_of(granting(after, party, roles), party) == roles_of(after, party)
    assert settings.to_dict() == unchanged


@given(SETTINGS, PARTIES, st.sampled_from([None, "read", "metadata"]))
def test_taking_back_leaves_reading_where_it_was_and_is_asked_for(
    settings: AccessSettings, party: str | None, keep: Any
) -> None:
    after = leaving(settings, party, keep)
    held, left = DatasetRoles(roles_of(settings, party)), DatasetRoles(roles_of(after, party))

    assert not left.writes_metadata
    assert not left.writes_files
    assert left.reads_metadata is (held.reads_metadata and keep is not None)
    assert left.reads_files is (held.reads_files and keep == "read")
    assert set(left) <= {"metadata-read", "dataset-data-read"}
    assert _others(after, party) == _others(settings, party)
    assert left or party is None or party not in after.groups


@given(SETTINGS, SETTINGS)
def test_changes_name_every_party_whose_roles_differ(one: AccessSettings, other: AccessSettings) -> None:
    parties = [None, *dict.fromkeys((*one.groups, *other.groups))]
    differing = [party for party in parties if set(roles_of(one, party)) != set(roles_of(other, party))]

    assert len(changes(one, other)) == len(differing)
    assert changes(one, one) == []


def _others(settings: AccessSettings, party: str | None) -> tuple[object, ...]:
    groups = {group: roles for group, roles in settings.groups.items() if group != party}
    return settings.owner, party is None or settings.general, groups, settings.additional_properties


def test_access_prints_who_may_do_what() -> None:
    access = DatasetAccess(
        "10378.1/1900011",
        "writer",
        "Wanda Writer",
        DatasetRoles(("metadata-read",)),
        (
            GroupAccess("coral-team", "Coral team", True, DatasetRoles(("admin",))),
            GroupAccess("coral-taem", None, False, DatasetRoles(("metadata-read", "\x1b[2J"))),
            GroupAccess("other", None, None, DatasetRoles()),
        ),
    )

    assert str(access).split("\n") == [
        "dataset 10378.1/1900011 of Wanda Writer (writer)",
        "who                           may            roles",
        "everyone                      read metadata  metadata-read",
        "Coral team (coral-team)       everything     admin",
        "coral-taem, an unknown group  nothing        metadata-read, \\x1b[2J",
        "other                         nothing        none",
    ]
    assert access.public
    assert repr(access) == "<DatasetAccess 10378.1/1900011: public, groups: 3>"
    assert ">everything</td>" in access._repr_html_()


def test_roles_are_sorted_with_unknown_ones_last() -> None:
    roles = known_first(["b-new", "admin", "a-new", "metadata-read", "admin"])

    assert list(roles) == ["metadata-read", "admin", "a-new", "b-new"]
    assert "admin" in roles
    assert len(roles) == 4
    assert str(roles) == "metadata-read, admin, a-new, b-new: everything"


@pytest.mark.parametrize("value", ["write", True, False, 0])
def test_what_is_kept_must_be_reading(value: object) -> None:
    with pytest.raises(InvalidArgument, match=f"keep must be None, 'read' or 'metadata', not {value!r}\\."):
        kept(value)
