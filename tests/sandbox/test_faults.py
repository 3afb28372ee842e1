from __future__ import annotations

import http.client
import re
import time
from typing import Any

import pytest

from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.seed import metadata

ROOT = "/"


def test_a_fault_affects_the_given_number_of_requests(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.faults.add(Fault.too_many_requests("7", service="datastore", times=2))
    answers = [send(provena_sandbox.datastore_url, "GET", ROOT) for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].body == {"message": "Too Many Requests"}
    assert provena_sandbox.faults.pending() == []


def test_a_fault_affects_only_matching_requests(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.faults.add(
        Fault(service="search", path="/search/*", method="GET", status=503, times=None)
    )
    token = provena_sandbox.access_token("reader")
    assert send(provena_sandbox.search_url, "GET", ROOT).status == 200
    assert send(provena_sandbox.datastore_url, "GET", ROOT).status == 200
    for _ in range(3):
        assert send(provena_sandbox.search_url, "GET", "/search/entity-registry", token=token).status == 503


def test_a_fault_can_wait_its_turn_and_be_removed(provena_sandbox: Sandbox, send: Any) -> None:
    fault = provena_sandbox.faults.add(Fault(status=500, after=1, times=None))
    statuses = [send(provena_sandbox.datastore_url, "GET", ROOT).status for _ in range(3)]
    assert statuses == [200, 500, 500]
    provena_sandbox.faults.remove(fault)
    assert send(provena_sandbox.datastore_url, "GET", ROOT).status == 200


def test_a_gateway_answers_in_html(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.faults.add(Fault.gateway(504))
    answer = send(provena_sandbox.datastore_url, "GET", ROOT)
    assert (answer.status, answer.headers["content-type"]) == (504, "text/html")
    assert b"504 Gateway Time-out" in answer.content


def test_an_outage_of_the_auth_service_fails_a_mint(provena_sandbox: Sandbox, send: Any) -> None:
    token = provena_sandbox.access_token("writer")
    provena_sandbox.faults.outage("auth")
    url, path = provena_sandbox.datastore_url, "/register/mint-dataset"
    answer = send(url, "POST", path, token=token, data=metadata())
    assert answer.status == 500
    assert answer.body == {
        "detail": "Unexpected non 200 status code in dataset minting process. Status code: 500. Details: Unknown."
    }
    assert list(provena_sandbox.state.datasets()) == []
    provena_sandbox.faults.clear()
    assert send(url, "POST", path, token=token, data=metadata()).status == 200


@pytest.mark.parametrize(("takes_effect", "datasets"), [(False, 0), (True, 1)])
def test_a_failed_mint_may_have_happened(
    provena_sandbox: Sandbox, send: Any, takes_effect: bool, datasets: int
) -> None:
    provena_sandbox.faults.add(Fault.gateway(502, path="/register/mint-dataset", takes_effect=takes_effect))
    token = provena_sandbox.access_token("writer")
    answer = send(
        provena_sandbox.datastore_url, "POST", "/register/mint-dataset", token=token, data=metadata()
    )
    assert answer.status == 502
    assert len(list(provena_sandbox.state.datasets())) == datasets


@pytest.mark.parametrize(("moment", "datasets"), [("before", 0), ("after", 1)])
def test_a_connection_breaks_before_or_after_the_operation(
    provena_sandbox: Sandbox, send: Any, moment: Any, datasets: int
) -> None:
    provena_sandbox.faults.add(Fault(path="/register/mint-dataset", drop=moment))
    token = provena_sandbox.access_token("writer")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        send(provena_sandbox.datastore_url, "POST", "/register/mint-dataset", token=token, data=metadata())
    assert len(list(provena_sandbox.state.datasets())) == datasets
    assert provena_sandbox.requests[-1].status == 0


def test_an_answer_is_cut_short(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.faults.add(Fault(truncate=5))
    with pytest.raises(http.client.IncompleteRead) as cut:
        send(provena_sandbox.datastore_url, "GET", ROOT)
    assert cut.value.partial == b'{"mes'


def test_an_answer_is_not_json(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.faults.add(Fault(body="<oops>", headers={"x-from": "proxy"}))
    answer = send(provena_sandbox.datastore_url, "GET", ROOT)
    assert (answer.status, answer.content) == (200, b"<oops>")
    assert answer.headers["x-from"] == "proxy"


@pytest.mark.parametrize("name", ["latency", "stall"])
def test_an_answer_is_late(provena_sandbox: Sandbox, send: Any, name: str) -> None:
    provena_sandbox.faults.add(Fault(**{name: 0.15}))  # type: ignore[arg-type]
    begun = time.monotonic()
    assert send(provena_sandbox.datastore_url, "GET", ROOT).status == 200
    assert time.monotonic() - begun >= 0.15


def test_a_slow_request_holds_up_no_other(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.faults.add(Fault(service="datastore", latency=1))
    slow = http.client.HTTPConnection(provena_sandbox.datastore_url.removeprefix("http://"))
    slow.request("GET", ROOT)
    while provena_sandbox.faults:
        time.sleep(0.001)
    begun = time.monotonic()
    assert send(provena_sandbox.datastore_url, "GET", ROOT).status == 200
    assert time.monotonic() - begun < 0.9
    slow.close()


def test_temporary_credentials_can_be_expired(provena_sandbox: Sandbox) -> None:
    dataset = provena_sandbox.add_dataset(files={"a.csv": b"1"})
    keys = provena_sandbox.storage.credentials_for(dataset, write=False)
    grant = provena_sandbox.storage.grants.find(keys.access_key_id)
    assert grant is not None
    assert grant.expires is not None
    assert grant.expires > time.time() + 3600
    provena_sandbox.expire_credentials()
    assert grant.expires <= time.time()


def test_a_sandbox_in_another_process_can_be_controlled(provena_sandbox: Sandbox, send: Any) -> None:
    base = provena_sandbox.issuer_url.partition("/auth/")[0]
    fault = {"service": "datastore", "status": 429, "headers": {"retry-after": "3"}}
    assert send(base, "POST", "/sandbox/faults", data=[fault]).body == {"added": 1}
    assert send(provena_sandbox.datastore_url, "GET", ROOT).status == 429
    assert send(base, "GET", "/sandbox/requests").body[-1]["path"] == ROOT
    assert send(base, "POST", "/sandbox/outages", data=["registry"]).body == ["registry"]
    assert send(base, "DELETE", "/sandbox/faults").status == 200
    assert provena_sandbox.faults.outages == set()
    code = send(
        provena_sandbox.issuer_url,
        "POST",
        "/protocol/openid-connect/auth/device",
        form={"client_id": "client-tools"},
    ).body["user_code"]
    assert send(base, "GET", "/sandbox/codes").body == [code]
    assert send(base, "POST", "/sandbox/approve", data={"user_code": code, "user": "reader"}).status == 200
    assert send(base, "POST", "/sandbox/advance", data={"seconds": 10}).body["now"] > time.time() + 9


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/sandbox/faults", {"nonsense": 1}),
        ("/sandbox/faults", "text"),
        ("/sandbox/outages", ["weather"]),
        ("/sandbox/approve", {"user_code": "AAAA-BBBB"}),
        ("/sandbox/advance", {}),
    ],
)
def test_what_cannot_be_done_is_refused(provena_sandbox: Sandbox, send: Any, path: str, data: Any) -> None:
    base = provena_sandbox.issuer_url.partition("/auth/")[0]
    answer = send(base, "POST", path, data=data)
    assert answer.status == 400
    assert answer.body["detail"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("service", "s3", "sandbox.s3_faults"),
        ("service", "data", "must be one of datastore, search, registry, auth, job, prov, signin"),
        ("drop", "sometimes", "must be 'before' or 'after'"),
        ("status", "500", "must be an HTTP status"),
        ("status", 99, "must be an HTTP status"),
        ("times", 0, "must be at least 1"),
        ("after", -1, "must not be negative"),
        ("latency", -0.5, "must not be negative"),
        ("stall", -1, "must not be negative"),
        ("truncate", -1, "must not be negative"),
    ],
)
def test_an_invalid_fault_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Fault(**{name: value})
    assert str(caught.value).startswith(f"{name} ")
    with pytest.raises(ValueError, match=re.escape(message)):
        Fault.from_json({name: value})
