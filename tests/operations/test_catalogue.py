"""Every operation of both interfaces has one entry, with its retry class and its role."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.operations.operation import Operation, Repeat, Service

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

JOB_READ, JOB_WRITE, JOB_ADMIN = "job-service-read", "job-service-write", "job-service-admin"
KINDS = ("agent/person", "agent/organisation", "entity/dataset", "entity/dataset_template")
OF_EACH_KIND: dict[tuple[str, str], tuple[Repeat, str | None]] = {
    ("GET", "fetch"): (SAFE, READ),
    ("POST", "list"): (SAFE, READ),
    ("POST", "create"): (NEVER, WRITE),
    ("POST", "seed"): (NEVER, WRITE),
    ("PUT", "update"): (NEVER, WRITE),
    ("PUT", "revert"): (NEVER, WRITE),
    ("POST", "validate"): (SAFE, READ),
    ("GET", "schema"): (SAFE, READ),
    ("GET", "ui_schema"): (SAFE, READ),
    ("GET", "auth/evaluate"): (SAFE, READ),
    ("GET", "auth/configuration"): (SAFE, READ),
    ("PUT", "auth/configuration"): (NEVER, WRITE),
    ("GET", "auth/roles"): (SAFE, READ),
    ("PUT", "locks/lock"): (NEVER, WRITE),
    ("PUT", "locks/unlock"): (NEVER, WRITE),
    ("GET", "locks/locked"): (SAFE, READ),
    ("GET", "locks/history"): (SAFE, READ),
}
NOT_OF_DATASETS = ("create", "seed", "update", "revert")
MEASURED |= {
    ("registry", method, f"/registry/{kind}/{name}"): told
    for kind in KINDS
    for (method, name), told in OF_EACH_KIND.items()
    if kind != "entity/dataset" or name not in NOT_OF_DATASETS
}
MEASURED |= {
    (service, "GET", f"/check-access/check-{level}-access"): (SAFE, role)
    for service, roles in (
        ("registry", (None, READ, WRITE, ADMIN)),
        ("prov", (None, READ, WRITE, ADMIN)),
        ("job", (None, JOB_READ, JOB_WRITE, JOB_ADMIN)),
    )
    for level, role in zip(("general", "read", "write", "admin"), roles, strict=True)
}
MEASURED |= {
    ("registry", "GET", "/"): (SAFE, None),
    ("registry", "GET", "/registry/general/about/version"): (SAFE, READ),
    ("registry", "GET", "/registry/general/fetch"): (SAFE, READ),
    ("registry", "POST", "/registry/general/list"): (SAFE, READ),
    ("registry", "POST", "/registry/entity/dataset/user/releases"): (SAFE, READ),
    ("registry", "POST", "/registry/entity/dataset_template/version"): (NEVER, WRITE),
    ("auth", "GET", "/"): (SAFE, None),
    ("auth", "GET", "/access-control/user/generate-access-report"): (SAFE, None),
    ("auth", "GET", "/access-control/user/pending-request-history"): (SAFE, None),
    ("auth", "POST", "/access-control/user/request-change"): (NEVER, None),
    ("auth", "GET", "/access-control/user/request-history"): (SAFE, None),
    ("auth", "GET", "/check-access/general"): (SAFE, None),
    ("auth", "GET", "/check-access/public"): (SAFE, None),
    ("auth", "GET", "/groups/user/check_membership"): (SAFE, None),
    ("auth", "GET", "/groups/user/describe_group"): (SAFE, None),
    ("auth", "GET", "/groups/user/list_groups"): (SAFE, None),
    ("auth", "GET", "/groups/user/list_members"): (SAFE, None),
    ("auth", "GET", "/groups/user/list_user_membership"): (SAFE, None),
    ("auth", "POST", "/link/user/assign"): (NEVER, READ),
    ("auth", "GET", "/link/user/lookup"): (SAFE, None),
    ("auth", "POST", "/link/user/validate"): (SAFE, READ),
    ("job", "GET", "/"): (SAFE, None),
    ("job", "GET", "/jobs/user/fetch"): (SAFE, None),
    ("job", "POST", "/jobs/user/list"): (SAFE, None),
    ("job", "POST", "/jobs/user/list_batch"): (SAFE, None),
    ("prov", "GET", "/"): (SAFE, None),
    ("prov", "GET", "/explore/downstream"): (SAFE, READ),
    ("prov", "GET", "/explore/upstream"): (SAFE, READ),
    ("prov", "GET", "/explore/special/contributing_agents"): (SAFE, READ),
    ("prov", "GET", "/explore/special/contributing_datasets"): (SAFE, READ),
    ("prov", "GET", "/explore/special/effected_agents"): (SAFE, READ),
    ("prov", "GET", "/explore/special/effected_datasets"): (SAFE, READ),
    ("prov", "POST", "/explore/generate/report"): (NEVER, READ),
    ("prov", "POST", "/model_run/edit/link_to_study"): (NEVER, WRITE),
    ("prov", "POST", "/model_run/register"): (NEVER, WRITE),
    ("prov", "POST", "/model_run/register_batch"): (NEVER, WRITE),
    ("prov", "POST", "/model_run/update"): (NEVER, WRITE),
}


def served() -> list[Route]:
    found = []
    for service in (service.value for service in Service):
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
        *((service.value, "GET", "/") for service in Service),
        ("auth", "GET", "/check-access/public"),
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
    assert changing == {
        "action_approval_request",
        "approval_request",
        "lock_dataset",
        "set_dataset_access",
        "unlock_dataset",
        "version_dataset",
    }
