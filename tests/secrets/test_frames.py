"""Every kind of error, and every local variable of every frame that it came through searched for every secret."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpcore
import pytest
import requests

from provena_sdk import AsyncProvena, Deployment, Provena, ProvenaError
from provena_sdk.auth.errors import _TABLE
from provena_sdk.s3 import retry
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.data.users import SERVICE_CLIENT, SERVICE_SECRET
from provena_sdk.sandbox.object_store import ObjectFault
from provena_sdk.sandbox.seed import metadata

if TYPE_CHECKING:
    from tests.secrets.conftest import Secrets

ShownBy = Callable[[BaseException], str]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=1.0, most=4))


@pytest.fixture
def deployment(sandbox: Sandbox, home: Path) -> Deployment:
    return Deployment.from_env(sandbox.environment())


class Frames:
    """Lets things fail, and notes each secret in the frames of the errors."""

    def __init__(self, secrets: Secrets, shown_by: ShownBy) -> None:
        self._secrets = secrets
        self._shown_by = shown_by
        self.leaks: list[str] = []
        self.kinds: set[str] = set()

    @contextmanager
    def of(self, what: str, kind: type[BaseException] = ProvenaError) -> Iterator[None]:
        with pytest.raises(kind) as raised:
            yield
        shown = self._shown_by(raised.value)
        self.kinds.add(type(raised.value).__name__)
        for line in shown.split("\n"):
            self.leaks += [f"{what}: {secret} in {line[:80]}" for secret in self._secrets.within(line)]


@pytest.fixture
def frames(secrets: Secrets, shown_by: ShownBy) -> Frames:
    return Frames(secrets, shown_by)


def answer(status: int, body: str = '{"detail": "no"}', **more: Any) -> Fault:
    return Fault(service="datastore", path="/re*", times=None, status=status, body=body, **more)


SERVICE: dict[str, Fault] = {
    **{str(status): answer(status) for status in (302, 400, 401, 403, 404, 405, 408, 409, 418, 422, 429)},
    **{str(status): answer(status) for status in (204, 500, 502, 503, 504)},
    "a bad token": answer(
        401, '{"detail": "Could not validate credentials"}', headers={"www-authenticate": "Bearer"}
    ),
    "a missing role": answer(401, '{"detail": "You don\'t have the correct role"}'),
    "a page": answer(502, "<html><title>Bad gateway</title></html>", content_type="text/html"),
    "a refusal": answer(200, '{"status": {"success": false, "details": "no"}}'),
    "another shape": answer(200, "[1]"),
    "no JSON": answer(200, "nothing"),
    "cut short": Fault(service="datastore", path="/re*", times=None, truncate=9),
    "broken before": Fault(service="datastore", path="/re*", times=None, drop="before"),
    "broken after": Fault(service="datastore", path="/re*", times=None, drop="after"),
    "out of time": Fault(service="datastore", path="/re*", times=None, stall=5.0),
}


def unshown(secrets: Secrets, frames: Frames) -> None:
    assert frames.leaks == []
    assert {"access token"} <= secrets.kinds()


@pytest.mark.parametrize("name", SERVICE)
def test_the_services(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames, name: str
) -> None:
    handle = sandbox.add_dataset("Private", owner="writer")
    sandbox.faults.add(replace(SERVICE[name]))
    options: dict[str, Any] = {"access_token": sandbox.access_token(), "max_retries": 1, "timeout": 0.5}
    with Provena(deployment, **options) as provena:
        with frames.of("fetching"):
            provena.datastore.fetch_dataset(handle)
        with frames.of("minting"):
            provena.datastore.mint_dataset(metadata("Twice"))
    unshown(secrets, frames)


@pytest.mark.parametrize("name", SERVICE)
async def test_the_services_awaited(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames, name: str
) -> None:
    handle = sandbox.add_dataset("Private", owner="writer")
    sandbox.faults.add(replace(SERVICE[name]))
    options: dict[str, Any] = {"access_token": sandbox.access_token(), "max_retries": 1, "timeout": 0.5}
    async with AsyncProvena(deployment, **options) as provena:
        with frames.of("fetching"):
            await provena.datastore.fetch_dataset(handle)
        with frames.of("minting"):
            await provena.datastore.mint_dataset(metadata("Twice"))
        with frames.of("several at once", ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(provena.datastore.fetch_dataset(handle))
    unshown(secrets, frames)


def test_a_service_that_cannot_be_reached(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames
) -> None:
    nobody = replace(deployment, datastore="http://127.0.0.1:9", search="http://127.0.0.1:9")
    with Provena(nobody, access_token=sandbox.access_token(), max_retries=0) as provena:
        with frames.of("the datastore"):
            provena.datastore.fetch_dataset("10378.1/1900005")
        with frames.of("the search"):
            provena.search.search_registry("reef")
    with frames.of("a closed client"):
        provena.datastore.fetch_dataset("10378.1/1900005")
    unshown(secrets, frames)


def test_interrupted(
    sandbox: Sandbox,
    deployment: Deployment,
    secrets: Secrets,
    frames: Frames,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with Provena(deployment, access_token=sandbox.access_token()) as provena:
        monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", interrupted)
        with frames.of("a call", KeyboardInterrupt):
            provena.datastore.fetch_dataset("10378.1/1900005")
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", interrupted)
    with (
        Provena(deployment, offline_token=sandbox.offline_token()) as provena,
        frames.of("signing in", KeyboardInterrupt),
    ):
        provena.whoami()
    unshown(secrets, frames)


async def test_cancelled(sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames) -> None:
    handle = sandbox.add_dataset("Slow", owner="writer")
    sandbox.faults.add(Fault(service="datastore", path="/registry/*", times=None, stall=5.0))
    async with AsyncProvena(deployment, access_token=sandbox.access_token()) as provena:
        with frames.of("a call", TimeoutError):
            async with asyncio.timeout(0.3):
                await provena.datastore.fetch_dataset(handle)
        with frames.of("several calls", TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.gather(*(provena.datastore.fetch_dataset(handle) for _ in range(3)))
        task = asyncio.create_task(provena.datastore.fetch_dataset(handle))
        await asyncio.sleep(0.2)
        task.cancel()
        with frames.of("a task", asyncio.CancelledError):
            await task
    sandbox.faults.clear()
    sandbox.faults.add(Fault(service="signin", times=None, stall=3.0))
    async with AsyncProvena(deployment, offline_token=sandbox.offline_token()) as provena:
        with frames.of("signing in", TimeoutError):
            async with asyncio.timeout(0.3):
                await provena.whoami()
    unshown(secrets, frames)


KEYS = (
    '{"credentials": {"aws_access_key_id": "%s", "aws_secret_access_key": "made-secret", '
    '"aws_session_token": "made-token%s"%s}, "status": {"success": true, "details": ""}}'
)
EXPIRY = ', "expiry": "2099-01-01T00:00:00Z"'


@pytest.mark.parametrize(
    "body",
    [
        KEYS % ("made-id", "", ""),
        KEYS % ("made-id", "", EXPIRY.replace("Z", "")),
        KEYS % ("made-id", "\\ud800", EXPIRY),
        KEYS % ("made-id", "\\r\\nx: y", EXPIRY),
        KEYS % ("made id", "", EXPIRY),
        (KEYS % ("made-id", "", EXPIRY))[:-3],
        '{"presigned_url": ["https://x/?Signature=made-secret"]}',
    ],
    ids=["no expiry", "no time zone", "a surrogate", "a line break", "a space", "cut short", "no URL"],
)
def test_credentials_that_cannot_be_used(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames, body: str
) -> None:
    for kind in ("made-id", "made id", "made-secret", "made-token"):
        secrets.note(kind, kind)
    handle = sandbox.add_dataset("Reef", owner="writer")
    with Provena(deployment, access_token=sandbox.access_token(), max_retries=0) as provena:
        reef = provena.datastore.interactive_dataset(handle)
        sandbox.faults.add(Fault(service="datastore", path="/registry/cred*", times=None, body=body))
        sandbox.faults.add(
            Fault(service="datastore", path="*/generate-presigned-url", times=None, status=200, body=body)
        )
        with frames.of("listing"):
            reef.list_files()
        with frames.of("opening"):
            reef.open("a.csv").read()
        with frames.of("a signed URL"):
            reef.presigned_url("a.csv")
    unshown(secrets, frames)
    assert frames.kinds == {"UnreadableAnswer"}


def test_files(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames, tmp_path: Path
) -> None:
    handle = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1,2", "b.csv": b"3,4"})
    kinds = ("internal_error", "reset", "truncate", "corrupt", "slow_down", "expire_credentials")
    with Provena(deployment, access_token=sandbox.access_token()) as provena:
        reef = provena.datastore.interactive_dataset(handle)
        for kind in kinds:
            sandbox.s3_faults.clear()
            sandbox.s3_faults.add(ObjectFault(kind=kind, key="*/a.csv", times=None))  # type: ignore[arg-type]
            if kind not in ("corrupt", "slow_down"):
                with frames.of(f"reading, {kind}", Exception):
                    reef.open("a.csv").read()
            with frames.of(f"a download, {kind}", ExceptionGroup):
                reef.download_all_files(tmp_path / kind)
        sandbox.s3_faults.clear()
        with frames.of("a missing file"):
            reef.open("c.csv").read()
    unshown(secrets, frames)
    assert "S3 session token" in secrets.kinds()


def oauth(code: str, status: int = 400) -> Fault:
    body = f'{{"error": "{code}", "error_description": "no"}}'
    return Fault(service="signin", path="*/token", times=None, status=status, body=body)


SIGN_IN: dict[str, Fault] = {
    **{code: oauth(code) for code in _TABLE},
    "a wrong secret": oauth("unauthorized_client", 401),
    "an unknown error": oauth("odd"),
    "a failing server": oauth("server_error"),
    **{
        str(status): Fault(service="signin", path="*/token", times=None, status=status, body="no")
        for status in (200, 302, 404, 418, 429, 500, 503)
    },
    "no bearer token": Fault(
        service="signin", path="*/token", times=None, body='{"access_token": "x y", "refresh_token": "zz"}'
    ),
    "broken": Fault(service="signin", times=None, drop="before"),
    "cut short": Fault(service="signin", times=None, truncate=20),
    "another issuer": Fault(
        service="signin", path="*/openid-configuration", times=None, body='{"issuer": "x"}'
    ),
}


@pytest.mark.parametrize("way", ["offline", "service", "session"])
def test_signing_in(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames, way: str
) -> None:
    secrets.note("made refresh token", '"zz"')
    options: dict[str, Any] = {"interactive": False}
    if way == "session":
        with Provena(deployment, interactive=True) as provena:
            provena.sign_in()
        sandbox.advance(301)
    elif way == "offline":
        options["offline_token"] = sandbox.offline_token()
    else:
        options |= {"client_id": SERVICE_CLIENT, "client_secret": SERVICE_SECRET}
    for name, fault in SIGN_IN.items():
        sandbox.faults.clear()
        sandbox.faults.add(replace(fault))
        with Provena(deployment, **options) as provena:
            with frames.of(f"whoami, {name}"):
                provena.whoami()
            with frames.of(f"a call, {name}"):
                provena.datastore.check_access("read")
        if way == "session" and frames.kinds & {"SessionEnded"}:
            frames.kinds.discard("SessionEnded")
            sandbox.faults.clear()
            with Provena(deployment, interactive=True) as provena:
                provena.sign_in()
            sandbox.advance(301)
    assert frames.leaks == []
    assert frames.kinds


@pytest.mark.slow
def test_a_person_signing_in(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames
) -> None:
    for name, fault in SIGN_IN.items():
        # While these last, the wait for the person goes on.
        if name in ("slow_down", "authorization_pending", "a failing server") or name.isdigit():
            continue
        sandbox.faults.clear()
        sandbox.faults.add(replace(fault))
        with Provena(deployment, interactive=True) as provena, frames.of(name):
            provena.sign_in()
    assert frames.leaks == []
    assert "device code" in secrets.kinds()


def test_signing_out_and_userinfo(
    sandbox: Sandbox, deployment: Deployment, secrets: Secrets, frames: Frames
) -> None:
    with Provena(deployment, interactive=True) as provena:
        provena.sign_in()
        for path in ("*/userinfo", "*/revoke"):
            sandbox.faults.add(Fault(service="signin", path=path, times=None, status=500, body="no"))
        with frames.of("userinfo"):
            provena.whoami()
        with frames.of("signing out"):
            provena.sign_out()
    assert frames.leaks == []
    assert {"access token", "refresh token"} <= secrets.kinds()


def test_settings(
    sandbox: Sandbox,
    home: Path,
    secrets: Secrets,
    frames: Frames,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = sandbox.offline_token()
    secrets.note("password in the environment", "the-password")
    monkeypatch.setenv("OTHER_PASSWORD", "the-password")
    monkeypatch.setenv("PROVENA_OFFLINE_TOKEN", token)
    arguments: list[dict[str, Any]] = [
        {"timeout": -1},
        {"profile": "nobody"},
        {"access_token": token, "offline_token": token},
        {"access_token": f"{token} {token}"},
        {"offline_token": f"{token}\n{token}"},
        {"offline_token": token.encode()},
        {"client_secret": token},
        {"ca_file": str(home / "missing.pem"), "access_token": token},
    ]
    for wrong in arguments:
        with frames.of(str(list(wrong))), Provena(**wrong) as provena:
            provena.datastore.check_access("read")
    environment = {**sandbox.environment(), "PROVENA_OFFLINE_TOKEN": token, "PROVENA_MAX_RETRIES": "x"}
    with frames.of("an environment that is given"):
        Provena.from_env(environment)
    monkeypatch.setenv("PROVENA_MAX_RETRIES", "x")
    with frames.of("a client"):
        Provena()
    with frames.of("a client from the environment"):
        Provena.from_env()
    monkeypatch.delenv("PROVENA_MAX_RETRIES")
    with Provena() as provena:
        monkeypatch.setenv("PROVENA_OFFLINE_TOKEN", f"{token} {token}")
        source = provena.tokens
        copied = type(source).__new__(type(source))
        copied.__setstate__(source.__getstate__())
    with frames.of("a token of two words"), Provena() as provena:
        provena.whoami()
    monkeypatch.delenv("PROVENA_OFFLINE_TOKEN")
    for program, status in ((f"print({token!r})", 1), (f"print({token!r}, 2)", 0)):
        (home / "config.toml").write_text(
            "[profiles.default]\noffline_token_command = "
            f"{[sys.executable, '-c', f'import sys; {program}; sys.exit({status})']!r}\n"
        )
        with frames.of("a command that fails"), Provena() as provena:
            provena.whoami()
    held = home / "token"
    held.write_text(f"{token} {token}")
    (home / "config.toml").write_text(f"[profiles.default]\noffline_token_file = {str(held)!r}\n")
    with frames.of("a file of two tokens"), Provena() as provena:
        provena.whoami()
    assert frames.leaks == []
