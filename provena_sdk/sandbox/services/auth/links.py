"""Links between accounts and persons."""

from __future__ import annotations

from typing import Final

from provena_sdk.sandbox.data.users import READ, SYS_ADMIN, SYS_READ, SYS_WRITE, Identity
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.registry.kinds import PERSON, wrong_route
from provena_sdk.sandbox.services.registry.permissions import roles_on
from provena_sdk.sandbox.serving.service import WRONG_ROLE, Call, Deployment, Refused, Service

_DENIED: Final = "Registry did not grant access to the auth configuration for this person. Details: "
_FAILED: Final = (
    "Unexpected non 200 status code in Registry person auth configuration fetch. Status code: 400. Details: "
)
_VALID: Final = "This person ID could be linked to the specified username. Validation successful."


class Links:
    """The routes below ``/link``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        username = {"username": (text_parameter, False)}
        service.route("GET", "/link/user/lookup", self._lookup, [], query=username)
        service.route("POST", "/link/user/validate", self._validate, [], body="UserLinkUserValidateRequest")
        service.route("POST", "/link/user/assign", self._assign, [], body="UserLinkUserAssignRequest")
        username = {"username": (text_parameter, True)}
        service.route("GET", "/link/admin/lookup", self._lookup, [SYS_READ], query=username)
        admin = [SYS_READ, SYS_WRITE, SYS_ADMIN]
        service.route("DELETE", "/link/admin/clear", self._clear, admin, query=username)

    def _lookup(self, call: Call) -> Response:
        person = self._person(call.query["username"] or call.identity.username, call.identity)
        return json_response({"person_id": person, "success": person is not None})

    def _validate(self, call: Call) -> Response:
        taken = self._taken(call.identity)
        if taken is None:
            self._check(call.body["person_id"], call.identity)
        return json_response({"status": {"success": taken is None, "details": taken or _VALID}})

    def _assign(self, call: Call) -> Response:
        taken = self._taken(call.identity)
        if taken is not None:
            raise Refused(400, taken)
        person = call.body["person_id"]
        self._check(person, call.identity)
        self._deployment.state.accounts.link(call.identity.username, person)
        return json_response({})

    def _clear(self, call: Call) -> Response:
        self._deployment.state.accounts.link(call.query["username"], None)
        return json_response({})

    def _person(self, username: str, identity: Identity) -> str | None:
        if username == identity.username:
            return self._deployment.state.linked_person(username)
        return self._deployment.state.accounts.person(username)

    def _taken(self, identity: Identity) -> str | None:
        """Return why the caller cannot be linked, if they are already."""
        person = self._person(identity.username, identity)
        if person is None:
            return None
        return (
            f"The username {identity.username} already has a person ID assigned, ID {person}. "
            "You cannot deassign a Person ID without contacting an admin."
        )

    def _check(self, person: str, identity: Identity) -> None:
        """Ask the registry for the person's access settings, which only those who may be linked can see.

        Raises:
            Refused: The caller may not be linked to this person, or it is not a person.
        """
        if READ not in identity.roles:
            raise Refused(401, f"{_DENIED}{WRONG_ROLE}.")
        item = self._deployment.state.items.get(person)
        if item is None:
            unknown = f"Item (id='{person}') was not present in the registry. Are you sure the id is correct?"
            raise Refused(500, f"{_FAILED}{unknown}.")
        if "admin" not in roles_on(self._deployment, item, identity):
            hidden = f"You are not authorised to view the access configuration for item id='{person}'."
            raise Refused(401, f"{_DENIED}{hidden}.")
        wrong = wrong_route(PERSON, item)
        if wrong is not None:
            raise Refused(500, f"{_FAILED}{wrong}.")
