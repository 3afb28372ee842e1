"""Workflow for requests of a caller's own."""

from __future__ import annotations

from typing import Any

from provena_sdk.operations.arguments import JsonSource
from provena_sdk.operations.raw import ServiceAnswer, raw_call
from provena_sdk.operations.workflow import Workflow, call


def send_raw(
    method: str, path: str, service: str, body: JsonSource | list[Any] | None
) -> Workflow[ServiceAnswer]:
    """Send a request to any path of a service."""
    return (yield from call(raw_call(method, path, service, body)))
