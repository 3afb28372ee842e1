"""Certificates that cannot be verified: OpenSSL's own reason is kept, and each has its own next step."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import token_source
from provena_sdk.errors import CertificateRejected, ConnectionFailed
from provena_sdk.s3.failures import translate

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _usages(*wanted: str) -> x509.KeyUsage:
    names = (
        *(
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
        ),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: name in wanted for name in names})


class Maker:
    """An authority, and certificates of it that lack something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder("authority", self.key, NOW - DAY, NOW + DAY)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made = made.add_extension(_usages("key_cert_sign", "crl_sign"), critical=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, name: str, key: Any, begins: datetime.datetime, ends: datetime.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def context(
        self, *, host: str = "127.0.0.1", ends: datetime.datetime = NOW + DAY, is_strict: bool = True
    ) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder("server", key, NOW - 2 * DAY, ends)
        address = x509.IPAddress(ipaddress.ip_address(host))
        made = made.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        if is_strict:
            authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            made = made.add_extension(authority, critical=False)
        path = self.folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture
def listening() -> Iterator[Callable[[ssl.SSLContext | None], str]]:
    """Opens a port that shakes hands over TLS, or answers with plain text, and then closes the connection."""
    listeners: list[socket.socket] = []

    def serve(listener: socket.socket, context: ssl.SSLContext | None) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                if context is None:
                    connection.recv(9)
                    connection.sendall(b"HTTP/1.1 400 Plain\r\n\r\n")
                else:
                    connection = context.wrap_socket(connection, server_side=True)
            except OSError:
                pass
            finally:
                connection.close()

    def listen(context: ssl.SSLContext | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
        return f"https://127.0.0.1:{listener.getsockname()[1]}"

    yield listen
    for listener in listeners:
        listener.close()


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes contexts as strict as Python 3.13 makes them."""
    real = ssl.create_default_context

    def strictly(*args: Any, **options: Any) -> ssl.SSLContext:
        context = real(*args, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strictly)


async def health(deployment: Deployment) -> None:
    async with AsyncProvena(deployment, access_token="t", max_retries=0) as provena:
        await provena.datastore.get_health_check()


def failures(deployment: Deployment) -> list[ConnectionFailed]:
    """What a service says to both faces, and the sign-in."""
    import asyncio

    found = []
    with Provena(deployment, access_token="t", max_retries=0) as provena:
        for attempt in (
            provena.datastore.get_health_check,
            lambda: asyncio.run(health(deployment)),
            token_source(deployment, offline_token="t", discovery=False, sleep=lambda _: None).token,
        ):
            with pytest.raises(ConnectionFailed) as caught:
                attempt()
            found.append(caught.value)
    return found


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("lacking", "trusted", "reason", "step"),
    [
        ({"is_strict": False}, True, "Missing Authority Key Identifier", "Python 3.13 and newer insist"),
        ({"ends": NOW - DAY}, True, "certificate has expired", "clock"),
        ({"host": "127.0.0.2"}, True, "is not valid for '127.0.0.1'", "Check the address"),
        ({}, False, "unable to get local issuer certificate", "PROVENA_CA_FILE"),
    ],
)
def test_the_reason_is_kept_and_the_next_step_fits(
    maker: Maker, listening: Any, lacking: dict[str, Any], trusted: bool, reason: str, step: str
) -> None:
    url = listening(maker.context(**lacking))
    ca_file = str(maker.file) if trusted else None
    told = failures(Deployment("localhost", datastore=url, issuer=url, ca_file=ca_file))
    for error in told:
        assert isinstance(error, CertificateRejected)
        assert reason in error.message
        assert "could not be verified: " in error.message
        assert step in str(error.hint)


def test_the_object_store_says_the_same() -> None:
    broken = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] …")
    broken.verify_code, broken.verify_message = 85, "Missing Authority Key Identifier"
    error = translate(broken, path="a.csv", label="dataset 10378.1/1", store="s3.example.org")
    assert isinstance(error, CertificateRejected)
    assert "object store at s3.example.org could not be verified: Missing Authority Key Identifier." in str(
        error
    )
    assert "Python 3.13" in str(error)


def test_a_server_without_tls_is_not_taken_for_one_with_a_bad_certificate(
    maker: Maker, listening: Any
) -> None:
    url = listening(None)
    for error in failures(Deployment("localhost", datastore=url, issuer=url)):
        assert type(error) is ConnectionFailed
        assert "no secure connection could be agreed on (" in error.message
