"""Completion in the shell."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.cli.completion import VARIABLE, recent, values
from provena_sdk.cli.completion.shells import SHELLS
from provena_sdk.config import running_sandbox
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Finished, Run, in_this_process
from tests.cli.terminal import with_path

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Ask for what completes a command line, as a shell does."""

    def complete(shell: str, words: str, word: int | str) -> Finished:
        environment("writer")
        monkeypatch.setenv(VARIABLE, f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(word))
        return in_this_process(monkeypatch, [])

    return complete


@pytest.fixture
def sandbox_settings(environment: Callable[..., None]) -> None:
    environment("writer")


def test_commands_are_completed_without_importing_one(complete: Callable[..., Finished]) -> None:
    sys.modules.pop("provena_sdk.cli.commands.local.api", None)
    done = complete("bash", "provena api", 1)
    assert (done.code, done.lines, done.stderr) == (0, ["plain,api"], "")
    assert "provena_sdk.cli.commands.local.api" not in sys.modules


def test_options_are_completed(complete: Callable[..., Finished]) -> None:
    assert complete("bash", "provena --dep", 1).lines == ["plain,--deployment"]
    assert "plain,--service" in complete("bash", "provena api --", 2).lines


def test_values_of_options_are_completed(complete: Callable[..., Finished]) -> None:
    assert complete("bash", "provena api GET / --service re", 5).lines == ["plain,registry"]


def test_profiles_are_completed(
    complete: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "config.toml").write_text(
        '[profiles.reef]\ndomain = "example.org"\n[profiles.tide]\ndomain = "example.com"\n', "utf-8"
    )
    assert complete("bash", "provena --profile r", 2).lines == ["plain,reef"]


def test_the_profile_of_a_running_sandbox_is_completed(
    complete: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_sandbox, "_running", lambda _: {"domain": "localhost"})
    assert complete("bash", "provena --profile sa", 2).lines == ["plain,sandbox"]


def test_each_shell_has_its_form(complete: Callable[..., Finished]) -> None:
    assert complete("zsh", "provena api", 1).lines[:2] == ["plain", "api"]
    assert complete("fish", "provena api", "api").lines[0].startswith("plain\tapi\tSend a request")
    assert complete("powershell", "provena api", 1).lines[0].startswith("plain\tapi\tSend a request")
    assert complete("tcsh", "provena api", 1) == Finished(1, b"", "")


def test_a_malformed_question_prints_nothing(complete: Callable[..., Finished]) -> None:
    assert complete("bash", "provena api", "x") == Finished(1, b"", "")


@pytest.mark.usefixtures("sandbox_settings")
def test_recent_handles_come_first_and_stay_private(tmp_path: Path) -> None:
    recent.remember(["10378.1/1"])
    recent.remember(["10378.1/2"])
    recent.remember(["10378.1/1"])
    assert recent.recent() == ["10378.1/1", "10378.1/2"]
    assert [item.value for item in values.handles("hdl:1")] == ["hdl:10378.1/1", "hdl:10378.1/2"]
    kept = tmp_path / "state" / "recent-handles"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_text("\x1b]0;x\x07/1\n10378.1/3\n", "utf-8")
    kept.chmod(0o600)
    assert recent.recent() == ["10378.1/3"]


@pytest.mark.usefixtures("sandbox_settings")
def test_a_state_folder_that_cannot_be_written_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "file"))
    recent.remember(["10378.1/1"])
    assert recent.recent() == []


@pytest.mark.usefixtures("sandbox_settings")
def test_files_of_a_dataset_are_completed(provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_SECONDS", 60.0)  # a busy machine is not what is tested
    reef = provena_sandbox.add_dataset(
        "Reef", files={"obs/2023.csv": b"", "obs/2024.csv": b"", "readme.txt": b""}
    )
    assert [item.value for item in values.files(f"{reef}/", None, None)] == [
        f"{reef}/metadata.json",
        f"{reef}/obs/",
        f"{reef}/readme.txt",
    ]
    found = values.files(f"provena://{reef}/obs/2024", None, None)
    assert [item.value for item in found] == [f"provena://{reef}/obs/2024.csv"]
    assert values.files("10378.1/9999999/", None, None) == []


def test_a_command_that_was_done_leaves_its_handle(
    run: Run, complete: Callable[..., Finished], provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "_SECONDS", 60.0)
    reef = provena_sandbox.add_dataset("Reef", files={"obs/2023.csv": b""})
    assert run("ls", "10378.1/9999999").code == 5
    assert run("ls", f"hdl:{reef}").code == 0
    assert complete("bash", "provena ls 1", 2).lines == [f"plain,{reef}"]
    assert complete("bash", f"provena ls {reef}/o", 2).lines == [f"plain,{reef}/obs/"]


@pytest.mark.usefixtures("sandbox_settings")
def test_files_are_not_waited_for_long(provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_SECONDS", 0.05)
    monkeypatch.setattr(values, "_entries", lambda *_: iter(lambda: __import__("time").sleep(1), 1))
    assert values.files("10378.1/1/", None, None) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_names_the_command(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = in_this_process(monkeypatch, ["completion", shell])
    assert done.code == 0
    assert VARIABLE in done.stdout
    assert "provena" in done.stdout
    checker = shutil.which(shell)
    if checker is not None and shell != "powershell":
        assert (
            subprocess.run([checker, "-n"], input=done.stdout, text=True, capture_output=True).returncode == 0
        )


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs bash")
def test_bash_completes(tmp_path: Path) -> None:
    script = (
        'eval "$(provena completion bash)"\n'
        "COMP_WORDS=(provena compl); COMP_CWORD=1\n"
        '_provena_completion provena; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env=with_path({"HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.stdout, done.stderr) == ("completion\n", "")


@pytest.mark.parametrize("name", ["a b", "it's", *(f"a{sign}b" for sign in '$();&|{}@#,<>`"‘’‚‛')])
def test_powershell_takes_no_name_for_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = in_this_process(monkeypatch, ["completion", "powershell"]).stdout
    bare = re.search(r"-match '(.+)'\)", source)
    doubled = re.search(r"-replace '(.+)', '\$0\$0'", source)
    assert bare
    assert doubled
    assert re.search(bare[1], "10378.1/1451860/obs/2024-01.csv")
    assert not re.search(bare[1], name)
    assert set(re.findall(doubled[1].replace("''", "'"), "a'‘’‚‛\"")) == set("'‘’‚‛")
