"""A sandbox whose services accept tokens of an external issuer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import READ, WRITE
from provena_sdk.sandbox.external import issuer as issuer_module
from provena_sdk.sandbox.seed import metadata

ROLES = [READ, WRITE]


class Issuer:
    """Publishes the keys it has now, and signs with any it ever had."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.published: dict[str, dict[str, Any]] = {}
        self.asked = 0
        self.broken = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                if issuer.broken:
                    self.send_error(503)
                    return
                known: dict[str, Any] = {"jwks_uri": f"{issuer.url}/certs"}
                if self.path.endswith("/certs"):
                    known = {"keys": [*issuer.published.values(), {"kty": "oct", "kid": "none", "k": "AAAA"}]}
                body = json.dumps(known).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/reef"
        self.add("first")

    def add(self, name: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys[name] = (key, "RS256")
        public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.published[name] = {**public, "kid": name, "alg": "RS256", "use": "sig"}

    def add_elliptic(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self.keys[name] = (key, "ES256")
        public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.published[name] = {**public, "kid": name, "use": "sig"}

    def token(self, key: str = "first", user: str = "writer", **claims: Any) -> str:
        secret, algorithm = self.keys[key]
        body = {"preferred_username": user, "realm_access": {"roles": ROLES}, **claims}
        return jwt.encode(body, secret, algorithm, headers={"kid": key})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def sandbox(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(issuer_module, "_ASK_AGAIN_SECONDS", 0.05)
    with Sandbox(issuer=issuer.url) as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def ask(sandbox: Sandbox, send: Any) -> Callable[[str], Any]:
    return lambda token: send(sandbox.datastore_url, "GET", "/check-access/check-read-access", token=token)


def test_its_tokens_are_accepted(issuer: Issuer, sandbox: Sandbox, ask: Any, send: Any) -> None:
    answer = ask(issuer.token())
    assert (answer.status, answer.body["username"]) == (200, "writer")
    found = send(
        sandbox.search_url, "GET", "/search/entity-registry", query={"query": "reef"}, token=issuer.token()
    )
    assert found.status == 200
    assert sandbox.environment()["PROVENA_ISSUER_URL"] == issuer.url
    assert sandbox.environment()["PROVENA_REALM"] == "reef"


def test_other_tokens_are_refused(issuer: Issuer, ask: Any) -> None:
    stranger = Issuer()
    stranger.server.server_close()
    assert ask(stranger.token()).status == 401, "the same name of a key, another key"
    assert ask(issuer.token(exp=1)).status == 401
    assert ask(issuer.token(realm_access={"roles": []})).status == 401
    assert ask("no.token.at.all").status == 401
    unsigned = jwt.encode({"preferred_username": "admin"}, "", "none", headers={"kid": "first"})
    assert ask(unsigned).status == 401
    symmetric = jwt.encode({"preferred_username": "admin"}, b"\0" * 32, "HS256", headers={"kid": "none"})
    assert ask(symmetric).status == 401
    with Sandbox() as own:
        assert ask(own.access_token()).status == 401


def test_a_new_key_is_fetched_and_an_old_one_still_counts(issuer: Issuer, ask: Any) -> None:
    old = issuer.token()
    assert ask(old).status == 200
    issuer.add("second")
    issuer.add_elliptic("third")
    assert ask(issuer.token("second")).status == 200
    assert ask(issuer.token("third")).status == 200
    assert ask(old).status == 200


def test_a_withdrawn_key_is_no_longer_accepted(
    issuer: Issuer, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issuer.token()
    assert ask(old).status == 200
    issuer.add("second")
    del issuer.published["first"]
    monkeypatch.setattr(issuer_module, "_KEPT_SECONDS", 0.0)
    assert ask(old).status == 401
    assert ask(issuer.token("second")).status == 200


def test_forged_keys_do_not_make_it_ask_each_time(
    issuer: Issuer, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_module, "_ASK_AGAIN_SECONDS", 0.3)
    issuer.add("unpublished")
    del issuer.published["unpublished"]
    before = issuer.asked
    for _ in range(3):
        assert ask(issuer.token("unpublished")).status == 401
    assert issuer.asked - before <= 2 * 3
    assert ask(issuer.token()).status == 200


def test_an_issuer_that_is_down_matters_only_for_keys_that_are_not_known(
    issuer: Issuer, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.broken = True
    monkeypatch.setattr(issuer_module, "_KEPT_SECONDS", 0.0)
    assert ask(issuer.token()).status == 200
    issuer.add("second")
    answer = ask(issuer.token("second"))
    assert answer.status == 500
    assert issuer.url in answer.body["detail"]


def test_an_unknown_account_can_register(issuer: Issuer, sandbox: Sandbox, send: Any) -> None:
    for _ in range(2):
        token = issuer.token(user="somebody", email="somebody@example.org")
        answer = send(
            sandbox.datastore_url, "POST", "/register/mint-dataset", token=token, data=metadata("Reef")
        )
        assert answer.body["status"]["success"], answer.body
    persons = [item.owner for item in sandbox.state.items.values() if item.subtype == "PERSON"]
    assert persons.count("somebody") == 1


def test_what_the_sandbox_does_not_control_is_refused(sandbox: Sandbox, issuer: Issuer) -> None:
    for act in (
        sandbox.access_token,
        sandbox.offline_token,
        sandbox.end_sessions,
        sandbox.pending_user_codes,
    ):
        with pytest.raises(RuntimeError, match=f"Users sign in at {issuer.url}"):
            act()
    with pytest.raises(ValueError, match="approve_as"):
        Sandbox(issuer=issuer.url, approve_as="writer")
    with pytest.raises(ValueError, match="issuer must be a URL"):
        Sandbox(issuer="keycloak")


def test_an_issuer_that_does_not_answer_is_named(issuer: Issuer) -> None:
    issuer.broken = True
    with pytest.raises(OSError, match=issuer.url):
        Sandbox(issuer=issuer.url).start()
