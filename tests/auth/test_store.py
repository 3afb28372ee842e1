"""Where tokens are kept: who can read the files, what survives, what is set aside."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from provena_sdk.auth.store import locking
from provena_sdk.auth.store.locking import exclusive
from provena_sdk.auth.store.token_store import FileStore, MemoryStore
from provena_sdk.auth.tokens import SessionKey, Tokens
from provena_sdk.private_files import state_folder
from provena_sdk.secret import Secret

KEY = SessionKey("https://auth.example.org/auth/realms/provena", "provena", "client-tools")
TOKENS = Tokens(Secret("access-secret"), 1000.5, 1300.5, Secret("refresh-secret"), 2800.5)

posix = pytest.mark.skipif(os.name != "posix", reason="file modes")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "sessions")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("tokens", [TOKENS, Tokens(Secret("access"), 1.0)])
def test_what_is_saved_is_loaded(store: FileStore, tokens: Tokens) -> None:
    assert store.load(KEY) is None
    store.save(KEY, tokens)
    assert store.load(KEY) == tokens
    assert FileStore(store.folder).load(KEY) == tokens
    store.remove(KEY)
    assert store.load(KEY) is None
    store.remove(KEY)


@posix
def test_only_the_owner_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "deep" / "state"))
    before = os.umask(0)
    try:
        store = FileStore()
        with store.lock(KEY):
            store.save(KEY, TOKENS)
    finally:
        os.umask(before)
    assert mode(store.folder) == 0o700
    files = list(store.folder.iterdir())
    assert {path.suffix for path in files} == {".json", ".lock"}
    assert all(mode(path) == 0o600 for path in files)
    store.folder.chmod(0o755)
    store.save(KEY, TOKENS)
    assert mode(store.folder) == 0o700


@posix
def test_a_folder_of_the_callers_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "shared").chmod(0o755)
    store = FileStore(tmp_path / "shared")
    store.save(KEY, TOKENS)
    assert mode(tmp_path / "shared") == 0o755
    assert mode(store.path(KEY)) == 0o600


@posix
def test_a_file_that_others_could_read_is_closed_to_them(store: FileStore) -> None:
    store.save(KEY, TOKENS)
    store.path(KEY).chmod(0o644)
    with pytest.warns(UserWarning, match="could be read by other users"):
        assert store.load(KEY) == TOKENS
    assert mode(store.path(KEY)) == 0o600


@pytest.mark.parametrize(
    "other",
    [
        SessionKey("https://auth.example.net/auth/realms/provena", "provena", "client-tools"),
        SessionKey(KEY.issuer, "other", "client-tools"),
        SessionKey(KEY.issuer, "provena", "automated-access"),
        SessionKey(KEY.issuer, "provena", "client-tools", "reef"),
        SessionKey(KEY.issuer, "provena", "client/tools"),
        SessionKey(KEY.issuer, "provena", "client-tools", "../../../etc/passwd"),
    ],
)
def test_sessions_that_differ_never_meet(store: FileStore, other: SessionKey) -> None:
    store.save(KEY, TOKENS)
    assert store.load(other) is None
    store.save(other, Tokens(Secret("another"), 1.0))
    assert store.load(KEY) == TOKENS
    assert store.path(other).parent == store.folder
    assert store.path(other).resolve().parent == store.folder.resolve()
    assert len(store.path(other).name) < 150


def _saved(store: FileStore) -> dict[str, object]:
    store.save(KEY, TOKENS)
    document: dict[str, object] = json.loads(store.path(KEY).read_text())
    return document


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"access_token": "somebody else\'s file"}',
    ],
)
def test_a_damaged_file_is_set_aside(store: FileStore, content: bytes) -> None:
    store.save(KEY, TOKENS)
    store.path(KEY).write_bytes(content)
    with pytest.warns(UserWarning, match="damaged or foreign; it was set aside as"):
        assert store.load(KEY) is None
    [aside] = store.folder.glob("*.set-aside")
    assert aside.read_bytes() == content
    assert store.load(KEY) is None
    store.save(KEY, TOKENS)
    assert store.load(KEY) == TOKENS


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"kind": "something else"},
        {"session": {"issuer": "https://evil.example"}},
        {"tokens": None},
        {"tokens": {"access_token": "", "obtained_at": 1}},
        {"tokens": {"access_token": "a"}},
        {"tokens": {"access_token": "a", "obtained_at": "x"}},
        {"tokens": {"access_token": "a", "obtained_at": 1, "refresh_token": 5}},
    ],
)
def test_a_foreign_file_is_set_aside(store: FileStore, change: dict[str, object]) -> None:
    store.path(KEY).parent.mkdir()
    document = _saved(store) | change
    store.path(KEY).write_text(json.dumps(document))
    with pytest.warns(UserWarning, match="set aside"):
        assert store.load(KEY) is None


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_not_believed(store: FileStore) -> None:
    store.save(KEY, TOKENS)
    os.chown(store.path(KEY), 12345, -1)
    with pytest.warns(UserWarning, match="cannot be read"):
        assert store.load(KEY) is None


def test_a_save_that_fails_leaves_the_former_file(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(KEY, TOKENS)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space"):
        store.save(KEY, Tokens(Secret("new"), 1.0))
    assert store.load(KEY) == TOKENS
    assert [path.suffix for path in store.folder.iterdir()] == [".json"]


def test_the_file_is_flushed_before_it_is_renamed(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        order.append("fsync")
        fsync(descriptor)

    def noted_replace(part: Path, path: Path) -> None:
        order.append("replace")
        replace(part, path)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    store.save(KEY, TOKENS)
    assert order[:2] == ["fsync", "replace"]


@pytest.mark.slow
def test_killed_at_any_moment_the_file_is_the_old_one_or_the_new_one(store: FileStore) -> None:
    script = (
        "import sys\n"
        "from provena_sdk.auth.store.token_store import FileStore\n"
        "from provena_sdk.auth.tokens import SessionKey, Tokens\n"
        "from provena_sdk.secret import Secret\n"
        f"key = SessionKey({KEY.issuer!r}, 'provena', 'client-tools')\n"
        "store = FileStore(sys.argv[1])\n"
        "for n in range(10**9):\n"
        "    store.save(key, Tokens(Secret('a' * 4000), float(n)))\n"
        "    n or print('ready', flush=True)\n"
    )
    for attempt in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(store.folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.003 * attempt)
        process.kill()
        process.wait()
        process.stdout.close()
        assert store.load(KEY) is not None


def test_what_a_killed_process_left_behind_is_removed(store: FileStore) -> None:
    store.save(KEY, TOKENS)
    name = store.path(KEY).stem
    young, old = (store.folder / f".{name}.{n}-abcd.part" for n in (1, 2))
    for part in (young, old):
        part.write_text("secret")
    long_ago = time.time() - 61
    os.utime(old, (long_ago, long_ago))
    store.save(KEY, TOKENS)
    assert young.exists()
    assert not old.exists()
    store.remove(KEY)
    assert list(store.folder.iterdir()) == []


def test_memory(store: FileStore) -> None:
    memory = MemoryStore()
    assert memory.load(KEY) is None
    memory.save(KEY, TOKENS)
    with memory.lock(KEY):
        assert memory.load(KEY) == TOKENS
    assert "secret" not in repr(memory)
    memory.remove(KEY)
    memory.remove(KEY)
    assert memory.load(KEY) is None


def test_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert FileStore().folder == tmp_path / "state" / "sessions"
    monkeypatch.delenv("PROVENA_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder().name == "provena-sdk"


class TestLock:
    def overlaps(self, path: Path) -> int:
        inside, most, guard = 0, 0, threading.Lock()

        def enter() -> None:
            nonlocal inside, most
            with exclusive(path, timeout=10):
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.01)
                with guard:
                    inside -= 1

        threads = [threading.Thread(target=enter) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return most

    def test_one_at_a_time(self, tmp_path: Path) -> None:
        assert self.overlaps(tmp_path / "x.lock") == 1

    def test_a_full_disk_leaves_no_marker_that_holds_others_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with exclusive(tmp_path / "x.lock", timeout=5):
            assert not (tmp_path / "x.held").exists()
        monkeypatch.undo()
        with exclusive(tmp_path / "x.lock", timeout=5):
            assert (tmp_path / "x.held").exists()

    def test_one_at_a_time_where_the_kernel_lock_does_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fcntl = pytest.importorskip("fcntl")
        monkeypatch.setattr(fcntl, "flock", lambda *_: None)
        assert self.overlaps(tmp_path / "x.lock") == 1

    def test_one_at_a_time_where_there_is_no_kernel_lock(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fcntl = pytest.importorskip("fcntl")

        def no_locks(*_: object) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(fcntl, "flock", no_locks)
        assert self.overlaps(tmp_path / "x.lock") == 1

    def test_one_at_a_time_where_the_kernel_lock_seems_held_for_ever(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What file systems without locks answer is taken for a held lock by older releases of filelock."""
        fcntl = pytest.importorskip("fcntl")

        def held(*_: object) -> None:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(fcntl, "flock", held)
        monkeypatch.setattr("provena_sdk.auth.store.locking.KERNEL_SECONDS", 0.02)
        started = time.monotonic()
        assert self.overlaps(tmp_path / "x.lock") == 1
        assert time.monotonic() - started < 3

    def test_a_marker_of_a_dead_process_is_cleared_away(self, tmp_path: Path) -> None:
        script = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from provena_sdk.auth.store.locking import exclusive\n"
            "with exclusive(Path(sys.argv[1]), timeout=5): os._exit(9)\n"
        )
        path = tmp_path / "x.lock"
        subprocess.run([sys.executable, "-c", script, str(path)], check=False)
        assert path.with_suffix(".held").exists()
        start = time.monotonic()
        with exclusive(path, timeout=5):
            assert time.monotonic() - start < 2
        assert not path.with_suffix(".held").exists()
        assert [entry.name for entry in tmp_path.iterdir()] == ["x.lock"]

    def test_an_old_marker_of_another_machine_is_cleared_away(self, tmp_path: Path) -> None:
        marker = tmp_path / "x.held"
        marker.write_text(json.dumps({"host": "elsewhere", "pid": 1}))
        long_ago = time.time() - locking.STALE_SECONDS - 1
        os.utime(marker, (long_ago, long_ago))
        with exclusive(tmp_path / "x.lock", timeout=5):
            assert json.loads(marker.read_text())["pid"] == os.getpid()
        assert not marker.exists()

    def test_a_young_marker_of_another_machine_is_respected_for_a_while(self, tmp_path: Path) -> None:
        marker = tmp_path / "x.held"
        marker.write_text(json.dumps({"host": "elsewhere", "pid": 1}))
        start = time.monotonic()
        with exclusive(tmp_path / "x.lock", timeout=0.2):
            assert time.monotonic() - start >= 0.2
        assert json.loads(marker.read_text())["host"] == "elsewhere", "not ours to remove"

    def test_a_folder_that_cannot_be_written_does_not_stop_the_work(self, tmp_path: Path) -> None:
        with exclusive(tmp_path / "missing" / "x.lock", timeout=0.2):
            entered = True
        assert entered

    def test_an_error_inside_releases(self, tmp_path: Path) -> None:
        path = tmp_path / "x.lock"
        with pytest.raises(KeyError), exclusive(path, timeout=1):
            raise KeyError
        start = time.monotonic()
        with exclusive(path, timeout=5):
            assert time.monotonic() - start < 1
