"""Opening a file of a dataset, by whichever door."""

from __future__ import annotations

from typing import Any

from provena_sdk.files.layers import CompressedFile, TextFile


def open_file(
    fs: Any,
    path: str,
    mode: str,
    *,
    block_size: int | None = None,
    cache_options: dict[str, Any] | None = None,
    compression: str | None = None,
    **options: Any,
) -> Any:
    """Open a file as :meth:`fsspec.AbstractFileSystem.open` does, but so that all layers end together.

    Args:
        fs: The file system, whose ``_open`` returns a :class:`DatasetFile`.
        path: The file's name there.
        mode: As for :func:`open`.
        block_size: Bytes to read ahead, or of the parts to be sent.
        cache_options: What the way of reading ahead takes.
        compression: The name of a compression, or ``infer`` to take it from the file's name.
        options: ``encoding``, ``errors`` and ``newline`` of text, and what ``_open`` takes.

    Returns:
        A file of bytes or of text.
    """
    text = {name: options.pop(name) for name in ("encoding", "errors", "newline") if name in options}
    autocommit = options.pop("autocommit", not fs._intrans)
    plain = mode if "b" in mode else mode.replace("t", "") + "b"
    innermost = fs._open(
        path, plain, block_size=block_size, cache_options=cache_options, autocommit=autocommit, **options
    )
    if not autocommit and plain != "rb":
        fs.transaction.files.append(innermost)
    file = innermost
    if compression is not None:
        from fsspec.compression import compr
        from fsspec.core import get_compression

        named = get_compression(path, compression)
        if named is not None:
            file = CompressedFile(compr[named](file, mode="r" if plain == "rb" else "w"), innermost)
    return file if "b" in mode else TextFile(file, innermost, **text)
