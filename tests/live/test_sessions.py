"""Sessions at Keycloak: renewed in each of a realm's three modes, stolen, lost on the way, ended here and there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from provena_sdk import errors
from provena_sdk.auth import TokenSource
from provena_sdk.sandbox.signin.sessions import Rotation
from provena_sdk.secret import Secret
from scripts.live.relay import relay
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import Answering, client_of, tokens_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
MODES: tuple[Rotation, ...] = get_args(Rotation)
TOKEN = "/protocol/openid-connect/token"


@pytest.fixture(scope="module")
def realm_in(new_realm: MakeRealm) -> Callable[[Rotation], Realm]:
    made: dict[Rotation, Realm] = {}

    def in_mode(mode: Rotation) -> Realm:
        if mode not in made:
            made[mode] = new_realm(rotation=mode)
        return made[mode]

    return in_mode


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Rotation:
    found: Rotation = request.param
    return found


@pytest.fixture
def reef(mode: Rotation, realm_in: Callable[[Rotation], Realm]) -> Realm:
    return realm_in(mode)


def renew(source: TokenSource) -> Secret:
    return source.renew(source.token())


def stored(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["tokens"]
    return found


def steal(realm: Realm, refresh_token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": "client-tools", "refresh_token": refresh_token}
    return httpx.post(realm.issuer + TOKEN, data=form, trust_env=False)


def test_a_session_is_renewed_again_and_again(reef: Realm, tmp_path: Path) -> None:
    source = tokens_of(reef, folder=tmp_path)
    source.sign_in()
    seen = {source.token()}
    for _ in range(5):
        seen.add(renew(source))
    assert len(seen) == 6
    assert source.claims().username == "writer"
    # Another process goes on from what is stored.
    another = tokens_of(reef, Answering(None), folder=tmp_path)
    assert renew(another) not in seen
    assert renew(source)


def test_a_thief_who_comes_second(mode: Rotation, reef: Realm, tmp_path: Path) -> None:
    """A used refresh token is worth something where the realm allows it, and ends the session where it does not."""
    source = tokens_of(reef, folder=tmp_path)
    source.sign_in()
    stolen = stored(tmp_path)["refresh_token"]
    renew(source)
    answer = steal(reef, stolen)
    if mode == "off":
        assert answer.status_code == 200
        assert renew(source), "both can go on: nothing shows the theft"
        return
    if mode == "one-reuse":
        assert answer.status_code == 200
        answer = steal(reef, stolen)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    with pytest.raises(errors.SessionEnded, match="has ended") as caught:
        renew(source)
    assert "Sign in again" in str(caught.value)
    assert stolen not in str(caught.value)
    assert not list(tmp_path.glob("*.json")), "an ended session is not kept"
    source.sign_in()
    assert renew(source)


def test_a_thief_who_comes_first(mode: Rotation, reef: Realm, tmp_path: Path) -> None:
    source = tokens_of(reef, folder=tmp_path)
    source.sign_in()
    assert steal(reef, stored(tmp_path)["refresh_token"]).status_code == 200
    if mode == "no-reuse":
        with pytest.raises(errors.SessionEnded):
            renew(source)
    else:
        assert renew(source)


def test_an_answer_that_is_lost(mode: Rotation, reef: Realm, tmp_path: Path) -> None:
    """The token arrived and was used up, and nobody heard: asking again is all that can be done."""
    with relay(reef.keycloak.port) as between:
        path = reef.issuer.partition("/auth/")[2]
        endpoint = f"{between.url}/auth/{path}{TOKEN}"
        source = tokens_of(reef, folder=tmp_path, endpoints={"token": endpoint})
        source.sign_in()
        between.lose = 1
        if mode == "no-reuse":
            with pytest.raises(errors.SessionEnded, match="has ended"):
                renew(source)
        else:
            assert renew(source)
            assert renew(source)
        assert between.lost == 1


def test_signing_out_is_seen_at_the_server(reef: Realm, tmp_path: Path) -> None:
    before = len(reef.admin.sessions(reef.name, "admin"))
    with client_of(reef, Answering("admin"), folder=tmp_path) as provena:
        provena.sign_in()
        token = stored(tmp_path)["refresh_token"]
        assert len(reef.admin.sessions(reef.name, "admin")) == before + 1
        provena.sign_out()
    assert len(reef.admin.sessions(reef.name, "admin")) == before
    assert steal(reef, token).json()["error"] == "invalid_grant"
    assert not list(tmp_path.glob("*.json"))


def test_a_session_that_an_administrator_ended(reef: Realm, tmp_path: Path) -> None:
    with client_of(reef, Answering("reviewer"), folder=tmp_path) as provena:
        provena.sign_in()
        reef.admin.end_sessions(reef.name, "reviewer")
        with pytest.raises(errors.SessionEnded, match="Sign in again"):
            provena.whoami()
        # Signing out is no error when the server knows the session no more.
        provena.sign_out()
