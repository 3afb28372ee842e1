"""All services of a sandbox."""

from __future__ import annotations

from provena_sdk.sandbox.data.users import ADMIN, READ, WRITE
from provena_sdk.sandbox.http.openapi import ServiceName
from provena_sdk.sandbox.services.common import Deployment, Service
from provena_sdk.sandbox.services.datastore import datastore
from provena_sdk.sandbox.services.registry.service import registry
from provena_sdk.sandbox.services.search import search

_LEVELS = {"general": (), "read": (READ,), "write": (READ, WRITE), "admin": (READ, WRITE, ADMIN)}


def services(deployment: Deployment) -> dict[ServiceName, Service]:
    """Return the services of a deployment by name."""
    return {
        "datastore": datastore(deployment),
        "search": search(deployment),
        "registry": registry(deployment),
        "auth": Service("auth", deployment, {}),
        "job": Service("job", deployment, {}),
        "prov": Service("prov", deployment, _LEVELS),
    }
