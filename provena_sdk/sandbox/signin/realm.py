"""The sign-in server of a Keycloak realm: discovery, device codes, tokens, sessions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.users import DEVICE_CLIENTS, SERVICE_CLIENT, SERVICE_SECRET, SERVICE_USER, User
from provena_sdk.sandbox.http.routing import Endpoint, Router, here_only
from provena_sdk.sandbox.http.server import Request, Response, html_response, json_response
from provena_sdk.sandbox.signin import device_page
from provena_sdk.sandbox.signin.sessions import REUSES, DeviceCode, Rotation, Session, Sessions
from provena_sdk.sandbox.signin.tokens import NoUsername, TokenMaker, TokenRefused, subject_of

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lifetimes in the realm, in seconds."""

    access_token: float = 300
    refresh_token: float = 1800
    device_code: float = 600
    poll_interval: float = 5


class _Refusal(Exception):
    """An OAuth error answer."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.response = json_response({"error": error, "error_description": description}, status, _NO_STORE)


class SignIn:
    """The sign-in server of one realm.

    Args:
        clock: The sandbox's clock.
        users: The users, by name.
        lifetimes: Lifetimes of codes and tokens.
        realm: The realm's name.
        rotation: How often a refresh or offline token can be used; one use more ends its session.
    """

    def __init__(
        self, clock: Clock, users: Mapping[str, User], lifetimes: Lifetimes, *, realm: str, rotation: Rotation
    ) -> None:
        self.clock = clock
        self.users = users
        self.lifetimes = lifetimes
        self.sessions = Sessions()
        self.rotation: Rotation = rotation
        self.approve_as: str | None = None
        self._base = f"/auth/realms/{realm}"
        self.tokens = TokenMaker("", clock)
        self.router = Router()
        protocol = f"{self._base}/protocol/openid-connect"
        for method, path, endpoint in (
            ("GET", self._base, self._about_realm),
            ("GET", f"{self._base}/.well-known/openid-configuration", self._configuration),
            ("GET", f"{protocol}/certs", lambda _: json_response(self.tokens.keys())),
            ("POST", f"{protocol}/auth/device", self._guarded(self._start_device)),
            ("POST", f"{protocol}/token", self._guarded(self._token)),
            ("POST", f"{protocol}/token/introspect", self._guarded(self._introspect)),
            ("POST", f"{protocol}/revoke", self._guarded(self._revoke)),
            ("POST", f"{protocol}/logout", self._guarded(self._logout)),
            ("GET", f"{protocol}/userinfo", self._userinfo),
            ("POST", f"{protocol}/userinfo", self._userinfo),
            ("GET", f"{self._base}/device", here_only(self._show_page)),
            ("POST", f"{self._base}/device", here_only(self._decide_page)),
        ):
            self.router.add(method, path, endpoint)

    def at(self, url: str) -> str:
        """Set the server's URL, and return the issuer."""
        self.tokens.issuer = url + self._base
        return self.tokens.issuer

    def approve(self, user_code: str, user: str) -> None:
        """Approve a waiting device for ``user``.

        Raises:
            LookupError: No device is waiting with this code, or there is no such user.
        """
        if user not in self.users:
            raise LookupError(f"There is no user {user!r}.")
        code = self._waiting(user_code)
        code.user, code.decision = user, "approved"

    def deny(self, user_code: str) -> None:
        """Deny a waiting device.

        Raises:
            LookupError: No device is waiting with this code.
        """
        self._waiting(user_code).decision = "denied"

    def _waiting(self, user_code: str) -> DeviceCode:
        code = self.sessions.waiting(user_code, self.clock.now())
        if code is None:
            raise LookupError(f"No device is waiting with the code {user_code!r}.")
        return code

    def access_token(self, user: User, lifetime: float | None) -> str:
        """Return an access token of a new session, without a refresh token."""
        session = self.sessions.open(user.name, DEVICE_CLIENTS[0], "email profile", offline=False)
        return self.tokens.access_token(user, lifetime=lifetime, client=session.client, session=session.id)

    def offline_token(self, user: User) -> str:
        """Return an offline token of a new session."""
        session = self.sessions.open(
            user.name, DEVICE_CLIENTS[1], "offline_access email profile", offline=True
        )
        return self._refresh_token(session)

    def _refresh_token(self, session: Session) -> str:
        return self.tokens.refresh_token(
            client=session.client,
            session=session.id,
            lifetime=None if session.offline else self.lifetimes.refresh_token,
            offline=session.offline,
            reuse_id=None if self.rotation == "off" else session.reuse_id,
        )

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        def answer(request: Request) -> Response:
            try:
                return endpoint(request)
            except _Refusal as refusal:
                return refusal.response

        return answer

    def _about_realm(self, _: Request) -> Response:
        issuer = self.tokens.issuer
        return json_response(
            {
                "realm": issuer.rpartition("/")[2],
                "public_key": self.tokens.public_key(),
                "token-service": f"{issuer}/protocol/openid-connect",
                "account-service": f"{issuer}/account",
                "tokens-not-before": 0,
            }
        )

    def _configuration(self, _: Request) -> Response:
        issuer = self.tokens.issuer
        protocol = f"{issuer}/protocol/openid-connect"
        return json_response(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{protocol}/auth",
                "token_endpoint": f"{protocol}/token",
                "introspection_endpoint": f"{protocol}/token/introspect",
                "userinfo_endpoint": f"{protocol}/userinfo",
                "end_session_endpoint": f"{protocol}/logout",
                "jwks_uri": f"{protocol}/certs",
                "revocation_endpoint": f"{protocol}/revoke",
                "device_authorization_endpoint": f"{protocol}/auth/device",
                "grant_types_supported": ["refresh_token", "client_credentials", DEVICE_GRANT],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile", "offline_access", "roles"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "claims_supported": ["aud", "sub", "iss", "name", "preferred_username", "email"],
            }
        )

    def _client(self, request: Request, form: Mapping[str, str]) -> str:
        client, secret = form.get("client_id", ""), form.get("client_secret")
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise _Refusal(
                    "invalid_client", "Invalid client or Invalid client credentials", 401
                ) from None
            client, secret = unquote(name), unquote(password)
        if client == SERVICE_CLIENT and secret != SERVICE_SECRET:
            raise _Refusal("unauthorized_client", "Invalid client or Invalid client credentials", 401)
        if client not in (*DEVICE_CLIENTS, SERVICE_CLIENT):
            raise _Refusal("invalid_client", "Invalid client or Invalid client credentials", 401)
        return client

    def _start_device(self, request: Request) -> Response:
        form = request.form()
        client = self._client(request, form)
        if client not in DEVICE_CLIENTS:
            raise _Refusal(
                "unauthorized_client",
                "Client is not allowed to initiate OAuth 2.0 Device Authorization Grant.",
            )
        lifetimes = self.lifetimes
        expires = self.clock.now() + lifetimes.device_code
        scope = form.get("scope", "")
        code = self.sessions.new_code(client, scope, expires=expires, interval=lifetimes.poll_interval)
        if self.approve_as is not None:
            self.approve(code.user_code, self.approve_as)
        page = f"{self.tokens.issuer}/device"
        return json_response(
            {
                "device_code": code.device_code,
                "user_code": code.user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?{urlencode({'user_code': code.user_code})}",
                "expires_in": _whole(lifetimes.device_code),
                "interval": _whole(lifetimes.poll_interval),
            },
            headers=_NO_STORE,
        )

    def _token(self, request: Request) -> Response:
        form = request.form()
        grant = form.get("grant_type")
        if grant is None:
            raise _Refusal("invalid_request", "Missing form parameter: grant_type")
        client = self._client(request, form)
        if grant == DEVICE_GRANT:
            return self._device_grant(client, form)
        if grant == "refresh_token":
            return self._refresh_grant(client, form)
        if grant == "client_credentials":
            if client != SERVICE_CLIENT:
                raise _Refusal(
                    "unauthorized_client", "Public client not allowed to retrieve service account", 401
                )
            return self._service_grant(form)
        if grant == "password":
            raise _Refusal("unauthorized_client", "Client not allowed for direct access grants")
        raise _Refusal("unsupported_grant_type", "Unsupported grant_type")

    def _device_grant(self, client: str, form: Mapping[str, str]) -> Response:
        given = form.get("device_code")
        if given is None:
            raise _Refusal("invalid_request", "Missing parameter: device_code")
        code = self.sessions.code(given)
        if code is None:
            raise _Refusal("invalid_grant", "Device code not valid")
        if code.client != client:
            raise _Refusal("invalid_grant", "unauthorized client")
        now = self.clock.now()
        if code.expires <= now:
            raise _Refusal("expired_token", "Device code is expired")
        early = code.last_poll is not None and now - code.last_poll < code.interval
        code.last_poll = now
        if early:
            raise _Refusal("slow_down", "Slow down")
        if code.decision == "denied":
            raise _Refusal("access_denied", "The end user denied the authorization request")
        if code.decision == "pending" or code.user is None:
            raise _Refusal("authorization_pending", "The authorization request is still pending")
        self.sessions.forget(code)
        offline = "offline_access" in code.scope.split()
        return self._grant(self.sessions.open(code.user, client, code.scope, offline=offline))

    def _refresh_grant(self, client: str, form: Mapping[str, str]) -> Response:
        given = form.get("refresh_token")
        if given is None:
            raise _Refusal("invalid_request", "No refresh token")
        session = self._session_of(given, client)
        claims = self.tokens.read_refresh_token(given)
        if claims.get("exp", self.clock.now() + 1) <= self.clock.now():
            raise _Refusal("invalid_grant", "Token is not active")
        session.used[claims["jti"]] += 1
        if session.used[claims["jti"]] - 1 > REUSES[self.rotation]:
            self.sessions.cut_off(session.id)
            raise _Refusal("invalid_grant", "Maximum allowed refresh token reuse exceeded")
        return self._grant(session)

    def _session_of(self, refresh_token: str, client: str) -> Session:
        try:
            claims = self.tokens.read_refresh_token(refresh_token)
        except TokenRefused as refused:
            raise _Refusal("invalid_grant", refused.detail) from None
        if claims["azp"] != client:
            raise _Refusal(
                "invalid_grant", "Invalid refresh token. Token client and authorized client don't match"
            )
        session = self.sessions.find(claims["sid"])
        if session is None:
            raise _Refusal("invalid_grant", self._why_over(claims))
        return session

    def _why_over(self, claims: Mapping[str, object]) -> str:
        if self.sessions.was_cut_off(str(claims["sid"])):
            return "Session doesn't have required client"
        return "Offline user session not found" if claims["typ"] == "Offline" else "Session not active"

    def _grant(self, session: Session) -> Response:
        lifetimes = self.lifetimes
        user = self.users[session.user]
        scope = " ".join(dict.fromkeys([*session.scope.split(), "email", "profile"]))
        refresh = self._refresh_token(session)
        access = self.tokens.access_token(
            user, lifetime=lifetimes.access_token, client=session.client, session=session.id, scope=scope
        )
        body: dict[str, object] = {
            "access_token": access,
            "expires_in": _whole(lifetimes.access_token),
            "refresh_expires_in": 0 if session.offline else _whole(lifetimes.refresh_token),
            "refresh_token": refresh,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "session_state": session.id,
            "scope": scope,
        }
        if "openid" in scope.split():
            claims = {
                "aud": session.client,
                "azp": session.client,
                "sub": subject_of(user.name),
                "sid": session.id,
                "preferred_username": user.name,
                "email": user.email,
            }
            body["id_token"] = self.tokens.sign(claims, lifetime=lifetimes.access_token, kind="ID")
        return json_response(body, headers=_NO_STORE)

    def _service_grant(self, form: Mapping[str, str]) -> Response:
        user = self.users.get(SERVICE_USER)
        if user is None:
            raise _Refusal("unauthorized_client", "Client not enabled to retrieve service account", 401)
        session = self.sessions.open(user.name, SERVICE_CLIENT, form.get("scope", ""), offline=False)
        lifetime = self.lifetimes.access_token
        token = self.tokens.access_token(user, lifetime=lifetime, client=SERVICE_CLIENT, session=session.id)
        return json_response(
            {
                "access_token": token,
                "expires_in": _whole(lifetime),
                "refresh_expires_in": 0,
                "token_type": "Bearer",
                "not-before-policy": 0,
                "scope": "email profile",
            },
            headers=_NO_STORE,
        )

    def _introspect(self, request: Request) -> Response:
        form = request.form()
        if self._client(request, form) != SERVICE_CLIENT:
            raise _Refusal("invalid_request", "Client not allowed.", 403)
        token = form.get("token")
        if token is None:
            raise _Refusal("invalid_request", "Token not provided.")
        return json_response(self._introspected(token), headers=_NO_STORE)

    def _introspected(self, token: str) -> dict[str, object]:
        inactive: dict[str, object] = {"active": False}
        claims = self._active_claims(token)
        session = None if claims is None else self.sessions.find(claims.get("sid", ""))
        if claims is None or session is None:
            return inactive
        known = {"client_id": session.client, "username": session.user, "token_type": claims["typ"]}
        return {**claims, **known, "active": True}

    def _active_claims(self, token: str) -> dict[str, Any] | None:
        """Return the claims of an access or refresh token that is valid now."""
        try:
            return self.tokens.claims(token)
        except (TokenRefused, NoUsername):
            pass
        try:
            claims = self.tokens.read_refresh_token(token)
        except TokenRefused:
            return None
        return claims if claims.get("exp", self.clock.now() + 1) > self.clock.now() else None

    def _revoke(self, request: Request) -> Response:
        form = request.form()
        client = self._client(request, form)
        token = form.get("token")
        if token is None:
            raise _Refusal("invalid_request", "Token not provided")
        try:
            self.sessions.end(self._session_of(token, client).id)
        except _Refusal:
            self._revoke_access(token)
        return Response(200, b"", None, _NO_STORE)

    def _revoke_access(self, token: str) -> None:
        try:
            self.tokens.revoked.add(self.tokens.claims(token)["jti"])
        except (TokenRefused, NoUsername, KeyError):
            return  # by RFC 7009, an unknown token counts as revoked

    def _logout(self, request: Request) -> Response:
        form = request.form()
        client = self._client(request, form)
        given = form.get("refresh_token")
        if given is None:
            raise _Refusal("invalid_request", "No refresh token")
        self.sessions.end(self._session_of(given, client).id)
        return Response(204, b"", None)

    def _userinfo(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _no_userinfo(self.tokens.issuer, "invalid_request", "Token not provided")
        try:
            claims = self.tokens.claims(token)
        except (TokenRefused, NoUsername):
            return _no_userinfo(self.tokens.issuer, "invalid_token", "Token verification failed")
        if self.sessions.find(claims.get("sid", "")) is None:
            return _no_userinfo(
                self.tokens.issuer,
                "invalid_token",
                "User session not found or doesn't have client attached on it",
            )
        shown = ("sub", "email_verified", "name", "preferred_username", "email")
        return json_response({name: claims[name] for name in shown if name in claims})

    def _show_page(self, request: Request) -> Response:
        return self._page(request.query.get("user_code", ""))

    def _page(
        self, user_code: str, alert: str | None = None, chosen: str = "writer", status: int = 200
    ) -> Response:
        names = [name for name in self.users if name != SERVICE_USER]
        return html_response(
            device_page.ask(f"{self._base}/device", user_code, names, chosen=chosen, alert=alert), status
        )

    def _decide_page(self, request: Request) -> Response:
        form = request.form()
        user_code, user = form.get("user_code", ""), form.get("user", "")
        approved = form.get("decision") == "approve"
        try:
            if approved:
                self.approve(user_code, user)
            else:
                self.deny(user_code)
        except LookupError as error:
            return self._page(user_code, str(error), user, 400)
        return html_response(device_page.done(approved=approved, user=user))


def _whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


def _no_userinfo(issuer: str, error: str, description: str) -> Response:
    realm = issuer.rpartition("/")[2]
    challenge = f'Bearer realm="{realm}", error="{error}", error_description="{description}"'
    return json_response(
        {"error": error, "error_description": description}, 401, {"www-authenticate": challenge}
    )
