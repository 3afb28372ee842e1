"""The interface the client was made from, the recorded exchanges, and what the generator makes of it by itself."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.generate import ROOT, build_stock, served
from scripts.generate_document import Json, Overlay, Prepared, merge, operations, prepare

DATA = ROOT / "tests" / "data"


@dataclass
class Exchange:
    """One recorded exchange, and the operation of the interface it belongs to, if any."""

    name: str
    service: str
    method: str
    path: str
    status: int
    body: Any
    response: Any
    operation: Json | None
    around: bool

    def is_refusal(self) -> bool:
        """Whether the service answered 200 and refused all the same, with nothing else in the answer."""
        status = self.response.get("status") if self.around and isinstance(self.response, dict) else None
        return isinstance(status, dict) and status["success"] is False

    def body_model(self) -> str | None:
        """The name of the schema the request's body follows."""
        if self.operation is None or self.body is None or "requestBody" not in self.operation:
            return None
        schema = self.operation["requestBody"]["content"]["application/json"]["schema"]
        return str(schema["$ref"]).rpartition("/")[2]


@dataclass
class Package:
    """One generated package, behind what all of them can do.

    Attributes:
        name: Its importable name.
        ours: Whether it is the one we ship.
    """

    name: str
    ours: bool

    @property
    def models(self) -> Any:
        return importlib.import_module(f"{self.name}.models")

    def folder(self) -> Path:
        found = importlib.import_module(self.name).__file__
        assert found
        return Path(found).parent

    def call(self, operation: str, answer: httpx.Response, **arguments: Any) -> Any:
        """Call ``<service>.<operation>`` on a service that gives this answer."""
        module = importlib.import_module(f"{self.name}.api.{operation}")
        transport = httpx.MockTransport(lambda request: answer)
        client: Any = httpx.Client(base_url="http://service.example", transport=transport)
        if not self.ours:
            client = self.client("token").set_httpx_client(client)
        return module.sync(client=client, **arguments)

    def client(self, token: str) -> Any:
        """A client the package's functions take, made with a token and nothing else."""
        if self.ours:
            return httpx.Client(
                base_url="http://service.example", headers={"Authorization": f"Bearer {token}"}
            )
        native = importlib.import_module(f"{self.name}.client")
        return native.AuthenticatedClient(base_url="http://service.example", token=token)


@pytest.fixture(scope="session")
def prepared() -> Prepared:
    return prepare(served(), Overlay.load(ROOT / "openapi" / "overlay"))


@pytest.fixture(scope="session")
def exchanges(prepared: Prepared) -> list[Exchange]:
    known = {(method.upper(), path): operation for path, method, operation in operations(prepared.document)}
    return [
        Exchange(
            entry["name"],
            service := file.stem.partition("-")[0],
            entry["method"],
            entry["path"],
            entry["status"],
            entry.get("body"),
            entry["response"],
            known.get((entry["method"], f"/{service}{entry['path']}")),
            folder == "around",
        )
        for folder in ("around", "wire")
        for file in sorted((DATA / folder).glob("*.json"))
        for entry in json.loads(file.read_text(encoding="utf-8"))
    ]


@pytest.fixture(scope="session")
def complete(prepared: Prepared) -> Callable[[Any, Json], Any]:
    """What a JSON value amounts to: declared nulls left out, declared defaults filled in."""
    schemas = prepared.document["components"]["schemas"]

    def chosen(field: Json, owner: Json) -> Json:
        flag = field.get("x-chosen-by")
        return field if flag is None else field["anyOf"][owner[flag]]

    def completed(value: Any, schema: Json) -> Any:
        if "allOf" in schema:
            return completed(value, schema["allOf"][0])
        if "$ref" in schema:
            return completed(value, schemas[str(schema["$ref"]).rpartition("/")[2]])
        if schema.get("type") == "array" and "items" in schema:
            return [completed(entry, schema["items"]) for entry in value]
        properties = schema.get("properties")
        if not properties:
            return value
        known = {
            key: completed(value[key], chosen(field, value))
            for key, field in properties.items()
            if value.get(key) is not None
        }
        defaults = {key: field["default"] for key, field in properties.items() if "default" in field}
        unknown = {key: entry for key, entry in value.items() if key not in properties}
        return {**defaults, **unknown, **known}

    return completed


@pytest.fixture(scope="session")
def ours() -> Package:
    return Package("provena_api", ours=True)


@pytest.fixture(scope="session")
def stock_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("stock")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def stock(stock_folder: Path) -> Package:
    """The generator's own templates on the interfaces as served."""
    build_stock(stock_folder / "stock_api", merge(served()))
    return Package("stock_api", ours=False)


@pytest.fixture(scope="session")
def stock_with_nulls(stock_folder: Path) -> Package:
    """The same, after every field that is neither required nor has a default was made nullable."""
    document = merge(served())
    for schema in document["components"]["schemas"].values():
        for key, field in schema.get("properties", {}).items():
            if key not in schema.get("required", ()) and "default" not in field:
                reference = field.pop("$ref", None)
                if reference:
                    field["allOf"] = [{"$ref": reference}]
                field["nullable"] = True
    build_stock(stock_folder / "stock_nulls_api", document)
    return Package("stock_nulls_api", ours=False)


@pytest.fixture(scope="session")
def recorded(exchanges: list[Exchange]) -> Callable[[str], Any]:
    """The recorded answer of the exchange with this name, a fresh copy each time."""
    answers = {exchange.name: json.dumps(exchange.response) for exchange in exchanges}
    return lambda name: json.loads(answers[name])
