"""The device flow against a server that behaves, and one that does not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from oauthlib.oauth2 import DeviceClient

from provena_sdk.auth.device import DeviceCode, request_code, wait_for_approval
from provena_sdk.auth.errors import Refusal
from provena_sdk.auth.flows import DeviceFlow
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import SessionKey, Tokens
from provena_sdk.errors import (
    ConnectionFailed,
    EndpointNotFound,
    SignInDenied,
    SignInError,
    SignInExpired,
    SignInRequired,
)

if TYPE_CHECKING:
    from tests.auth.conftest import Answer, FakeClock, FakeSignIn, Quiet


@pytest.fixture
def flow(server: SignInServer, key: SessionKey, quiet: Quiet) -> DeviceFlow:
    return DeviceFlow(server, key, deployment="example.org", interactive=True, present=quiet)


def polls(sign_in: FakeSignIn) -> list[float]:
    return [seen.at for seen in sign_in.calls("/token")]


def gaps(sign_in: FakeSignIn) -> list[float]:
    times = polls(sign_in)
    return [after - before for before, after in itertools.pairwise(times)]


def test_a_person_approves(flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock, quiet: Quiet) -> None:
    start = clock.now
    clock.later(12, lambda: sign_in.decide("approved"))
    tokens = flow.begin()
    assert tokens.access_token.reveal() in sign_in.issued
    assert tokens.refresh_token is not None
    assert tokens.refresh_token.reveal() in sign_in.issued
    assert tokens.expires_at == tokens.obtained_at + 300
    assert tokens.refresh_expires_at == tokens.obtained_at + 1800
    assert [at - start for at in polls(sign_in)] == [5, 10, 15]
    prompt, *waits, end = quiet.events
    assert (prompt.user_code, prompt.deployment, prompt.seconds) == ("ABCD-EFGH", "example.org", 600)
    assert prompt.url.endswith("?user_code=ABCD-EFGH")
    assert waits == sorted(waits, reverse=True)
    assert len(waits) == 15
    assert end == ("ada", True)


def test_what_is_sent(flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock) -> None:
    clock.later(1, lambda: sign_in.decide("approved"))
    flow.begin()
    [asked] = sign_in.calls("/auth/device")
    assert asked.form == {"client_id": "client-tools", "scope": "openid"}
    [polled] = sign_in.calls("/token")
    assert set(polled.form) == {"grant_type", "client_id", "device_code"}
    assert polled.form["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code"
    assert len(sign_in.calls("/openid-configuration")) == 1


@pytest.mark.parametrize(
    ("given", "kept"), [(None, 5), (0, 5), (-3, 5), (2, 2), (11, 11), (1e-9, 1), (0.5, 1)]
)
def test_the_interval_is_the_servers_or_5_seconds(
    flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock, given: float | None, kept: int
) -> None:
    sign_in.interval = given
    clock.later(3 * kept - 0.5, lambda: sign_in.decide("approved"))
    flow.begin()
    assert gaps(sign_in) == [kept, kept]


def test_slow_down_adds_5_seconds_each_time_and_for_good(
    flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock, refuse: Callable[..., Answer]
) -> None:
    pending = refuse("authorization_pending")
    sign_in.script("/token", refuse("slow_down"), pending, refuse("slow_down"), pending)
    clock.later(55, lambda: sign_in.decide("approved"))
    flow.begin()
    assert gaps(sign_in) == [10, 10, 15, 15]


@pytest.mark.parametrize(
    ("decision", "error"),
    [("denied", SignInDenied), ("expired", SignInExpired), ("unknown", SignInExpired)],
)
def test_the_end_without_tokens(
    flow: DeviceFlow,
    sign_in: FakeSignIn,
    clock: FakeClock,
    quiet: Quiet,
    decision: str,
    error: type[SignInError],
) -> None:
    clock.later(7, lambda: sign_in.decide(decision) if decision != "unknown" else sign_in.decisions.clear())
    with pytest.raises(error):
        flow.begin()
    assert quiet.events[-1] == (None, False)
    assert len(polls(sign_in)) == 2


def test_nobody_answers_in_time(flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock) -> None:
    start = clock.now
    with pytest.raises(SignInExpired, match="not used in time"):
        flow.begin()
    assert clock.now == start + 600
    assert polls(sign_in)[-1] < start + 600
    assert len(polls(sign_in)) == 119


def test_trouble_on_the_way_does_not_end_the_wait(
    flow: DeviceFlow,
    sign_in: FakeSignIn,
    clock: FakeClock,
    answer: type[Answer],
    refuse: Callable[..., Answer],
) -> None:
    sign_in.script(
        "/token",
        refuse("authorization_pending"),
        answer(drop=True),
        answer(502, "<html>Bad gateway</html>"),
        answer(503, "down"),
        answer(200, "<html>Please accept the terms of this network</html>"),
        refuse("temporarily_unavailable", status=503),
        refuse("server_error", status=500),
        answer(302, "", {"Location": "https://portal.example.net/"}),
        refuse("authorization_pending"),
    )
    sign_in.decide("pending")
    clock.later(300, lambda: sign_in.decide("approved"))
    assert isinstance(flow.begin(), Tokens)
    # The pause doubles with each failure, up to a minute, and falls back after an answer.
    assert gaps(sign_in) == [5, 10, 20, 40, 60, 60, 60, 60, 5]


def test_retry_after_is_honoured(
    flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock, answer: type[Answer]
) -> None:
    sign_in.script("/token", answer(429, "slow", {"Retry-After": "33"}))
    clock.later(10, lambda: sign_in.decide("approved"))
    flow.begin()
    assert gaps(sign_in) == [33]


def test_an_expiry_after_trouble_says_what_the_trouble_was(
    flow: DeviceFlow, sign_in: FakeSignIn, answer: type[Answer]
) -> None:
    sign_in.script("/token", *[answer(drop=True)] * 50)
    with pytest.raises(
        SignInExpired,
        match=r"At the last try: The sign-in server at 127\.0\.0\.1:\d+ could not be reached: the connection broke",
    ):
        flow.begin()


def test_other_refusals_end_the_wait_at_once(
    flow: DeviceFlow, sign_in: FakeSignIn, refuse: Callable[..., Answer]
) -> None:
    sign_in.script("/token", refuse("unauthorized_client"))
    with pytest.raises(SignInDenied, match="'client-tools' may not sign in this way"):
        flow.begin()
    assert len(polls(sign_in)) == 1


def test_asking_for_a_code_is_tried_three_times(
    flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock, answer: type[Answer]
) -> None:
    sign_in.script("/auth/device", answer(drop=True), answer(503, "<html>"))
    clock.later(5, lambda: sign_in.decide("approved"))
    flow.begin()
    assert len(sign_in.calls("/auth/device")) == 3
    sign_in.script("/auth/device", *[answer(drop=True)] * 3)
    with pytest.raises(ConnectionFailed):
        flow.begin()


def test_a_wrong_address_is_not_asked_again(
    flow: DeviceFlow, sign_in: FakeSignIn, answer: type[Answer]
) -> None:
    sign_in.script("/auth/device", answer(404, {"error": "Realm does not exist"}))
    with pytest.raises(EndpointNotFound, match="domain, realm and issuer"):
        flow.begin()
    assert len(sign_in.calls("/auth/device")) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"device_code": 1}, "no device code"),
        ({"device_code": None}, "no device code"),
        ({"device_code": "d\ud800"}, "no device code"),
        ({"user_code": None}, "no user code"),
        ({"user_code": " "}, "no user code"),
        ({"user_code": "U" * 65}, "longer than 64 characters"),
        ({"user_code": "\x1b]52;c;ZXZpbA==\x07"}, "not printable"),
        ({"user_code": "AB\nSigned in as admin."}, "not printable"),
        ({"user_code": "AB\u202eDC"}, "not printable"),
        ({"user_code": "AB\ud800"}, "not printable"),
        ({"verification_uri": None}, "sign-in page"),
        ({"verification_uri": "javascript:alert(1)"}, "sign-in page"),
        ({"verification_uri": "https://x.example/\x1b[2J"}, "sign-in page"),
        ({"verification_uri": "https://x.example/ y"}, "sign-in page"),
        ({"verification_uri": "http://x.example/"}, "sign-in page"),
        ({"verification_uri": "https://auth.example.org@x.example/"}, "sign-in page"),
        ({"verification_uri": "https://user:pw@x.example/"}, "sign-in page"),
        ({"verification_uri": "https://["}, "sign-in page"),
        ({"verification_uri": "https://x.example/" + "x" * 2000}, "sign-in page"),
        ({"expires_in": 1e14}, "more than a day"),
        ({"expires_in": float("inf")}, "more than a day"),
        ({"expires_in": float("nan")}, "more than a day"),
        ({"expires_in": "100000000000000"}, "more than a day"),
    ],
)
def test_codes_that_cannot_be_used(
    flow: DeviceFlow,
    sign_in: FakeSignIn,
    quiet: Quiet,
    answer: type[Answer],
    changed: dict[str, Any],
    why: str,
) -> None:
    body = {"device_code": "d", "user_code": "u", "verification_uri": "https://x.example/", **changed}
    sign_in.script("/auth/device", answer(200, body))
    with pytest.raises(SignInError, match=f"codes cannot be used: .*{why}") as caught:
        flow.begin()
    assert quiet.events == []
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "complete",
    ["http://x.example/?user_code=u", "https://a:b@x.example/", "https://x.example/\u202e", 5, None],
)
def test_a_complete_address_that_cannot_be_shown_is_left_out(
    flow: DeviceFlow, sign_in: FakeSignIn, quiet: Quiet, answer: type[Answer], complete: object
) -> None:
    body = {
        "device_code": "d",
        "user_code": "u",
        "verification_uri": "https://x.example/device",
        "verification_uri_complete": complete,
    }
    sign_in.script("/auth/device", answer(200, body))
    sign_in.script("/token", answer(200, sign_in.tokens()))
    flow.begin()
    assert quiet.events[0].url == "https://x.example/device"


def test_an_answer_without_a_token(flow: DeviceFlow, sign_in: FakeSignIn, answer: type[Answer]) -> None:
    sign_in.script("/token", answer(200, {"token_type": "Bearer"}))
    with pytest.raises(SignInError, match="without a bearer token"):
        flow.begin()


@pytest.mark.parametrize("kind", ["MAC", "DPoP"])
def test_a_token_that_is_no_bearer_token(
    flow: DeviceFlow, sign_in: FakeSignIn, answer: type[Answer], kind: str
) -> None:
    sign_in.script("/token", answer(200, {**sign_in.tokens(), "token_type": kind}))
    with pytest.raises(SignInError, match="without a bearer token"):
        flow.begin()


def test_stopping_leaves_nothing_behind(
    flow: DeviceFlow, sign_in: FakeSignIn, clock: FakeClock, quiet: Quiet
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    clock.later(8, interrupt)
    with pytest.raises(KeyboardInterrupt):
        flow.begin()
    assert quiet.events[-1] == (None, False)
    assert sign_in.sessions == {}


@pytest.mark.parametrize("interactive", [False, None])
def test_nobody_there_to_ask(
    server: SignInServer, key: SessionKey, sign_in: FakeSignIn, interactive: bool | None
) -> None:
    flow = DeviceFlow(server, key, deployment="example.org", interactive=interactive)
    with pytest.raises(SignInRequired) as raised:
        flow.begin()
    for way in ("PROVENA_OFFLINE_TOKEN", "PROVENA_CLIENT_SECRET", "PROVENA_ACCESS_TOKEN", "terminal"):
        assert way in str(raised.value)
    assert sign_in.requests == []


def test_the_protocol_alone(server: SignInServer, sign_in: FakeSignIn, clock: FakeClock) -> None:
    with server.line(DeviceClient("client-tools")) as line:
        endpoints = server.endpoints(line)
        code = request_code(line, endpoints.device_authorization)
        assert isinstance(code, DeviceCode)
        assert code.device_code.reveal() not in repr(code)
        clock.later(4, lambda: sign_in.decide("approved"))
        tokens = wait_for_approval(line, endpoints.token, code, clock=clock, sleep=clock.sleep)
    assert tokens.access_token.reveal() in sign_in.issued


def test_a_client_that_may_not(
    server: SignInServer, sign_in: FakeSignIn, refuse: Callable[..., Answer]
) -> None:
    sign_in.script("/auth/device", refuse("unauthorized_client", "Device grant is off."))
    with server.line(DeviceClient("reader")) as line:
        code = request_code(line, server.endpoints(line).device_authorization)
    assert isinstance(code, Refusal)
    assert (code.code, code.description, code.status) == ("unauthorized_client", "Device grant is off.", 400)
    assert code.operation == "sign-in.device"
