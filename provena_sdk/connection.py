"""Create tokens, a transport and datasets from settings, for clients and the file system."""

from __future__ import annotations

import os
import threading
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from provena_sdk import datasets
from provena_sdk.auth.choose import source_for
from provena_sdk.config import Given, Settings, Variables, config_path, read_config, resolve
from provena_sdk.config.running_sandbox import with_running_sandbox
from provena_sdk.config.settings import PROFILE
from provena_sdk.config.variables import warn_of_unknown
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation, store_address
from provena_sdk.datasets.provider import DatasetCredentialsProvider
from provena_sdk.errors import UnreadableAnswer
from provena_sdk.logs import follow_environment
from provena_sdk.operations import catalogue, handles
from provena_sdk.transfer.spec.options import TransferOptions
from provena_sdk.transport.http import Options, Transport
from provena_sdk.transport.policy import RetryPolicy
from provena_sdk.workflows import datastore

if TYPE_CHECKING:
    from provena_api.models import ItemDataset, S3Location

    from provena_sdk.datasets.files import DatasetFiles

T = TypeVar("T")

# How long a grant of write access is trusted while files are written one by one.
_WRITING_ALLOWED_SECONDS: Final = 60.0
_USUAL_PROFILE: Final = "default"


def find_settings(given: Given, *, stacklevel: int = 1) -> Settings:
    """Return the settings in use: from the arguments, then the environment, then ``config.toml``.

    Args:
        given: The arguments.
        stacklevel: The line that a warning about an unknown variable names: 1 for the caller's.

    Raises:
        ConfigurationError: No deployment is named, or a setting is invalid.
        InvalidArgument: An argument has the wrong type, or is out of range.
    """
    follow_environment()
    warn_of_unknown(tuple(os.environ), stacklevel=stacklevel + 1)
    named = given.profile if given.profile is not None else os.environ.get(PROFILE, "").strip()
    return resolve(given, os.environ, with_running_sandbox(read_config(), named))


def find_settings_in(variables: Variables, *, elsewhere: bool, stacklevel: int = 1) -> Settings:
    """Return the settings of an environment, with only the profile of ``config.toml`` that it names.

    Args:
        variables: The environment.
        elsewhere: Whether it is not the environment of this process, so that other processes cannot find a secret
            by its variable.
        stacklevel: The line that a warning about an unknown variable names: 1 for the caller's.

    Raises:
        ConfigurationError: No deployment is named, or a variable is invalid.
    """
    follow_environment()
    warn_of_unknown(variables.names, stacklevel=stacklevel + 1)
    config = replace(read_config(config_path(variables.plain)), default_profile=None)
    config = with_running_sandbox(config, variables.plain.get(PROFILE))
    settings = resolve(Given(), variables, config)
    if elsewhere and settings.credential is not None:
        settings = replace(settings, credential=replace(settings.credential, variable=None))
    return settings


def request_options(settings: Settings) -> Options:
    """Return the options for the timeout and for retries."""
    return Options(settings.timeout, RetryPolicy(max_retries=settings.max_retries))


def transfer_limits(settings: Settings) -> TransferOptions:
    """Return the limits of transfers that set none of their own."""
    return TransferOptions(limit_rate=settings.limit_rate, max_connections=settings.max_connections)


def storage_options(settings: Settings) -> dict[str, Any]:
    """Return storage options of ``provena://`` that yield the same settings in other processes, without secrets."""
    fields = {name: value for name, value in asdict(settings.deployment).items() if value is not None}
    profile = {} if settings.profile == _USUAL_PROFILE else {"profile": settings.profile}
    return {"deployment": fields, **profile}


class Datasets:
    """The datasets whose files a client has used, and their credentials. A pickle holds the transport and limits.

    Args:
        transport: Sends requests to the datastore.
        limits: The limits of transfers that set none of their own.
    """

    def __init__(self, transport: Transport, limits: TransferOptions | None = None) -> None:
        self.transport = transport
        self.limits = limits or TransferOptions()
        self._credentials = CredentialsSource(DatasetCredentialsProvider(transport))
        self._lock = threading.Lock()
        self._known: dict[str, DatasetFiles] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return Datasets, (self.transport, self.limits)

    def handle(self, dataset_id: str, *, argument: str = "dataset_id") -> str:
        """Return a dataset's handle from a handle or from a URL of the deployment's web pages."""
        return handles.handle(argument, dataset_id, domain=self.transport.deployment.domain)

    def files(self, dataset_id: str) -> DatasetFiles:
        """Return a dataset's files. Their location is requested once: a dataset never moves."""
        dataset_id = self.handle(dataset_id)
        found = self._known.get(dataset_id)
        if found is None:
            found = self._locate(dataset_id)
            with self._lock:
                found = self._known.setdefault(dataset_id, found)
        return found

    def for_once(self, item: ItemDataset) -> DatasetFiles:
        """Return the files of a dataset that was fetched; neither they nor their credentials are kept here.

        Close their connections after use.
        """
        return self._files_at(item.id, item.s3, CredentialsSource(DatasetCredentialsProvider(self.transport)))

    def _locate(self, dataset_id: str) -> DatasetFiles:
        answer = self.transport.run(datastore.fetch_dataset("dataset_id", dataset_id))
        return self._files_at(dataset_id, answer.item.s3, self._credentials)

    def _files_at(self, dataset_id: str, place: S3Location, credentials: CredentialsSource) -> DatasetFiles:
        prefix = place.path if place.path.endswith("/") else f"{place.path}/"
        deployment = self.transport.deployment
        return datasets.files.DatasetFiles(
            _location(dataset_id, place.bucket_name, prefix),
            credentials,
            store_address(
                deployment.s3_endpoint,
                deployment.s3_region,
                deployment.ca_file,
                allow_plain_http=deployment.allow_plain_http,
            ),
        )

    def close(self) -> None:
        """Close the connections to the object store."""
        with self._lock:
            known, self._known = list(self._known.values()), {}
        for files in known:
            files.close()

    def begin_to_read(self, dataset_id: str) -> None:
        """Start to request credentials for a dataset's files, before their location is known."""
        self._credentials.begin(dataset_id, Access.READ)

    def may_write(self, dataset_id: str) -> bool:
        """Return whether the datastore granted write access to a dataset's files within the last minute."""
        return self._credentials.was_granted(dataset_id, Access.WRITE, _WRITING_ALLOWED_SECONDS)

    async def ask_to_write(self, dataset_id: str) -> None:
        """Request new write credentials, to check that a dataset's files may be written now; await on the I/O thread.

        Raises:
            DatasetAccessDenied: The user may not write the dataset's files.
            DatasetLocked: The dataset is locked.
            Forbidden: A release is pending or done.
        """
        await self._credentials.ask_anew(dataset_id, Access.WRITE)


def connect(given: Given) -> Datasets:
    """Return the datasets of a client with these arguments, without sending anything.

    Args:
        given: The arguments.

    Raises:
        ConfigurationError: No deployment is named, or a setting is invalid.
        InvalidArgument: An argument has the wrong type, or is out of range.
    """
    settings = find_settings(given, stacklevel=2)
    transport = Transport(settings.deployment, source_for(settings), request_options(settings))
    return Datasets(transport, transfer_limits(settings))


def _location(dataset_id: str, bucket: str, prefix: str) -> DatasetLocation:
    try:
        return DatasetLocation(dataset_id, bucket, prefix)
    except ValueError as error:
        reason = str(error)
    raise UnreadableAnswer(
        f"The datastore names no place for the files of dataset {dataset_id}: {reason}",
        operation=catalogue.datastore.FETCH_DATASET.name,
        status=200,
        dataset_id=dataset_id,
        hint="Whoever runs the datastore has to correct the dataset's entry.",
    )
