"""Sessions in the operating system's keyring, with one that lives in memory in its place."""

from __future__ import annotations

import pickle
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from provena_sdk import Provena
from provena_sdk.auth import FileStore, MemoryStore, SessionKey, Tokens, TokenSource, store_named
from provena_sdk.auth.store.keyring import WINDOWS_PIECE, KeyringStore
from provena_sdk.errors import ConfigurationError
from provena_sdk.secret import Secret

KEY = SessionKey("https://auth.example.org/auth/realms/provena", "provena", "client-tools")
OTHER = SessionKey(KEY.issuer, KEY.realm, KEY.client_id, "other")


def tokens(number: int = 0, length: int = 3000) -> Tokens:
    return Tokens(
        Secret(f"a{number}" * (length // 2)), 1000.0, 1300.0, Secret(f"r{number}" * (length // 2)), 2800.0
    )


class Keyring(KeyringBackend):
    """Holds entries of a limited length, as Windows does, and fails on request."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.longest = sys.maxsize
        self.broken = False

    def _check(self) -> None:
        if self.broken:
            raise keyring.errors.KeyringLocked("locked: secret-of-the-keyring")

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        if len(password) > self.longest:
            raise keyring.errors.PasswordSetError("The stub received bad data")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("No such password")


@pytest.fixture
def ring() -> Iterator[Keyring]:
    before, ours = keyring.get_keyring(), Keyring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


@pytest.mark.parametrize("piece_chars", [None, WINDOWS_PIECE, 7])
def test_what_is_kept_comes_back(ring: Keyring, piece_chars: int | None) -> None:
    store = KeyringStore(piece_chars=piece_chars)
    assert store.load(KEY) is None
    store.save(KEY, tokens())
    store.save(OTHER, tokens(1))
    assert store.load(KEY) == tokens()
    assert store.load(OTHER) == tokens(1)
    store.save(KEY, tokens(2, length=40))
    assert store.load(KEY) == tokens(2, length=40)
    store.remove(KEY)
    store.remove(KEY)
    assert store.load(KEY) is None
    assert store.load(OTHER) == tokens(1)
    store.remove(OTHER)
    assert ring.entries == {}


def test_entries_fit_on_windows(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    ring.longest = 1280
    monkeypatch.setattr(sys, "platform", "win32")
    store = KeyringStore()
    store.save(KEY, tokens())
    assert store.load(KEY) == tokens()
    assert len(ring.entries) > 3


def test_one_entry_where_that_is_enough(ring: Keyring) -> None:
    KeyringStore().save(KEY, tokens())
    assert len(ring.entries) == 1


def test_nothing_is_left_of_former_sessions(ring: Keyring) -> None:
    store = KeyringStore(piece_chars=100)
    for number in range(5):
        store.save(KEY, tokens(number))
        count = len(ring.entries)
    assert len(ring.entries) == count


def test_a_reader_never_meets_a_mixture(ring: Keyring) -> None:
    writer, reader = KeyringStore(piece_chars=500), KeyringStore(piece_chars=500)
    writer.save(KEY, tokens(0))
    known = {tokens(number).access_token for number in range(60)}

    def write() -> None:
        for number in range(60):
            writer.save(KEY, tokens(number))

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        while thread.is_alive():
            found = reader.load(KEY)
            assert found is not None
            seen.add(found.access_token)
    thread.join()
    assert seen <= known


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pieces": 5}', '{"pieces": ["gone"]}', '{"kind": "x"}'])
def test_what_is_damaged_is_ignored_with_a_warning(ring: Keyring, content: str) -> None:
    store = KeyringStore()
    store.save(KEY, tokens())
    [entry] = ring.entries
    ring.entries[entry] = content
    with pytest.warns(UserWarning, match="damaged or foreign; it is ignored"):
        assert store.load(KEY) is None
    store.save(KEY, tokens(1))
    assert store.load(KEY) == tokens(1)


def test_a_locked_keyring(ring: Keyring) -> None:
    store = KeyringStore()
    ring.broken = True
    with pytest.warns(
        UserWarning, match=r"cannot be read \(KeyringLocked\); the session in it is ignored"
    ) as told:
        assert store.load(KEY) is None
    assert "secret-of-the-keyring" not in str([str(entry.message) for entry in told])
    with pytest.raises(OSError, match="the keyring refused: KeyringLocked") as raised:
        store.save(KEY, tokens())
    assert raised.value.__context__ is None
    with pytest.raises(OSError, match="the keyring refused: KeyringLocked"):
        store.remove(KEY)


def test_it_shows_and_pickles_nothing(ring: Keyring) -> None:
    store = KeyringStore()
    store.save(KEY, tokens())
    assert tokens().access_token.reveal() not in repr(store)
    data = pickle.dumps(store)
    assert tokens().access_token.reveal().encode() not in data
    assert pickle.loads(data).load(KEY) == tokens()


def test_sources_share_a_session_in_it(ring: Keyring) -> None:
    from provena_sdk.auth import OfflineToken, Secret, SignInServer

    server = SignInServer(KEY.issuer)
    sources = [
        TokenSource(
            OfflineToken(server, KEY, Secret("x", name="offline_token")),
            store=KeyringStore(),
            clock=lambda: 1000.0,
        )
        for _ in range(2)
    ]
    KeyringStore().save(KEY, tokens())
    assert {source.token() for source in sources} == {tokens().access_token}


def test_stores_by_name(ring: Keyring) -> None:
    assert isinstance(store_named("file"), FileStore)
    assert isinstance(store_named("memory"), MemoryStore)
    assert isinstance(store_named("keyring"), KeyringStore)
    with pytest.raises(
        ConfigurationError, match=r"storage must be 'file', 'memory' or 'keyring', not 'cloud'"
    ):
        store_named("cloud")


def test_without_the_extra_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'provena-sdk\[keyring\]'"):
        store_named("keyring")


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_a_machine_without_a_keyring(ring: Keyring, backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    with pytest.raises(ConfigurationError, match="There is no keyring on this machine"):
        store_named("keyring")


def test_a_profile_that_names_the_keyring(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[profiles.reef]\ndomain = "example.org"\nstorage = "keyring"\n')
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(config))
    with Provena(profile="reef", interactive=False) as provena:
        key = SessionKey.of(provena.deployment, "client-tools", "reef")
        KeyringStore().save(key, Tokens(Secret("stored"), time.time(), time.time() + 300))
        assert provena.tokens.token().reveal() == "stored"
