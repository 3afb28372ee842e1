"""The prov service."""

from __future__ import annotations

from provena_sdk.sandbox.data.users import ADMIN, READ, WRITE
from provena_sdk.sandbox.services.prov.exploring import Exploring
from provena_sdk.sandbox.services.prov.runs import ModelRuns
from provena_sdk.sandbox.serving.service import Deployment, Service

_LEVELS = {"general": (), "read": (READ,), "write": (READ, WRITE), "admin": (READ, WRITE, ADMIN)}


def prov(deployment: Deployment) -> Service:
    """Return the prov service of a deployment."""
    service = Service("prov", deployment, _LEVELS)
    Exploring(service)
    ModelRuns(service)
    return service
