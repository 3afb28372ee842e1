"""A plain ``s3fs.S3FileSystem`` on a dataset's bucket, for libraries that require s3fs.

Its session uses one dataset's credentials and ignores this machine's AWS configuration: credentials, regions, profiles
and endpoints from the environment, ``~/.aws`` or a cloud machine's metadata service belong to other work. Only trusted
certificates (``AWS_CA_BUNDLE``) and proxies are kept.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Final
from urllib.parse import urlsplit

from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from s3fs import S3FileSystem

from provena_sdk.datasets.credentials import DatasetCredentials
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.service_file import check_removable, check_writable
from provena_sdk.net.tls import bundle
from provena_sdk.s3.client.request import USER_AGENT
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.failures import is_renewable
from provena_sdk.s3.http.endpoint import DEFAULT_REGION

_KEPT_VARIABLES: Final = frozenset({"ca_bundle"})
_DEFAULTS: Final[dict[str, Any]] = {
    "config_file": os.devnull,
    "credentials_file": os.devnull,
    "ignore_configured_endpoint_urls": True,
}
_WRITES: Final = frozenset({"PutObject", "CreateMultipartUpload", "CopyObject"})
_LOGGERS: Final = (
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


def s3fs_of(files: DatasetFiles, *, asynchronous: bool = False) -> S3FileSystem:
    """Return an s3fs file system on a dataset's bucket, whose credentials are renewed automatically.

    A pickle of it holds the source of credentials, but no credentials.

    Args:
        files: The dataset.
        asynchronous: Whether the caller awaits its coroutines in an event loop, as in s3fs.
    """
    address = files.address
    host = urlsplit(address.url or "").hostname
    return S3FileSystem(
        endpoint_url=address.url,
        session=DatasetSession(files.credentials, files.location),
        client_kwargs={
            "region_name": address.region or DEFAULT_REGION,
            "verify": _authorities(address.ca_file),
        },
        config_kwargs={
            # A proxy from the environment cannot reach ports of this machine.
            "proxies": {} if host in ("localhost", "127.0.0.1", "::1") else None,
            "retries": {"mode": "standard"},
            "user_agent": USER_AGENT,
            "s3": {"addressing_style": "path" if address.url else "auto"},
        },
        asynchronous=asynchronous,
        # Others may write to the dataset; a cached listing would hide their changes.
        use_listings_cache=False,
        # Two clients may belong to different users.
        skip_instance_cache=True,
    )


class RenewedCredentials(AioCredentials):  # type: ignore[misc]  # botocore is not typed
    """One dataset's credentials for botocore: valid ones whenever a request is signed.

    Args:
        credentials: The dataset's credentials.
    """

    def __init__(self, credentials: DatasetCredentials) -> None:
        super().__init__("", "", method="provena")
        self._credentials = credentials
        self._latest: Credentials | None = None

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials for the next request."""
        found = await self._credentials.current()
        if found is not self._latest:
            _keep_out_of_logs(found)
            self._latest = found
        token = found.session_token
        return ReadOnlyCredentials(
            found.access_key_id.reveal(),
            found.secret_access_key.reveal(),
            None if token is None else token.reveal(),
        )

    def renew(self) -> None:
        """Discard credentials that the store no longer accepts, so that new ones are requested."""
        if self._latest is not None:
            self._credentials.refused(self._latest)


class DatasetSession(AioSession):  # type: ignore[misc]  # botocore is not typed
    """An aiobotocore session for one dataset and access, which ignores the machine's AWS configuration.

    Args:
        credentials: The dataset's credentials.
        location: The dataset's folder, in which the session must not change ``metadata.json``.
    """

    def __init__(self, credentials: DatasetCredentials, location: DatasetLocation) -> None:
        super().__init__(session_vars=_isolated(AioSession.SESSION_VARIABLES))
        self._of = credentials, location
        self._credentials = RenewedCredentials(credentials)
        self.register("before-parameter-build.s3", self._check)
        self.register("needs-retry.s3", self._retry_renewed)

    def __reduce__(self) -> tuple[object, ...]:
        return DatasetSession, self._of

    async def get_credentials(self) -> RenewedCredentials:
        """Return the dataset's credentials; search nowhere else."""
        return self._credentials

    def _check(self, params: dict[str, Any], model: Any, **_: object) -> None:
        """Refuse to change the service's file."""
        location = self._of[1]
        deleted = [one["Key"] for one in params.get("Delete", {}).get("Objects", ())]
        if model.name == "DeleteObject":
            deleted = [params["Key"]]
        for key in deleted:
            check_removable(key.removeprefix(location.prefix), location.dataset_id)
        if model.name in _WRITES:
            check_writable(params["Key"].removeprefix(location.prefix), location.dataset_id)

    def _retry_renewed(
        self, response: tuple[Any, dict[str, Any]] | None, operation: Any, attempts: int, **_: object
    ) -> int | None:
        """Retry a request at once, with new credentials, when the store refuses those in use."""
        code = "" if response is None else str(response[1].get("Error", {}).get("Code", ""))
        if attempts > 1 or not is_renewable(code, bodiless=operation.name.startswith("Head")):
            return None
        self._credentials.renew()
        return 0


def _authorities(ca_file: str | None) -> str | None:
    """Return the file of certificate authorities to trust; None for that of AWS_CA_BUNDLE or the client's default.

    Args:
        ca_file: The deployment's file, if it has one.
    """
    if ca_file is None and os.environ.get("AWS_CA_BUNDLE"):
        return None
    return bundle(ca_file)


def _isolated(variables: dict[str, tuple[Any, Any, Any, Any]]) -> dict[str, tuple[Any, Any, Any, Any]]:
    return {
        name: (None, None, _DEFAULTS.get(name, default), convert)
        for name, (_, _, default, convert) in variables.items()
        if name not in _KEPT_VARIABLES
    }


class _Redaction(logging.Filter):
    """A filter that removes credentials in use from botocore's debug messages."""

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
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_redaction)
