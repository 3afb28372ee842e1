"""Which certificate authorities to trust: one answer for services, sign-in and files.

The first of these that is set: the deployment's ``ca_file``, SSL_CERT_FILE, REQUESTS_CA_BUNDLE; else the system's
store as OpenSSL finds it. certifi's list stands in only where the system has none, as on a Mac with Python's own
installer.
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
"""What names a file of authorities for many programs, not for this SDK alone."""

_MOST_BYTES: Final = 64 * 1024 * 1024


def authorities(ca_file: str | None) -> tuple[str, str] | None:
    """Return the file of authorities in force.

    Args:
        ca_file: The deployment's own, if it has one.

    Returns:
        The file and the environment variable that named it, empty when none did; None means the system's store.
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
        ca_file: The deployment's own file of authorities, if it has one.

    Returns:
        A new context, which nobody else changes.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate.
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
            # OpenSSL would wait for a pipe, and read a device for ever.
            require_regular(path, most=_MOST_BYTES)
        return ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
    except ssl.SSLError:
        raise ConfigurationError(f"{label}: {path} holds no certificate.", hint="It must be PEM.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{label}: {path} cannot be read ({reason}).") from None


def shared_tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return the TLS context of all HTTP clients that trust the same authorities.

    To read the system's takes tens of milliseconds, more than a first request to a service that is near.

    Args:
        ca_file: The deployment's own file of authorities, if it has one.

    Returns:
        A context to be used as it is. A file that was replaced since makes a new one.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate.
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
    """Return a file of authorities for a library that takes only a file.

    Args:
        ca_file: The deployment's own, if it has one.

    Returns:
        The file in force, or the one of the system's store; None where there is no single file.
    """
    import ssl  # noqa: PLC0415  # keeps ssl away

    named = authorities(ca_file)
    path = ssl.get_default_verify_paths().cafile if named is None else named[0]
    return path if path and os.path.isfile(path) else None


def _has_authorities(context: ssl.SSLContext) -> bool:
    import ssl  # noqa: PLC0415  # keeps ssl away

    if context.cert_store_stats()["x509_ca"]:
        return True
    # A folder of authorities is read one by one, when they are needed.
    folder = ssl.get_default_verify_paths().capath
    return folder is not None and any(Path(folder).iterdir())
