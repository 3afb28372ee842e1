"""Every operation of both interfaces has one entry, with its retry class and its role."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.operations.operation import Operation, Repeat

INTERFACES = Path(__file__).resolve().parents[2] / "openapi"

Route = tuple[str, str, str]
Find = Callable[[Operation[..., Any]], Route]

READ, WRITE, ADMIN = "entity-registry-read", "entity-registry-write", "entity-registry-admin"
SYS_READ, SYS_WRITE, SYS_ADMIN = "sys-admin-read", "sys-admin-write", "sys-admin-admin"
SAFE, IDEMPOTENT, NEVER = Repeat.SAFE, Repeat.IDEMPOTENT, Repeat.NEVER

# As measured on the services: may it be repeated, and which of its roles is the last to be missing.
MEASURED: dict[Route, tuple[Repeat, str | None]] = {
    ("datastore", "GET", "/"): (SAFE, None),
    ("datastore", "GET", "/check-access/check-general-access"): (SAFE, None),
    ("datastore", "GET", "/check-access/check-read-access"): (SAFE, READ),
    ("datastore", "GET", "/check-access/check-write-access"): (SAFE, WRITE),
    ("datastore", "GET", "/check-access/check-admin-access"): (SAFE, ADMIN),
    ("datastore", "GET", "/metadata/dataset-schema"): (SAFE, READ),
    ("datastore", "POST", "/metadata/validate-metadata"): (SAFE, READ),
    ("datastore", "POST", "/register/mint-dataset"): (NEVER, WRITE),
    ("datastore", "POST", "/register/update-metadata"): (NEVER, WRITE),
    ("datastore", "PUT", "/register/revert-metadata"): (NEVER, WRITE),
    ("datastore", "POST", "/register/version"): (NEVER, WRITE),
    ("datastore", "POST", "/registry/items/list"): (SAFE, READ),
    ("datastore", "GET", "/registry/items/fetch-dataset"): (SAFE, READ),
    ("datastore", "POST", "/registry/items/generate-presigned-url"): (SAFE, READ),
    ("datastore", "POST", "/registry/credentials/generate-read-access-credentials"): (SAFE, READ),
    ("datastore", "POST", "/registry/credentials/generate-write-access-credentials"): (SAFE, WRITE),
    ("datastore", "POST", "/release/sys-reviewers/add"): (IDEMPOTENT, SYS_WRITE),
    ("datastore", "DELETE", "/release/sys-reviewers/delete"): (IDEMPOTENT, SYS_ADMIN),
    ("datastore", "GET", "/release/sys-reviewers/list"): (SAFE, WRITE),
    ("datastore", "POST", "/release/approval-request"): (NEVER, WRITE),
    ("datastore", "PUT", "/release/action-approval-request"): (NEVER, WRITE),
    ("datastore", "GET", "/admin/config"): (SAFE, ADMIN),
    ("datastore", "GET", "/admin/sentry-debug"): (NEVER, ADMIN),
    ("search", "GET", "/"): (SAFE, None),
    ("search", "GET", "/check-access/check-general-access"): (SAFE, None),
    ("search", "GET", "/check-access/check-read-access"): (SAFE, SYS_READ),
    ("search", "GET", "/check-access/check-write-access"): (SAFE, SYS_WRITE),
    ("search", "GET", "/check-access/check-admin-access"): (SAFE, SYS_ADMIN),
    ("search", "GET", "/search/entity-registry"): (SAFE, READ),
    ("search", "GET", "/admin/config"): (SAFE, SYS_ADMIN),
    ("search", "GET", "/admin/sentry-debug"): (NEVER, SYS_ADMIN),
}


def served() -> list[Route]:
    found = []
    for service in ("datastore", "search"):
        interface = json.loads((INTERFACES / f"{service}.json").read_text("utf-8"))
        for path, methods in interface["paths"].items():
            found += [(service, method.upper(), path) for method in methods]
    return found


@pytest.fixture(scope="module")
def entries(operations: list[Operation[..., Any]], route: Find) -> Counter[Route]:
    return Counter(route(operation) for operation in operations)


@pytest.mark.parametrize("wanted", served(), ids=" ".join)
def test_operation_has_exactly_one_entry(entries: Counter[Route], wanted: Route) -> None:
    assert entries[wanted] == 1


def test_no_entry_lacks_an_operation(entries: Counter[Route]) -> None:
    assert set(entries) == set(served())


def test_every_operation_was_measured() -> None:
    assert set(MEASURED) == set(served())


def test_repetition_and_role_are_as_measured(operations: list[Operation[..., Any]], route: Find) -> None:
    told = {route(operation): (operation.repeat, operation.role) for operation in operations}
    assert told == MEASURED


def test_only_health_checks_need_no_token(operations: list[Operation[..., Any]], route: Find) -> None:
    assert {route(operation) for operation in operations if not operation.needs_token} == {
        ("datastore", "GET", "/"),
        ("search", "GET", "/"),
    }


def test_only_the_configuration_is_plain_text(operations: list[Operation[..., Any]], route: Find) -> None:
    assert {route(operation)[2] for operation in operations if not operation.is_json} == {"/admin/config"}


def test_names_are_unique_and_say_the_service(operations: list[Operation[..., Any]]) -> None:
    names = [operation.name for operation in operations]
    assert len(set(names)) == len(names)
    assert all(
        operation.name.split(".") == [operation.service.value, operation.name.partition(".")[2]]
        for operation in operations
    )
    assert repr(operations[0]) == f"<Operation {names[0]}>"


def test_calls_do_not_show_what_they_send(operations: list[Operation[..., Any]], call: Any) -> None:
    made = call(operations[0])
    assert "url" not in repr(made)
    assert "10378.1/1900016" in repr(made)


def test_operations_after_which_credentials_are_asked_for_anew(
    operations: list[Operation[..., Any]],
) -> None:
    changing = {operation.name.partition(".")[2] for operation in operations if operation.changes_access}
    assert changing == {"version_dataset", "approval_request", "action_approval_request"}
