from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from provena_sdk.sandbox import Sandbox


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        kind = self.headers.get("content-type", "")
        return json.loads(self.content) if kind == "application/json" else self.content.decode()


class Caller:
    """Sends requests just as given, over one connection a service."""

    def __init__(self) -> None:
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def __call__(
        self,
        base_url: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        token: str | None = None,
        data: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        parts = urlsplit(base_url)
        assert parts.hostname is not None
        connection = self._connections.get(parts.netloc)
        if connection is None:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
            self._connections[parts.netloc] = connection
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if data is not None:
            body, sent["Content-Type"] = json.dumps(data).encode(), "application/json"
        if form is not None:
            body, sent["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        target = parts.path + path + (f"?{urlencode(query)}" if query else "")
        connection.request(method, target, body, sent)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read())

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


@pytest.fixture
def send() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def module_send() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
        assert running.crashes == []
