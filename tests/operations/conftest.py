"""The recorded exchanges, and what is needed to read them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_sdk.operations import catalogue
from provena_sdk.operations.operation import Call, Operation, Service

DATA = Path(__file__).resolve().parents[1] / "data"


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    service: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.data["name"])

    @property
    def status(self) -> int:
        return int(self.data["status"])

    @property
    def headers(self) -> httpx.Headers:
        return httpx.Headers(self.data["headers"])

    @property
    def body(self) -> bytes:
        response = self.data["response"]
        if self.headers.get("content-type", "").startswith("application/json"):
            # What stands in for a signed URL in the recordings is not an address.
            return json.dumps(response).replace("<signed url>", "https://signed.example.org/").encode()
        assert isinstance(response, str)
        return response.encode()


def _exchanges() -> list[Exchange]:
    found = []
    for path in sorted((DATA / "wire").glob("*.json")):
        service = path.stem.partition("-")[0]
        found += [Exchange(service, data) for data in json.loads(path.read_text("utf-8"))]
    return found


def _operations() -> list[Operation[..., Any]]:
    found: list[Operation[..., Any]] = []
    for service in Service:
        for value in vars(getattr(catalogue, service.value)).values():
            if isinstance(value, Operation):
                found.append(value)
            elif isinstance(value, dict):
                found += [entry for entry in value.values() if isinstance(entry, Operation)]
    return found


@pytest.fixture(scope="session")
def exchanges() -> list[Exchange]:
    """Every recorded exchange."""
    return _exchanges()


@pytest.fixture(scope="session")
def operations() -> list[Operation[..., Any]]:
    """Every operation of the catalogue."""
    return _operations()


@pytest.fixture(scope="session")
def route() -> Callable[[Operation[..., Any]], tuple[str, str, str]]:
    """Tells service, method and path of an operation."""

    class AnyBody:
        def to_dict(self) -> dict[str, Any]:
            return {}

    def find(operation: Operation[..., Any]) -> tuple[str, str, str]:
        names = inspect.signature(operation._request).parameters
        request = operation._request(**{name: AnyBody() if name == "body" else "x" for name in names})
        return operation.service.value, request["method"], request["url"]

    return find


@pytest.fixture(scope="session")
def call() -> Callable[..., Call[Any]]:
    """Makes the call of an operation about a dataset, whatever its arguments would be."""

    def make(operation: Operation[..., Any], dataset_id: str | None = "10378.1/1900016") -> Call[Any]:
        return Call(operation, {"method": "GET", "url": "/"}, dataset_id)

    return make
