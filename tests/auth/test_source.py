"""The token source: when it renews, what it does when that fails, and how it shares."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provena_sdk.auth.flows import ClientCredentials, DeviceFlow, OfflineToken, StaticToken
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.source import TokenSource
from provena_sdk.auth.store.token_store import FileStore, MemoryStore
from provena_sdk.auth.tokens import GivenSecret, SessionKey, Tokens
from provena_sdk.errors import (
    ConnectionFailed,
    EndpointNotFound,
    GatewayError,
    SessionEnded,
    SignInDenied,
    SignInRequired,
)
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import Answer, FakeClock, FakeSignIn, Quiet


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "sessions")


@pytest.fixture
def make(
    server: SignInServer, key: SessionKey, clock: FakeClock, store: FileStore, quiet: Quiet
) -> Callable[..., TokenSource]:
    def make(interactive: bool = False) -> TokenSource:
        flow = DeviceFlow(server, key, deployment="example.org", interactive=interactive, present=quiet)
        return TokenSource(flow, store=store, clock=clock, sleep=clock.sleep)

    return make


@pytest.fixture
def signed_in(
    make: Callable[..., TokenSource], store: FileStore, key: SessionKey, sign_in: FakeSignIn, clock: FakeClock
) -> TokenSource:
    """A source whose session was stored by an earlier run, with 300 seconds to go."""
    store.save(key, session(sign_in, clock))
    return make()


def session(sign_in: FakeSignIn, clock: FakeClock, lifetime: float = 300) -> Tokens:
    return Tokens(
        Secret(sign_in.access_token()),
        clock.now,
        clock.now + lifetime,
        Secret(sign_in.refresh_token()),
        clock.now + 1800,
    )


def refresh_token(tokens: Tokens) -> str:
    assert tokens.refresh_token is not None
    return tokens.refresh_token.reveal()


def refreshes(sign_in: FakeSignIn) -> int:
    return len(sign_in.calls("/token"))


def test_a_stored_session_costs_no_request(signed_in: TokenSource, sign_in: FakeSignIn) -> None:
    assert signed_in.current() is None
    token = signed_in.token()
    assert token == signed_in.current() == signed_in.token()
    assert sign_in.requests == []


def test_it_renews_60_seconds_before_the_end(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    first = signed_in.token()
    clock.now += 239
    assert signed_in.token() == first
    clock.now += 1
    assert signed_in.current() is None
    assert signed_in.token() != first
    assert refreshes(sign_in) == 1


def test_short_lived_tokens_are_renewed_at_half_their_life(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    sign_in.lifetime = 20
    clock.now += 300
    first = signed_in.token()
    clock.now += 9.5
    assert signed_in.token() == first
    clock.now += 0.5
    assert signed_in.token() != first


def test_a_run_of_half_an_hour_on_20_second_tokens(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    sign_in.lifetime = 20
    for _ in range(1800):
        assert signed_in.token().reveal() in sign_in.issued
        assert signed_in.current() is not None
        clock.now += 1
    assert 150 <= refreshes(sign_in) <= 180


def test_renewing_rotates_what_is_stored(
    signed_in: TokenSource,
    make: Callable[..., TokenSource],
    store: FileStore,
    key: SessionKey,
    clock: FakeClock,
) -> None:
    before = store.load(key)
    clock.now += 300
    signed_in.token()
    after = store.load(key)
    assert before is not None
    assert after is not None
    assert after.refresh_token != before.refresh_token
    assert make().token() == signed_in.token()


def test_renew_after_a_401_refreshes_once_for_all(signed_in: TokenSource, sign_in: FakeSignIn) -> None:
    rejected = signed_in.token()
    renewed = signed_in.renew(rejected)
    assert renewed != rejected
    assert signed_in.renew(rejected) == renewed
    assert signed_in.current() == renewed
    assert refreshes(sign_in) == 1


def test_32_threads_make_one_refresh(signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock) -> None:
    clock.now += 300
    gate = threading.Barrier(32)

    def ask(_: int) -> Secret:
        gate.wait()
        return signed_in.token()

    with ThreadPoolExecutor(32) as pool:
        tokens = set(pool.map(ask, range(32)))
    assert len(tokens) == 1
    assert refreshes(sign_in) == 1


def test_all_who_wait_get_the_same_failure(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    rejected = signed_in.token()
    clock.now += 300
    sign_in.end_sessions()
    waiting = threading.Barrier(9)
    sign_in.before_refresh = lambda: time.sleep(0.2)

    def ask(_: int) -> BaseException | None:
        waiting.wait()
        try:
            signed_in.renew(rejected)
        except SessionEnded as error:
            return error
        return None

    with ThreadPoolExecutor(9) as pool:
        errors = list(pool.map(ask, range(9)))
    assert {type(error) for error in errors} == {SessionEnded}
    assert len({id(error) for error in errors}) == 9
    assert refreshes(sign_in) == 1


def test_those_who_wait_do_not_each_wait_for_a_server_that_is_away(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, answer: type[Answer]
) -> None:
    signed_in.token()
    clock.now += 301
    in_flight, all_wait = threading.Event(), threading.Event()
    sign_in.script("/token", *[answer(drop=True)] * 30)

    def held(seconds: float) -> None:
        in_flight.set()
        all_wait.wait(0.2)

    signed_in._flow.server.sleep = held  # type: ignore[union-attr]

    def ask() -> Secret:
        return signed_in.token()

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask)
        in_flight.wait(5)
        others = [pool.submit(ask) for _ in range(7)]
        errors = [job.exception(10) for job in (first, *others)]
    assert {type(error) for error in errors} == {ConnectionFailed}
    assert refreshes(sign_in) == 3


def test_an_interrupted_flight_does_not_strand_those_who_wait(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now += 300
    flow_renew = DeviceFlow.renew
    under_way, go_on = threading.Event(), threading.Event()

    def interrupted(self: DeviceFlow, tokens: Tokens) -> object:
        monkeypatch.setattr(DeviceFlow, "renew", flow_renew)
        under_way.set()
        go_on.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(DeviceFlow, "renew", interrupted)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(signed_in.token)
        under_way.wait(5)
        second = pool.submit(signed_in.token)
        go_on.set()
        assert isinstance(first.exception(5), KeyboardInterrupt)
        assert second.result(5).reveal() in sign_in.issued


def test_another_process_renewed_already(
    signed_in: TokenSource, make: Callable[..., TokenSource], sign_in: FakeSignIn, clock: FakeClock
) -> None:
    other = make()
    assert other.token() == signed_in.token()
    clock.now += 300
    assert other.token() == signed_in.token()
    assert refreshes(sign_in) == 1


def test_another_process_renewed_while_the_lock_did_nothing(
    signed_in: TokenSource,
    sign_in: FakeSignIn,
    clock: FakeClock,
    store: FileStore,
    key: SessionKey,
) -> None:
    signed_in.token()
    clock.now += 300
    newer = Tokens(
        Secret(sign_in.access_token()), clock.now, clock.now + 300, Secret(sign_in.refresh_token())
    )

    def rotated_meanwhile() -> None:
        # The other process was answered first, and writes half a second later.
        sign_in.before_refresh = None
        sign_in.sessions = {refresh_token(newer): "other"}
        clock.later(0.5, lambda: store.save(key, newer))

    sign_in.before_refresh = rotated_meanwhile
    assert signed_in.token() == newer.access_token
    assert refreshes(sign_in) == 1


def test_a_newer_session_that_needs_renewing_itself(
    signed_in: TokenSource,
    sign_in: FakeSignIn,
    clock: FakeClock,
    store: FileStore,
    key: SessionKey,
) -> None:
    rejected = signed_in.token()
    newer = Tokens(rejected, clock.now, clock.now + 300, Secret(sign_in.refresh_token()))

    def rotated_meanwhile() -> None:
        sign_in.before_refresh = None
        sign_in.sessions = {refresh_token(newer): "other"}
        store.save(key, newer)

    sign_in.before_refresh = rotated_meanwhile
    assert signed_in.renew(rejected) != rejected
    assert refreshes(sign_in) == 2


def test_a_session_that_ends_in_the_middle_of_work_is_an_error_and_stays_one(
    make: Callable[..., TokenSource],
    sign_in: FakeSignIn,
    clock: FakeClock,
    store: FileStore,
    key: SessionKey,
    quiet: Quiet,
) -> None:
    store.save(key, session(sign_in, clock))
    source = make(interactive=True)
    source.token()
    clock.now += 300
    sign_in.end_sessions()
    for _ in range(2):
        with pytest.raises(
            SessionEnded, match=r"Your session at example\.org has ended \(Session not active\)"
        ):
            source.token()
    assert refreshes(sign_in) == 1
    assert store.load(key) is None
    assert quiet.events == []
    # Somebody signs in elsewhere: the work can go on.
    store.save(key, session(sign_in, clock))
    assert source.token().reveal() in sign_in.issued


def test_at_the_first_use_a_session_that_has_ended_asks_the_person(
    make: Callable[..., TokenSource],
    sign_in: FakeSignIn,
    clock: FakeClock,
    store: FileStore,
    key: SessionKey,
    quiet: Quiet,
) -> None:
    store.save(key, session(sign_in, clock, lifetime=-1))
    sign_in.end_sessions()
    clock.later(5, lambda: sign_in.decide("approved"))
    assert make(interactive=True).token().reveal() in sign_in.issued
    assert quiet.events[-1] == ("ada", True)


def test_at_the_first_use_without_a_person_it_names_the_ways_out(
    make: Callable[..., TokenSource], sign_in: FakeSignIn
) -> None:
    with pytest.raises(SignInRequired, match="PROVENA_OFFLINE_TOKEN"):
        make().token()
    assert sign_in.requests == []


def test_renew_never_asks_a_person(make: Callable[..., TokenSource], sign_in: FakeSignIn) -> None:
    with pytest.raises(SignInRequired, match="anymore"):
        make(interactive=True).renew(Secret("unknown"))
    assert sign_in.requests == []


def test_a_server_that_is_away_while_the_token_still_works(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, answer: type[Answer]
) -> None:
    token = signed_in.token()
    clock.now += 250
    sign_in.script("/token", *[answer(502, "<html>")] * 3)
    assert signed_in.token() == token
    tried = refreshes(sign_in)
    assert tried == 3
    # For a few seconds nobody is made to wait for another try.
    clock.now += 1
    assert signed_in.token() == token
    assert refreshes(sign_in) == tried
    clock.now += 10
    assert signed_in.token() != token


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (0, None, ConnectionFailed),
        (502, "<html>Bad gateway</html>", GatewayError),
        (403, "<html>Forbidden by proxy</html>", GatewayError),
        (404, {"error": "Realm does not exist"}, EndpointNotFound),
        (503, {"error": "Service Unavailable", "status": 503}, GatewayError),
    ],
)
def test_a_server_that_is_away_when_the_token_has_ended(
    signed_in: TokenSource,
    sign_in: FakeSignIn,
    clock: FakeClock,
    answer: type[Answer],
    status: int,
    body: object,
    error: type[Exception],
) -> None:
    signed_in.token()
    clock.now += 301
    sign_in.script("/token", *[answer(status, body, drop=status == 0)] * 3)
    with pytest.raises(error):
        signed_in.token()
    sign_in.scripted.clear()
    assert signed_in.token().reveal() in sign_in.issued, "the session must survive"


def test_a_refresh_gets_three_tries(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, answer: type[Answer]
) -> None:
    signed_in.token()
    clock.now += 301
    sign_in.script("/token", answer(drop=True), answer(429, "", {"Retry-After": "7"}))
    before = clock.now
    assert signed_in.token().reveal() in sign_in.issued
    assert clock.now - before == 0.5 + 7


def test_a_refusal_that_is_not_about_the_session_keeps_it(
    signed_in: TokenSource,
    sign_in: FakeSignIn,
    clock: FakeClock,
    refuse: Callable[..., Answer],
    store: FileStore,
    key: SessionKey,
) -> None:
    signed_in.token()
    clock.now += 301
    sign_in.script("/token", refuse("invalid_client", status=401))
    with pytest.raises(SignInDenied):
        signed_in.token()
    assert store.load(key) is not None


def test_a_clock_set_back_does_not_keep_a_dead_token(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    first = signed_in.token()
    clock.now -= 3600
    assert signed_in.token() != first
    assert signed_in.token() == signed_in.token()
    assert refreshes(sign_in) == 1


@pytest.mark.parametrize("ahead", [-240, 240])
def test_clocks_that_differ_by_minutes_do_not_matter(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, answer: type[Answer], ahead: float
) -> None:
    sign_in.clock_ahead = ahead
    clock.now += 300
    signed_in.token()
    lasting = signed_in.token()
    clock.now += 235
    assert signed_in.token() == lasting
    # The same where only the token itself says when it ends.
    clock.now += 65
    sign_in.script(
        "/token",
        answer(body={"access_token": sign_in.access_token(), "refresh_token": sign_in.refresh_token()}),
    )
    before = refreshes(sign_in)
    lasting = signed_in.token()
    clock.now += 235
    assert signed_in.token() == lasting
    assert refreshes(sign_in) == before + 1


def test_somebody_else_under_the_same_profile_is_not_taken_for_the_user(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, store: FileStore, key: SessionKey
) -> None:
    signed_in.token()
    clock.now += 300
    grace = Tokens(
        Secret(sign_in.access_token("grace")), clock.now, clock.now + 300, Secret(sign_in.refresh_token())
    )
    store.save(key, grace)
    assert signed_in.claims().username == "ada"
    assert store.load(key) == grace
    clock.now += 300
    assert signed_in.claims().username == "ada"
    assert store.load(key) == grace


def test_a_store_that_cannot_be_written_is_a_warning(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: FileStore, key: SessionKey, tokens: Tokens) -> None:
        raise OSError(28, "No space left on device")

    signed_in.token()
    monkeypatch.setattr(FileStore, "save", full)
    clock.now += 300
    with pytest.warns(UserWarning, match="No space left on device"):
        token = signed_in.token()
    assert signed_in.token() == token
    # The stored refresh token is spent: what is in memory must be used, or the session ends.
    clock.now += 300
    with pytest.warns(UserWarning, match="could not be stored"):
        assert signed_in.token().reveal() in sign_in.issued


def test_sign_in_and_out(
    make: Callable[..., TokenSource],
    sign_in: FakeSignIn,
    clock: FakeClock,
    store: FileStore,
    key: SessionKey,
) -> None:
    source = make(interactive=True)
    clock.later(5, lambda: sign_in.decide("approved"))
    source.sign_in()
    assert source.claims().username == "ada"
    assert source.claims().roles == ("data-store-write", "entity-registry-read")
    stored = store.load(key)
    assert stored is not None
    source.sign_out()
    [revoked] = sign_in.calls("/revoke")
    assert revoked.form == {
        "token": refresh_token(stored),
        "token_type_hint": "refresh_token",
        "client_id": "client-tools",
    }
    assert sign_in.sessions == {}
    assert store.load(key) is None
    assert source.current() is None


def test_signing_out_of_a_session_of_an_earlier_run(
    signed_in: TokenSource, sign_in: FakeSignIn, store: FileStore, key: SessionKey
) -> None:
    signed_in.sign_out()
    assert sign_in.sessions == {}
    assert store.load(key) is None
    signed_in.sign_out()
    assert len(sign_in.calls("/revoke")) == 1


def test_signing_out_forgets_here_even_when_the_server_is_away(
    signed_in: TokenSource, sign_in: FakeSignIn, store: FileStore, key: SessionKey, answer: type[Answer]
) -> None:
    sign_in.script("/revoke", *[answer(drop=True)] * 3)
    with pytest.raises(ConnectionFailed, match="forgotten here; at the server it ends by itself"):
        signed_in.sign_out()
    assert store.load(key) is None


def test_signing_in_again_as_somebody_else(
    make: Callable[..., TokenSource], sign_in: FakeSignIn, clock: FakeClock, quiet: Quiet
) -> None:
    quiet.answer = True
    source = make(interactive=True)
    clock.later(5, lambda: sign_in.decide("approved"))
    source.sign_in()
    sign_in.username = "grace"
    clock.later(5, lambda: sign_in.decide("approved"))
    source.sign_in()
    assert source.claims().username == "grace"
    assert make().claims().username == "grace"


def test_a_server_that_does_not_rotate(
    signed_in: TokenSource,
    sign_in: FakeSignIn,
    clock: FakeClock,
    answer: type[Answer],
    store: FileStore,
    key: SessionKey,
) -> None:
    clock.now += 300
    before = store.load(key)
    sign_in.script("/token", answer(body={"access_token": sign_in.access_token(), "expires_in": 300}))
    signed_in.token()
    after = store.load(key)
    assert before is not None
    assert after is not None
    assert after.refresh_token == before.refresh_token


def test_a_server_that_hands_out_the_same_token_again_is_not_asked_forever(
    signed_in: TokenSource, sign_in: FakeSignIn, answer: type[Answer]
) -> None:
    token = signed_in.token()
    same = answer(
        body={"access_token": token.reveal(), "expires_in": 300, "refresh_token": sign_in.refresh_token()}
    )
    sign_in.script("/token", *[same] * 10)
    with pytest.raises(SessionEnded):
        signed_in.renew(token)
    assert refreshes(sign_in) <= 3


def test_tokens_that_live_no_time_at_all_are_still_handed_out(
    signed_in: TokenSource, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    sign_in.lifetime = 0
    clock.now += 300
    assert signed_in.token() != signed_in.token()


class TestOfflineToken:
    @pytest.fixture
    def offline(self, sign_in: FakeSignIn) -> str:
        return sign_in.refresh_token("offline")

    @pytest.fixture
    def make_offline(
        self, server: SignInServer, key: SessionKey, clock: FakeClock, store: FileStore, offline: str
    ) -> Callable[[], TokenSource]:
        def make() -> TokenSource:
            flow = OfflineToken(server, key, Secret(offline, name="offline_token"))
            return TokenSource(flow, store=store, clock=clock, sleep=clock.sleep)

        return make

    def test_it_signs_in_without_a_person(
        self, make_offline: Callable[[], TokenSource], sign_in: FakeSignIn, offline: str
    ) -> None:
        assert make_offline().token().reveal() in sign_in.issued
        assert sign_in.calls("/token")[0].form["refresh_token"] == offline

    def test_the_next_process_goes_on_from_what_the_server_gave(
        self, make_offline: Callable[[], TokenSource], sign_in: FakeSignIn, clock: FakeClock
    ) -> None:
        make_offline().token()
        clock.now += 300
        assert make_offline().token().reveal() in sign_in.issued
        assert refreshes(sign_in) == 2

    def test_it_goes_back_to_the_given_token(
        self, make_offline: Callable[[], TokenSource], sign_in: FakeSignIn, clock: FakeClock, offline: str
    ) -> None:
        sign_in.rotate = False
        make_offline().token()
        clock.now += 300
        sign_in.sessions = {offline: "offline"}
        assert make_offline().token().reveal() in sign_in.issued

    def test_it_ends(
        self, make_offline: Callable[[], TokenSource], sign_in: FakeSignIn, clock: FakeClock
    ) -> None:
        source = make_offline()
        source.token()
        clock.now += 300
        sign_in.end_sessions()
        for _ in range(2):
            with pytest.raises(SessionEnded, match="offline token is no longer accepted"):
                source.token()
        with pytest.raises(SessionEnded, match="offline token is no longer accepted"):
            make_offline().token()

    def test_signing_out_does_not_end_what_others_may_use(
        self, make_offline: Callable[[], TokenSource], sign_in: FakeSignIn
    ) -> None:
        source = make_offline()
        source.token()
        source.sign_out()
        assert sign_in.calls("/revoke") == []


class TestClientCredentials:
    @pytest.fixture
    def service(
        self, server: SignInServer, key: SessionKey, clock: FakeClock, store: FileStore, sign_in: FakeSignIn
    ) -> TokenSource:
        flow = ClientCredentials(server, key, Secret(sign_in.secret, name="client_secret"))
        return TokenSource(flow, store=store, clock=clock, sleep=clock.sleep)

    def test_it_signs_in_and_renews_and_stores_nothing(
        self, service: TokenSource, clock: FakeClock, store: FileStore
    ) -> None:
        first = service.token()
        assert service.token() == first
        clock.now += 300
        second = service.token()
        assert second != first
        assert service.renew(second) != second
        assert not store.folder.exists()

    def test_a_wrong_secret(self, service: TokenSource, sign_in: FakeSignIn) -> None:
        sign_in.secret = "changed"
        with pytest.raises(SignInDenied, match="refused its secret"):
            service.token()


class TestStaticToken:
    def test_it_is_used_until_it_is_rejected(self, key: SessionKey, clock: FakeClock) -> None:
        source = TokenSource(StaticToken(key, Secret("abc", name="access_token")), clock=clock)
        assert source.token() == Secret("abc")
        clock.now += 1e6
        assert source.current() == Secret("abc")
        for _ in range(2):
            with pytest.raises(SessionEnded, match="nothing to renew it with"):
                source.renew(Secret("abc"))

    def test_the_variable_it_came_from_is_named(self, key: SessionKey) -> None:
        secret = GivenSecret("abc", name="access_token", variable="PROVENA_ACCESS_TOKEN")
        source = TokenSource(StaticToken(key, secret))
        with pytest.raises(SessionEnded, match=r"It came from PROVENA_ACCESS_TOKEN: .* or unset it"):
            source.renew(source.token())

    def test_it_is_never_stored(self, key: SessionKey, store: FileStore) -> None:
        TokenSource(StaticToken(key, Secret("abc", name="access_token")), store=store).token()
        assert not store.folder.exists()


def test_current_takes_no_lock_and_reads_nothing(
    signed_in: TokenSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signed_in.token()

    def forbidden(*_: object) -> None:
        raise AssertionError("touched the store")

    monkeypatch.setattr(FileStore, "load", forbidden)
    monkeypatch.setattr(FileStore, "lock", forbidden)
    with signed_in._guard:
        assert signed_in.current() == token
        assert signed_in.token() == token


def test_memory_stores_can_be_shared(
    server: SignInServer, key: SessionKey, clock: FakeClock, sign_in: FakeSignIn
) -> None:
    store = MemoryStore()
    store.save(key, session(sign_in, clock))
    flow = DeviceFlow(server, key, deployment="example.org", interactive=False)
    one, two = (TokenSource(flow, store=store, clock=clock, sleep=clock.sleep) for _ in range(2))
    clock.now += 300
    assert one.token() == two.token()
    assert refreshes(sign_in) == 1
