"""A complete Provena on this machine, for tests and experiments: sign-in, its services and an S3 store.

Needs the extra ``provena-sdk[sandbox]``. Start it with ``python -m provena_sdk.sandbox``, as a context manager, or with
the pytest fixture ``provena_sandbox``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provena_sdk.sandbox.data.faults import Fault, Faults, JobFault
    from provena_sdk.sandbox.data.users import STANDARD_USERS, User
    from provena_sdk.sandbox.external.parts import ExternalStore
    from provena_sdk.sandbox.object_store import ObjectFault
    from provena_sdk.sandbox.runner import Sandbox
    from provena_sdk.sandbox.seed import Seed

__all__ = [
    "STANDARD_USERS",
    "ExternalStore",
    "Fault",
    "Faults",
    "JobFault",
    "ObjectFault",
    "Sandbox",
    "Seed",
    "User",
]

_HOMES = {
    "ExternalStore": "external.parts",
    "Fault": "data.faults",
    "Faults": "data.faults",
    "JobFault": "data.faults",
    "ObjectFault": "object_store",
    "STANDARD_USERS": "data.users",
    "Sandbox": "runner",
    "Seed": "seed",
    "User": "data.users",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("provena_sdk"):
            raise
        raise ImportError(
            f"The sandbox needs {error.name}; install it with: pip install 'provena-sdk[sandbox]'"
        ) from error


def __dir__() -> list[str]:
    return __all__
