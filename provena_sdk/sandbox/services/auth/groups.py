"""Groups of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provena_sdk.sandbox.data.accounts import Accounts, Group
from provena_sdk.sandbox.data.users import SYS_READ, SYS_WRITE, User
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_EMPTY_ID = (
    "Failed to access user group table. Error: An error occurred (ValidationException) when calling the GetItem "
    "operation: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
    "empty string value. Key: id"
)


class Groups:
    """The routes below ``/groups``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        group, group_id = {"id": (text_parameter, True)}, {"group_id": (text_parameter, True)}
        service.route("GET", "/groups/user/list_groups", self._list, [])
        service.route("GET", "/groups/user/list_user_membership", self._mine, [])
        service.route("GET", "/groups/user/describe_group", self._describe, [], query=group)
        service.route("GET", "/groups/user/list_members", self._members, [], query=group)
        service.route("GET", "/groups/user/check_membership", self._check, [], query=group_id)
        service.route("POST", "/groups/admin/add_member", self._add, [SYS_READ, SYS_WRITE], query=group_id)

    @property
    def _accounts(self) -> Accounts:
        return self._deployment.state.accounts

    def _list(self, _: Call) -> Response:
        groups = [group.document() for group in self._accounts.groups()]
        return _answer(f"Retrieved {len(groups)} groups successfully", groups=groups)

    def _mine(self, call: Call) -> Response:
        mine = self._accounts.groups_of(call.identity.username)
        groups = [group.document() for group in self._accounts.groups() if group.id in mine]
        return _answer(f"Member is part of {len(groups)} groups as listed.", groups=groups)

    def _describe(self, call: Call) -> Response:
        group = self._find(call.query["id"])
        if group is None:
            return _unknown(call.query["id"], "group")
        return _answer("Group metadata retrieved.", group=group.document())

    def _members(self, call: Call) -> Response:
        group = self._find(call.query["id"])
        if group is None:
            return _unknown(call.query["id"], "group")
        if group.id not in self._accounts.groups_of(call.identity.username):
            refused = f"You are not a member of group with id {group.id}."
            return _answer(refused, success=False, group=None)
        users = [self._member(user) for user in self._accounts.members(group.id)]
        listed = {**group.document(), "users": users}
        return _answer(f"Group with {len(users)} returned.", group=listed)

    def _check(self, call: Call) -> Response:
        group = self._find(call.query["group_id"])
        if group is None:
            return _unknown(call.query["group_id"], "is_member")
        is_member = group.id in self._accounts.groups_of(call.identity.username)
        return _answer("Group was found and membership determined.", is_member=is_member)

    def _add(self, _: Call) -> Response:
        raise Refused(501, "The sandbox's groups are those of its users.")

    def _find(self, group: str) -> Group | None:
        if not group:
            raise Refused(500, _EMPTY_ID)
        return next((one for one in self._accounts.groups() if one.id == group), None)

    def _member(self, user: User) -> Mapping[str, Any]:
        state = self._deployment.state
        person = state.items.get(self._accounts.person(user.name) or "")
        named = {} if person is None else person.body
        return {
            "username": user.name,
            "email": user.email,
            "first_name": named.get("first_name"),
            "last_name": named.get("last_name"),
        }


def _answer(details: str, *, success: bool = True, **fields: Any) -> Response:
    return json_response({"status": {"success": success, "details": details}, **fields})


def _unknown(group: str, field: str) -> Response:
    return _answer(f"No group with id {group} was found.", success=False, **{field: None})
