"""Whom the SDK trusts, and through which proxy it goes: the same for services, sign-in and files."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import token_source
from provena_sdk.errors import CertificateRejected, ConfigurationError
from provena_sdk.net.tls import authorities, bundle, shared_tls_context, tls_context
from provena_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.config.conftest import Authority, Network


def near(network: Network, **options: Any) -> Deployment:
    """The TLS servers on this machine."""
    urls = {name: f"https://127.0.0.1:{port}" for name, port in network.ports.items()}
    return Deployment(
        "localhost",
        datastore=urls["data-api"],
        search=urls["search"],
        issuer=f"{urls['auth']}/auth/realms/provena",
        s3_endpoint=urls["s3"],
        **options,
    )


def whole_path(deployment: Deployment, sandbox: Sandbox, tmp_path: Path) -> None:
    """Sign in, ask both services, send a file and fetch it again."""
    tokens = token_source(deployment, offline_token=sandbox.offline_token("writer"), discovery=False)
    dataset = sandbox.add_dataset("Corals", files={"obs.csv": b"a,b\n"})
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "more.csv").write_bytes(b"c,d\n")
    with Provena(deployment, tokens=tokens) as provena:
        assert provena.datastore.fetch_dataset(dataset).item is not None
        provena.search.search_registry("Corals", limit=1)
        reef = provena.datastore.interactive_dataset(dataset)
        reef.upload_all_files(tmp_path / "new")
        reef.download_all_files(tmp_path / "back")
    assert (tmp_path / "back" / "obs.csv").read_bytes() == b"a,b\n"
    assert (tmp_path / "back" / "more.csv").read_bytes() == b"c,d\n"


def test_a_private_authority_is_trusted_everywhere(
    network: Network, authority: Authority, sandbox: Sandbox, tmp_path: Path
) -> None:
    whole_path(near(network, ca_file=str(authority.file)), sandbox, tmp_path)


def test_what_other_programs_were_told_counts_too(
    network: Network,
    authority: Authority,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    whole_path(near(network), sandbox, tmp_path)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"])
def test_ones_own_file_comes_before_what_other_programs_were_told(
    variable: str,
    network: Network,
    authority: Authority,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import certifi

    monkeypatch.setenv(variable, certifi.where())
    whole_path(near(network, ca_file=str(authority.file)), sandbox, tmp_path)


def test_nobody_else_is_trusted(network: Network, sandbox: Sandbox) -> None:
    stranger = near(network)
    tokens = token_source(stranger, offline_token=sandbox.offline_token("writer"), discovery=False)
    with pytest.raises(CertificateRejected, match="PROVENA_CA_FILE"):
        tokens.token()
    with (
        Provena(stranger, access_token=sandbox.access_token("writer")) as provena,
        pytest.raises(CertificateRejected, match="PROVENA_CA_FILE"),
    ):
        provena.datastore.get_health_check()


@pytest.mark.slow
def test_nobody_else_is_trusted_with_files(network: Network, sandbox: Sandbox) -> None:
    known = Deployment.from_env(sandbox.environment())
    deployment = replace(known, s3_endpoint=near(network).s3_endpoint)
    dataset = sandbox.add_dataset("Corals", files={"obs.csv": b"a,b\n"})
    with (
        Provena(deployment, access_token=sandbox.access_token("writer")) as provena,
        pytest.raises(CertificateRejected, match="PROVENA_CA_FILE"),
    ):
        provena.datastore.interactive_dataset(dataset).list_files()


def test_a_private_authority_replaces_the_usual_ones(authority: Authority) -> None:
    assert tls_context(str(authority.file)).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
async def test_the_file_can_be_given_anywhere(
    face: type[Any],
    network: Network,
    authority: Authority,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    write_config: Callable[[str], Path],
) -> None:
    shutil.copy(authority.file, write_config("").parent / "ca.pem")

    async def healthy(**arguments: Any) -> bool:
        client = face(access_token=sandbox.access_token("writer"), max_retries=0, **arguments)
        answer = client.datastore.get_health_check()
        answer = await answer if face is AsyncProvena else answer
        if face is AsyncProvena:
            await client.close()
        else:
            client.close()
        return bool(answer.message)

    assert await healthy(deployment=near(network), ca_file=authority.file)
    url = f"https://127.0.0.1:{network.ports['data-api']}"
    write_config(f'[profiles.reef]\ndomain = "localhost"\ndatastore_url = "{url}"\nca_file = "ca.pem"\n')
    assert await healthy(profile="reef")
    monkeypatch.setenv("PROVENA_CA_FILE", str(authority.file))
    assert await healthy(deployment=near(network))


def test_proxies_from_the_environment_are_used_everywhere(
    network: Network,
    authority: Authority,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", network.proxy)
    deployment = Deployment(
        "reef.test",
        s3_endpoint="https://s3.reef.test",
        s3_region="us-east-1",
        ca_file=str(authority.file),
    )
    whole_path(deployment, sandbox, tmp_path)
    assert set(network.asked) == {"data-api.reef.test", "search.reef.test", "auth.reef.test", "s3.reef.test"}


def test_this_machine_is_reached_without_a_proxy(
    network: Network, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
        monkeypatch.setenv(variable.lower(), "http://127.0.0.1:9")
    whole_path(Deployment.from_env(sandbox.environment()), sandbox, tmp_path)


class TestTrust:
    def test_the_first_that_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert authorities(None) is None
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/r.pem")
        assert authorities(None) == ("/r.pem", "REQUESTS_CA_BUNDLE")
        monkeypatch.setenv("SSL_CERT_FILE", "/s.pem")
        assert authorities(None) == ("/s.pem", "SSL_CERT_FILE")
        assert authorities("/own.pem") == ("/own.pem", "")

    def test_the_systems_store_is_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[dict[str, Any]] = []
        real = ssl.create_default_context

        def noting(**given: Any) -> ssl.SSLContext:
            made.append(given)
            return real(**given)

        monkeypatch.setattr(ssl, "create_default_context", noting)
        tls_context()
        assert made == [{}]

    def test_a_list_stands_in_where_the_system_has_none(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)
        assert tls_context().cert_store_stats()["x509_ca"] > 50

    def test_a_folder_of_authorities(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
        assert tls_context().verify_mode is ssl.CERT_REQUIRED
        assert bundle() is None

    def test_contexts_check_the_server(self, authority: Authority) -> None:
        for context in (tls_context(), tls_context(str(authority.file))):
            assert context.check_hostname
            assert context.verify_mode is ssl.CERT_REQUIRED

    def test_clients_that_trust_the_same_share_a_context(
        self, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        path = tmp_path / "ca.pem"
        shutil.copy(authority.file, path)
        usual, own = shared_tls_context(), shared_tls_context(str(path))
        assert shared_tls_context() is usual
        assert shared_tls_context(str(path)) is own
        assert own is not usual
        os.utime(path, (0, 0))
        assert shared_tls_context(str(path)) is not own
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert shared_tls_context() not in (usual, own)

    @pytest.mark.parametrize("content", [None, "no certificate", ""])
    def test_files_that_cannot_be_used(self, content: str | None, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        with pytest.raises(ConfigurationError, match=r"ca_file: .*ca\.pem"):
            tls_context(str(path))
        provena = Provena("reef.test", access_token="t", ca_file=path)
        with pytest.raises(ConfigurationError, match="ca_file"):
            provena.datastore.get_health_check()
