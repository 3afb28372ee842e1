"""Temporary credentials for a dataset's files, in the forms that other tools read."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from provena_sdk.concurrency.background import on_thread
from provena_sdk.connection import Datasets
from provena_sdk.datasets.credentials import renewal_margin
from provena_sdk.datasets.provider import DatasetCredentialsProvider
from provena_sdk.display.text import alternatives, printable
from provena_sdk.display.times import shown_time
from provena_sdk.errors import InvalidArgument
from provena_sdk.other_tools import formats
from provena_sdk.other_tools.store_place import StorePlace, access_of
from provena_sdk.private_files import write_small
from provena_sdk.s3.credentials import Credentials
from provena_sdk.secret import Secret

CredentialsFormat: TypeAlias = Literal["env", "powershell", "aws", "json", "process", "duckdb"]
"""The forms of :meth:`StoreCredentials.text`."""

FORMATS: Final[tuple[CredentialsFormat, ...]] = get_args(CredentialsFormat)


@dataclass(frozen=True, slots=True, repr=False)
class StoreCredentials(StorePlace):
    """Temporary credentials for the files of one dataset, and where the files are. The repr hides the secrets.

    Whoever has them can read the dataset's files until they expire, or write them if they were granted for writing.

    Attributes:
        location: The bucket, and the prefix of the keys in it.
        address: The URL and region of the object store, and the certificate authorities to trust.
        access: ``read`` or ``write``.
        credentials: The credentials; ``credentials.secret_access_key.reveal()`` returns a secret as text.
        granted_at: When they were granted, in Unix seconds.
    """

    credentials: Credentials
    granted_at: float = field(default_factory=time.time)

    def __repr__(self) -> str:
        shown = printable(self.dataset_id, 80)
        return f"<StoreCredentials {shown}, {self.access}, until {shown_time(self.expiry)}>"

    @property
    def expiry(self) -> datetime:
        """When the credentials expire."""
        return self.credentials.expiry

    @property
    def renew_at(self) -> datetime:
        """When to ask for new ones: some time before they expire, as requests take time and clocks differ."""
        life = self.expiry.timestamp() - self.granted_at
        return self.expiry - timedelta(seconds=renewal_margin(life))

    def text(self, format: CredentialsFormat) -> str:
        """Return the credentials as text. It holds secrets: write it to nothing that others can read.

        Args:
            format: ``env`` for commands that set the variables of the AWS tools in sh, bash, zsh and fish;
                ``powershell`` for the same in PowerShell; ``aws`` for a section of an AWS credentials file; ``json``
                for everything in one object; ``process`` for what an AWS profile expects of its
                ``credential_process``; ``duckdb`` for SQL that creates a secret in DuckDB.

        Raises:
            InvalidArgument: There is no such format.
        """
        if format == "env":
            return formats.shell(self.environment())
        if format == "powershell":
            return formats.powershell(self.environment())
        if format == "aws":
            secrets = {name.lower(): value for name, value in self._secrets().items()}
            return formats.section(self.profile_name, secrets)
        if format == "json":
            return json.dumps(self.to_dict(), indent=2) + "\n"
        if format == "process":
            return self._process_text()
        if format == "duckdb":
            return formats.duckdb_secret(self.profile_name, self._duckdb_settings())
        raise InvalidArgument("format", f"must be {alternatives(FORMATS)}, not {printable(format, 60)!r}.")

    def save(self, path: str | os.PathLike[str], format: CredentialsFormat) -> None:
        """Write what :meth:`text` returns into a file that only you can read.

        Args:
            path: The file, which is replaced if it exists.
            format: As for :meth:`text`.

        Raises:
            InvalidArgument: There is no such format.
            OSError: The file cannot be written.
        """
        write_small(Path(path), Secret(self.text(format), "credentials"))

    def environment(self) -> dict[str, str]:
        """Return the environment variables of the AWS tools, with the secrets in plain text.

        Those of GDAL are among them where the store is not Amazon's.
        """
        variables = {**self._secrets(), "AWS_CREDENTIAL_EXPIRATION": _iso(self.expiry)}
        if self.region is not None:
            variables |= {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        if self.address.ca_file is not None:
            variables["AWS_CA_BUNDLE"] = self.address.ca_file
        if self.endpoint_url is not None and self.host is not None:
            variables |= {
                "AWS_ENDPOINT_URL_S3": self.endpoint_url,
                "AWS_S3_ENDPOINT": self.host,
                "AWS_HTTPS": "YES" if self.is_https else "NO",
                "AWS_VIRTUAL_HOSTING": "FALSE",
            }
        return variables

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON data, with the secrets in plain text."""
        return {
            "dataset_id": self.dataset_id,
            "access": str(self.access),
            **{name.lower().removeprefix("aws_"): value for name, value in self._secrets().items()},
            "expiry": _iso(self.expiry),
            "url": self.url,
            "bucket": self.bucket,
            "prefix": self.prefix,
            "endpoint_url": self.endpoint_url,
            "region": self.region,
        }

    def _secrets(self) -> dict[str, str]:
        held = self.credentials
        secrets = {
            "AWS_ACCESS_KEY_ID": held.access_key_id.reveal(),
            "AWS_SECRET_ACCESS_KEY": held.secret_access_key.reveal(),
        }
        if held.session_token is not None:
            secrets["AWS_SESSION_TOKEN"] = held.session_token.reveal()
        return secrets

    def _process_text(self) -> str:
        # In one line: the AWS SDK for Go reads at most 8 KiB. It also uses credentials up to the second that is named
        # as their end, hence the earlier one.
        names = {
            "AWS_ACCESS_KEY_ID": "AccessKeyId",
            "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
            "AWS_SESSION_TOKEN": "SessionToken",
        }
        secrets = {names[name]: value for name, value in self._secrets().items()}
        answer = {"Version": 1, **secrets, "Expiration": _iso(self.renew_at)}
        return json.dumps(answer, separators=(",", ":")) + "\n"

    def _duckdb_settings(self) -> dict[str, str | bool]:
        names = {
            "AWS_ACCESS_KEY_ID": "KEY_ID",
            "AWS_SECRET_ACCESS_KEY": "SECRET",
            "AWS_SESSION_TOKEN": "SESSION_TOKEN",
        }
        settings: dict[str, str | bool] = {names[name]: value for name, value in self._secrets().items()}
        if self.region is not None:
            settings["REGION"] = self.region
        if self.host is not None:
            settings |= {"ENDPOINT": self.host, "URL_STYLE": "path", "USE_SSL": self.is_https}
        return {**settings, "SCOPE": self.url}


async def store_credentials(datasets: Datasets, dataset_id: str, access: str) -> StoreCredentials:
    """Get new credentials for a dataset's files, and find out where these are; await on the I/O thread.

    Args:
        datasets: The client's datasets.
        dataset_id: The dataset's handle.
        access: ``read`` or ``write``.

    Raises:
        InvalidArgument: There is no such access.
        DatasetNotFound: There is no such dataset.
        DatasetAccessDenied: The user may not access its files in this way.
    """
    wanted = access_of(access)
    provider = DatasetCredentialsProvider(datasets.transport)
    files, granted = await asyncio.gather(
        on_thread(datasets.files, dataset_id), on_thread(provider, dataset_id, wanted)
    )
    return StoreCredentials(files.location, files.address, wanted, granted)


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
