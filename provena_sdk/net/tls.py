"""The certificate authorities to trust, for services, sign-in and files alike.

The first of these that is set is used: the deployment's ``ca_file``, SSL_CERT_FILE, REQUESTS_CA_BUNDLE; else the
system's store as OpenSSL finds it. certifi's list is used only if the system has no store, as on a Mac with the
python.org installer.
"""

from __future__ import annotations

import functools
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provena_sdk.errors import ConfigurationError
from provena_sdk.private_files import require_regular

if TYPE_CHECKING:
    import ssl

VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Environment variables that name a file of certificate authorities, for this SDK and other programs."""

_MOST_BYTES: Final = 64 * 1024 * 1024


def authorities(ca_file: str | None) -> tuple[str, str] | None:
    """Return the file of certificate authorities in use.

    Args:
        ca_file: The deployment's file, if it has one.

    Returns:
        The file and the environment variable that names it, empty if none does; None means the system's store.
    """
    if ca_file is not None:
        return ca_file, ""
    for variable in VARIABLES:
        path = os.environ.get(variable, "")
        if path:
            return path, variable
    return None


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Create a TLS context for a client.

    Args:
        ca_file: The deployment's file of certificate authorities, if it has one.

    Returns:
        A new context, which the caller may change.

    Raises:
        ConfigurationError: The file cannot be read, or contains no certificate.
    """
    import ssl  # noqa: PLC0415  # keeps ssl away

    named = authorities(ca_file)
    if named is None:
        context = ssl.create_default_context()
        if not _has_authorities(context):
            import certifi  # noqa: PLC0415  # keeps certifi away

            context.load_verify_locations(certifi.where())
        return context
    path, variable = named
    label = variable or "ca_file"
    try:
        folder = os.path.isdir(path)
        if not folder:
            # OpenSSL would wait for a pipe, and read a device forever.
            require_regular(path, most=_MOST_BYTES)
        return ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
    except ssl.SSLError:
        raise ConfigurationError(f"{label}: {path} holds no certificate.", hint="It must be PEM.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{label}: {path} cannot be read ({reason}).") from None


def shared_tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return the TLS context that all HTTP clients with the same certificate authorities share.

    Reading the system's store takes tens of milliseconds, longer than a first request to a nearby service.

    Args:
        ca_file: The deployment's file of certificate authorities, if it has one.

    Returns:
        A context that the caller must not change. If the file has been replaced, the context is new.

    Raises:
        ConfigurationError: The file cannot be read, or contains no certificate.
    """
    import ssl  # noqa: PLC0415  # keeps ssl away

    named, system = authorities(ca_file), ssl.get_default_verify_paths()
    path = system.cafile if named is None else named[0]
    changed = 0
    with suppress(OSError):
        changed = os.stat(path).st_mtime_ns if path else 0
    return _shared(ca_file, named, system, changed)


@functools.lru_cache(maxsize=8)
def _shared(ca_file: str | None, *in_force: object) -> ssl.SSLContext:
    return tls_context(ca_file)


def bundle(ca_file: str | None = None) -> str | None:
    """Return a file of certificate authorities, for a library that accepts only a file.

    Args:
        ca_file: The deployment's file, if it has one.

    Returns:
        The file in use, or that of the system's store; None if there is no single file.
    """
    import ssl  # noqa: PLC0415  # keeps ssl away

    named = authorities(ca_file)
    path = ssl.get_default_verify_paths().cafile if named is None else named[0]
    return path if path and os.path.isfile(path) else None


def _has_authorities(context: ssl.SSLContext) -> bool:
    import ssl  # noqa: PLC0415  # keeps ssl away

    if context.cert_store_stats()["x509_ca"]:
        return True
    # The files of a folder are loaded one by one, when they are needed.
    folder = ssl.get_default_verify_paths().capath
    return folder is not None and any(Path(folder).iterdir())
