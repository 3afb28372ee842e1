"""The base classes from fsspec, which type checkers see as ``Any``.

fsspec has no annotations. Some of the types that checkers infer are wrong, and would reject our overrides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    AbstractAsyncStreamedFile: TypeAlias = Any
    AbstractBufferedFile: TypeAlias = Any
    AsyncFileSystem: TypeAlias = Any
    DirFileSystem: TypeAlias = Any
else:
    from fsspec.asyn import AbstractAsyncStreamedFile, AsyncFileSystem
    from fsspec.implementations.dirfs import DirFileSystem
    from fsspec.spec import AbstractBufferedFile

__all__ = ["AbstractAsyncStreamedFile", "AbstractBufferedFile", "AsyncFileSystem", "DirFileSystem"]
