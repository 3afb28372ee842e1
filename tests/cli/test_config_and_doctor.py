"""Config and doctor."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.config import Deployment, Explanation
from provena_sdk.diagnosis.checks import Checks, checked
from provena_sdk.net.probe import Probe
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run


def test_explain_shows_each_setting_with_its_origin(run: Run, provena_sandbox: Sandbox) -> None:
    settings = {entry["name"]: entry for entry in run("config", "explain", "--json").json}
    assert settings["datastore_url"] == {
        "name": "datastore_url",
        "value": provena_sandbox.datastore_url,
        "origin": "environment variable PROVENA_DATASTORE_URL",
    }
    assert settings["sign_in"]["value"] == "access token (set)"
    assert provena_sandbox.datastore_url in run("config", "explain").stdout


def test_the_profiles_are_listed(run: Run, tmp_path: Path) -> None:
    assert run("config", "path").stdout == f"{tmp_path / 'none' / 'config.toml'}\n"
    done = run("config", "profiles", "--json")
    assert (done.code, done.json) == (ExitCode.DONE, [])
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "config.toml").write_text(
        'default_profile = "reef"\n[profiles.reef]\ndomain = "example.org"\n[profiles.lab]\nrealm = "lab"\n',
        "utf-8",
    )
    assert run("config", "profiles").lines == ["lab\t\tlab\tfalse", "reef\texample.org\t\ttrue"]


def test_doctor_finds_nothing_wrong(run: Run) -> None:
    done = run("doctor", "--json")
    assert done.code == ExitCode.DONE
    checks = {check["name"]: check for check in done.json}
    assert {check["passed"] for check in done.json} == {True}
    assert {
        "settings",
        "variables",
        "proxy",
        "DNS",
        "TLS",
        "clock",
        "account",
        "roles",
        "object store",
    } < set(checks)
    assert checks["account"]["found"].startswith("writer, ")


@pytest.mark.parametrize(
    ("user", "words", "cure"),
    [
        (None, "nobody is signed in", "provena login"),
        ("nobody", "you lack entity-registry-read", "roles.request("),
    ],
)
def test_doctor_names_what_is_missing_and_the_cure(run: Run, user: str | None, words: str, cure: str) -> None:
    done = run("doctor", user=user)
    assert done.code == ExitCode.FAILED
    [wrong] = [number for number, line in enumerate(done.lines) if line.startswith("✗")]
    assert words in done.lines[wrong]
    assert cure in done.lines[wrong + 1]


def test_doctor_explains_settings_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "config.toml").write_text("[profiles.reef]\ndomian = 'x'\n", "utf-8")
    done = run("doctor")
    assert done.code == ExitCode.FAILED
    assert done.lines[0].startswith("✗ settings")
    assert "domian is not a known key" in done.lines[0]
    assert "Did you mean domain?" in done.lines[1]


def test_doctor_gives_one_cause_once_and_no_verdict_on_what_it_did_not_ask() -> None:
    gone = {name: Probe(f"https://{name}.invalid", failed="DNS") for name in ("auth", "job")}
    deployment = Deployment("example.org")
    settings = Explanation(())
    lines = str(Checks(checked(deployment, settings, [], gone, ValueError("no")))).splitlines()
    assert "– TLS           not asked: see DNS" in lines
    assert sum("whether this machine has a network" in line for line in lines) == 1


def test_the_report_has_all_that_a_maintainer_needs(run: Run) -> None:
    report = run("doctor", "--report").stdout
    for title in ("Checks", "Versions", "Settings", "Services", "Account", "Last requests"):
        assert f"\n{title}\n" in report
