"""One dataset's files as a file system of their own."""

from __future__ import annotations

from typing import Any, ClassVar

from fsspec.utils import tokenize

from provena_sdk.filesystem.file_system import ProvenaFileSystem
from provena_sdk.filesystem.open_file.fsspec_types import DirFileSystem


class DatasetFolder(DirFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """One dataset, with paths that begin at its root; ``interactive_dataset(handle).fs`` is one.

    It does all that :class:`ProvenaFileSystem` does. A pickle of it names the dataset and where the deployment is, and
    holds no secret: where it is unpickled, that process's own session or environment signs in.

    Args:
        path: The dataset's handle.
        fs: The file system of all datasets.
        options: What fsspec takes.
    """

    protocol: ClassVar[str] = "provena-folder"
    # fsspec would go by how the file system below is shown, and two persons' are shown alike.
    cachable = False

    def __init__(self, path: str, fs: ProvenaFileSystem, **options: Any) -> None:
        super().__init__(path=path, fs=fs, **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    def _join(self, path: Any) -> Any:
        # fsspec's own drops the slash that says that a target is a folder.
        joined = super()._join(path)
        slash = isinstance(path, str) and path.endswith("/") and not joined.endswith("/")
        return f"{joined}/" if slash else joined

    @property
    def _fs_token(self) -> str:
        return str(tokenize(self._fs_token_, self.fs._fs_token))

    @property
    def transaction(self) -> Any:
        """A context in which opened files get their names together, at its end."""
        return self.fs.transaction

    def start_transaction(self) -> Any:
        """Begin a transaction."""
        return self.fs.start_transaction()

    def end_transaction(self) -> None:
        """End a transaction; the files that were written in it get their names."""
        self.fs.end_transaction()
