"""What lies in the place of a small file never stops the SDK, and other users get no token of it."""

from __future__ import annotations

import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.auth import FileStore, SessionKey, Tokens, token_source
from provena_sdk.auth.store.locking import exclusive
from provena_sdk.config import read_config
from provena_sdk.errors import ConfigurationError, ProvenaError
from provena_sdk.net.tls import tls_context
from provena_sdk.private_files import make_private_folder, read_small
from provena_sdk.secret import Secret

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and modes of POSIX"),
    pytest.mark.timeout(30),
]

KEY = SessionKey("https://auth.example.org/auth/realms/provena", "provena", "client-tools")
TOKENS = Tokens(Secret("a-token"), 1.0, 2.0, Secret("r-token"))
Obstruct = Callable[[Path], None]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def folder(path: Path) -> None:
    path.mkdir()


@pytest.fixture(params=[pipe, device, huge, folder])
def obstruct(request: pytest.FixtureRequest) -> Obstruct:
    """Puts something else in the place of a file."""
    return request.param  # type: ignore[no-any-return]  # one of the functions above


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def permissive() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_session_file(state: Path, obstruct: Obstruct) -> None:
    store = FileStore()
    store.folder.mkdir(parents=True, mode=0o700)
    obstruct(store.path(KEY))
    with pytest.warns(UserWarning, match=r"cannot be read \((not a regular file|longer than|Is a directory)"):
        assert store.load(KEY) is None


def test_an_offline_token_file(tmp_path: Path, obstruct: Obstruct, monkeypatch: pytest.MonkeyPatch) -> None:
    obstruct(tmp_path / "token")
    monkeypatch.setenv("PROVENA_OFFLINE_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(ConfigurationError, match=r"The offline token in .* cannot be read \("):
        token_source(Deployment("example.org")).token()


@pytest.mark.slow
def test_a_lock_and_its_marker(tmp_path: Path, obstruct: Obstruct) -> None:
    obstruct(tmp_path / "x.held")
    with exclusive(tmp_path / "x.lock", timeout=20):
        entered = True
    obstruct(tmp_path / "y.lock")
    with exclusive(tmp_path / "y.lock", timeout=20):
        assert entered
    assert (tmp_path / "x.held").exists()


def test_a_configuration_file(tmp_path: Path, obstruct: Obstruct) -> None:
    obstruct(tmp_path / "config.toml")
    with pytest.raises(ConfigurationError, match=r"config\.toml cannot be read"):
        read_config(tmp_path / "config.toml")


def test_a_file_of_authorities(tmp_path: Path, obstruct: Obstruct) -> None:
    if obstruct is folder:
        pytest.skip("a folder of authorities is what OpenSSL takes, too")
    obstruct(tmp_path / "ca.pem")
    with pytest.raises(ConfigurationError, match=r"ca_file: .* cannot be read"):
        tls_context(str(tmp_path / "ca.pem"))


def test_the_null_device_is_an_empty_file() -> None:
    assert not read_config(os.devnull).profiles


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "file").write_bytes(content)
    found = read_small(tmp_path / "file")
    assert found.content == content
    assert repr(found) == "<SmallFile of 300000 bytes>"
    with pytest.raises(OSError, match="longer than 200 kB"):
        read_small(tmp_path / "file", most=200 * 1024)


@pytest.mark.usefixtures("permissive")
def test_folders_on_the_way_to_the_state_are_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "a" / "b" / "c"))
    FileStore().save(KEY, TOKENS)
    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c", FileStore().folder]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 4


def test_a_folder_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / "file" / "below")
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / "file")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o620])
def test_an_offline_token_file_that_others_can_open(
    tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "token"
    held.write_text("offline-token")
    held.chmod(mode)
    monkeypatch.setenv("PROVENA_OFFLINE_TOKEN_FILE", str(held))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = token_source(Deployment("localhost", issuer="http://127.0.0.1:9/realms/x"), discovery=False)
        source._flow.server.sleep = lambda _: None  # type: ignore[union-attr]
        with pytest.raises(ProvenaError):
            source.token()
    told = [str(warning.message) for warning in caught if warning.category is UserWarning]
    if mode in (0o600, 0o400):
        assert told == []
    else:
        assert told == [
            f"The offline token in {held} is open to other users (mode {mode:04o}); run chmod 600 on it."
        ]


def test_an_offline_token_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = tmp_path / "token"
    held.write_text("two words")
    held.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(held, 4321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4321)
    monkeypatch.setenv("PROVENA_OFFLINE_TOKEN_FILE", str(held))
    with (
        pytest.warns(UserWarning, match="belongs to another user, who can replace it"),
        pytest.raises(ConfigurationError),
    ):
        token_source(Deployment("example.org")).token()


def test_a_damaged_session_is_not_kept_for_ever(state: Path) -> None:
    store = FileStore()
    store.save(KEY, TOKENS)
    store.path(KEY).write_text("{")
    with pytest.warns(UserWarning, match="set aside"):
        store.load(KEY)
    [aside] = store.folder.glob("*.set-aside")
    store.save(KEY, TOKENS)
    assert aside.exists(), "somebody may want to look at it"
    week = aside.stat().st_mtime - 7 * 86_400 - 1
    os.utime(aside, (week, week))
    store.save(KEY, TOKENS)
    assert not aside.exists()
    store.path(KEY).write_text("{")
    with pytest.warns(UserWarning, match="set aside"):
        store.load(KEY)
    store.remove(KEY)
    assert list(store.folder.iterdir()) == []


def test_a_home_that_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROVENA_STATE_DIR", "PROVENA_CONFIG_FILE", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    with Provena("example.org", access_token="abc") as provena:
        assert provena.tokens.token() == Secret("abc")
