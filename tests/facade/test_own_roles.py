"""Roles: the report as a table, and requests that send all of it back with roles switched."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from provena_sdk.errors import InvalidArgument, OperationRejected, OutcomeUnknown

OK = {"status": {"success": True, "details": ""}}
PENDING_FOR_LESS = (
    "Failed due to user having unresolved requests, info: "
    "You have a pending request which has been pending less than 5 days."
)


def _role(name: str, level: str, granted: bool) -> dict[str, Any]:
    return {
        "role_name": name,
        "role_display_name": name.title(),
        "role_level": level,
        "description": f"Permits {name}.",
        "intended_users": ["GENERAL"],
        "access_granted": granted,
        "newer": 1,
    }


def _report(*granted: str) -> dict[str, Any]:
    levels = ("read", "write", "admin")
    services = ("sys-admin", "entity-registry", "newer-service")
    return {
        "components": [
            {
                "component_name": service,
                "component_roles": [
                    _role(f"{service}-{level}", level.upper(), f"{service}-{level}" in granted)
                    for level in levels
                ],
            }
            for service in services
        ]
    }


def _row(number: int, contents: str) -> dict[str, Any]:
    return {
        "username": "reader",
        "request_id": number,
        "expiry": number + 100,
        "email": "reader@example.com",
        "created_timestamp": number,
        "updated_timestamp": number,
        "status": "PENDING_APPROVAL",
        "ui_friendly_status": "request received, awaiting action",
        "request_diff_contents": contents,
        "complete_contents": "{}",
        "notes": "",
    }


class Auth:
    """The auth service's answers about one user's roles."""

    def __init__(self, *granted: str) -> None:
        self.report = _report(*granted)
        self.requested: list[Any] = []
        self.refusal: type[OperationRejected | OutcomeUnknown] | None = None
        self.rows: list[dict[str, Any]] = []

    def __call__(self, call: Any) -> Any:
        return deepcopy(getattr(self, "_" + call.operation.name.partition(".")[2])(call))

    def _generate_access_report(self, _: Any) -> Any:
        return {**OK, "report": self.report}

    def _request_access_change(self, call: Any) -> Any:
        self.requested.append(call.request)
        if self.refusal is not None:
            return self.refusal(PENDING_FOR_LESS, operation=call.operation.name, status=200)
        changed = [
            {
                **component,
                "component_roles": [
                    asked
                    for asked, held in zip(
                        component["component_roles"], before["component_roles"], strict=True
                    )
                    if asked != held
                ],
            }
            for component, before in zip(
                call.request["json"]["components"], self.report["components"], strict=True
            )
        ]
        self.rows.append(_row(2_000, json.dumps({"components": changed})))
        return OK

    def _list_pending_requests(self, _: Any) -> Any:
        return {"items": self.rows}


@pytest.fixture
def roles(face: Any) -> Any:
    """Makes the face's roles over an :class:`Auth`."""
    from provena_sdk.resources._async.roles import AsyncRoles
    from provena_sdk.resources.roles import Roles
    from tests.facade.conftest import AsyncRecorder, Awaiting, Recorder

    def make(auth: Any) -> Any:
        transport: Any = AsyncRecorder(auth) if face.name == "async" else Recorder(auth)
        return AsyncRoles(transport) if face.name == "async" else Awaiting(Roles(transport))

    return make


async def test_the_report_is_a_list_and_a_table(roles: Any) -> None:
    report = await roles(Auth("entity-registry-read")).report()

    assert report.granted == ("entity-registry-read",)
    assert len(report) == 9
    assert [role.service for role in report][-1] == "newer-service"
    lines = str(report).split("\n")
    assert lines[0].split() == ["role", "granted", "permits"]
    assert lines[4].split(maxsplit=2) == ["entity-registry-read", "yes", "Permits entity-registry-read."]
    assert repr(report) == "<RoleReport of 9>"


async def test_a_request_sends_the_whole_report_with_the_role_switched(roles: Any) -> None:
    auth = Auth("entity-registry-read")

    made = await roles(auth).request("entity-registry-write", send_email=False)

    (sent,) = auth.requested
    assert sent["params"] == {"send_email": False}
    assert sent["json"] == _report("entity-registry-read", "entity-registry-write")
    assert made.roles == ("entity-registry-write",)
    assert made.id == 2_000
    assert "request received" in str(made)


async def test_the_roles_of_lower_levels_are_requested_with_it(roles: Any) -> None:
    auth = Auth("sys-admin-read")

    made = await roles(auth).request("entity-registry-write", "sys-admin-admin")

    needed = {"entity-registry-read", "entity-registry-write", "sys-admin-write", "sys-admin-admin"}
    assert set(made.roles) == needed
    assert auth.requested[0]["json"] == _report("sys-admin-read", *needed)
    assert auth.requested[0]["params"] == {"send_email": True}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "names must have at least one role."),
        (("",), "names must not be empty."),
        ((None,), "names must be a str, not NoneType."),
        (("entity-registry-wriet",), "Did you mean 'entity-registry-write'"),
        (("quite different",), "provena.roles.report() lists all roles."),
        (("entity-registry-read",), "you have entity-registry-read already."),
    ],
)
async def test_roles_that_cannot_be_requested_are_refused_before_the_request(
    roles: Any, names: tuple[Any, ...], said: str
) -> None:
    auth = Auth("entity-registry-read")

    with pytest.raises(InvalidArgument) as caught:
        await roles(auth).request(*names)

    assert said in str(caught.value)
    assert caught.value.argument == "names"
    assert auth.requested == []


async def test_a_second_request_says_where_the_first_is(roles: Any) -> None:
    auth = Auth()
    auth.refusal = OperationRejected

    with pytest.raises(OperationRejected, match=r"provena\.roles\.pending\(\) lists your requests"):
        await roles(auth).request("entity-registry-read")


async def test_a_lost_answer_names_where_to_look(roles: Any) -> None:
    auth = Auth()
    auth.refusal = OutcomeUnknown

    with pytest.raises(OutcomeUnknown, match=r"provena\.roles\.pending\(\) shows whether it did"):
        await roles(auth).request("entity-registry-read")


async def test_requests_are_listed_newest_first_whatever_they_hold(roles: Any) -> None:
    auth = Auth()
    auth.rows = [
        _row(1, "{"),
        _row(3, json.dumps(_report("sys-admin-read"))),
        _row(2, "[]"),
        _row(10**15, "7" * 5000),
    ]

    pending = await roles(auth).pending()

    assert [(request.id, request.roles) for request in pending] == [
        (10**15, ()),
        (3, ("sys-admin-read",)),
        (2, ()),
        (1, ()),
    ]
    assert pending[0].created is None
    assert str(pending).count("\n") == 4
    assert "sys-admin-read" in repr(pending[1])
