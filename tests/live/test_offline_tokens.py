"""Offline tokens of Keycloak in a realm's three modes, and workers that have nothing in common but the token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk import Deployment, Provena, errors
from provena_sdk.auth import FileStore, TokenSource
from provena_sdk.auth.choose import source_for
from provena_sdk.config import Given, read_config, resolve
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.signin.sessions import REUSES, Rotation
from provena_sdk.secret import Secret
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import Answering, client_of, environment_of
from tests.live.test_guard import ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
WORKERS = 5

WORKING = """
from provena_sdk import Provena
with Provena(interactive=False) as provena:
    for _ in range(3):
        assert provena.datastore.check_access("write").username == "writer"
        provena.tokens.renew(provena.tokens.token())
"""


@pytest.fixture(scope="module", params=REUSES)
def mode(request: pytest.FixtureRequest) -> Rotation:
    found: Rotation = request.param
    return found


@pytest.fixture(scope="module")
def reef(mode: Rotation, new_realm: MakeRealm) -> Realm:
    return new_realm(rotation=mode)


@pytest.fixture
def new_token(reef: Realm) -> Callable[[], tuple[Secret, str]]:
    """Makes an offline token as a person does; what they are told comes with it."""

    def make() -> tuple[Secret, str]:
        person = Answering()
        with client_of(reef, person) as provena:
            return provena.create_offline_token(), person.text.getvalue()

    return make


def source(reef: Realm, folder: Path, **variables: str) -> TokenSource:
    return source_for(resolve(Given(), environment_of(reef) | variables), store=FileStore(folder))


def test_whoever_makes_one_learns_the_realms_mode(
    mode: Rotation, new_token: Callable[[], tuple[Secret, str]]
) -> None:
    _, told = new_token()
    assert ("replaces it at each use" in told) is (mode != "off")
    assert ("again and again" in told) is (mode == "off")


def test_five_workers_with_a_file_in_common(
    reef: Realm, new_token: Callable[[], tuple[Secret, str]], tmp_path: Path
) -> None:
    """They have folders of their own, and run at once."""
    file = tmp_path / "token"
    file.write_text(new_token()[0].reveal(), "utf-8")
    file.chmod(0o600)
    with Sandbox(issuer=reef.issuer) as sandbox:
        environment = os.environ | sandbox.environment() | {"PROVENA_OFFLINE_TOKEN_FILE": str(file)}
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKING],
                cwd=ROOT,
                env=environment | {"PROVENA_STATE_DIR": str(tmp_path / str(number))},
                stderr=subprocess.PIPE,
                text=True,
            )
            for number in range(WORKERS)
        ]
        said = [worker.communicate()[1] for worker in workers]
        assert [worker.returncode for worker in workers] == [0] * WORKERS, said
        assert sandbox.crashes == []
    assert source(reef, tmp_path / "late", PROVENA_OFFLINE_TOKEN_FILE=str(file)).token()


def test_a_command_keeps_the_replacement(
    reef: Realm, new_token: Callable[[], tuple[Secret, str]], tmp_path: Path
) -> None:
    """Workers with folders of their own have two commands in common: one prints the token, one keeps another."""
    kept = tmp_path / "kept"
    kept.write_text(new_token()[0].reveal(), "utf-8")
    printing = [sys.executable, "-c", f"print(open({str(kept)!r}).read())"]
    keeping = [sys.executable, "-c", f"import sys; open({str(kept)!r}, 'w').write(sys.stdin.read())"]
    config = tmp_path / "config.toml"
    config.write_text(
        f'[profiles.reef]\ndomain = "localhost"\nissuer_url = "{reef.issuer}"\n'
        f"offline_token_command = {printing!r}\n"
        f"offline_token_store_command = {keeping!r}\n",
        "utf-8",
    )
    config.chmod(0o600)
    settings = resolve(Given(profile="reef"), {}, read_config(config))
    for number in range(3):
        worker = source_for(settings, store=FileStore(tmp_path / str(number)))
        assert worker.renew(worker.token())
        assert worker.renew(worker.token())


def test_one_holder_serves_the_workers_of_a_job(
    reef: Realm, new_token: Callable[[], tuple[Secret, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask's workers cannot sign in: the holder of the offline token sends them access tokens."""
    distributed = pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    from provena_sdk.dask import share_sign_in  # keeps Dask away

    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "nowhere"))
    file = tmp_path / "token"
    file.write_text(new_token()[0].reveal(), "utf-8")
    file.chmod(0o600)
    with (
        Sandbox(issuer=reef.issuer) as sandbox,
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as workers,
        distributed.Client(workers) as cluster,
    ):
        environment = sandbox.environment()
        given = environment | {"PROVENA_OFFLINE_TOKEN_FILE": str(file)}
        with Provena.from_env(given) as provena, share_sign_in(cluster, provena):
            names = cluster.gather(cluster.map(who, [environment] * 6, pure=False))
        assert names == ["writer"] * 6
        assert sandbox.crashes == []


def who(environment: dict[str, str]) -> str:
    with Provena(Deployment.from_env(environment), interactive=False) as provena:
        name: str = provena.datastore.check_access("write").username
    return name


def test_five_workers_with_nothing_but_the_token(
    mode: Rotation, reef: Realm, new_token: Callable[[], tuple[Secret, str]], tmp_path: Path
) -> None:
    """Where the realm replaces tokens, the one who comes too late learns why, and so does everybody else."""
    token = new_token()[0].reveal()
    good = {"off": WORKERS, "one-reuse": 2, "no-reuse": 1}[mode]
    workers = [source(reef, tmp_path / str(number), PROVENA_OFFLINE_TOKEN=token) for number in range(WORKERS)]
    for worker in workers[:good]:
        assert worker.token()
    if mode == "off":
        assert all(worker.renew(worker.token()) for worker in workers)
        return
    for late in (workers[good], workers[good]):
        with pytest.raises(errors.SessionEnded, match="This realm replaces it at each use") as caught:
            late.token()
        assert token not in str(caught.value)
    with pytest.raises(errors.SessionEnded, match="used it up"):
        workers[0].renew(workers[0].token())


def test_one_after_the_other_with_one_folder(
    reef: Realm, new_token: Callable[[], tuple[Secret, str]], tmp_path: Path
) -> None:
    token = new_token()[0].reveal()
    for _ in range(3):
        run = source(reef, tmp_path, PROVENA_OFFLINE_TOKEN=token)
        assert run.renew(run.token())
        assert run.claims().username == "writer"


def test_signing_out_leaves_it_alone_and_an_administrator_ends_it(
    reef: Realm, new_token: Callable[[], tuple[Secret, str]], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(new_token()[0].reveal(), "utf-8")
    file.chmod(0o600)
    pipeline = source(reef, tmp_path / "state", PROVENA_OFFLINE_TOKEN_FILE=str(file))
    pipeline.token()
    pipeline.sign_out()
    assert pipeline.token(), "others may use it"
    assert reef.admin.offline_sessions(reef.name, "writer", "automated-access")
    reef.admin.revoke_consent(reef.name, "writer", "automated-access")
    assert not reef.admin.offline_sessions(reef.name, "writer", "automated-access")
    with pytest.raises(errors.SessionEnded, match="no longer accepted"):
        pipeline.renew(pipeline.token())
