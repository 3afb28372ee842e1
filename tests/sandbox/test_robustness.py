"""No request, however odd, makes the services break where the real ones would answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.faults import Faults
from provena_sdk.sandbox.data.items import ALL_ROLES, Item
from provena_sdk.sandbox.data.listing import SORT_KEYS
from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.data.storage import OwnStorage
from provena_sdk.sandbox.data.users import STANDARD_USERS
from provena_sdk.sandbox.http.server import Request
from provena_sdk.sandbox.seed import add_dataset, metadata, register
from provena_sdk.sandbox.services.datastore import datastore
from provena_sdk.sandbox.services.registry.kinds import KINDS, Kind
from provena_sdk.sandbox.services.registry.service import registry
from provena_sdk.sandbox.services.search import search
from provena_sdk.sandbox.serving.service import Deployment
from provena_sdk.sandbox.signin.tokens import TokenMaker
from provena_sdk.sandbox.work.workers import Work

BODIES = {
    "/metadata/validate-metadata": "POST",
    "/register/mint-dataset": "POST",
    "/register/revert-metadata": "PUT",
    "/register/version": "POST",
    "/registry/items/list": "POST",
    "/registry/items/generate-presigned-url": "POST",
    "/registry/credentials/generate-read-access-credentials": "POST",
    "/registry/credentials/generate-write-access-credentials": "POST",
    "/release/approval-request": "POST",
    "/release/action-approval-request": "PUT",
}
REGISTRY_BODIES = {
    "/registry/general/list": "POST",
    "/registry/entity/dataset/user/releases": "POST",
    **{
        f"{kind.path}/{action}": method
        for kind in KINDS
        for action, method in (
            ("list", "POST"),
            ("create", "POST"),
            ("update", "PUT"),
            ("revert", "PUT"),
            ("validate", "POST"),
            ("version", "POST"),
            ("auth/configuration", "PUT"),
            ("locks/lock", "PUT"),
            ("locks/unlock", "PUT"),
        )
    },
}
KNOWN = ["10378.1/1900001", "10378.1/1900003", "10378.1/1900011", "10378.1/1900012", "10378.1/1900013"]
TEXT = st.sampled_from(
    [*KNOWN, "metadata.json", "", "..", "SRID=4326;POINT(1 2)", "2024-01-01", "DISPLAY_NAME"]
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXT
    | st.text("aß☂/.", max_size=5)
)
FIELDS = st.sampled_from(
    [
        *("id", "dataset_id", "history_id", "reason", "page_size", "pagination_key", "sort_by", "sort_type"),
        *("ascending", "begins_with", "file_path", "expires_in", "console_session_required", "approver_id"),
        *("notes", "approve", "item_subtype", "updated_timestamp"),
    ]
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=6,
)
INFO = sorted(metadata()["dataset_info"])
# A value for each field of the registry's requests, so that most of them pass the checks of the interface.
REGISTRY_FIELDS = {
    "id": TEXT,
    "reason": TEXT,
    "history_id": st.integers(-1, 3),
    "page_size": st.integers(-1, 5),
    "pagination_key": st.none() | st.dictionaries(FIELDS, SCALAR, max_size=3),
    "sort_by": st.none()
    | st.fixed_dictionaries({"sort_type": st.sampled_from([*SORT_KEYS, None]), "ascending": st.booleans()}),
    "filter_by": st.fixed_dictionaries(
        {},
        optional={
            "item_subtype": st.sampled_from(["PERSON", "DATASET", "CREATE", None]),
            "record_type": st.sampled_from(["ALL", "SEED_ONLY", "COMPLETE_ONLY"]),
            "release_status": st.sampled_from(["PENDING", "RELEASED", None]),
            "release_reviewer": TEXT | st.none(),
        },
    ),
    "owner": st.sampled_from(["writer", "writer2"]),
    "general": st.lists(st.sampled_from(ALL_ROLES), max_size=3),
    "groups": st.dictionaries(TEXT, st.lists(st.sampled_from(ALL_ROLES), max_size=2), max_size=2),
    "display_name": TEXT,
    "name": TEXT,
    "first_name": TEXT,
    "last_name": TEXT,
    "email": st.sampled_from(["a@example.com", "a"]),
    "ethics_approved": st.booleans(),
    "deferred_resources": VALUE,
    "user_metadata": VALUE,
}


class Services:
    def __init__(self) -> None:
        clock = Clock()
        self.state = State(clock, STANDARD_USERS)
        storage = OwnStorage(60)
        storage.url = "http://127.0.0.1:9"
        tokens = TokenMaker("http://127.0.0.1/auth/realms/provena", clock)
        faults = Faults()
        work = Work(self.state, storage, faults, seconds=0.2)
        deployment = Deployment(clock, self.state, tokens, storage, faults, work)
        self.datastore, self.search = datastore(deployment).router, search(deployment).router
        self.registry = registry(deployment).router
        register(self.state)
        for owner in ("writer", "writer2"):
            add_dataset(self.state, storage, metadata(), owner=owner, files={})
        self.state.put(Item(self.state.new_handle(), "DATASET", "writer", 1, 1, kind="seed"))
        self.token = tokens.access_token(STANDARD_USERS["writer"], lifetime=3600, client="c", session="s")

    def ask(self, router: Any, method: str, path: str, query: dict[str, str], body: bytes) -> int:
        headers = {"authorization": f"Bearer {self.token}"}
        answer = router(Request(method, path, path, query, headers, body))
        assert answer.body == b"Internal Server Error" or json.loads(answer.body) is not ...
        status: int = answer.status
        return status


@pytest.fixture(scope="module")
def services() -> Services:
    return Services()


@pytest.fixture(scope="module")
def registered() -> Services:
    """Return services of their own for what locks datasets and changes who may see them."""
    return Services()


CAREFUL = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(path=st.sampled_from(sorted(BODIES)), body=st.dictionaries(FIELDS, VALUE, max_size=6) | VALUE)
@CAREFUL
def test_any_body_is_answered(services: Services, path: str, body: Any) -> None:
    status = services.ask(services.datastore, BODIES[path], path, {}, json.dumps(body).encode())
    assert status in (200, 400, 401, 403, 422, 500)


@given(
    path=st.sampled_from(sorted(REGISTRY_BODIES)),
    handle=TEXT,
    body=st.fixed_dictionaries({}, optional=REGISTRY_FIELDS) | VALUE,
)
@CAREFUL
def test_any_body_is_answered_by_the_registry(
    registered: Services, path: str, handle: str, body: Any
) -> None:
    query = {"id": handle, "reason": "x"}
    status = registered.ask(
        registered.registry, REGISTRY_BODIES[path], path, query, json.dumps(body).encode()
    )
    assert status in (200, 400, 401, 403, 404, 405, 422, 500)


@given(
    kind=st.sampled_from(KINDS),
    action=st.sampled_from(["fetch", "auth/configuration", "auth/evaluate", "locks/locked", "locks/history"]),
    handle=TEXT | st.text(max_size=5),
    seed_allowed=st.sampled_from(["true", "false", "no"]),
)
@CAREFUL
def test_any_id_is_answered_by_the_registry(
    registered: Services, kind: Kind, action: str, handle: str, seed_allowed: str
) -> None:
    query = {"id": handle, "seed_allowed": seed_allowed}
    assert registered.ask(registered.registry, "GET", f"{kind.path}/{action}", query, b"") in (
        200,
        400,
        401,
        500,
    )
    general = registered.ask(registered.registry, "GET", "/registry/general/fetch", query, b"")
    assert general in (200, 401) or (general, handle) == (500, "")


@given(field=st.sampled_from(INFO), value=VALUE)
@example(field="created_date", value={"relevant": True, "value": 1e300})
@example(field="created_date", value={"relevant": True, "value": -1e17})
@example(field="access_info", value=[[1, 2], ["surplus", 3]])
@CAREFUL
def test_any_metadata_is_answered(services: Services, field: str, value: Any) -> None:
    described = metadata()
    described["dataset_info"][field] = value
    body = json.dumps(described).encode()
    assert services.ask(services.datastore, "POST", "/metadata/validate-metadata", {}, body) in (200, 422)
    query = {"handle_id": KNOWN[2], "reason": "x"}
    assert services.ask(services.datastore, "POST", "/register/update-metadata", query, body) in (
        200,
        400,
        422,
    )


@given(text=st.text(max_size=30), limit=st.integers() | st.text(max_size=3))
@example(text="half \ud800", limit=10)
@example(text='"; DROP TABLE entry; --', limit=10)
@example(text="a* NEAR(b) AND c^ -d:e", limit=10)
@example(text=" ".join(f"word{n}" for n in range(3000)), limit=10)
@CAREFUL
def test_any_query_is_answered(services: Services, text: str, limit: int | str) -> None:
    query = {"query": text, "record_limit": str(limit)}
    assert services.ask(services.search, "GET", "/search/entity-registry", query, b"") in (200, 422, 500)


@given(st.binary(max_size=200))
@example("\x01\ud800".encode("utf-32", "surrogatepass"))
@CAREFUL
def test_any_bytes_are_answered(services: Services, body: bytes) -> None:
    assert services.ask(services.datastore, "POST", "/registry/items/list", {}, body) in (200, 400, 422, 500)


def test_many_threads_are_served_at_once(provena_sandbox: Sandbox) -> None:
    import http.client
    from concurrent.futures import ThreadPoolExecutor

    token = provena_sandbox.access_token("writer")
    body = json.dumps(metadata())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def mint(_: int) -> str:
        connection = http.client.HTTPConnection(
            provena_sandbox.datastore_url.removeprefix("http://"), timeout=10
        )
        connection.request("POST", "/register/mint-dataset", body, headers)
        handle: str = json.loads(connection.getresponse().read())["handle"]
        connection.close()
        return handle

    with ThreadPoolExecutor(32) as pool:
        handles = list(pool.map(mint, range(200)))
    assert len(set(handles)) == 200
    assert {item.id for item in provena_sandbox.state.datasets()} == set(handles)
