"""What ``python -m scripts.live`` says where something is missing or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.live import cache, get
from scripts.live.__main__ import main
from scripts.live.programs import MINIO, PROGRAMS, VERSITYGW


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    cache.check.cache_clear()
    return tmp_path / "cache"


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.parametrize(("name", "tool"), [("keycloak", "Java"), ("versitygw", "Go"), ("minio", "Go")])
def test_what_is_missing_is_named(name: str, tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", name]) == 1
    assert f"{name} " in (said := capsys.readouterr().err)
    assert f"needs {tool}" in said
    assert "https://" in said


@pytest.mark.usefixtures("bare_machine")
def test_one_line_says_what_was_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "--possible"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Left out: keycloak (")
    assert all(name in line for name in PROGRAMS)


def test_a_slow_build_is_only_done_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = []

    def build(program: object, place: Path) -> None:
        built.append(program)
        (place / "server").write_bytes(b"server")

    monkeypatch.setattr(get, "_build", build)
    monkeypatch.setattr(get, "_fetch", build)
    monkeypatch.setattr(get, "obstacle", lambda program: None)
    assert main(["get"]) == 0
    assert VERSITYGW in built
    assert MINIO not in built
    assert "minio (make live-servers builds it)" in capsys.readouterr().out
    assert main(["get", "--all"]) == 0
    assert built.count(VERSITYGW) == 1
    assert MINIO in built
    assert "versitygw 1.8.0 was cached" in capsys.readouterr().out


def test_a_cached_program_that_changed_is_refused(empty_cache: Path) -> None:
    def make(place: Path) -> None:
        (place / VERSITYGW.binary).write_bytes(b"server")

    place = cache.install(VERSITYGW, make)
    assert cache.check(VERSITYGW) == place
    cache.check.cache_clear()
    (place / VERSITYGW.binary).write_bytes(b"another server")
    with pytest.raises(cache.Unavailable, match="is not the file that was cached"):
        cache.check(VERSITYGW)


def test_a_build_that_fails_leaves_nothing(empty_cache: Path) -> None:
    def make(place: Path) -> None:
        (place / VERSITYGW.binary).write_bytes(b"half")
        raise cache.Unavailable("no")

    with pytest.raises(cache.Unavailable):
        cache.install(VERSITYGW, make)
    assert not cache.is_cached(VERSITYGW)
    assert [path for path in empty_cache.iterdir() if path.suffix != ".lock"] == []


def test_an_unknown_server_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["start", "miniio"])
    assert (
        "no server is called miniio; there are keycloak, versitygw, minio, seaweedfs."
        in capsys.readouterr().err
    )
