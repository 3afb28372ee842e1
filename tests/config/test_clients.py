"""Clients made from profiles and the environment, and what they say of themselves."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import FileStore, MemoryStore, SessionKey, Tokens, token_source
from provena_sdk.errors import ConfigurationError, InvalidArgument, SignInRequired
from provena_sdk.sandbox import Sandbox
from provena_sdk.secret import Secret

Face = type[Provena] | type[AsyncProvena]
WriteConfig = Callable[[str], Path]

pytestmark = pytest.mark.parametrize("face", [Provena, AsyncProvena])

TWO = """
default_profile = "reef"

[profiles.reef]
domain = "reef.org"
timeout = 7
storage = "memory"

[profiles.lab]
domain = "lab.org"
realm = "coral"
max_retries = 0
"""


def test_a_profile_by_its_name(face: Face, write_config: WriteConfig) -> None:
    write_config(TWO)
    lab = face(profile="lab")
    assert lab.deployment == Deployment("lab.org", "coral")
    assert lab._transport.options.retry.max_retries == 0
    assert lab._transport.options.timeout == 60.0
    reef = face()
    assert reef.deployment == Deployment("reef.org")
    assert reef._transport.options.timeout == 7.0
    assert isinstance(reef.tokens._store, MemoryStore)


def test_each_profile_has_a_session_of_its_own(face: Face, write_config: WriteConfig) -> None:
    write_config("[profiles.one]\ndomain = 'example.org'\n[profiles.two]\ndomain = 'example.org'\n")
    key = SessionKey.of(Deployment("example.org"), "client-tools", "one")
    FileStore().save(key, Tokens(Secret("kept"), 1e9, 9e9))
    assert face(profile="one").tokens.token().reveal() == "kept"
    with pytest.raises(SignInRequired):
        face(profile="two").tokens.token()
    with pytest.raises(SignInRequired):
        face("example.org").tokens.token()


def test_from_env_needs_no_file(
    face: Face, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(TWO)
    with pytest.raises(ConfigurationError, match="No deployment is named"):
        face.from_env()
    monkeypatch.setenv("PROVENA_DOMAIN", "example.org")
    client = face.from_env()
    assert client.deployment == Deployment("example.org")
    assert client._transport.options.timeout == 60.0
    monkeypatch.setenv("PROVENA_PROFILE", "reef")
    monkeypatch.setenv("PROVENA_DOMAIN", "")
    assert face.from_env()._transport.options.timeout == 7.0


async def test_from_env_takes_any_environment(face: Face, sandbox: Sandbox) -> None:
    variables = {**sandbox.environment(), "PROVENA_ACCESS_TOKEN": sandbox.access_token("writer")}
    client = face.from_env(variables)
    answer: Any = client.datastore.get_health_check()
    assert (await answer if face is AsyncProvena else answer).message
    closing: Any = client.close()
    if face is AsyncProvena:
        await closing


def test_a_service_signs_in_with_arguments(face: Face) -> None:
    client = face("example.org", client_id="pipeline", client_secret="hush")
    assert "ClientCredentials('pipeline'" in repr(client.tokens)
    with pytest.raises(ConfigurationError, match="client_secret was given without its client"):
        face("example.org", client_secret="hush")


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"deployment": 7}, InvalidArgument, "deployment"),
        ({"profile": "nobody"}, ConfigurationError, "there is no profile 'nobody'"),
        ({"profile": "lab", "deployment": "reef.org"}, ConfigurationError, "Give only one"),
        (
            {"deployment": "x.org", "access_token": "a", "offline_token": "b"},
            ConfigurationError,
            "Only one of",
        ),
    ],
)
def test_what_is_refused(
    face: Face,
    arguments: dict[str, Any],
    kind: type[Exception],
    message: str,
    write_config: WriteConfig,
) -> None:
    write_config(TWO)
    with pytest.raises(kind, match=message):
        face(**arguments)


def test_a_damaged_file_is_an_error_at_once(face: Face, write_config: WriteConfig) -> None:
    path = write_config("[profiles.reef\n")
    with pytest.raises(ConfigurationError, match=re.escape(f"{path}, line 1")):
        face("example.org")


class TestExplain:
    def test_the_table(self, face: Face, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write_config(TWO)
        monkeypatch.setenv("PROVENA_S3_REGION", "reef-1")
        monkeypatch.setenv("PROVENA_OFFLINE_TOKEN", "hush-hush")
        monkeypatch.setenv("PROVENA_LIMIT_RATE", "5MB/s")
        told = face(profile="reef", max_retries=5).explain()
        mine, file = "argument", f"profile 'reef' in {path}"
        follows, usual = "follows from domain and realm", "default"
        assert [(row.name, row.value, row.origin) for row in told] == [
            ("profile", "reef", mine),
            ("config_file", str(path), "environment variable PROVENA_CONFIG_FILE"),
            ("domain", "reef.org", file),
            ("realm", "provena", usual),
            ("datastore_url", "https://data-api.reef.org", follows),
            ("search_url", "https://search.reef.org", follows),
            ("issuer_url", "https://auth.reef.org/auth/realms/provena", follows),
            ("registry_url", "https://registry-api.reef.org", follows),
            ("auth_url", "https://auth-api.reef.org", follows),
            ("job_url", "https://job-api.reef.org", follows),
            ("prov_url", "https://prov-api.reef.org", follows),
            ("s3_endpoint", "Amazon S3", usual),
            ("s3_region", "reef-1", "environment variable PROVENA_S3_REGION"),
            ("ca_file", "the system's store", usual),
            ("allow_plain_http", "no", usual),
            ("sign_in", "offline token (set)", "environment variable PROVENA_OFFLINE_TOKEN"),
            ("client_id", "automated-access", usual),
            ("storage", "memory", file),
            ("interactive", "where somebody watches", usual),
            ("timeout", "7 s", file),
            ("max_retries", "5", mine),
            ("limit_rate", "5,000,000 B/s", "environment variable PROVENA_LIMIT_RATE"),
            ("max_connections", "as many as the line needs", usual),
        ]
        lines = str(told).splitlines()
        assert len(lines) == len(told) + 1
        assert lines[0].split() == ["setting", "value", "from"]
        assert len({line.index(row.origin) for line, row in zip(lines[1:], told, strict=True)}) == 1
        assert repr(told) == f"<Explanation of {len(told)} settings for reef.org; print() shows them>"

    @pytest.mark.parametrize(
        ("lines", "arguments", "sign_in"),
        [
            ("", {}, "a person, once, then the session kept"),
            ("", {"access_token": "hush"}, "access token (set)"),
            ("", {"client_id": "c", "client_secret": "hush"}, "client secret (set)"),
            ("offline_token_file = '/tokens/reef'", {}, "offline token in /tokens/reef"),
            ("offline_token_command = ['pass', 'hush']", {}, "offline token printed by pass"),
        ],
    )
    def test_secrets_are_only_said_to_be_set(
        self, face: Face, lines: str, arguments: dict[str, str], sign_in: str, write_config: WriteConfig
    ) -> None:
        write_config(f"[profiles.reef]\ndomain = 'reef.org'\n{lines}\n")
        client = face(profile="reef", **arguments)  # type: ignore[arg-type]
        told = client.explain()
        assert told["sign_in"].value == sign_in
        assert "hush" not in f"{told!r} {told._repr_html_()} {client!r} {client._settings!r}"

    def test_what_is_set_and_not_used(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PROVENA_DOMAIN", "other.org")
        monkeypatch.setenv("PROVENA_ACCESS_TOKEN", "hush")
        told = face("example.org").explain()
        assert str(told).endswith("Not used: PROVENA_ACCESS_TOKEN, PROVENA_DOMAIN: for other.org.")

    def test_html_is_escaped(self, face: Face) -> None:
        shown = face(Deployment("<b>x", "r&d")).explain()._repr_html_()
        assert "&lt;b&gt;x" in shown
        assert "r&amp;d" in shown
        assert "<b>" not in shown

    def test_options_of_a_view(self, face: Face) -> None:
        client = face("example.org", access_token="t", timeout=5)
        view = client.with_options(max_retries=9)
        assert (view.explain()["max_retries"].value, view.explain()["max_retries"].origin) == (
            "9",
            "with_options",
        )
        assert view.explain()["timeout"] == client.explain()["timeout"]
        assert client.explain()["max_retries"].origin == "default"

    def test_tokens_of_ones_own(self, face: Face) -> None:
        told = face("example.org", tokens=token_source(Deployment("example.org"), access_token="t")).explain()
        assert (told["sign_in"].value, told["sign_in"].origin) == ("a source of tokens", "argument")
        with pytest.raises(KeyError):
            told["storage"]

    def test_certificates(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/all.pem")
        row = face("example.org").explain()["ca_file"]
        assert (row.value, row.origin) == ("/all.pem", "environment variable REQUESTS_CA_BUNDLE")
        row = face("example.org", ca_file="/own.pem").explain()["ca_file"]
        assert (row.value, row.origin) == ("/own.pem", "argument")

    def test_nothing_is_sent_or_run(self, face: Face, write_config: WriteConfig, tmp_path: Path) -> None:
        command = json.dumps([sys.executable, "-c", f"open({str(tmp_path / 'made')!r}, 'w')"])
        write_config(f"[profiles.reef]\ndomain = 'reef.org'\noffline_token_command = {command}\n")
        str(face(profile="reef").explain())
        assert not (tmp_path / "made").exists()


def test_the_file_is_found_where_the_platform_keeps_it(face: Face, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".config" / "provena-sdk"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[profiles.default]\ndomain = 'reef.org'\n")
    script = f"from provena_sdk import {face.__name__} as P; print(P().deployment.domain)"
    environment = {"HOME": str(tmp_path / "home"), "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment
    )
    assert done.stdout.strip() == "reef.org", done.stderr


@pytest.mark.parametrize("variable", ["PROVENA_OFFLINE_TOKEN", "PROVENA_ACCESS_TOKEN"])
async def test_a_token_of_another_deployment_on_this_machine_goes_nowhere(
    face: Face, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    offline = variable == "PROVENA_OFFLINE_TOKEN"
    token = sandbox.offline_token() if offline else sandbox.access_token()
    for name, value in {**sandbox.environment(), variable: token}.items():
        monkeypatch.setenv(name, value)
    with Sandbox() as other:
        for ask in ("whoami", "check_access"):
            client = face(Deployment.from_env(other.environment()))
            asked = client.whoami if ask == "whoami" else client.datastore.check_access
            with pytest.raises(SignInRequired):
                await _done(asked())
        assert other.requests == []
        (note,) = client.explain().notes
        assert variable in note
        assert sandbox.issuer_url in note
    assert (await _done(face(Deployment.from_env(sandbox.environment())).whoami())).username == "writer"


async def _done(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result
