"""Sharing replaces a dataset's access settings as a whole, and must lose nothing that is there."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

from provena_sdk.errors import AccessChanged, ConfigurationError, DatasetAccessDenied, InvalidArgument

DATASET = "10378.1/1900011"
OK = {"status": {"success": True, "details": ""}}
GROUPS = [
    {"id": id, "display_name": name, "description": "", "default_data_store_access": None}
    for id, name in (
        ("coral-team", "Coral team"),
        ("empty-team", "Empty team"),
        ("twin-1", "Twin"),
        ("twin-2", "Twin"),
    )
]


class Registry:
    """Access settings of one dataset, as registry and auth service answer about them.

    Attributes:
        settings: The settings.
        written: What was put, in order.
        meanwhile: Called after each put, as if somebody else wrote at the same moment.
    """

    def __init__(self, **settings: Any) -> None:
        self.settings = {"owner": "writer", "general": ["metadata-read"], "groups": {}, **settings}
        self.written: list[Any] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.denied_after_writing = False

    def __call__(self, call: Any) -> Any:
        answer: Any = getattr(self, "_" + call.operation.name.partition(".")[2])(call)
        return deepcopy(answer)

    def _get_dataset_access(self, call: Any) -> Any:
        if self.denied_after_writing and self.written:
            return DatasetAccessDenied("no", operation=call.operation.name, status=401, dataset_id=DATASET)
        return self.settings

    def _set_dataset_access(self, call: Any) -> Any:
        assert call.request["params"] == {"id": DATASET}
        self.settings = deepcopy(call.request["json"])
        self.written.append(deepcopy(self.settings))
        self.meanwhile()
        return OK

    def _evaluate_dataset_access(self, _: Any) -> Any:
        return {"roles": ["dataset-data-read", "newer-role", "metadata-read"]}

    def _list_groups(self, _: Any) -> Any:
        return {**OK, "groups": GROUPS}

    def _lookup_link(self, call: Any) -> Any:
        assert call.request["params"] == {"username": "writer"}
        return {"person_id": None, "success": False}

    def _fetch_dataset(self, _: Any) -> Any:
        return ConfigurationError("the owner cannot be looked up")


@pytest.fixture
def dataset(face: Any) -> Callable[[Registry], Any]:
    """Makes a dataset of the face whose services are a :class:`Registry`."""
    from tests.facade.conftest import AsyncRecorder, Awaiting, Recorder

    def make(registry: Registry) -> Any:
        transport = AsyncRecorder(registry) if face.name == "async" else Recorder(registry)
        made = face.of("InteractiveDataset")(DATASET, transport, SimpleNamespace(_bound=lambda _: None), {})
        return made if face.name == "async" else Awaiting(made)

    return make


async def test_sharing_adds_roles_and_sends_the_rest_back_as_it_was(dataset: Any) -> None:
    registry = Registry(
        general=["newer-role", "metadata-read"],
        groups={"gone": ["admin"], "coral-team": ["x"]},
        newer={"a": 1},
    )

    access = await dataset(registry).share("coral-team")

    assert registry.written == [
        {
            "owner": "writer",
            "general": ["newer-role", "metadata-read"],
            "groups": {"gone": ["admin"], "coral-team": ["x", "metadata-read", "dataset-data-read"]},
            "newer": {"a": 1},
        }
    ]
    assert [(group.id, group.exists) for group in access.groups] == [("coral-team", True), ("gone", False)]


async def test_sharing_can_take_back_what_else_is_granted(dataset: Any) -> None:
    registry = Registry(groups={"coral-team": ["admin", "x"], "gone": ["admin"]})

    access = await dataset(registry).share("coral-team", read="metadata", only=True)

    assert registry.settings["groups"] == {"gone": ["admin"], "coral-team": ["metadata-read"]}
    assert access.groups[0].roles.permits == "read metadata"


@pytest.mark.parametrize("name", ["coral-team", "Coral team", " coral  TEAM", "CORAL-TEAM"])
async def test_a_group_is_found_by_id_or_name_and_stored_by_id(dataset: Any, name: str) -> None:
    registry = Registry()

    await dataset(registry).share(name, write=True)

    roles = ["metadata-read", "dataset-data-read", "metadata-write", "dataset-data-write"]
    assert registry.settings["groups"] == {"coral-team": roles}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("coral-taem", "Did you mean Coral team (coral-team)?"),
        ("coral", "Did you mean Coral team (coral-team)?"),
        ("Twin", "2 groups match 'Twin': Twin (twin-1), Twin (twin-2)."),
        ("quite different", "provena.groups.list() lists all groups."),
    ],
)
async def test_a_misspelt_group_is_refused_with_similar_names(dataset: Any, name: str, said: str) -> None:
    registry = Registry()

    for change in ("share", "unshare"):
        with pytest.raises(InvalidArgument, match="group: ") as caught:
            await getattr(dataset(registry), change)(name)
        assert said in str(caught.value)

    assert registry.written == []


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({}, "group"),
        ({"group": "coral-team", "public": True}, "group"),
        ({"group": " "}, "group"),
        ({"public": 1}, "public"),
        ({"group": "coral-team", "only": "yes"}, "only"),
        ({"public": True, "admin": True}, "admin"),
        ({"public": True, "read": False}, "read"),
        ({"public": True, "read": "files"}, "read"),
        ({"group": "coral-team", "write": "no"}, "write"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    dataset: Any, asked: dict[str, Any], argument: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await dataset(lambda _: pytest.fail("sent")).share(**asked)

    assert caught.value.argument == argument


async def test_nothing_is_written_when_nothing_changes(dataset: Any) -> None:
    registry = Registry(general=["dataset-data-read", "metadata-read"])

    shared = await dataset(registry).share(public=True)
    unshared = await dataset(registry).unshare("empty-team")

    assert registry.written == []
    assert shared == unshared
    assert shared.everyone.permits == "read metadata and files"


async def test_unsharing_removes_the_group_even_one_that_does_not_exist(dataset: Any) -> None:
    registry = Registry(groups={"misspelt": ["metadata-read"], "coral-team": ["admin"], "twin-1": ["admin"]})

    await dataset(registry).unshare("misspelt")
    await dataset(registry).unshare("Coral Team", keep="read")

    assert registry.settings["groups"] == {
        "coral-team": ["metadata-read", "dataset-data-read"],
        "twin-1": ["admin"],
    }


async def test_a_public_dataset_becomes_private_or_keeps_its_metadata_public(dataset: Any) -> None:
    registry = Registry(general=["metadata-read", "dataset-data-read"], groups={"coral-team": ["admin"]})

    access = await dataset(registry).unshare(public=True, keep="metadata")
    assert (access.public, access.everyone.permits) == (True, "read metadata")

    access = await dataset(registry).unshare(public=True)
    assert (access.public, access.everyone.permits) == (False, "nothing")
    assert registry.settings["groups"] == {"coral-team": ["admin"]}


async def test_a_change_by_somebody_else_that_undoes_ours_is_an_error(dataset: Any) -> None:
    registry = Registry()
    registry.meanwhile = lambda: registry.settings.update(groups={}, general=[])

    with pytest.raises(AccessChanged) as caught:
        await dataset(registry).share("coral-team", read="metadata")

    assert caught.value.dataset_id == DATASET
    assert "everyone: now none; coral-team: now none." in str(caught.value)


async def test_another_change_at_the_same_time_is_a_warning(dataset: Any) -> None:
    registry = Registry()
    registry.meanwhile = lambda: registry.settings["groups"].update({"twin-1": ["metadata-read"]})

    with pytest.warns(UserWarning, match="twin-1: now metadata-read. Your change is in force."):
        access = await dataset(registry).share("coral-team", read="metadata")

    assert [group.id for group in access.groups] == ["coral-team", "twin-1"]


async def test_the_order_in_which_the_service_returns_roles_is_no_change(dataset: Any) -> None:
    registry = Registry()
    registry.meanwhile = lambda: registry.settings["groups"]["coral-team"].reverse()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await dataset(registry).share("coral-team")


async def test_who_gives_up_their_own_administration_learns_what_was_written(dataset: Any) -> None:
    registry = Registry(groups={"coral-team": ["admin"]})
    registry.denied_after_writing = True

    access = await dataset(registry).unshare("coral-team")

    assert access.groups == ()


async def test_others_are_sent_to_their_own_roles(dataset: Any) -> None:
    registry = Registry()
    registry.denied_after_writing = True
    registry.written = [None]

    with pytest.raises(DatasetAccessDenied, match=r"ds\.my_roles\(\) returns your own roles"):
        await dataset(registry).access()

    roles = await dataset(registry).my_roles()
    assert str(roles) == "metadata-read, dataset-data-read, newer-role: read metadata and files"
