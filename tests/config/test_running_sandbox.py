"""The profile ``sandbox``: programs find the sandbox that runs, and only that."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk import ConfigurationError, Provena
from provena_sdk.config.running_sandbox import published
from provena_sdk.sandbox import Sandbox
from provena_sdk.secret import Secret


def test_a_published_sandbox_is_found_by_its_profile(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published(sandbox.environment()):
        with Provena(profile="sandbox") as provena:
            assert provena.deployment.datastore == sandbox.datastore_url
            assert provena.explain()["datastore_url"].origin.startswith("profile 'sandbox' in ")
        monkeypatch.setenv("PROVENA_PROFILE", "sandbox")
        with Provena.from_env() as provena:
            assert provena.deployment.issuer == sandbox.issuer_url
    with pytest.raises(ConfigurationError, match="provena sandbox --demo"):
        Provena()


def test_its_token_signs_in_without_a_person_and_goes_with_it(sandbox: Sandbox, tmp_path: Path) -> None:
    token = sandbox.offline_token("reader")
    with published(sandbox.environment(), Secret(token)):
        with Provena(profile="sandbox", interactive=False) as provena:
            assert provena.whoami().username == "reader"
        kept = [path for path in (tmp_path / "state").iterdir() if path.is_file()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert [path for path in (tmp_path / "state").iterdir() if path.name.startswith("sandbox")] == []


def test_the_last_one_is_found_and_outlives_the_first(sandbox: Sandbox) -> None:
    first = published({**sandbox.environment(), "PROVENA_REALM": "first"})
    second = published({**sandbox.environment(), "PROVENA_REALM": "second"})
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert Provena(profile="sandbox").deployment.realm == "second"
    second.__exit__(None, None, None)


def test_a_profile_of_the_file_takes_precedence(
    sandbox: Sandbox, write_config: Callable[[str], Path]
) -> None:
    write_config('[profiles.sandbox]\ndomain = "example.org"\n')
    with published(sandbox.environment()):
        assert Provena(profile="sandbox").deployment.domain == "example.org"


def test_what_a_killed_sandbox_left_is_not_used(sandbox: Sandbox, tmp_path: Path) -> None:
    with published(sandbox.environment()):
        place = tmp_path / "state" / "sandbox.json"
        document = json.loads(place.read_text("utf-8"))
        assert document["process"] == os.getpid()
        place.write_text(json.dumps({**document, "process": 2**22 + 1}), "utf-8")
        with pytest.raises(ConfigurationError, match="there is no profile 'sandbox'"):
            Provena(profile="sandbox")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"process": 1}',
        '{"process": 1, "settings": {"domain": 3}}',
        '{"process": 1, "settings": {"x": "y"}}',
    ],
)
def test_what_makes_no_sense_is_not_used(content: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    place = tmp_path / "state" / "sandbox.json"
    place.write_text(content, "utf-8")
    place.chmod(0o600)
    with pytest.raises(ConfigurationError, match="there is no profile 'sandbox'"):
        Provena(profile="sandbox")


@pytest.mark.skipif(os.name != "posix", reason="files have no modes here")
def test_what_others_could_write_is_not_trusted(sandbox: Sandbox, tmp_path: Path) -> None:
    with published(sandbox.environment()):
        (tmp_path / "state" / "sandbox.json").chmod(0o666)
        with pytest.raises(ConfigurationError, match="there is no profile 'sandbox'"):
            Provena(profile="sandbox")
