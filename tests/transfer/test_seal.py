"""The key by which a user's own temporary files are known, and what becomes of a transfer when there is none."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.datasets.paths import journal_name, part_name, part_stem
from provena_sdk.private_files import make_private_folder
from provena_sdk.transfer.local import seal as seal_module
from provena_sdk.transfer.local.seal import SEAL_BYTES, Seal, _keyed_hash
from provena_sdk.transfer.resume.segment_digest import SegmentDigest
from tests.dataset import Dataset

posix = pytest.mark.skipif(os.name != "posix", reason="there are no such files or modes")


@pytest.fixture
def key(state: Path) -> Path:
    return state / "downloads" / "key"


def test_what_it_named_it_knows(key: Path) -> None:
    seal = Seal.load()
    token = seal.token(part_stem("a.nc"))
    for name in (part_name("a.nc", token), journal_name("a.nc", token)):
        found = seal.read(name)
        assert found is not None
        assert found == Seal.load().read(name)
        assert (found.stem, found.token) == (".a.nc", token)
        assert not found.process_is_dead()
    assert seal.token(part_stem("a.nc")) != token


@pytest.mark.parametrize("change", ["name", "start", "code", "none", "former", "surrogate"])
def test_what_it_did_not_name_it_does_not_know(change: str) -> None:
    seal = Seal.load()
    start, _, code = seal.token(part_stem("a.nc")).rpartition("-")
    name = {
        "name": part_name("b.nc", f"{start}-{code}"),
        "start": part_name("a.nc", f"{start[:-1]}{'1' if start[-1] == '0' else '0'}-{code}"),
        "code": part_name("a.nc", f"{start}-{'0' * 16}"),
        "none": part_name("a.nc", start),
        "former": ".a.nc.5f3a.provena-part",
        "surrogate": f".a\udce9.{start}-{code}.provena-part",
    }[change]
    assert seal.read(name) is None


def test_the_longest_names_fit() -> None:
    token = Seal.load().token(part_stem("é" * 127))
    assert len(journal_name("é" * 127, token).encode()) <= 255


@posix
def test_the_key_is_private(key: Path) -> None:
    before = os.umask(0)
    try:
        Seal.load()
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


@posix
def test_a_folder_that_the_user_names_keeps_its_mode(key: Path, state: Path) -> None:
    state.chmod(0o755)
    assert Seal.load().has_key
    assert stat.S_IMODE(state.stat().st_mode) == 0o755


def test_the_key_is_not_shown() -> None:
    assert repr(Seal.load()) == "<Seal with a key>"


@posix
@pytest.mark.parametrize(
    "kind", ["readable", "writable", "short", "long", "very long", "hard link", "foreign"]
)
def test_a_key_that_others_could_know_is_replaced(key: Path, tmp_path: Path, kind: str) -> None:
    name = part_name("a.nc", Seal.load().token(part_stem("a.nc")))
    known = key.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    if kind == "foreign" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    if kind in ("readable", "writable"):
        key.chmod(0o644 if kind == "readable" else 0o620)
    elif kind in ("short", "long", "very long"):
        key.write_bytes({"short": known[:31], "long": known + b"x", "very long": known * 1000}[kind])
    elif kind == "hard link":
        elsewhere.hardlink_to(key)
    else:
        os.chown(key, 12345, -1)
    seal = Seal.load()
    assert seal.has_key
    assert seal.read(name) is None
    assert key.read_bytes() != known
    assert len(key.read_bytes()) == 32


@posix
def test_a_pipe_in_its_place_keeps_nobody_waiting(key: Path) -> None:
    key.parent.mkdir()
    os.mkfifo(key)
    assert Seal.load().has_key


def test_it_is_made_only_when_asked_for(key: Path) -> None:
    assert not Seal.load(create=False).has_key
    assert not key.exists()


def test_a_key_that_cannot_be_kept_fails_nothing(
    files: Dataset,
    put: Callable[[dict[str, bytes]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    monkeypatch.setenv("PROVENA_STATE_DIR", str(in_the_way / "state"))
    assert not Seal.load().has_key
    large = secrets.token_bytes(17 * 1024**2)
    put({"a.csv": b"1", "b.nc": large})
    assert files.download_all(tmp_path / "data").counts() == {"downloaded": 2}
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["a.csv", "b.nc"]
    assert (tmp_path / "data" / "b.nc").read_bytes() == large


def test_a_key_that_another_process_has_just_created_stays(
    key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: list[Seal] = []

    def overtaken(folder: Path) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(seal_module, "make_private_folder", make_private_folder)
            other.append(Seal.load())

    monkeypatch.setattr(seal_module, "make_private_folder", overtaken)
    name = part_name("a.nc", Seal.load().token(part_stem("a.nc")))
    assert other[0].read(name) is not None
    assert Seal.load().read(name) is not None


@pytest.mark.slow
def test_processes_that_begin_together_have_one_key(state: Path) -> None:
    program = "from provena_sdk.transfer.local.seal import Seal; print(Seal.load().token('.a'))"
    environment = {**os.environ, "PROVENA_STATE_DIR": str(state)}
    running = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    tokens = [process.communicate(timeout=60)[0].strip() for process in running]
    seal = Seal.load()
    assert all(seal.read(f".a.{token}.provena-part") for token in tokens)


@pytest.mark.parametrize("installed", [True, False], ids=["blake3", "without blake3"])
def test_bytes_are_sealed_by_the_fastest_hash_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if installed:
        pytest.importorskip("blake3")
    else:
        monkeypatch.setitem(sys.modules, "blake3", None)
    _keyed_hash.cache_clear()
    try:
        seal = Seal(bytes(32))
        assert seal.algorithm == ("blake3" if installed else "sha256")
        assert SegmentDigest("crc32", seal).name == f"crc32+seal-{seal.algorithm}"
        codes = set()
        for purpose, key in (("one", bytes(32)), ("two", bytes(32)), ("one", b"k" * 32)):
            hasher = Seal(key).hasher(purpose)
            for block in (b"some ", bytearray(b"by"), memoryview(b"tes")):
                hasher.update(block)
            codes.add(hasher.digest())
        # The key and the purpose both matter.
        assert len(codes) == 3
        assert {len(code) for code in codes} == {SEAL_BYTES}
    finally:
        _keyed_hash.cache_clear()
