"""No token is seen anywhere but in the store and on the wire: every place is searched for every token."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from provena_sdk.auth.flows import ClientCredentials, DeviceFlow, Flow, OfflineToken, StaticToken
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.source import TokenSource
from provena_sdk.auth.store.token_store import FileStore
from provena_sdk.auth.tokens import SessionKey, Tokens
from provena_sdk.errors import ConfigurationError, ProvenaError
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import Answer, FakeClock, FakeSignIn, Quiet

Leaks = Callable[[object], list[str]]


@pytest.fixture
def leaks(sign_in: FakeSignIn) -> Leaks:
    def search(text: object) -> list[str]:
        haystack = text if isinstance(text, str) else repr(text)
        return [secret for secret in {*sign_in.issued, sign_in.secret} if secret in haystack]

    return search


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything logged at DEBUG by anybody, with arguments filled in."""
    caplog.set_level(logging.DEBUG)
    for name in ("requests_oauthlib", "oauthlib", "urllib3", "requests", "provena_sdk", "filelock"):
        caplog.set_level(logging.DEBUG, logger=name)
    return lambda: "\n".join(f"{r.name} {r.getMessage()} {r.exc_text or ''}" for r in caplog.records)


def everything_in(error: BaseException) -> str:
    """All that an exception holds: itself, its fields, its notes, and those it came from."""
    seen: list[str] = []
    chain: list[BaseException | None] = [error]
    done: set[int] = set()
    while chain:
        link = chain.pop()
        if link is None or id(link) in done:
            continue
        done.add(id(link))
        seen += [str(link), repr(link), repr(link.args), repr(vars(link)), *getattr(link, "__notes__", ())]
        seen += [repr(vars(value)) for value in vars(link).values() if hasattr(value, "__dict__")]
        chain += [link.__cause__, link.__context__]
    return "\n".join([*seen, "".join(traceback.format_exception(error))])


def test_signing_in_renewing_and_out_shows_nothing(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    clock: FakeClock,
    quiet: Quiet,
    leaks: Leaks,
    log: Callable[[], str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    flow = DeviceFlow(server, key, deployment="example.org", interactive=True, present=quiet)
    store = FileStore()
    source = TokenSource(flow, store=store, clock=clock, sleep=clock.sleep)
    clock.later(12, lambda: sign_in.decide("approved"))
    source.token()
    clock.now += 300
    source.renew(source.token())
    shown = [source, flow, server, store, store.load(key), source.claims(), quiet.events, vars(source)]
    source.sign_out()
    assert len(sign_in.issued) > 5
    assert "POST" in log(), "the log must have been recorded"
    for what in [*shown, log(), *capfd.readouterr()]:
        assert leaks(what) == []


@pytest.mark.parametrize("trouble", ["drop", "html", "refused", "ended", "nonsense", "no token", "redirect"])
@pytest.mark.parametrize("way", ["device", "offline", "service"])
def test_no_error_shows_anything(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    clock: FakeClock,
    quiet: Quiet,
    leaks: Leaks,
    log: Callable[[], str],
    answer: type[Answer],
    refuse: Callable[..., Answer],
    trouble: str,
    way: str,
) -> None:
    given = sign_in.refresh_token()
    flows: dict[str, Flow] = {
        "device": DeviceFlow(server, key, deployment="x", interactive=False, present=quiet),
        "offline": OfflineToken(server, key, Secret(given, name="offline_token")),
        "service": ClientCredentials(server, key, Secret(sign_in.secret, name="client_secret")),
    }
    flow = flows[way]
    source = TokenSource(flow, store=FileStore(), clock=clock, sleep=clock.sleep)
    if way == "device":
        FileStore().save(
            key, Tokens(Secret(sign_in.access_token()), clock.now, clock.now + 300, Secret(given))
        )
    token = source.token()
    clock.now += 301
    every = " ".join([*sign_in.issued, sign_in.secret])
    bad = {
        "drop": answer(drop=True),
        "html": answer(502, f"<html>{every}</html>"),
        "refused": refuse("invalid_request", every),
        "ended": refuse("invalid_grant"),
        "nonsense": answer(200, f'{{"access_token": "{token}"'),
        "no token": answer(200, {"access_token": 5, "refresh_token": given}),
        "redirect": answer(302, "", {"Location": f"https://x.example/?token={token}"}),
    }[trouble]
    sign_in.script("/token", *[bad] * 4)
    with pytest.raises(ProvenaError) as raised:
        source.renew(token)
    assert leaks(everything_in(raised.value)) == [] or trouble == "refused"
    if trouble == "refused":
        # The server echoed what it never got from this request, too; what was sent must be gone.
        sent = sign_in.requests[-1].form
        text = everything_in(raised.value)
        for name in ("refresh_token", "client_secret"):
            assert name not in sent or sent[name] not in text
    assert leaks(log()) == []
    copied = copy.copy(raised.value)
    assert str(copied) == str(raised.value)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_a_device_code_is_in_no_error(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    quiet: Quiet,
    leaks: Leaks,
    log: Callable[[], str],
    answer: type[Answer],
) -> None:
    flow = DeviceFlow(server, key, deployment="x", interactive=True, present=quiet)
    sign_in.script("/token", *[answer(drop=True), answer(500, "<html>")] * 80)
    with pytest.raises(ProvenaError) as raised:
        flow.begin()
    assert leaks(everything_in(raised.value)) == []
    assert leaks(log()) == []
    assert leaks(quiet.events) == []


def test_reprs_and_pickles_of_the_parts(server: SignInServer, key: SessionKey) -> None:
    secret = Secret("s3cr3t", name="offline_token")
    tokens = Tokens(Secret("s3cr3t"), 1.0, 2.0, Secret("s3cr3t"))
    parts = [
        secret,
        tokens,
        OfflineToken(server, key, secret),
        ClientCredentials(server, key, secret),
        StaticToken(key, secret),
        TokenSource(StaticToken(key, secret)),
    ]
    for part in parts:
        assert "s3cr3t" not in f"{part!r} {part} {vars(part) if hasattr(part, '__dict__') else ''}"
        with pytest.raises((TypeError, ConfigurationError)) as raised:
            pickle.dumps(part)
        assert "s3cr3t" not in str(raised.value)
    assert "s3cr3t" not in str(dict(zip("ab", parts, strict=False)))


def test_warnings_hold_no_token(sign_in: FakeSignIn, key: SessionKey, leaks: Leaks) -> None:
    store = FileStore()
    store.save(key, Tokens(Secret(sign_in.access_token()), 1.0, 2.0, Secret(sign_in.refresh_token())))
    path = store.path(key)
    path.write_bytes(path.read_bytes()[:-3])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert store.load(key) is None
    assert caught
    assert leaks([str(entry.message) for entry in caught]) == []
