"""Keycloak with a certificate of a private authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from provena_sdk import Deployment, Provena, errors
from provena_sdk.auth import MemoryStore, token_source
from scripts.live.keycloak import Keycloak
from scripts.live.process import Certificate
from scripts.live.programs import KEYCLOAK
from scripts.live.realm import realm
from tests.live.conftest import Realm, needed
from tests.live.signing import Answering, environment_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def reef(certificate: Certificate) -> Iterator[Realm]:
    needed(KEYCLOAK.name)
    with Keycloak(tls=certificate) as keycloak, keycloak.admin() as admin:
        admin.add_realm(realm("reef"))
        yield Realm("reef", keycloak.issuer("reef"), keycloak, admin)


def test_it_is_trusted_when_named(reef: Realm, certificate: Certificate) -> None:
    deployment = Deployment.from_env(environment_of(reef) | {"PROVENA_CA_FILE": str(certificate.authority)})
    person = Answering(trust=ssl.create_default_context(cafile=certificate.authority))
    tokens = token_source(deployment, interactive=True, present=person, store=MemoryStore())
    with Provena(deployment, tokens=tokens) as provena:
        provena.sign_in()
        assert person.prompt.url.startswith("https://localhost:")
        assert provena.whoami().username == "writer"
        first = tokens.token()
        assert tokens.renew(first) != first
        provena.sign_out()


def test_it_is_not_trusted_otherwise(reef: Realm) -> None:
    deployment = Deployment.from_env(environment_of(reef))
    tokens = token_source(deployment, interactive=True, present=Answering(None), store=MemoryStore())
    with pytest.raises(errors.CertificateRejected) as caught:
        tokens.sign_in()
    assert "ca_file" in str(caught.value) or "PROVENA_CA_FILE" in str(caught.value)


def test_a_name_that_the_certificate_does_not_have(reef: Realm, certificate: Certificate) -> None:
    """The certificate is for localhost, and the address says ip6-localhost or the like."""
    issuer = reef.issuer.replace("localhost", "localhost.localdomain")
    variables = environment_of(reef) | {
        "PROVENA_CA_FILE": str(certificate.authority),
        "PROVENA_ISSUER_URL": issuer,
    }
    tokens = token_source(Deployment.from_env(variables), interactive=True, store=MemoryStore())
    with pytest.raises((errors.CertificateRejected, errors.ConnectionFailed)) as caught:
        tokens.sign_in()
    assert "localhost.localdomain" in str(caught.value)
