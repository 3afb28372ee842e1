"""Every recorded answer of the services around the datastore becomes the result, or the error, that it stands for."""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_sdk import errors
from provena_sdk.errors import ServiceError
from provena_sdk.operations import catalogue
from provena_sdk.operations.answers import read
from provena_sdk.operations.operation import Call, Operation

AROUND = Path(__file__).resolve().parents[1] / "data" / "around"
EXCHANGES: dict[str, dict[str, Any]] = {
    f"{path.stem}/{entry['name']}": entry
    for path in sorted(AROUND.glob("*.json"))
    for entry in json.loads(path.read_text("utf-8"))
}

# What stands behind an answer, by the name of the recording.
TOLD_BY_NAME: dict[type[ServiceError], str] = {
    errors.BadRequest: """
        auth-link/validate.already-linked auth-link/validate.organisation-id
        auth-link/assign.already-linked auth-link/assign.organisation-id auth-link/assign.twice
        job-fetch/not-a-uuid registry-auth/configuration.get.wrong-type
        registry-auth/configuration.put.owner-change-by-group-admin
        registry-auth/configuration.put.unknown-role registry-auth/configuration.put.owner-unknown
        registry-auth/configuration.put.owner-change-by-regadmin
        registry-dataset/proxy.create.writer registry-dataset/proxy.update.writer
        registry-dataset/proxy.fetch.writer registry-fetch/dataset.person-id
        registry-list/list.sort.RELEASE_TIMESTAMP.dataset
        registry-list/list.sort.begins_with.no-filter registry-locks/unlock.not-locked
        registry-locks/lock.twice registry-locks/lock.wrong-type
        registry-organisation/update.wrong-type registry-person/fetch.dataset-id
        registry-person/revert.unknown-history registry-person/seed.fetch
        registry-releases/all.DISPLAY_NAME registry-releases/no-reviewer-filter
        registry-template/fetch.wrong-type
    """,
    errors.ItemAccessDenied: """
        auth-link/validate.not-owner auth-link/assign.not-owner job-batch/not-mine
        registry-fetch/fetch.private.reader registry-organisation/update.not-owner
        registry-person/update.not-owner
    """,
    errors.DatasetAccessDenied: """
        datastore-link/granted.general.creds registry-auth/configuration.get.group-member
        registry-auth/configuration.put.writer2-without-role
        registry-locks/lock.not-owner registry-locks/unlock.not-owner registry-locks/lock.unlinked
        registry-locks/locked.private.reader registry-locks/history.private.reader
        registry-locks/lock.noemail
    """,
    errors.DatasetLocked: """
        datastore-link/locked.creds.write
    """,
    errors.DatasetNotFound: """
        registry-auth/configuration.get.unknown registry-auth/configuration.put.unknown-id
        registry-locks/lock.unknown registry-locks/history.unknown registry-locks/locked.unknown
    """,
    errors.Forbidden: """
        registry-releases/not-me registry-releases/admin-for-other
    """,
    errors.ItemNotFound: """
        auth-link/validate.unknown auth-link/assign.unknown prov/explore.upstream.unknown
        prov/model_run.register.unknown-template registry-fetch/fetch.unknown
        registry-organisation/update.unknown registry-person/fetch.unknown
        registry-person/update.unknown registry-template/fetch.unknown
    """,
    errors.OperationRejected: """
        auth-access/change.no-difference auth-access/change.twice
        auth-access/change.empty-components auth-groups/list_members.unknown
        auth-groups/check_membership.unknown auth-groups/list_members.display-name
        registry-dataset/validate.unknown-organisation registry-fetch/dataset.empty-id
        registry-person/create.minimal registry-person/create.ethics-not-approved
    """,
    errors.PersonNotLinked: """
        datastore-link/mint.unlinked registry-releases/unlinked registry-template/create.unlinked
    """,
    errors.RoleMissing: """
        auth-groups/admin.add_member.writer auth-link/assign.no-registry-role
        auth-link/admin.lookup.user auth-link/admin.clear.user job-fetch/check-access.read.writer
        job-fetch/admin.fetch.writer prov/explore.upstream.wrong-role prov/check-access.write.reader
        registry-about/version.wrong-role registry-about/check-access.write.reader
        registry-auth/configuration.put.not-owner registry-auth/configuration.put.reader
        registry-auth/evaluate.writeonly registry-auth/roles.wrong-role
        registry-dataset/delete.writer registry-fetch/fetch.wrong-role
        registry-list/dataset.wrong-role registry-person/create.writeonly
        registry-person/fetch.wrong-role registry-person/update.reader registry-releases/wrong-role
        registry-template/create.reader
    """,
    errors.TokenRejected: """
        auth-access/report.no-token auth-groups/list_groups.no-token
        auth-groups/list_user_membership.no-token auth-link/lookup.no-token
        auth-link/validate.no-token auth-link/assign.no-token job-batch/no-token job-fetch/no-token
        registry-about/version.no-token registry-about/check-access.general.no-token
        registry-auth/configuration.get.no-token registry-auth/roles.no-token
        registry-fetch/fetch.garbage-token registry-locks/locked.no-token
        registry-person/create.no-token registry-template/fetch.no-token
    """,
    errors.UnreadableAnswer: """
        auth-link/admin.clear.ok datastore-link/granted.group.creds.read
        registry-auth/dataset-fetch.group-member registry-releases/all.RELEASE_TIMESTAMP
        registry-releases/all.ascending registry-releases/page0 registry-releases/page1
    """,
}
TOLD = {name: kind for kind, names in TOLD_BY_NAME.items() for name in names.split()}
TOLD_BY_STATUS: dict[int, type[ServiceError]] = {
    307: errors.EndpointNotFound,
    404: errors.EndpointNotFound,
    405: errors.EndpointNotFound,
    422: errors.ValidationFailed,
    500: errors.ServerError,
}


@pytest.fixture(scope="module")
def answered(operations: list[Operation[..., Any]], route: Any) -> Callable[[str], ServiceError | None]:
    """Reads a recorded answer, and returns the error that it is, or None."""
    by_route = {route(operation): operation for operation in operations}

    def answer(name: str) -> ServiceError | None:
        exchange = EXCHANGES[name]
        service = re.split("[-/]", name)[0]
        found = by_route.get((service, exchange["method"], exchange["path"]))
        operation = found or getattr(catalogue, service).HEALTH_CHECK
        sent = {**exchange.get("query", {}), **(exchange.get("body") or {})}
        handle = sent.get("id") or sent.get("starting_id")
        headers, content = httpx.Headers(exchange["headers"]), exchange["response"]
        is_json = headers.get("content-type", "").startswith("application/json")
        body = json.dumps(content) if is_json else str(content)
        try:
            read(
                Call(operation, {"method": "GET", "url": "/"}, handle),
                exchange["status"],
                headers,
                body.encode(),
            )
        except ServiceError as error:
            return error
        return None

    return answer


def test_every_recorded_answer_is_read(answered: Callable[[str], ServiceError | None]) -> None:
    wrong = []
    told: Counter[str] = Counter()
    for name, exchange in EXCHANGES.items():
        error = answered(name)
        kind = None if error is None else type(error)
        expected = TOLD.get(
            name, None if exchange["status"] == 200 else TOLD_BY_STATUS.get(exchange["status"])
        )
        if error is not None:
            assert error.status == exchange["status"]
            assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__
        if kind is not expected:
            wrong.append((name, exchange["status"], kind))
        told[kind.__name__ if kind else "result"] += 1
    assert wrong == []
    assert told.total() == len(EXCHANGES) == 341
    assert told["result"] == 159


def test_every_name_in_the_table_was_recorded() -> None:
    assert set(TOLD) <= set(EXCHANGES)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "registry-template/create.unlinked",
            "Your account is not linked to a Person in the registry. Link one with provena.people.link_me("
            "first_name=…, last_name=…, ethics_approved=True), and try again.",
        ),
        (
            "datastore-link/locked.creds.write",
            "This item is locked. Unlock it with ds.unlock(reason), or ask its owner to unlock it.",
        ),
        (
            "registry-person/update.reader",
            "You lack the role entity-registry-write, which registry.update_person needs. Request it with "
            "provena.roles.request('entity-registry-write'); signing in again will not help by itself.",
        ),
        (
            "auth-link/assign.no-registry-role",
            "You lack the role entity-registry-read, which auth.assign_link needs. Request it with "
            "provena.roles.request('entity-registry-read'); signing in again will not help by itself.",
        ),
        (
            "auth-link/assign.not-owner",
            "Somebody else registered the person 10378.1/1900008. Only who registered a person can link it; "
            "provena.people.link_me(…) registers one of your own.",
        ),
        (
            "auth-link/assign.unknown",
            "No person has the id 10378.1/0000000. Check the handle, and that it belongs to this deployment.",
        ),
        (
            "auth-link/assign.organisation-id",
            "10378.1/1900018 cannot be read as a person. The id may belong to another kind of item. If it is a "
            "person, ask the deployment's operator to repair it.",
        ),
        (
            "prov/explore.upstream.unknown",
            "No item has the id 10378.1/0000000. Check the handle, and that it belongs to this deployment.",
        ),
        (
            "registry-person/seed.fetch",
            "10378.1/1900030 is a seed item: its registration was never completed. Ask the deployment's operator "
            "to finish or remove it.",
        ),
    ],
)
def test_the_error_says_what_to_do(
    name: str, text: str, answered: Callable[[str], ServiceError | None]
) -> None:
    assert str(answered(name)) == text


def test_a_service_that_is_down_is_no_unknown_id(answered: Callable[[str], ServiceError | None]) -> None:
    for name in ("prov/explore.upstream.graph-down", "prov/explore.upstream.empty-id"):
        assert type(answered(name)) is errors.ServerError
