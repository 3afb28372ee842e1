"""A dataset's files in the object store.

Importing this package loads neither s3fs nor the libraries below it; the first use does.
"""

from provena_sdk.files.credentials import Access, Credentials, CredentialsProvider, CredentialsSource
from provena_sdk.files.dataset import DatasetFiles
from provena_sdk.files.io_thread import on_io_thread, run_sync
from provena_sdk.files.location import DatasetLocation, FileInfo
from provena_sdk.files.report import FileOutcome, TransferReport

__all__ = [
    "Access",
    "Credentials",
    "CredentialsProvider",
    "CredentialsSource",
    "DatasetFiles",
    "DatasetLocation",
    "FileInfo",
    "FileOutcome",
    "TransferReport",
    "on_io_thread",
    "run_sync",
]
