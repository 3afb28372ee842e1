"""Dask workers that act as whoever shared the sign-in with them, without one of their own."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
from distributed import Client, LocalCluster

from provena_sdk import Deployment, Provena
from provena_sdk.auth import token_source
from provena_sdk.auth.shared_tokens import HANDED, HandedToken, HandedTokens
from provena_sdk.dask import SharedSignIn, _TokenHandover, share_sign_in
from provena_sdk.errors import ClosedError, InvalidArgument, SessionEnded, SignInRequired
from provena_sdk.sandbox import Sandbox
from provena_sdk.secret import Secret

ISSUER = "https://auth.example.org/realms/reef"


def handed(token: str, ends: float | None, holder: str = "h", issuer: str = ISSUER) -> HandedToken:
    return HandedToken(holder, issuer, Secret(token), ends)


# What a process holds.


def test_the_token_that_ends_last_is_used() -> None:
    tokens = HandedTokens(clock=lambda: 100.0)
    assert not tokens
    for one in (handed("new", 200), handed("old", 150), handed("other", 300, issuer="https://elsewhere")):
        tokens.put(one)
    found = tokens.find(ISSUER)
    assert found is not None
    assert found.token.reveal() == "new"
    assert tokens.find(ISSUER, but="h") is None, "whoever hands them out does not use them"
    tokens.remove(handed("new", 200))
    tokens.remove(handed("new", 200))
    assert tokens.find(ISSUER) == handed("old", 150)


def test_a_token_that_has_ended_is_waited_for() -> None:
    tokens = HandedTokens(clock=lambda: 100.0, patience=20)
    tokens.put(handed("old", 90))
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(tokens.newer, ISSUER, None)
        time.sleep(0.1)
        assert not waiting.done()
        tokens.put(handed("new", 200))
        found = waiting.result(20)
    assert found == handed("new", 200)
    assert HandedTokens(clock=lambda: 100.0).newer(ISSUER, None) is None


def test_one_that_never_comes_is_not_waited_for_for_ever() -> None:
    tokens = HandedTokens(clock=lambda: 100.0, patience=0.05)
    tokens.put(handed("old", 90))
    assert tokens.newer(ISSUER, None) is None
    tokens.put(handed("refused", 200))
    assert tokens.newer(ISSUER, Secret("refused")) is None


def test_no_token_is_shown() -> None:
    assert "hush" not in repr(handed("hush", None))
    assert "hush" not in repr(_TokenHandover(handed("hush", None)))


# A process that was handed one.


@pytest.fixture
def elsewhere(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandedToken]:
    """This process has no way to sign in, and a token from elsewhere."""
    monkeypatch.delenv("PROVENA_ACCESS_TOKEN")
    one = HandedToken("h", sandbox.issuer_url, Secret(sandbox.access_token("reader")), time.time() + 300)
    HANDED.put(one)
    yield one
    HANDED.remove(one)
    assert not HANDED


def test_it_is_used_where_nobody_signed_in(elsewhere: HandedToken, sandbox: Sandbox) -> None:
    handle = sandbox.add_dataset("Reef", files={"a.csv": b"1"})
    sandbox.requests.clear()
    with Provena(interactive=False) as provena:
        assert provena.whoami().username == "reader"
    assert fsspec.open(f"provena://{handle}/a.csv").open().read() == b"1"
    assert not [entry for entry in sandbox.requests if entry.path.endswith("/token")]


def test_it_comes_before_an_offline_token_and_not_before_an_access_token(
    elsewhere: HandedToken, sandbox: Sandbox
) -> None:
    deployment = Deployment.from_env(sandbox.environment())
    by_offline = token_source(deployment, offline_token=sandbox.offline_token("writer"))
    assert by_offline.claims().username == "reader"
    by_access = token_source(deployment, access_token=sandbox.access_token("writer"))
    assert by_access.claims().username == "writer"


def test_one_that_was_refused_is_replaced_by_a_newer(elsewhere: HandedToken, sandbox: Sandbox) -> None:
    newer = HandedToken("h", sandbox.issuer_url, Secret(sandbox.access_token("reader")), time.time() + 400)
    with Provena(interactive=False) as provena:
        assert provena.datastore.check_access("read").username == "reader"
        sandbox.advance(301)
        HANDED.put(newer)
        try:
            fresh = HandedToken(
                "h", sandbox.issuer_url, Secret(sandbox.access_token("reader")), time.time() + 500
            )
            HANDED.put(fresh)
            assert provena.datastore.check_access("read").username == "reader"
            HANDED.remove(fresh)
        finally:
            HANDED.remove(newer)
            sandbox.clock.resume()


def test_one_that_ended_for_good_says_what_to_do(
    elsewhere: HandedToken, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HANDED, "_patience", 0.05)
    source = token_source(Deployment.from_env(sandbox.environment()), interactive=False)
    with pytest.raises(SessionEnded, match="Keep share_sign_in"):
        source.renew(elsewhere.token)


def test_nothing_is_used_once_it_was_taken_back(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVENA_ACCESS_TOKEN")
    one = HandedToken("h", sandbox.issuer_url, Secret(sandbox.access_token("reader")), None)
    HANDED.put(one)
    source = token_source(Deployment.from_env(sandbox.environment()), interactive=False)
    assert source.claims().username == "reader"
    HANDED.remove(one)
    with pytest.raises(SignInRequired):
        source.token()


# A cluster.


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two workers in processes of their own, which have no way to sign in."""
    nowhere = tmp_path_factory.mktemp("nowhere")
    names = [name for name in os.environ if name.startswith("PROVENA_")]
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(name)
        patch.setenv("PROVENA_STATE_DIR", str(nowhere))
        patch.setenv("PROVENA_CONFIG_FILE", str(nowhere / "config.toml"))
        started: Any = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")  # type: ignore[no-untyped-call]  # Dask's
    with started, Client(started) as client:  # type: ignore[no-untyped-call]  # Dask's
        yield client


def who(environment: dict[str, str], number: int) -> tuple[str, int]:
    with Provena(Deployment.from_env(environment), interactive=False) as provena:
        for _ in range(3):
            name = provena.datastore.check_access("write").username
            time.sleep(0.2)
    return name, os.getpid()


@pytest.mark.slow
def test_a_token_that_is_good_for_one_use_serves_a_whole_job(cluster: Client, tmp_path: Path) -> None:
    """Only the holder renews; the workers' access tokens live for two seconds."""
    with Sandbox(rotation="no-reuse", access_token_seconds=2) as sandbox:
        environment, token = sandbox.environment(), tmp_path / "token"
        token.write_text(sandbox.offline_token("writer"), "utf-8")
        token.chmod(0o600)
        with Provena.from_env(environment | {"PROVENA_OFFLINE_TOKEN_FILE": str(token)}) as provena:
            with share_sign_in(cluster, provena) as shared:
                assert "localhost, open" in repr(shared)
                futures = cluster.map(lambda n: who(environment, n), range(12), pure=False)
                results = cluster.gather(futures)  # type: ignore[no-untyped-call]
                assert {name for name, _ in results} == {"writer"}
                assert len({process for _, process in results} - {os.getpid()}) == 2
                # What is pickled here uses the tokens there.
                assert cluster.submit(lambda made: made.whoami().username, provena).result() == "writer"
            failed = cluster.submit(who, environment, 0, pure=False).exception()  # type: ignore[no-untyped-call]
            assert isinstance(failed, SignInRequired), "taken back"
            with pytest.raises(ClosedError):
                shared.renew()
        assert sandbox.crashes == []


def test_the_holder_goes_on_in_a_process_that_is_a_worker_as_well(sandbox: Sandbox) -> None:
    token = sandbox.offline_token("writer")
    with (
        Client(processes=False, n_workers=1, dashboard_address=":0") as client,  # type: ignore[no-untyped-call]  # Dask's
        Provena.from_env(sandbox.environment() | {"PROVENA_OFFLINE_TOKEN": token}) as provena,
        share_sign_in(client, provena) as shared,
    ):
        first = provena.tokens.token()
        shared.renew()
        assert provena.tokens.renew(first) != first
        assert client.submit(who, sandbox.environment(), 0).result()[0] == "writer"
    assert not HANDED


def test_what_cannot_be_shared_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidArgument, match="client must be a Dask client"):
        share_sign_in("scheduler:8786")  # type: ignore[arg-type]  # on purpose


def test_it_is_not_pickled(sandbox: Sandbox) -> None:
    shared = SharedSignIn(None, Provena(), owns=True)  # type: ignore[arg-type]  # never opened
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(shared)
