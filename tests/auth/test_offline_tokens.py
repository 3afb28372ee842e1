"""Offline tokens in a realm's three modes: good for ever, for two uses, or for one.

Where one is kept in a place that can be written, its replacement goes there, and everybody who uses that place goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provena_sdk import Deployment
from provena_sdk.auth import FileStore, Prompt, TokenSource, token_source
from provena_sdk.auth.choose import source_for
from provena_sdk.auth.tokens import is_replaced_at_use
from provena_sdk.config import Given, read_config, resolve
from provena_sdk.config.settings import Credential
from provena_sdk.errors import SessionEnded
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.signin.sessions import REUSES, Rotation
from provena_sdk.secret import Secret

WORKERS = 5

WORKING = """
import sys
from provena_sdk import Provena
with Provena(interactive=False) as provena:
    for _ in range(3):
        assert provena.datastore.check_access("write").username == "writer"
        provena.tokens.renew(provena.tokens.token())
"""


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Callable[[Rotation], Sandbox]]:
    made: dict[Rotation, Sandbox] = {}

    def of(rotation: Rotation) -> Sandbox:
        if rotation not in made:
            made[rotation] = Sandbox(rotation=rotation)
            made[rotation].start()
        return made[rotation]

    yield of
    for sandbox in made.values():
        sandbox.stop()


@pytest.fixture(params=REUSES)
def rotation(request: pytest.FixtureRequest) -> Rotation:
    found: Rotation = request.param
    return found


@pytest.fixture
def sandbox(rotation: Rotation, sandboxes: Callable[[Rotation], Sandbox]) -> Sandbox:
    return sandboxes(rotation)


@pytest.fixture
def token_file(sandbox: Sandbox, tmp_path: Path) -> Path:
    path = tmp_path / "kept" / "token"
    path.parent.mkdir()
    path.write_text(f"{sandbox.offline_token('writer')}\n", "utf-8")
    path.chmod(0o600)
    return path


def by_file(sandbox: Sandbox, token_file: Path, folder: Path) -> TokenSource:
    """A worker's source of tokens: the file is everybody's, the folder is its own."""
    environment = sandbox.environment() | {"PROVENA_OFFLINE_TOKEN_FILE": str(token_file)}
    return source_for(resolve(Given(), environment), store=FileStore(folder))


def renew(source: TokenSource) -> Secret:
    return source.renew(source.token())


def test_workers_with_folders_of_their_own_share_a_file(
    sandbox: Sandbox, rotation: Rotation, token_file: Path, tmp_path: Path
) -> None:
    before = token_file.read_text("utf-8")
    workers = [by_file(sandbox, token_file, tmp_path / str(number)) for number in range(WORKERS)]
    for _ in range(3):
        for worker in workers:
            assert renew(worker)
    with ThreadPoolExecutor(WORKERS) as threads:
        for _ in range(3):
            assert len(set(threads.map(renew, workers))) == WORKERS
    assert (token_file.read_text("utf-8") == before) is (rotation == "off")
    # A worker that comes later begins with what is in the file by then.
    assert by_file(sandbox, token_file, tmp_path / "late").claims().username == "writer"
    assert [path.name for path in token_file.parent.iterdir() if path.suffix != ".lock"] == ["token"]


@pytest.mark.slow
def test_processes_share_a_file(sandbox: Sandbox, token_file: Path, tmp_path: Path) -> None:
    environment = os.environ | sandbox.environment() | {"PROVENA_OFFLINE_TOKEN_FILE": str(token_file)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKING],
            env=environment | {"PROVENA_STATE_DIR": str(tmp_path / str(number))},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    said = [worker.communicate()[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 3, said


def test_workers_that_share_only_the_token_learn_why_they_fail(
    sandbox: Sandbox, rotation: Rotation, tmp_path: Path
) -> None:
    deployment = Deployment.from_env(sandbox.environment())
    token = sandbox.offline_token("writer")

    def begin(number: int) -> Secret:
        store = FileStore(tmp_path / str(number))
        return token_source(deployment, offline_token=token, store=store).token()

    good = {"off": WORKERS, "one-reuse": 2, "no-reuse": 1}[rotation]
    for number in range(good):
        assert begin(number)
    if rotation == "off":
        return
    with pytest.raises(SessionEnded, match="This realm replaces it at each use") as caught:
        begin(good)
    assert "PROVENA_OFFLINE_TOKEN_FILE" in str(caught.value)
    assert "offline_token_store_command" in str(caught.value)
    assert token not in str(caught.value)


def test_a_run_after_a_run_goes_on_from_the_state_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing but the environment names the token, and the folder is kept."""
    deployment, token = Deployment.from_env(sandbox.environment()), sandbox.offline_token("writer")
    for _ in range(3):
        source = token_source(deployment, offline_token=token, store=FileStore(tmp_path))
        assert renew(source)
        assert renew(source)


@pytest.mark.skipif(os.name != "posix", reason="modes and links as POSIX has them")
def test_a_file_keeps_its_mode_and_a_link_stays_one(
    sandboxes: Callable[[Rotation], Sandbox], tmp_path: Path
) -> None:
    sandbox = sandboxes("no-reuse")
    kept = tmp_path / "real"
    kept.write_text(sandbox.offline_token("writer"), "utf-8")
    kept.chmod(0o640)
    link = tmp_path / "token"
    link.symlink_to("real")
    source = by_file(sandbox, link, tmp_path / "state")
    with pytest.warns(UserWarning, match="is open to other users") as caught:
        assert [renew(source) for _ in range(3)]
    assert len(caught) == 1, "it is said once"
    assert link.is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert by_file(sandbox, link, tmp_path / "other").claims().username == "writer"


def test_a_file_that_cannot_be_replaced(
    sandboxes: Callable[[Rotation], Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a secret that is mounted read-only: the replacement is kept in the state folder, as for a variable."""
    sandbox = sandboxes("no-reuse")
    token = tmp_path / "token"
    token.write_text(before := sandbox.offline_token("writer"), "utf-8")
    token.chmod(0o600)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and access(path, mode))
    for _ in range(2):
        source = by_file(sandbox, token, tmp_path / "state")
        assert renew(source)
    assert token.read_text("utf-8") == before
    with pytest.raises(SessionEnded, match="This realm replaces it at each use"):
        by_file(sandbox, token, tmp_path / "other").token()


def test_a_replacement_that_could_not_be_written_is_warned_of_and_tried_again(
    sandboxes: Callable[[Rotation], Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = sandboxes("no-reuse")
    token = tmp_path / "token"
    token.write_text(before := sandbox.offline_token("writer"), "utf-8")
    token.chmod(0o600)
    source = by_file(sandbox, token, tmp_path / "state")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("provena_sdk.auth.store.offline_token.write_small", full)
        with pytest.warns(UserWarning, match="could not be put there .No space left on device"):
            source.token()
    assert token.read_text("utf-8") == before
    assert renew(source), "this process goes on"
    assert token.read_text("utf-8") != before
    assert by_file(sandbox, token, tmp_path / "other").token()


@pytest.fixture
def by_command(tmp_path: Path) -> Callable[..., TokenSource]:
    """Makes a source whose token a command prints and another keeps."""
    kept = tmp_path / "kept.txt"
    keeping = f"import sys; open({str(kept)!r}, 'w').write(sys.stdin.read())"

    def make(sandbox: Sandbox, folder: Path, store_command: str = keeping) -> TokenSource:
        if not kept.exists():
            kept.write_text(sandbox.offline_token("writer"), "utf-8")
        printing = [sys.executable, "-c", f"print(open({str(kept)!r}).read())"]
        config = tmp_path / "config.toml"
        config.write_text(
            f'[profiles.reef]\ndomain = "localhost"\nissuer_url = "{sandbox.issuer_url}"\n'
            f"offline_token_command = {printing!r}\n"
            f"offline_token_store_command = {[sys.executable, '-c', store_command]!r}\n",
            "utf-8",
        )
        config.chmod(0o600)
        settings = resolve(Given(profile="reef"), {}, read_config(config))
        return source_for(settings, store=FileStore(folder))

    return make


def test_a_command_keeps_the_replacement(
    sandbox: Sandbox, by_command: Callable[..., TokenSource], tmp_path: Path
) -> None:
    for number in range(3):
        worker = by_command(sandbox, tmp_path / str(number))
        assert renew(worker)
        assert renew(worker)


def test_a_command_that_fails_to_keep_it(
    sandboxes: Callable[[Rotation], Sandbox], by_command: Callable[..., TokenSource], tmp_path: Path
) -> None:
    source = by_command(sandboxes("no-reuse"), tmp_path / "state", "raise SystemExit(3)")
    with pytest.warns(UserWarning, match="could not be put there .*ended with status 3"):
        source.token()
    with pytest.warns(UserWarning, match="ended with status 3"):
        assert renew(source)


class Person:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.told = ""

    def show(self, prompt: Prompt) -> None:
        self._sandbox.approve(prompt.user_code, "writer")

    def waiting(self, seconds_left: float) -> None:
        pass

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        pass

    def confirm(self, question: str) -> bool | None:
        return None

    def say(self, text: str) -> None:
        self.told += text


@pytest.mark.slow
def test_whoever_makes_one_learns_how_often_it_can_be_used(sandbox: Sandbox, rotation: Rotation) -> None:
    person = Person(sandbox)
    deployment = Deployment.from_env(sandbox.environment())
    token = token_source(deployment, interactive=True, present=person).create_offline_token(deployment)
    assert is_replaced_at_use(token) is (rotation != "off")
    if rotation == "off":
        assert "again and again" in person.told
    else:
        assert "replaces it at each use" in person.told
        assert "PROVENA_OFFLINE_TOKEN_FILE" in person.told


def test_tokens_of_other_servers_do_not_say() -> None:
    assert is_replaced_at_use("opaque") is None
    assert is_replaced_at_use("a.e30.c") is None


def test_arguments_of_commands_are_not_shown() -> None:
    credential = Credential("offline_token_command", ("pass",), "profile", store_command=("keep", "hush"))
    assert "hush" not in repr(credential)
