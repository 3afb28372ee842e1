"""provena.diagnose(): what it says, what it never says, and how long it takes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import AsyncProvena, DatasetNotFound, Deployment, InvalidArgument, Provena
from provena_sdk.sandbox import Fault, Sandbox

SERVICES = ["sign-in", "datastore", "search", "registry", "auth", "job", "prov", "object store"]


@pytest.fixture
def deployment(sandbox: Sandbox) -> Deployment:
    return Deployment.from_env(sandbox.environment())


def test_it_says_what_a_report_needs(sandbox: Sandbox, deployment: Deployment, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    with Provena(deployment, access_token=sandbox.access_token()) as provena:
        provena.datastore.io.download_all_files(tmp_path / "data", handle)
        with pytest.raises(DatasetNotFound):
            provena.datastore.fetch_dataset("10378.1/9999999")
        found = provena.diagnose()
    assert [name for name, _ in found.services] == SERVICES
    assert {name for name, probe in found.services if probe.status is None} == set()
    assert [name for name, probe in found.services if probe.interface] == SERVICES[1:-1]
    text = str(found)
    for title in ("Versions", "Settings", "Clock", "Services", "Account", "Last requests"):
        assert f"\n{title}\n" in text
    assert "agrees with the services" in text
    assert "entity-registry-write" in text
    assert "0.1.0, " in text
    assert "127.0.0.1" in text
    assert "none: plain HTTP" in text
    asked = {(request.part, request.method, request.status) for request in found.requests}
    assert {("services", "GET", 400), ("files", "GET", 200)} <= asked
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(repr(found)) <= 200
    assert text.split("\n")[0] in found._repr_html_()


def test_no_secret_is_in_it(
    sandbox: Sandbox, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, offline = sandbox.access_token(), sandbox.offline_token()
    monkeypatch.setenv("HTTPS_PROXY", "http://user:the-password@127.0.0.1:9")
    monkeypatch.setenv("PROVENA_OFFLINE_TOKEN", offline)
    handle = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    for options in ({"access_token": token}, {}):
        with Provena(deployment, **options) as provena:  # type: ignore[arg-type]
            reef = provena.datastore.interactive_dataset(handle)
            url = reef.presigned_url("a.csv")
            reef.open("a.csv").read()
            access = provena.tokens.token().reveal()
            secure = replace(deployment, s3_endpoint=None)
            found = provena.diagnose(timeout=3)
            shown = f"{found}{found!r}{found._repr_html_()}{vars_of(found)}"
            for secret in (token, offline, access, url.partition("?")[2], "the-password"):
                assert secret not in shown
            assert "Signature" not in shown
        assert secure.s3_endpoint is None


def vars_of(found: Any) -> str:
    return repr([getattr(found, name) for name in found.__slots__])


async def test_it_is_the_same_in_the_async_client(sandbox: Sandbox, deployment: Deployment) -> None:
    async with AsyncProvena(deployment, access_token=sandbox.access_token()) as provena:
        found = await provena.diagnose()
    assert [name for name, probe in found.services if probe.status is not None] == SERVICES


def test_it_takes_no_longer_than_it_may(sandbox: Sandbox, deployment: Deployment) -> None:
    sandbox.faults.add(Fault(service="search", times=None, stall=30.0))
    gone = replace(deployment, datastore="http://127.0.0.1:9", registry_url=None)
    with Provena(gone, access_token=sandbox.access_token()) as provena:
        began = time.monotonic()
        found = dict(provena.diagnose(timeout=1.0).services)
        assert time.monotonic() - began < 5
    assert found["datastore"].answer == "the connection was refused"
    assert found["search"].status is None
    assert found["search"].answer
    assert found["auth"].status == 200
    assert "registry" not in found


def test_nobody_is_asked_to_sign_in(sandbox: Sandbox, deployment: Deployment) -> None:
    with Provena(deployment, interactive=True) as provena:
        assert "SignInRequired: Nobody is signed in" in provena.diagnose().account
    assert sandbox.pending_user_codes() == []


def test_each_check_that_fails_names_its_cure(
    sandbox: Sandbox, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults.add(Fault(service="search", times=None, status=500))
    monkeypatch.setenv("PROVENA_TIMOUT", "5")
    broken = replace(deployment, job_url="http://127.0.0.1:9", auth_url=f"{sandbox.auth_url}/elsewhere")
    with pytest.warns(UserWarning, match="PROVENA_TIMOUT"):
        provena = Provena(broken, access_token=sandbox.access_token("reader"))
    with provena:
        checks = provena.diagnose().checks
    assert not checks.passed
    wrong = {check.name: check for check in checks if check.passed is False}
    assert set(wrong) == {"variables", "search", "auth", "job"}
    assert wrong["variables"].cure == "Did you mean PROVENA_TIMEOUT?"
    assert "answered 500" in wrong["search"].found
    assert "check auth_url (argument)" in wrong["auth"].cure
    assert wrong["job"].found == "the connection was refused"
    assert all(check.cure for check in wrong.values())
    lines = str(checks).splitlines()
    assert "✓ account       reader, with an access token made elsewhere" in "\n".join(lines)
    assert f"✗ job           {wrong['job'].found}" in lines


def test_one_cause_is_one_cross(sandbox: Sandbox, deployment: Deployment) -> None:
    gone = replace(deployment, datastore="https://nowhere.invalid")
    with Provena(gone, access_token=sandbox.access_token()) as provena:
        checks = provena.diagnose().checks
    assert [check.name for check in checks if check.passed is False] == ["DNS"]
    [skipped] = [check for check in checks if check.name == "datastore"]
    assert skipped.found == "not asked: see DNS"


def test_a_proxy_that_does_not_answer_is_the_cause(
    sandbox: Sandbox, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:the-password@127.0.0.1:9")
    away = replace(deployment, datastore="https://data.example.org")
    with Provena(away, access_token=sandbox.access_token()) as provena:
        checks = {check.name: check for check in provena.diagnose().checks}
    assert checks["proxy"].passed is False
    assert checks["proxy"].found == "127.0.0.1:9: the connection was refused"
    assert "NO_PROXY" in checks["proxy"].cure


def test_a_rejected_certificate_is_named_with_its_cure(
    deployment: Deployment, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    def reject(*_: Any, **__: Any) -> None:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.reason, error.verify_code, error.verify_message = "", 10, "certificate has expired"
        raise error

    monkeypatch.setattr("http.client.HTTPSConnection.connect", reject)
    expired = replace(deployment, datastore="https://localhost:9")
    with Provena(expired, access_token=sandbox.access_token()) as provena:
        [wrong] = [check for check in provena.diagnose().checks if check.passed is False]
    assert wrong.name == "TLS"
    assert wrong.found.endswith("could not be verified: certificate has expired")
    assert "renew the certificate" in wrong.cure


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5"])
def test_the_timeout_is_checked(deployment: Deployment, timeout: Any) -> None:
    with Provena(deployment, access_token="t") as provena, pytest.raises(InvalidArgument, match="timeout"):
        provena.diagnose(timeout)
