"""The function behind ``ds.open``, ``ds.fs.open``, ``fs.open`` and ``fsspec.open``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsspec.compression import compr
from fsspec.core import get_compression

from provena_sdk.filesystem.open_file.layers import CompressedFile, TextFile, discard
from provena_sdk.filesystem.open_file.options import TEXT_OPTIONS, checked_options


def open_file(
    fs: Any,
    path: str,
    mode: str = "rb",
    block_size: int | None = None,
    cache_options: Mapping[str, Any] | None = None,
    compression: str | None = None,
    **options: Any,
) -> Any:
    """Open a file like :meth:`fsspec.AbstractFileSystem.open`, but close or discard all layers together.

    Args:
        fs: The file system, whose ``_open`` returns a :class:`~provena_sdk.filesystem.open_file.file.DatasetFile`.
        path: The file's name there.
        mode: As for :func:`open`.
        block_size: Bytes to read ahead, or the size of a part in bytes.
        cache_options: The options of the cache.
        compression: The name of a compression, or ``infer`` to choose it by the file's suffix.
        options: See :func:`~provena_sdk.filesystem.open_file.options.checked_options`.

    Returns:
        A file of bytes or of text.

    Raises:
        InvalidArgument: The mode, the name of an option or its value is invalid; nothing was sent.
    """
    asked = {"block_size": block_size, "cache_options": cache_options, "compression": compression}
    options = checked_options(mode, {**options, **asked})
    text = {name: options.pop(name) for name in TEXT_OPTIONS if name in options}
    packed = _compression(path, options.pop("compression"))
    autocommit = options.pop("autocommit", not fs._intrans)
    plain = mode if "b" in mode else mode.replace("t", "") + "b"
    innermost = fs._open(path, plain, autocommit=autocommit, **options)
    if not autocommit and plain != "rb":
        fs.transaction.files.append(innermost)
    try:
        file = innermost if packed is None else CompressedFile(packed(innermost, mode=plain[0]), innermost)
        return file if "b" in mode else TextFile(file, innermost, **text)
    except BaseException:
        discard(innermost)
        raise


def _compression(path: str, name: str | None) -> Any:
    """Return the class that compresses or decompresses a file; None for no compression."""
    if name is None:
        return None

    found = get_compression(path, name)
    return None if found is None else compr[found]
