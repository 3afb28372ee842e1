"""A session of the object store's client that knows one dataset's credentials and nothing of this machine's.

Keys in the environment, in ``~/.aws`` and on a cloud machine's metadata service belong to other work. So do
regions, profiles and endpoints found there; only trusted certificates (``AWS_CA_BUNDLE``) and proxies are kept.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.loaders import Loader, create_loader
from botocore.utils import parse_timestamp

from provena_sdk.datasets.credentials import DatasetCredentials
from provena_sdk.net.tls import bundle
from provena_sdk.s3.credentials import Credentials

_KEPT_VARIABLES: Final = frozenset({"ca_bundle"})
_DEFAULTS: Final[dict[str, Any]] = {
    "config_file": os.devnull,
    "credentials_file": os.devnull,
    "ignore_configured_endpoint_urls": True,
}
_TALKATIVE_LOGGERS: Final = (
    "aiobotocore.endpoint",
    "aiobotocore.hooks",
    "aiobotocore.httpsession",
    "aiobotocore.regions",
    "botocore.auth",
    "botocore.endpoint",
    "botocore.hooks",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.regions",
    "botocore.retries.standard",
    "botocore.retryhandler",
)


class StoreCredentials(AioCredentials):  # type: ignore[misc]
    """One dataset's credentials as botocore wants them: fresh ones whenever a request is signed.

    Args:
        credentials: The dataset's credentials.
    """

    def __init__(self, credentials: DatasetCredentials) -> None:
        super().__init__("", "", method="provena")
        self._credentials = credentials
        self.latest: Credentials | None = None

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials for the next request as botocore takes them."""
        found = await self._credentials.current()
        if found is not self.latest:
            _keep_out_of_logs(found)
            self.latest = found
        token = found.session_token
        return ReadOnlyCredentials(
            found.access_key_id.reveal(),
            found.secret_access_key.reveal(),
            None if token is None else token.reveal(),
        )


class DatasetSession(AioSession):  # type: ignore[misc]
    """An aiobotocore session for one dataset and access, deaf to the machine's own configuration.

    Args:
        credentials: The dataset's credentials.
    """

    def __init__(self, credentials: StoreCredentials) -> None:
        super().__init__(session_vars=_isolated(AioSession.SESSION_VARIABLES))
        self.register_component("data_loader", _service_models())
        self.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=timestamp)
        self._dataset_credentials = credentials

    async def get_credentials(self) -> StoreCredentials:
        """Return the dataset's credentials; no other place is searched."""
        return self._dataset_credentials


def timestamp(value: Any) -> datetime:
    """Read a time in one of the two forms that S3 uses; botocore tries every form, which takes far longer.

    Args:
        value: The time as S3 writes it, or in any other form that botocore knows.

    Example:
        >>> timestamp("2024-05-01T08:30:00.000Z") == timestamp("Wed, 01 May 2024 08:30:00 GMT")
        True
    """
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            if value.endswith("Z"):
                return datetime.fromisoformat(value)
            if value.endswith(" GMT"):
                return parsedate_to_datetime(value)
    found: datetime = parse_timestamp(value)
    return found


def authorities(ca_file: str | None) -> str | None:
    """Name the file of authorities to trust for the object store.

    Args:
        ca_file: The deployment's own, if it has one.

    Returns:
        The file; None leaves it to AWS_CA_BUNDLE, or to the client's own list where the system has no file.
    """
    if ca_file is None and os.environ.get("AWS_CA_BUNDLE"):
        return None
    return bundle(ca_file)


def proxies(endpoint_url: str | None) -> dict[str, str] | None:
    """Say through which proxies the object store is reached: None leaves it to the environment.

    A proxy from the environment cannot reach this machine's own ports.
    """
    host = urlsplit(endpoint_url or "").hostname
    return {} if host in ("localhost", "127.0.0.1", "::1") else None


@functools.cache
def _service_models() -> Loader:
    """Share one copy of S3's interface: reading it takes 50 ms, which would count for every dataset."""
    return create_loader()


def _isolated(variables: dict[str, tuple[Any, Any, Any, Any]]) -> dict[str, tuple[Any, Any, Any, Any]]:
    return {
        name: (None, None, _DEFAULTS.get(name, default), convert)
        for name, (_, _, default, convert) in variables.items()
        if name not in _KEPT_VARIABLES
    }


class _Redaction(logging.Filter):
    """Takes the tokens in use out of what botocore logs when a program turns on debug messages."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()

    def add(self, *secrets: str) -> None:
        self._secrets = (*secrets, *(old for old in self._secrets if old not in secrets))[:64]

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if any(secret in text for secret in self._secrets):
            for secret in self._secrets:
                text = text.replace(secret, "…")
            record.msg, record.args = text, None
        return True


_redaction: Final = _Redaction()


def _keep_out_of_logs(credentials: Credentials) -> None:
    _redaction.add(*(secret.reveal() for secret in credentials.secrets))
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).addFilter(_redaction)
