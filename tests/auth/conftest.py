"""A clock that only moves when told, and a small sign-in server with rotating refresh tokens."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import SessionKey
from provena_sdk.config import Deployment

REALM = "/auth/realms/provena"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class FakeClock:
    """Time that passes only by sleeping; ``at`` holds calls to make once that time has come."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0
        self.slept: list[float] = []
        self.at: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds
        for due in [entry for entry in self.at if entry[0] <= self.now]:
            self.at.remove(due)
            due[1]()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.at.append((self.now + seconds, call))


@dataclass
class Answer:
    """One answer to give instead of the server's own; ``drop`` closes the connection without any."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass
class Seen:
    """One request the server got."""

    path: str
    form: dict[str, str]
    at: float


class FakeSignIn:
    """Enough of a Keycloak realm: device codes, rotation with reuse detection, offline tokens, revocation."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.lifetime = 300
        self.interval: float | None = 5
        self.username = "ada"
        self.clock_ahead = 0.0
        self.rotate = True
        self.forgive_reuse = False
        self.secret = secrets.token_urlsafe(12)
        self.decisions: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.spent: dict[str, str] = {}
        self.issued: set[str] = set()
        self.requests: list[Seen] = []
        self.scripted: dict[str, list[Answer]] = {}
        self.before_refresh: Callable[[], None] | None = None
        self.lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one packet: no waiting for delayed acknowledgements

            def do_GET(self) -> None:
                self.answer({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(dict(parse_qsl(body.decode())))

            def answer(self, form: dict[str, str]) -> None:
                answer = fake.answer(self.path, form)
                if answer.drop:
                    self.close_connection = True
                    return
                body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                self.send_response_only(answer.status)
                kind = "text/html" if isinstance(answer.body, str) else "application/json"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body.encode())))
                self.send_header("Date", formatdate(fake.clock.now + fake.clock_ahead, usegmt=True))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())
                self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.issuer = f"http://127.0.0.1:{self._http.server_port}{REALM}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def script(self, endpoint: str, *answers: Answer) -> None:
        """Give these answers, in this order, to the next requests whose path ends in ``endpoint``."""
        self.scripted.setdefault(endpoint, []).extend(answers)

    def calls(self, endpoint: str) -> list[Seen]:
        return [seen for seen in self.requests if seen.path.endswith(endpoint)]

    def access_token(self, username: str | None = None) -> str:
        name = username or self.username
        claims = {
            "preferred_username": name,
            "sub": f"id-of-{name}",
            "jti": secrets.token_hex(8),
            "exp": int(self.clock.now + self.clock_ahead + self.lifetime),
            "realm_access": {"roles": ["entity-registry-read"]},
            "resource_access": {
                "data-store": {"roles": ["data-store-write"]},
                "account": {"roles": ["manage-account", "view-profile"]},
            },
        }
        parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
        token = ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)
        return self.note(f"{token}.{secrets.token_urlsafe(16)}")

    def refresh_token(self, session: str | None = None) -> str:
        token = self.note(f"refresh-{secrets.token_urlsafe(24)}")
        self.sessions[token] = session or secrets.token_hex(8)
        return token

    def note(self, secret: str) -> str:
        self.issued.add(secret)
        return secret

    def tokens(self, session: str | None = None) -> dict[str, Any]:
        return {
            "access_token": self.access_token(),
            "refresh_token": self.refresh_token(session),
            "expires_in": self.lifetime,
            "refresh_expires_in": 1800,
            "token_type": "Bearer",
            "scope": "openid email profile",
        }

    def answer(self, path: str, form: dict[str, str]) -> Answer:
        with self.lock:
            self.requests.append(Seen(path, form, self.clock.now))
            for endpoint, answers in self.scripted.items():
                if path.endswith(endpoint) and answers:
                    return answers.pop(0)
            if path.endswith("/.well-known/openid-configuration"):
                return Answer(body=self.document())
            if path.endswith("/auth/device"):
                return self._device()
            if path.endswith("/revoke"):
                self._end(self.sessions.get(form["token"]))
                return Answer(body={})
            if path.endswith("/token"):
                return self._token(form)
        return Answer(404, {"error": "Realm does not exist"})

    def document(self) -> dict[str, Any]:
        base = f"{self.issuer}/protocol/openid-connect"
        return {
            "issuer": self.issuer,
            "token_endpoint": f"{base}/token",
            "device_authorization_endpoint": f"{base}/auth/device",
            "revocation_endpoint": f"{base}/revoke",
            "userinfo_endpoint": f"{base}/userinfo",
        }

    def _device(self) -> Answer:
        code = self.note(f"device-{secrets.token_urlsafe(16)}")
        self.decisions[code] = "pending"
        body = {
            "device_code": code,
            "user_code": "ABCD-EFGH",
            "verification_uri": f"{self.issuer}/device",
            "verification_uri_complete": f"{self.issuer}/device?user_code=ABCD-EFGH",
            "expires_in": 600,
        }
        if self.interval is not None:
            body["interval"] = self.interval
        return Answer(body=body)

    def decide(self, decision: str) -> None:
        for code in self.decisions:
            self.decisions[code] = decision

    def _token(self, form: dict[str, str]) -> Answer:
        grant = form["grant_type"]
        if grant == DEVICE_GRANT:
            decision = self.decisions.get(form["device_code"], "unknown")
            if decision == "approved":
                del self.decisions[form["device_code"]]
                return Answer(body=self.tokens())
            codes = {
                "pending": "authorization_pending",
                "denied": "access_denied",
                "expired": "expired_token",
                "unknown": "invalid_grant",
            }
            return refused(codes[decision])
        if grant == "client_credentials":
            if form.get("client_secret") != self.secret:
                return refused("invalid_client", status=401)
            return Answer(body={"access_token": self.access_token(), "expires_in": self.lifetime})
        return self._refresh(form["refresh_token"])

    def _refresh(self, token: str) -> Answer:
        if self.before_refresh is not None:
            self.before_refresh()
        if token in self.spent:
            if self.forgive_reuse:
                return refused("invalid_grant", "Stale token")
            self._end(self.spent[token])
            return refused("invalid_grant", "Maximum allowed refresh token reuse exceeded")
        session = self.sessions.get(token)
        if session is None:
            return refused("invalid_grant", "Session not active")
        if self.rotate:
            self.spent[token] = self.sessions.pop(token)
        return Answer(body=self.tokens(session))

    def _end(self, session: str | None) -> None:
        for token in [token for token, owner in self.sessions.items() if owner == session]:
            del self.sessions[token]

    def end_sessions(self) -> None:
        self.sessions.clear()


def refused(code: str, description: str | None = None, status: int = 400) -> Answer:
    body = {"error": code}
    if description is not None:
        body["error_description"] = description
    return Answer(status, body)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sign_in(clock: FakeClock) -> Iterator[FakeSignIn]:
    fake = FakeSignIn(clock)
    yield fake
    fake.close()


@pytest.fixture
def server(sign_in: FakeSignIn, clock: FakeClock) -> SignInServer:
    return SignInServer(sign_in.issuer, clock=clock, sleep=clock.sleep)


@pytest.fixture
def deployment(sign_in: FakeSignIn) -> Deployment:
    return Deployment("example.org", realm="provena", issuer=sign_in.issuer)


@pytest.fixture
def key(deployment: Deployment) -> SessionKey:
    return SessionKey.of(deployment, "client-tools")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ACCESS_TOKEN", "OFFLINE_TOKEN", "CLIENT_ID", "CLIENT_SECRET", "NON_INTERACTIVE"):
        monkeypatch.delenv(f"PROVENA_{name}", raising=False)
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))


@dataclass
class Quiet:
    """A presenter that shows nothing and remembers everything."""

    events: list[Any] = field(default_factory=list)
    answer: bool | None = None

    def show(self, prompt: Any) -> None:
        self.events.append(prompt)

    def waiting(self, seconds_left: float) -> None:
        self.events.append(seconds_left)

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        self.events.append((username, signed_in))

    def confirm(self, question: str) -> bool | None:
        self.events.append(question)
        return self.answer

    def say(self, text: str) -> None:
        self.events.append(text)


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def refuse() -> Callable[..., Answer]:
    return refused
