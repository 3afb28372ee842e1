"""Every operation of the services, with whether it may be repeated and the role it requires: one module a service.

Both were measured on the services. Writing also requires the read role. The HTTP method says nothing about repeating:
many reads are POST, and minting twice makes two datasets.

A module is imported when it is first used, and with it the endpoints and models of its service: write
``catalogue.registry.FETCH_PERSON`` after ``from provena_sdk.operations import catalogue``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provena_sdk.operations.catalogue import auth as auth
    from provena_sdk.operations.catalogue import datastore as datastore
    from provena_sdk.operations.catalogue import job as job
    from provena_sdk.operations.catalogue import prov as prov
    from provena_sdk.operations.catalogue import registry as registry
    from provena_sdk.operations.catalogue import search as search
else:
    # Importing a module sets it as an attribute of the package: this runs once for each.
    def __getattr__(name: str) -> ModuleType:
        if name not in ("auth", "datastore", "job", "prov", "registry", "search"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module(f"{__name__}.{name}")
