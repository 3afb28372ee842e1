"""The datastore service."""

from __future__ import annotations

from provena_sdk.sandbox.data.users import ADMIN, READ, WRITE
from provena_sdk.sandbox.http.openapi import json_schema
from provena_sdk.sandbox.http.server import Response, json_response, text_response
from provena_sdk.sandbox.services.catalogue import Catalogue
from provena_sdk.sandbox.services.registration import Registration
from provena_sdk.sandbox.services.release import Release
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_LEVELS = {"general": (), "read": (READ,), "write": (READ, WRITE), "admin": (READ, WRITE, ADMIN)}


def datastore(deployment: Deployment) -> Service:
    """Return the datastore of a deployment."""
    service = Service("datastore", deployment, _LEVELS)
    Catalogue(service)
    Registration(service)
    Release(service)
    schema = json_response({"json_schema": json_schema("datastore", "CollectionFormat")})
    service.route("GET", "/metadata/dataset-schema", lambda _: Response(body=schema.body), [READ])
    add_admin_routes(service, (READ, WRITE, ADMIN))
    return service


def add_admin_routes(service: Service, roles: tuple[str, ...]) -> None:
    """Add the operators' routes of either service: its settings as text, and one that crashes."""

    def config(_: Call) -> Response:
        return text_response(f'STAGE="SANDBOX"\nSERVICE="{service.name}"\n')

    def crash(_: Call) -> Response:
        raise Refused(500, None)

    service.route("GET", "/admin/config", config, roles)
    service.route("GET", "/admin/sentry-debug", crash, roles)
