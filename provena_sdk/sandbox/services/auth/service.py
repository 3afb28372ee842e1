"""The auth service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import Checker
from provena_sdk.sandbox.services.auth.groups import Groups
from provena_sdk.sandbox.services.auth.links import Links
from provena_sdk.sandbox.services.auth.roles import Roles
from provena_sdk.sandbox.serving.service import Deployment, Service, show_caller

_TEXT: Final = {"type": "string", "minLength": 1}


def auth(deployment: Deployment) -> Service:
    """Return the auth service of a deployment."""
    service = Service("auth", deployment, {}, check=_checker)
    Links(service)
    Groups(service)
    Roles(service)
    service.route("GET", "/check-access/general", show_caller, [])
    public = json_response({"success": True, "details": "Public access successful."})
    service.router.add("GET", "/check-access/public", lambda _: Response(body=public.body))
    return service


def _checker(schemas: Mapping[str, Mapping[str, Any]]) -> Checker:
    # The interface does not mention that the id must not be empty.
    forms = ("UserLinkUserAssignRequest", "UserLinkUserValidateRequest")
    return Checker(schemas, fields={f"{form}.person_id": _TEXT for form in forms})
