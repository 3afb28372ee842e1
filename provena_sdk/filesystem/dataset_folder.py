"""One dataset as a file system."""

from __future__ import annotations

from typing import Any, ClassVar

from fsspec.utils import tokenize

from provena_sdk.filesystem.file_system import ProvenaFileSystem
from provena_sdk.filesystem.open_file.fsspec_types import DirFileSystem


class DatasetFolder(DirFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """The file system of one dataset, such as ``interactive_dataset(handle).fs``; paths start at its root.

    It has all methods of :class:`ProvenaFileSystem`. Its pickle names the dataset and the deployment, and holds no
    secret: another process signs in with its own session or environment.

    Args:
        path: The dataset's handle.
        fs: The file system of all datasets.
        options: Options of fsspec.
    """

    protocol: ClassVar[str] = "provena-folder"
    # fsspec would compare the repr of the file system below, which is the same for two users.
    cachable = False

    def __init__(self, path: str, fs: ProvenaFileSystem, **options: Any) -> None:
        super().__init__(path=path, fs=fs, **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    def _join(self, path: Any) -> Any:
        # fsspec drops the trailing slash that marks a folder.
        joined = super()._join(path)
        slash = isinstance(path, str) and path.endswith("/") and not joined.endswith("/")
        return f"{joined}/" if slash else joined

    @property
    def _fs_token(self) -> str:
        return str(tokenize(self._fs_token_, self.fs._fs_token))

    @property
    def transaction(self) -> Any:
        """A context that completes all files opened in it together, at its end."""
        return self.fs.transaction

    def start_transaction(self) -> Any:
        """Start a transaction."""
        return self.fs.start_transaction()

    def end_transaction(self) -> None:
        """End the transaction and complete the files written in it."""
        self.fs.end_transaction()
