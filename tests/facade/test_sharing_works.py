"""What share() grants works for those who get it, and ends with unshare(): against a whole Provena."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provena_sdk.errors import DatasetAccessDenied, OperationRejected, OutcomeUnknown
from provena_sdk.sandbox import Fault

SETTINGS = "*/auth/configuration"


@pytest.fixture
def handle(sandbox: Any) -> str:
    return str(sandbox.add_dataset("Kelp", files={"a.csv": b"1"}))


@pytest.mark.parametrize(
    ("asked", "reads_files", "writes_files", "writes_metadata", "administers"),
    [
        ({"read": "metadata"}, False, False, False, False),
        ({}, True, False, False, False),
        ({"write": "metadata"}, True, False, True, False),
        ({"write": "files"}, True, True, False, False),
        ({"write": True}, True, True, True, False),
        ({"admin": True}, True, True, True, True),
    ],
)
async def test_members_of_a_group_may_do_what_was_granted(
    sign_in: Any,
    handle: str,
    metadata: Any,
    tmp_path: Path,
    asked: dict[str, Any],
    reads_files: bool,
    writes_files: bool,
    writes_metadata: bool,
    administers: bool,
) -> None:
    async with sign_in() as owner, sign_in("writer2") as member:
        shared = owner.datastore.interactive_dataset(handle)
        theirs = member.datastore.interactive_dataset(handle)
        await shared.unshare(public=True)
        with pytest.raises(DatasetAccessDenied):
            await theirs.fetch_dataset()
        assert str(await theirs.my_roles()) == "none: nothing"

        access = await shared.share("Coral team", **asked)

        assert not access.public
        assert (await theirs.fetch_dataset()).item.id == handle
        roles = await theirs.my_roles()
        assert roles.reads_files is await _works(theirs.generate_read_access_credentials) is reads_files
        assert roles.writes_files is await _works(theirs.generate_write_access_credentials) is writes_files
        assert (
            roles.writes_metadata
            is await _works(theirs.update_metadata, "by a member", metadata("Kelp forests"))
            is writes_metadata
        )
        assert roles.administers is await _works(theirs.access) is administers
        assert access.groups[0].roles.permits == roles.permits

        assert (await shared.unshare("coral-team")).groups == ()
        with pytest.raises(DatasetAccessDenied):
            await theirs.fetch_dataset()


async def _works(method: Any, *arguments: object) -> bool:
    try:
        await method(*arguments)
    except DatasetAccessDenied:
        return False
    return True


async def test_a_member_who_administers_can_leave(sign_in: Any, handle: str) -> None:
    async with sign_in() as owner, sign_in("writer2") as member:
        await owner.datastore.interactive_dataset(handle).share("coral-team", admin=True)
        theirs = member.datastore.interactive_dataset(handle)

        access = await theirs.unshare("coral-team")

        assert access.groups == ()
        with pytest.raises(DatasetAccessDenied, match=r"its owner, writer \(writer@example\.com\), and"):
            await theirs.access()


async def test_a_change_whose_answer_was_lost_is_looked_up(sign_in: Any, handle: str, sandbox: Any) -> None:
    sandbox.faults.add(Fault(path=SETTINGS, method="PUT", status=503, takes_effect=True))
    async with sign_in() as provena:
        access = await provena.datastore.interactive_dataset(handle).share("coral-team")

    assert [group.id for group in access.groups] == ["coral-team"]
    assert sandbox.faults.pending() == []


async def test_a_change_that_failed_is_not_sent_again(sign_in: Any, handle: str, sandbox: Any) -> None:
    # A second attempt would undo what somebody else has changed since.
    sandbox.faults.add(Fault(path=SETTINGS, method="PUT", drop="before"))
    async with sign_in() as provena:
        shared = provena.datastore.interactive_dataset(handle)
        with pytest.raises(OutcomeUnknown, match=r"Look at ds\.access\(\), and repeat it"):
            await shared.share("coral-team")
        assert (await shared.access()).groups == ()


async def test_settings_that_cannot_be_read_again_are_a_warning(
    sign_in: Any, handle: str, sandbox: Any
) -> None:
    sandbox.faults.add(Fault(path=SETTINGS, method="GET", after=1, status=503))
    async with sign_in(max_retries=0) as provena:
        shared = provena.datastore.interactive_dataset(handle)
        with pytest.warns(UserWarning, match="were changed, but could not be read again: A gateway"):
            access = await shared.share("coral-team")
        assert [group.id for group in access.groups] == ["coral-team"]
        assert await shared.access() == access


async def test_a_change_that_failed_with_settings_that_cannot_be_read_again(
    sign_in: Any, handle: str, sandbox: Any
) -> None:
    sandbox.faults.add(Fault(path=SETTINGS, method="PUT", drop="after"))
    sandbox.faults.add(Fault(path=SETTINGS, method="GET", after=1, status=503))
    async with sign_in(max_retries=0) as provena:
        with pytest.raises(OutcomeUnknown, match=r"ds\.access\(\) shows whether it did"):
            await provena.datastore.interactive_dataset(handle).share("coral-team")


async def test_groups_and_members_are_listed(sign_in: Any) -> None:
    async with sign_in("reader") as provena:
        assert [group.id for group in await provena.groups.list()] == ["coral-team", "empty-team"]
        assert [group.id for group in await provena.groups.mine()] == ["coral-team"]
        members = await provena.groups.members("Coral team")
        assert [user.username for user in members] == ["reader", "writer2"]
        assert str(members).split("\n")[1].split() == ["reader", "Rosa", "Marchetti", "reader@example.com"]
    async with sign_in("writer") as provena:
        with pytest.raises(OperationRejected, match="Only members of a group can list its members"):
            await provena.groups.members("coral-team")


async def test_a_request_for_roles_is_found_again(sign_in: Any) -> None:
    async with sign_in("reader") as provena:
        made = await provena.roles.request("entity-registry-write")
        assert made.roles == ("entity-registry-write",)
        (pending,) = await provena.roles.pending()
        assert pending == made
        with pytest.raises(OperationRejected, match="pending less than 5 days"):
            await provena.roles.request("entity-registry-admin")
        assert (await provena.roles.report()).granted == ("entity-registry-read",)


async def test_a_request_for_roles_that_cannot_be_found_again_was_made(sign_in: Any, sandbox: Any) -> None:
    async with sign_in("reader", max_retries=0) as provena:
        sandbox.faults.add(Fault(service="auth", path="*/pending-request-history", status=503))
        assert await provena.roles.request("entity-registry-write") is None
        assert [made.roles for made in await provena.roles.pending()] == [("entity-registry-write",)]
