"""The registry with all its routes."""

from __future__ import annotations

from provena_sdk.sandbox.data.users import ADMIN, READ, WRITE
from provena_sdk.sandbox.http.server import Response
from provena_sdk.sandbox.services.registry.access import Access
from provena_sdk.sandbox.services.registry.checks import registry_checker
from provena_sdk.sandbox.services.registry.editing import Editing
from provena_sdk.sandbox.services.registry.general import General
from provena_sdk.sandbox.services.registry.kinds import DATASET, KINDS
from provena_sdk.sandbox.services.registry.locks import Locks
from provena_sdk.sandbox.services.registry.reading import Reading
from provena_sdk.sandbox.services.registry.reviews import Reviews
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_LEVELS = {"general": (), "read": (READ,), "write": (READ, WRITE), "admin": (READ, WRITE, ADMIN)}
# Routes that only the datastore can use; they are not in the interface.
_PROXIES = {"create": "POST", "update": "PUT", "fetch": "GET"}


def registry(deployment: Deployment) -> Service:
    """Return the registry of a deployment."""
    service = Service("registry", deployment, _LEVELS, check=registry_checker)
    General(service)
    for kind in KINDS:
        Reading(service, kind)
        Access(service, kind)
        Locks(service, kind)
        if kind is not DATASET:
            Editing(service, kind)
    Reviews(service)
    for action, method in _PROXIES.items():
        service.route(method, f"{DATASET.path}/proxy/{action}", _no_user, [READ])
    return service


def _no_user(_: Call) -> Response:
    raise Refused(400, "No X-User-Context header present. User context unavailable for proxy route.")
