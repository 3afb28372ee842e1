"""All services of a sandbox."""

from __future__ import annotations

from provena_sdk.sandbox.http.openapi import ServiceName
from provena_sdk.sandbox.services.auth.service import auth
from provena_sdk.sandbox.services.datastore import datastore
from provena_sdk.sandbox.services.job import job
from provena_sdk.sandbox.services.prov.service import prov
from provena_sdk.sandbox.services.registry.service import registry
from provena_sdk.sandbox.services.search import search
from provena_sdk.sandbox.serving.service import Deployment, Service


def services(deployment: Deployment) -> dict[ServiceName, Service]:
    """Return the services of a deployment by name."""
    return {
        "datastore": datastore(deployment),
        "search": search(deployment),
        "registry": registry(deployment),
        "auth": auth(deployment),
        "job": job(deployment),
        "prov": prov(deployment),
    }
