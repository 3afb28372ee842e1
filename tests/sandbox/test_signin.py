from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from provena_sdk.sandbox import Sandbox

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Realm:
    """Talks to the sign-in server of a sandbox as a device does."""

    def __init__(self, sandbox: Sandbox, send: Any) -> None:
        self.sandbox = sandbox
        self._send = send

    def post(self, endpoint: str, *, headers: Any = None, **form: Any) -> Any:
        url = f"{self.sandbox.issuer_url}/protocol/openid-connect"
        return self._send(url, "POST", f"/{endpoint}", form=form, headers=headers)

    def get(self, path: str, token: str | None = None) -> Any:
        return self._send(self.sandbox.issuer_url, "GET", path, token=token)

    def start(self, scope: str = "", client: str = "client-tools") -> dict[str, Any]:
        answer = self.post("auth/device", client_id=client, scope=scope)
        assert answer.status == 200
        body: dict[str, Any] = answer.body
        return body

    def poll(self, code: dict[str, Any], client: str = "client-tools") -> Any:
        return self.post("token", grant_type=DEVICE_GRANT, client_id=client, device_code=code["device_code"])

    def sign_in(self, user: str = "writer", scope: str = "", client: str = "client-tools") -> dict[str, Any]:
        code = self.start(scope, client)
        self.sandbox.approve(code["user_code"], user)
        answer = self.poll(code, client)
        assert answer.status == 200, answer.content
        body: dict[str, Any] = answer.body
        return body

    def refresh(self, token: str, client: str = "client-tools") -> Any:
        return self.post("token", grant_type="refresh_token", client_id=client, refresh_token=token)


def refusal(answer: Any) -> tuple[int, str]:
    assert set(answer.body) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, answer.body["error"]


@pytest.fixture
def realm(provena_sandbox: Sandbox, send: Any) -> Realm:
    return Realm(provena_sandbox, send)


def test_discovery_names_endpoints_that_answer(realm: Realm, send: Any) -> None:
    found = realm.get("/.well-known/openid-configuration").body
    assert found["issuer"] == realm.sandbox.issuer_url
    assert found["device_authorization_endpoint"] == f"{found['issuer']}/protocol/openid-connect/auth/device"
    for name in (
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
        "device_authorization_endpoint",
    ):
        assert send(found[name], "POST", "", form={}).status in (400, 401)
    assert send(found["jwks_uri"], "GET", "").body["keys"][0]["kty"] == "RSA"


def test_the_realm_shows_the_key_that_signs_its_tokens(realm: Realm) -> None:
    issuer = realm.sandbox.issuer_url
    page = realm.get("").body
    assert page == {
        "realm": "provena",
        "public_key": page["public_key"],
        "token-service": f"{issuer}/protocol/openid-connect",
        "account-service": f"{issuer}/account",
        "tokens-not-before": 0,
    }
    pem = f"-----BEGIN PUBLIC KEY-----\r\n{page['public_key']}\r\n-----END PUBLIC KEY-----"
    token = realm.sign_in()["access_token"]
    assert jwt.decode(token, pem, ["RS256"], audience="account")["preferred_username"] == "writer"


def test_a_service_looks_into_tokens(realm: Realm) -> None:
    def look(token: str) -> dict[str, Any]:
        secret = {"client_id": "sandbox-service", "client_secret": "sandbox-secret"}
        answer = realm.post("token/introspect", token=token, **secret)
        assert answer.status == 200
        shown: dict[str, Any] = answer.body
        return shown

    tokens = realm.sign_in("reader", "offline_access")
    access = look(tokens["access_token"])
    assert (access["active"], access["username"], access["client_id"]) == (True, "reader", "client-tools")
    assert access["realm_access"]["roles"][0] == "entity-registry-read"
    assert look(tokens["refresh_token"])["typ"] == "Offline"
    assert look("garbage") == {"active": False}
    realm.sandbox.advance(301)
    assert look(tokens["access_token"]) == {"active": False}
    realm.sandbox.end_sessions()
    assert look(tokens["refresh_token"]) == {"active": False}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_id": "client-tools", "token": "x"}, (403, "invalid_request")),
        ({"client_id": "nobody-knows", "token": "x"}, (401, "invalid_client")),
        ({"client_id": "sandbox-service", "client_secret": "sandbox-secret"}, (400, "invalid_request")),
    ],
)
def test_refusals_of_the_introspection_endpoint(
    realm: Realm, form: dict[str, str], expected: tuple[int, str]
) -> None:
    assert refusal(realm.post("token/introspect", **form)) == expected


def test_a_device_waits_until_a_person_approves(realm: Realm) -> None:
    code = realm.start()
    assert code["expires_in"] == 600
    assert code["interval"] == 5
    assert code["verification_uri_complete"] == f"{code['verification_uri']}?user_code={code['user_code']}"
    assert realm.sandbox.pending_user_codes() == [code["user_code"]]
    assert refusal(realm.poll(code)) == (400, "authorization_pending")
    realm.sandbox.advance(6)
    realm.sandbox.approve(code["user_code"].lower().replace("-", ""), "reader")
    tokens = realm.poll(code).body
    assert tokens["token_type"] == "Bearer"
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (300, 1800)
    assert refusal(realm.poll(code)) == (400, "invalid_grant"), "a code works once"
    assert realm.sandbox.pending_user_codes() == []


def test_access_tokens_are_signed_with_the_published_key(realm: Realm) -> None:
    token = realm.sign_in("noemail")["access_token"]
    key = jwt.PyJWKSet.from_dict(realm.get("/protocol/openid-connect/certs").body)[
        jwt.get_unverified_header(token)["kid"]
    ]
    claims = jwt.decode(token, key, ["RS256"], audience="account", issuer=realm.sandbox.issuer_url)
    assert claims["preferred_username"] == "noemail"
    assert claims["realm_access"]["roles"][:2] == ["entity-registry-read", "entity-registry-write"]
    assert claims["azp"] == "client-tools"
    assert "email" not in claims
    assert claims["exp"] - claims["iat"] == 300


def test_polling_too_fast_is_told_to_slow_down(realm: Realm) -> None:
    code = realm.start()
    assert refusal(realm.poll(code)) == (400, "authorization_pending")
    assert refusal(realm.poll(code)) == (400, "slow_down")
    realm.sandbox.advance(5)
    assert refusal(realm.poll(code)) == (400, "authorization_pending")


def test_a_denied_device_is_informed(realm: Realm) -> None:
    code = realm.start()
    realm.sandbox.deny(code["user_code"])
    assert refusal(realm.poll(code)) == (400, "access_denied")


def test_a_code_expires(realm: Realm) -> None:
    code = realm.start()
    realm.sandbox.advance(601)
    assert refusal(realm.poll(code)) == (400, "expired_token")
    with pytest.raises(LookupError, match="No device is waiting"):
        realm.sandbox.approve(code["user_code"])


def test_a_code_belongs_to_its_client(realm: Realm) -> None:
    assert refusal(realm.poll(realm.start(), "automated-access")) == (400, "invalid_grant")


def test_refresh_tokens_rotate(realm: Realm) -> None:
    first = realm.sign_in()
    second = realm.refresh(first["refresh_token"]).body
    assert second["refresh_token"] != first["refresh_token"]
    assert second["session_state"] == first["session_state"]
    assert realm.refresh(second["refresh_token"]).status == 200


@pytest.mark.parametrize("scope", ["", "offline_access"])
@pytest.mark.parametrize(("rotation", "uses"), [("off", 5), ("one-reuse", 2), ("no-reuse", 1)])
def test_a_refresh_token_used_too_often_ends_its_session(
    send: Any, rotation: Any, uses: int, scope: str
) -> None:
    """As Keycloak does it; offline tokens are no exception."""
    with Sandbox(rotation=rotation) as sandbox:
        realm = Realm(sandbox, send)
        first = realm.sign_in(scope=scope)
        token = first["refresh_token"]
        answers = [realm.refresh(token) for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * uses + [400] * (5 - uses)
        said = [answer.body["error_description"] for answer in answers[uses:]]
        cut_off = "Session doesn't have required client"
        assert said == (["Maximum allowed refresh token reuse exceeded"] + [cut_off] * 4)[: 5 - uses]
        newest = realm.refresh(answers[0].body["refresh_token"])
        assert newest.status == (200 if rotation == "off" else 400)


def test_a_token_shows_whether_its_uses_are_limited(send: Any) -> None:
    for rotation, says in (("off", False), ("one-reuse", True), ("no-reuse", True)):
        with Sandbox(rotation=rotation) as sandbox:  # type: ignore[arg-type]  # of each
            token = Realm(sandbox, send).sign_in()["refresh_token"]
            assert ("reuse_id" in jwt.decode(token, options={"verify_signature": False})) is says


def test_an_unknown_rotation() -> None:
    with pytest.raises(ValueError, match="rotation must be one of off, one-reuse, no-reuse, not 'always'"):
        Sandbox(rotation="always")  # type: ignore[arg-type]  # on purpose


def test_refresh_tokens_expire_and_offline_tokens_do_not(realm: Realm) -> None:
    short = realm.sign_in()["refresh_token"]
    offline = realm.sign_in(scope="offline_access", client="automated-access")
    assert offline["refresh_expires_in"] == 0
    realm.sandbox.advance(100_000)
    assert refusal(realm.refresh(short)) == (400, "invalid_grant")
    assert realm.refresh(offline["refresh_token"], "automated-access").status == 200


def test_a_minted_offline_token_works(realm: Realm) -> None:
    token = realm.sandbox.offline_token("reader")
    assert realm.refresh(token, "automated-access").status == 200
    assert refusal(realm.refresh(token)) == (400, "invalid_grant"), "it belongs to another client"
    realm.sandbox.end_sessions()
    assert refusal(realm.refresh(token, "automated-access")) == (400, "invalid_grant")


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_a_refresh_token_from_elsewhere_is_refused(realm: Realm, token: str) -> None:
    assert refusal(realm.refresh(token)) == (400, "invalid_grant")


@pytest.mark.parametrize("endpoint", ["revoke", "logout"])
def test_a_session_can_be_ended(realm: Realm, endpoint: str) -> None:
    tokens = realm.sign_in()
    field = {"revoke": "token", "logout": "refresh_token"}[endpoint]
    answer = realm.post(endpoint, client_id="client-tools", **{field: tokens["refresh_token"]})
    assert (answer.status, answer.content) == ({"revoke": 200, "logout": 204}[endpoint], b"")
    assert refusal(realm.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert realm.get("/protocol/openid-connect/userinfo", tokens["access_token"]).status == 401


def test_revoking_an_access_token_reaches_the_services(realm: Realm, send: Any) -> None:
    token = realm.sign_in()["access_token"]
    url, path = realm.sandbox.datastore_url, "/check-access/check-read-access"
    assert send(url, "GET", path, token=token).status == 200
    assert realm.post("revoke", client_id="client-tools", token=token).status == 200
    assert send(url, "GET", path, token=token).status == 401
    assert realm.post("revoke", client_id="client-tools", token="unknown").status == 200


def test_userinfo(realm: Realm) -> None:
    token = realm.sign_in()["access_token"]
    shown = realm.get("/protocol/openid-connect/userinfo", token).body
    assert shown["preferred_username"] == "writer"
    assert shown["email"] == "writer@example.com"
    refused = realm.get("/protocol/openid-connect/userinfo", "garbage")
    assert refused.status == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_access_tokens_expire_at_the_services(realm: Realm, send: Any) -> None:
    token = realm.sign_in()["access_token"]
    url, path = realm.sandbox.datastore_url, "/check-access/check-read-access"
    assert send(url, "GET", path, token=token).status == 200
    realm.sandbox.advance(301)
    answer = send(url, "GET", path, token=token)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_service_signs_in_with_its_secret(realm: Realm, send: Any) -> None:
    form = {"grant_type": "client_credentials"}
    posted = realm.post("token", client_id="sandbox-service", client_secret="sandbox-secret", **form)
    basic = base64.b64encode(b"sandbox-service:sandbox-secret").decode()
    by_header = realm.post("token", headers={"Authorization": f"Basic {basic}"}, **form)
    for answer in (posted, by_header):
        assert answer.status == 200
        assert "refresh_token" not in answer.body
        path = "/check-access/check-write-access"
        assert send(realm.sandbox.datastore_url, "GET", path, token=answer.body["access_token"]).status == 200


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_id": "client-tools"}, (400, "invalid_request")),
        ({"client_id": "nobody-knows", "grant_type": "refresh_token"}, (401, "invalid_client")),
        ({"client_id": "client-tools", "grant_type": "password"}, (400, "unauthorized_client")),
        ({"client_id": "client-tools", "grant_type": "magic"}, (400, "unsupported_grant_type")),
        ({"client_id": "client-tools", "grant_type": "client_credentials"}, (401, "unauthorized_client")),
        ({"client_id": "client-tools", "grant_type": "refresh_token"}, (400, "invalid_request")),
        ({"client_id": "client-tools", "grant_type": DEVICE_GRANT}, (400, "invalid_request")),
        (
            {"client_id": "client-tools", "grant_type": DEVICE_GRANT, "device_code": "unknown"},
            (400, "invalid_grant"),
        ),
        (
            {"client_id": "sandbox-service", "client_secret": "wrong", "grant_type": "client_credentials"},
            (401, "unauthorized_client"),
        ),
    ],
    ids=lambda value: value.get("grant_type", "no-grant") if isinstance(value, dict) else None,
)
def test_refusals_of_the_token_endpoint(
    realm: Realm, form: dict[str, str], expected: tuple[int, str]
) -> None:
    assert refusal(realm.post("token", **form)) == expected


def test_openid_scope_brings_an_id_token(realm: Realm) -> None:
    tokens = realm.sign_in(scope="openid")
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert claims["aud"] == "client-tools"


def test_the_page_lets_a_person_decide(realm: Realm, send: Any) -> None:
    code = realm.start()
    page = realm.get(f"/device?user_code={code['user_code']}")
    html = page.content.decode()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'value="{code["user_code"]}"' in html
    assert html.count("<label>") == 2
    assert re.search(r'<button name="decision" value="approve">', html)
    form = {"user_code": code["user_code"], "user": "reader", "decision": "approve"}
    done = send(realm.sandbox.issuer_url, "POST", "/device", form=form)
    assert "Device connected" in done.content.decode()
    assert jwt.decode(realm.poll(code).body["access_token"], options={"verify_signature": False})[
        "preferred_username"
    ] == ("reader")


def test_the_page_denies_and_explains(realm: Realm, send: Any) -> None:
    code = realm.start()
    form = {"user_code": code["user_code"], "user": "reader", "decision": "deny"}
    assert "Device denied" in send(realm.sandbox.issuer_url, "POST", "/device", form=form).content.decode()
    assert refusal(realm.poll(code)) == (400, "access_denied")
    again = send(realm.sandbox.issuer_url, "POST", "/device", form=form)
    assert again.status == 400
    assert 'role="alert"' in again.content.decode()


def test_the_page_shows_codes_as_text(realm: Realm) -> None:
    html = realm.get("/device?user_code=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").content.decode()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.fixture
def eager() -> Iterator[Sandbox]:
    with Sandbox(approve_as="admin", poll_interval=0) as sandbox:
        yield sandbox


def test_devices_can_be_approved_automatically(eager: Sandbox, send: Any) -> None:
    realm = Realm(eager, send)
    code = realm.start()
    assert code["interval"] == 0
    assert realm.poll(code).status == 200


def test_an_unknown_user_cannot_be_approved(realm: Realm) -> None:
    code = realm.start()
    with pytest.raises(LookupError, match="There is no user 'ghost'"):
        realm.sandbox.approve(code["user_code"], "ghost")
    with pytest.raises(ValueError, match="approve_as"):
        Sandbox(approve_as="ghost")
