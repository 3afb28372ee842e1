"""Every recorded answer becomes the result, or the error, that it stands for."""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.errors import ServiceError
from provena_sdk.operations import catalogue
from provena_sdk.operations.answers import read
from provena_sdk.operations.operation import Operation

Operations = list[Operation[..., Any]]
MakeCall = Callable[..., Any]

# What stands behind a 400, 401 or 403, by the name of the recording.
TOLD_BY_NAME: dict[type[ServiceError], str] = {
    errors.BadRequest: """
        action.not-pending approval.not-a-reviewer approval.non-dataset approval.seed-item
        approval.already-pending creds.read.empty-id creds.read.non-dataset creds.write.empty-id fetch.empty-id
        fetch.non-dataset-organisation fetch.non-dataset-person fetch.seed-item fetch.unparsable-item
        list.unparsable-item presigned.path.double-dot-in-name presigned.path.backslash presigned.empty-id
        presigned.non-dataset presigned.seed-item released.approval-request revert.unknown-history
        revert.negative-history revert.non-dataset update.empty-id update.non-dataset
        update.bad.published-before-created update.bad.spatial-bad-ewkt update.bad.unknown-organisation
        update.seed-item version.not-latest version.seed-item
    """,
    errors.DatasetNotFound: """
        action.unknown-dataset approval.unknown-dataset creds.write.unknown-id fetch.unknown-id
        fetch.whitespace-id revert.unknown-id update.unknown-id version.unknown-id presigned.unknown-id
    """,
    errors.FileNotInDataset: """
        presigned.path.missing presigned.path.directory presigned.path.directory-slash presigned.path.empty
        presigned.path.dot-slash
    """,
    errors.PersonNotLinked: "action.unlinked approval.unlinked mint.unlinked-person version.unlinked",
    errors.DatasetLocked: "locked.update locked.revert locked.creds.write.regadmin",
    errors.Forbidden: "pending.creds.write pending.creds.write.regadmin",
    errors.DatasetAccessDenied: """
        approval.not-owner
        creds.write.not-owner fetch.private.reader group.data-read-without-metadata-read.creds
        presigned.private.reader presigned.metadata-read-only.reader presigned.data-write-only.reader
        revert.not-owner update.not-owner version.non-dataset version.not-owner
    """,
    errors.NotTheReviewer: "action.not-a-reviewer action.other-reviewer action.removed-reviewer",
    errors.RoleMissing: """
        action.reader approval.reader auth.wrong-role auth.write-without-read check-access.read.sysadmin
        check-access.write.nobody check-access.write.sysadmin check-access.admin.nobody
        check-access.admin.writer check-access.admin.sysadmin check-access.admin.noemail creds.write.nobody
        fetch.wrong-role list.wrong-role mint.wrong-role presigned.wrong-role revert.wrong-role
        reviewers.list.sysadmin schema.wrong-role update.wrong-role validate.wrong-role version.wrong-role
        search.wrong-role search.sysadmin-without-registry-role search.check-access.read.nobody
        search.check-access.write.nobody search.check-access.admin.nobody
    """,
    errors.TokenRejected: """
        action.no-token approval.no-token auth.none auth.none.post auth.basic auth.bearer-empty auth.garbage
        auth.expired auth.bad-signature auth.alg-none auth.no-realm_access auth.future-nbf fetch.no-token
        mint.no-token presigned.no-token revert.no-token reviewers.add.no-token reviewers.list.no-token
        reviewers.delete.no-token update.no-token version.no-token search.no-token search.expired
    """,
    errors.OperationRejected: """
        mint.bad.unknown-organisation validate.ok.echo-version-field validate.bad.published-before-created
        validate.bad.export-obtained-not-relevant validate.bad.indigenous-not-obtained
        validate.bad.spatial-bad-ewkt validate.bad.spatial-bad-geometry
    """,
    # The answer to a browser's preflight: plain text, asked for by no operation.
    errors.UnreadableAnswer: "cors.preflight",
}
TOLD = {name: kind for kind, names in TOLD_BY_NAME.items() for name in names.split()}
TOLD_BY_STATUS: dict[int, type[ServiceError]] = {
    307: errors.EndpointNotFound,
    404: errors.EndpointNotFound,
    405: errors.EndpointNotFound,
    422: errors.ValidationFailed,
    500: errors.ServerError,
}

# The recordings cut long texts off; this is how one goes on that matters here.
CUT_OFF = {"presigned.unknown-id": "en key (10378.1/0000000) in the registry.."}


def expected(name: str, status: int) -> type[ServiceError] | None:
    """The error that a recording stands for, or None when it is a success."""
    if name in TOLD:
        return TOLD[name]
    return None if status == 200 else TOLD_BY_STATUS[status]


def refusal(call: Any, status: int, headers: Any, body: bytes) -> ServiceError | None:
    """The error that an answer is, or None when it is a result."""
    try:
        read(call, status, headers, body)
    except ServiceError as error:
        return error
    return None


def body_of(exchange: Any) -> bytes:
    if exchange.name not in CUT_OFF:
        return bytes(exchange.body)
    detail = exchange.data["response"]["detail"].removesuffix("…") + CUT_OFF[exchange.name]
    return json.dumps({"detail": detail}).encode()


@pytest.fixture(scope="module")
def operation_for(operations: Operations, route: Any) -> Callable[[Any], Operation[..., Any]]:
    """Finds the operation a recording was of; for a wrong route, one of the same service."""
    by_route = {route(operation): operation for operation in operations}
    by_path = {(service, path): operation for (service, _, path), operation in by_route.items()}
    others: dict[str, Operation[..., Any]] = {
        "datastore": catalogue.datastore.FETCH_DATASET,
        "search": catalogue.search.SEARCH_ENTITY_REGISTRY,
    }

    def find(exchange: Any) -> Operation[..., Any]:
        path = exchange.data["path"]
        exact = by_route.get((exchange.service, exchange.data["method"], path))
        service: str = exchange.service
        return exact or by_path.get((service, path.rstrip("/") or "/")) or others[service]

    return find


def test_every_recorded_answer_is_read(
    exchanges: list[Any], operation_for: Callable[[Any], Operation[..., Any]], call: MakeCall
) -> None:
    wrong = []
    told: Counter[str] = Counter()
    for exchange in exchanges:
        made = call(operation_for(exchange))
        error = refusal(made, exchange.status, exchange.headers, body_of(exchange))
        kind = None if error is None else type(error)
        if error is not None:
            assert error.operation == made.operation.name
            assert error.status == exchange.status
            assert str(error)
            assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__
        told[kind.__name__ if kind else "result"] += 1
        if kind is not expected(exchange.name, exchange.status):
            wrong.append((exchange.name, exchange.status, kind))
    assert wrong == []
    assert told.total() == len(exchanges) >= 350
    assert told["result"] == 146


def test_every_name_in_the_table_was_recorded(exchanges: list[Any]) -> None:
    assert set(TOLD) <= {exchange.name for exchange in exchanges}


def test_recorded_locations_are_kept(exchanges: list[Any], call: MakeCall) -> None:
    seen = 0
    for exchange in exchanges:
        if exchange.status != 422:
            continue
        with pytest.raises(errors.ValidationFailed) as caught:
            read(call(catalogue.datastore.MINT_DATASET), exchange.status, exchange.headers, exchange.body)
        entries = exchange.data["response"]["detail"]
        assert [list(entry.location) for entry in caught.value.errors] == [entry["loc"] for entry in entries]
        assert [entry.kind for entry in caught.value.errors] == [entry["type"] for entry in entries]
        assert str(caught.value.errors[0].location[-1]) in str(caught.value)
        seen += 1
    assert seen == 46


def test_the_next_step_fits_the_kind_of_401(exchanges: list[Any], call: MakeCall) -> None:
    hints = {
        errors.TokenRejected: "Sign in again",
        errors.RoleMissing: "Request it",
        errors.DatasetAccessDenied: "Ask its owner",
        errors.DatasetLocked: "Unlock",
        errors.NotTheReviewer: "Only the reviewer",
    }
    for exchange in exchanges:
        if exchange.status != 401:
            continue
        with pytest.raises(errors.Unauthorized) as caught:
            read(call(catalogue.datastore.WRITE_CREDENTIALS), 401, exchange.headers, exchange.body)
        assert hints[type(caught.value)] in str(caught.value)
        assert isinstance(caught.value, PermissionError)
        if isinstance(caught.value, errors.RoleMissing):
            assert caught.value.role == "entity-registry-write"
            assert "entity-registry-write" in str(caught.value)
        if isinstance(caught.value, errors.DatasetAccessDenied):
            assert caught.value.dataset_id == "10378.1/1900016"
            assert "10378.1/1900016" in str(caught.value)


SECRET_PLACES = re.compile(r'("(?:access_token|aws_\w+|presigned_url|console_session_url)": )"<?[^"]*"')


def test_secrets_of_a_success_never_show_when_it_is_taken_for_an_error(
    exchanges: list[Any], operation_for: Callable[[Any], Operation[..., Any]], call: MakeCall
) -> None:
    marked = 0
    for exchange in exchanges:
        if exchange.status != 200:
            continue
        text, found = SECRET_PLACES.subn(r'\1"https://s/?hush-hush"', exchange.body.decode())
        if not found:
            continue
        marked += 1
        made = call(operation_for(exchange))
        wrong_shape = text.replace('"roles"', '"rolls"').replace('"expiry"', '"end"').replace("_path", "")
        for status, body in ((500, text), (400, text), (201, text), (200, wrong_shape), (500, text[:-9])):
            with pytest.raises(ServiceError) as caught:
                read(made, status, exchange.headers, body.encode())
            assert "hush" not in everything_shown(caught.value)
    assert marked == 29


def everything_shown(error: BaseException) -> str:
    """Message, repr, fields and pickle of an error and of whatever hangs from it."""
    seen: list[str] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        waiting += [one.__cause__, one.__context__]
        seen += [str(one), repr(one), repr(one.args), repr(vars(one)), repr(getattr(one, "doc", ""))]
        seen.append(pickle.dumps(one).decode("latin-1"))
    return "\n".join(seen)
