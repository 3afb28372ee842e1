"""Offline tokens that a file holds or a command prints."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import Provena
from provena_sdk.auth import TokenSource
from provena_sdk.auth.choose import source_for
from provena_sdk.config import Given, read_config, resolve
from provena_sdk.config.profiles import refuse_if_others_write
from provena_sdk.errors import ConfigurationError, SessionEnded
from provena_sdk.sandbox import Sandbox

WriteConfig = Callable[[str], Path]


@pytest.fixture
def source(sandbox: Sandbox, write_config: WriteConfig) -> Callable[[str], TokenSource]:
    """Makes the source of tokens of a profile with the given lines."""

    def make(lines: str) -> TokenSource:
        write_config(f'[profiles.reef]\ndomain = "localhost"\nissuer_url = "{sandbox.issuer_url}"\n{lines}\n')
        return source_for(resolve(Given(profile="reef"), {}, read_config()))

    return make


def command(*lines: str) -> str:
    """A line of config.toml that names a Python program."""
    return f"offline_token_command = {[sys.executable, '-c', '; '.join(lines)]!r}"


def test_a_file_holds_it(sandbox: Sandbox, source: Callable[[str], TokenSource], tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{sandbox.offline_token('writer')}\n")
    made = source("offline_token_file = 'token'")
    assert made.claims().username == "writer"
    assert made.whoami(resolve(Given("localhost"), {}).deployment).way == (
        f"with the offline token of {tmp_path / 'token'}, as client automated-access"
    )


def test_a_command_prints_it_on_its_first_line(
    sandbox: Sandbox, source: Callable[[str], TokenSource], capfd: pytest.CaptureFixture[str]
) -> None:
    token = sandbox.offline_token("writer")
    made = source(
        command("import sys", f"print('{token}')", "print('more')", "print('talk', file=sys.stderr)")
    )
    assert made.claims().username == "writer"
    assert capfd.readouterr() == ("", "talk\n")


def test_no_shell_reads_the_command(source: Callable[[str], TokenSource], tmp_path: Path) -> None:
    made = source(f"offline_token_command = ['echo', '; touch {tmp_path}/made', '$HOME', '`id`']")
    with pytest.raises(ConfigurationError, match="the command 'echo' is empty, or not one line"):
        made.token()
    assert not (tmp_path / "made").exists()


def test_it_is_read_when_it_is_needed_and_once(
    sandbox: Sandbox, source: Callable[[str], TokenSource], tmp_path: Path
) -> None:
    token, count = sandbox.offline_token("writer"), tmp_path / "count"
    made = source(command(f"open('{count}', 'a').write('x')", f"print('{token}')"))
    assert "automated-access" in repr(made)
    assert not count.exists()
    made.token()
    made.renew(made.token())
    assert count.read_text() == "x"


def test_a_new_token_is_not_shadowed_by_the_session_of_the_old(
    sandbox: Sandbox, source: Callable[[str], TokenSource], tmp_path: Path
) -> None:
    for user in ("writer", "reader"):
        (tmp_path / "token").write_text(sandbox.offline_token(user))
        assert source("offline_token_file = 'token'").claims().username == user


def test_it_travels_as_the_place_where_it_is_kept(
    sandbox: Sandbox, source: Callable[[str], TokenSource], tmp_path: Path
) -> None:
    first, second = sandbox.offline_token("writer"), sandbox.offline_token("reader")
    (tmp_path / "token").write_text(first)
    made = source("offline_token_file = 'token'")
    made.token()
    pickled = pickle.dumps(made)
    assert first.encode() not in pickled
    (tmp_path / "token").write_text(second)
    assert pickle.loads(pickled).claims().username == "reader"


def test_a_token_that_has_ended_names_its_place(
    sandbox: Sandbox, source: Callable[[str], TokenSource], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("ended-long-ago")
    with pytest.raises(SessionEnded, match=f"in place of the one of {tmp_path / 'token'}") as caught:
        source("offline_token_file = 'token'").token()
    assert "ended-long-ago" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (command("print('hush')", "raise SystemExit(3)"), "ended with status 3"),
        (command("pass"), "is empty, or not one line"),
        (command("print('two words of hush')"), "is empty, or not one line"),
        (command("import sys", r"sys.stdout.buffer.write(b'hush\xff')"), "is empty, or not one line"),
        ("offline_token_command = ['/no/such/program', 'hush']", "'/no/such/program' could not be run"),
        ('offline_token_command = ["echo\\u0000", "hush"]', "could not be run"),
        ("offline_token_file = 'nothing-there'", r"nothing-there cannot be read \(No such file"),
        ("offline_token_file = '.'", r"cannot be read \(Is a directory"),
        ("offline_token_file = 'broken'", r"cannot be read \(not UTF-8"),
        ("offline_token_file = 'blank'", "is empty, or not one line"),
        ("offline_token_file = 'two'", "is empty, or not one line"),
    ],
)
def test_what_gives_no_token_says_why(
    lines: str, message: str, source: Callable[[str], TokenSource], tmp_path: Path
) -> None:
    (tmp_path / "broken").write_bytes(b"hush\xff")
    (tmp_path / "blank").write_text(" \n")
    (tmp_path / "two").write_text("hush\nhush\n")
    with pytest.raises(ConfigurationError, match=message) as caught:
        source(lines).token()
    seen: BaseException | None = caught.value
    while seen is not None:
        assert "hush" not in f"{seen} {vars(seen)}"
        seen = seen.__cause__ or seen.__context__


def test_a_command_that_hangs(source: Callable[[str], TokenSource], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provena_sdk.auth.store.offline_token._COMMAND_SECONDS", 0.2)
    made = source(command("import time", "print('hush', flush=True)", "time.sleep(30)"))
    with pytest.raises(ConfigurationError, match="took longer than") as caught:
        made.token()
    assert caught.value.__context__ is None


def test_a_command_in_a_file_that_everybody_writes_is_not_run(
    source: Callable[[str], TokenSource], write_config: WriteConfig, tmp_path: Path
) -> None:
    made = source(command(f"open('{tmp_path}/made', 'w')"))
    (tmp_path / "config.toml").chmod(0o666)
    with pytest.raises(ConfigurationError, match="everybody may write to it"):
        made.token()
    assert not (tmp_path / "made").exists()


def test_a_command_in_a_file_that_somebody_else_can_change_is_not_run(
    source: Callable[[str], TokenSource],
    write_config: WriteConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = source(command(f"open('{tmp_path}/made', 'w')"))
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigurationError, match="everybody may replace it"):
        made.token()
    tmp_path.chmod(0o755)
    owner = (tmp_path / "config.toml").stat().st_uid
    real = Path.stat

    def foreign(path: Path, **options: Any) -> os.stat_result:
        status = real(path, **options)
        return (
            os.stat_result((*status[:4], owner + 1, *status[5:10])) if path.name == "config.toml" else status
        )

    monkeypatch.setattr(Path, "stat", foreign)
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        made.token()
    assert not (tmp_path / "made").exists()


def test_the_environment_may_name_the_file(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(sandbox.offline_token("writer"))
    environment: dict[str, Any] = {
        **sandbox.environment(),
        "PROVENA_OFFLINE_TOKEN_FILE": str(tmp_path / "token"),
    }
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    with Provena() as provena:
        assert provena.whoami().username == "writer"


def test_a_configuration_that_is_gone_is_no_bare_oserror(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can no longer be read"):
        refuse_if_others_write(tmp_path / "config.toml")
