"""What our file systems and files derive from.

fsspec has no annotations. What type checkers guess of its classes is wrong in places, and our methods then seem to
override theirs in the wrong way.
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
