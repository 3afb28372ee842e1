"""The OpenAPI documents that the services serve at ``/openapi.json``."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

ServiceName = Literal["datastore", "search", "registry", "auth", "job", "prov"]


@lru_cache(maxsize=6)
def interface(service: ServiceName) -> dict[str, Any]:
    """Return the OpenAPI document of a service.

    Raises:
        FileNotFoundError: The installation does not include it.
    """
    here = Path(__file__).parent.parent
    # In an installation they are beside this package; in a checkout, in openapi/.
    for folder in (here / "interfaces", here.parent.parent / "openapi"):
        path = folder / f"{service}.json"
        if path.is_file():
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return document
    raise FileNotFoundError(f"{service}.json: the interface is not part of this installation.")


def json_schema(service: ServiceName, name: str) -> dict[str, Any]:
    """Return a schema of a service as one JSON schema, with those that it refers to as its definitions."""
    schemas = interface(service)["components"]["schemas"]
    wanted, found = [name], {}
    while wanted:
        one = wanted.pop()
        if one not in found:
            text = json.dumps(schemas[one]).replace("#/components/schemas/", "#/definitions/")
            found[one] = json.loads(text)
            wanted += [part.partition('"')[0] for part in text.split("#/definitions/")[1:]]
    root: dict[str, Any] = found.pop(name)
    return {"title": name, **root, "definitions": dict(sorted(found.items()))}
