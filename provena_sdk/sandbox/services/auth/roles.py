"""The caller's roles, and requests for others."""

from __future__ import annotations

from typing import Any, Final

from provena_sdk.sandbox.data.accounts import RoleRequest
from provena_sdk.sandbox.data.roles import difference, report, unknown_roles
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

PENDING_SECONDS: Final = 5 * 24 * 3600


class Roles:
    """The routes below ``/access-control``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        path = "/access-control/user"
        mailed = {"send_email": (service.checker.schema({"type": "boolean"}), False)}
        service.route("GET", f"{path}/generate-access-report", self._report, [])
        service.route("POST", f"{path}/request-change", self._request, [], body="AccessReport", query=mailed)
        service.route("GET", f"{path}/request-history", self._history, [])
        service.route("GET", f"{path}/pending-request-history", self._history, [])

    def _report(self, call: Call) -> Response:
        status = {"success": True, "details": "Generated access report successfully."}
        return json_response({"status": status, "report": report(frozenset(call.identity.roles))})

    def _request(self, call: Call) -> Response:
        identity, state = call.identity, self._deployment.state
        if unknown_roles(call.body):
            raise Refused(500, None)
        wanted = difference(call.body, frozenset(identity.roles))
        if not wanted["components"]:
            return _status(False, "There were no differences between current access and desired access.")
        since = state.now() - PENDING_SECONDS
        if any(request.requested > since for request in self._requests(identity.username)):
            return _status(
                False,
                "Failed due to user having unresolved requests, info: You have a pending request which has been "
                "pending less than 5 days.",
            )
        address = identity.email or identity.username
        request = RoleRequest(identity.username, address, state.now(), wanted, call.body)
        state.accounts.requests.append(request)
        if call.query["send_email"] is False:
            return _status(
                True, "Successfully requested an update to access. No email sent due to not being PROD."
            )
        return _status(True, "Successfully requested an update to access and dispatched email.")

    def _history(self, call: Call) -> Response:
        return json_response({"items": [one.document() for one in self._requests(call.identity.username)]})

    def _requests(self, username: str) -> list[RoleRequest]:
        return [
            request for request in self._deployment.state.accounts.requests if request.username == username
        ]


def _status(success: bool, details: str) -> Response:
    status: dict[str, Any] = {"success": success, "details": details}
    return json_response({"status": status})
