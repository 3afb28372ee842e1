"""Access settings of the items of one kind, which the datastore follows at once."""

from __future__ import annotations

from typing import Any, Final

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.users import READ, WRITE, Identity
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.registry.answers import succeeded
from provena_sdk.sandbox.services.registry.kinds import Kind, wrong_route
from provena_sdk.sandbox.services.registry.permissions import roles_on
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_DATA_ROLES: Final = ["dataset-data-read", "dataset-data-write"]
_DESCRIBED: Final[dict[str, tuple[str, str, list[str]]]] = {
    "metadata-read": ("Metadata Read", "Enables visibility of a resource and it's metadata.", []),
    "metadata-write": (
        "Metadata Write",
        "Enables the modification of a resource's metadata.",
        ["metadata-read"],
    ),
    "admin": (
        "Admin",
        "Enables all actions on a resource and it's contents, including changes to access settings.",
        ["metadata-read", "metadata-write", *_DATA_ROLES],
    ),
    "dataset-data-read": (
        "Dataset Data Read",
        "Enables the downloading of the contents of a dataset.",
        ["metadata-read"],
    ),
    "dataset-data-write": (
        "Dataset Data Write",
        "Enables the uploading, modification and deletion of dataset files.",
        ["metadata-read", "metadata-write", "dataset-data-read"],
    ),
}


class Access:
    """The routes below ``auth`` of one kind."""

    def __init__(self, service: Service, kind: Kind) -> None:
        self._deployment: Deployment = service.deployment
        self._kind = kind
        handle = {"id": (text_parameter, True)}
        path = f"{kind.path}/auth"
        settings = f"{path}/configuration"
        service.route("GET", settings, self._settings, [READ], query=handle)
        service.route("PUT", settings, self._change, [READ, WRITE], query=handle, body="AccessSettings")
        service.route("GET", f"{path}/evaluate", self._evaluate, [READ], query=handle)
        service.route("GET", f"{path}/roles", self._roles, [READ])

    def _settings(self, call: Call) -> Response:
        item = self._administered(call.query["id"], call.identity, "view")
        groups = {group: list(roles) for group, roles in item.group_roles.items()}
        return json_response({"owner": item.owner, "general": list(item.general_roles), "groups": groups})

    def _change(self, call: Call) -> Response:
        item = self._administered(call.query["id"], call.identity, "edit")
        owner, general, groups = call.body["owner"], call.body["general"], call.body["groups"]
        if owner != item.owner:
            raise Refused(400, f"The owner of a resource cannot be changed. Old: {item.owner}, New: {owner}.")
        known = set(self._kind.roles)
        unknown = {*general, *(role for roles in groups.values() for role in roles)} - known
        if unknown:
            raise Refused(
                400,
                "Inappropriate roles are being added to the role configuration - ensure these roles are available for "
                f"the resource type. Invalid roles: {unknown}. Available roles: {known}.",
            )
        item.general_roles = tuple(general)
        item.group_roles = {group: tuple(roles) for group, roles in groups.items()}
        return succeeded(f"Successfully updated the authorisation configuration for item id='{item.id}'.")

    def _evaluate(self, call: Call) -> Response:
        item = self._existing(call.query["id"])
        known = self._kind.roles
        roles = [role for role in roles_on(self._deployment, item, call.identity) if role in known]
        return json_response({"roles": roles})

    def _roles(self, _: Call) -> Response:
        return json_response({"roles": [_described(role) for role in self._kind.roles]})

    def _existing(self, handle: str) -> Item:
        item = self._deployment.state.items.get(handle)
        if item is None:
            raise Refused(
                400, f"Item (id='{handle}') was not present in the registry. Are you sure the id is correct?"
            )
        return item

    def _administered(self, handle: str, identity: Identity, doing: str) -> Item:
        item = self._existing(handle)
        if "admin" not in roles_on(self._deployment, item, identity):
            raise Refused(
                401, f"You are not authorised to {doing} the access configuration for item id='{handle}'."
            )
        wrong = wrong_route(self._kind, item)
        if wrong is not None:
            raise Refused(400, wrong)
        return item


def _described(role: str) -> dict[str, Any]:
    name, description, also_grants = _DESCRIBED[role]
    return {
        "role_display_name": name,
        "role_name": role,
        "description": description,
        "also_grants": also_grants,
    }
