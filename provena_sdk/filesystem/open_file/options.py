"""What a file of a dataset may be opened with: the same by whichever door, and refused before anything is sent."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from typing import Any, Final

from provena_sdk.display.text import alternatives
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.client.writer import LEAST_PART_BYTES
from provena_sdk.s3.media_type import check_content_type

MODES: Final = tuple(way + kind for way in "rwax" for kind in ("b", "", "t"))
"""As for Python's own :func:`open`; nothing is both read and written."""

TEXT_OPTIONS: Final = ("encoding", "errors", "newline")
# S3's own name for content_type, which s3fs takes.
_S3_CONTENT_TYPE: Final = "ContentType"
_FOR_USERS: Final = (
    "block_size",
    "cache_options",
    "cache_type",
    "compression",
    "content_type",
    "etag",
    "fill_cache",
    "size",
    *TEXT_OPTIONS,
)
_KNOWN: Final = frozenset({*_FOR_USERS, _S3_CONTENT_TYPE, "autocommit"})
_NEWLINES: Final = (None, "", "\n", "\r", "\r\n")


def checked_options(mode: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a file is to be opened with, before anything is sent.

    Args:
        mode: ``r``, ``w``, ``a`` or ``x``, for text, or with ``b`` for bytes.
        options: ``block_size`` in bytes, ``cache_type`` and ``cache_options``; ``compression``; ``content_type``, or
            ``ContentType`` as S3 calls it; ``encoding``, ``errors`` and ``newline`` of text; ``size`` in bytes and
            ``etag`` of a file that is known; ``fill_cache``, which has no effect, and fsspec's ``autocommit``.

    Returns:
        The options that have an effect, each by one name.

    Raises:
        InvalidArgument: There is no such mode or option, or it has no such value.

    Example:
        >>> checked_options("wb", {"ContentType": "text/csv", "fill_cache": False})
        {'content_type': 'text/csv'}
    """
    if not isinstance(mode, str) or mode not in MODES:
        raise InvalidArgument("mode", f"it must be one of {', '.join(MODES)}, not {mode!r}.")
    for name in options:
        if name not in _KNOWN:
            hint = f"There are {', '.join(sorted(_FOR_USERS))}."
            raise InvalidArgument(name, "there is no such option.", hint=hint)
    kept = {name: value for name, value in options.items() if name != "fill_cache"}
    if _S3_CONTENT_TYPE in kept:
        _rename(kept, _S3_CONTENT_TYPE, "content_type")
    _check_text(mode, kept)
    check_block_size(kept.get("block_size"), mode)
    _check_content_type(mode, kept)
    if kept.get("compression") is not None:
        _check_compression(kept["compression"])
    _check_caching(kept)
    _check_known_file(kept)
    return kept


def _rename(options: dict[str, Any], other: str, name: str) -> None:
    value = options.pop(other)
    if options.get(name, value) != value:
        raise InvalidArgument(other, f"{name} says something else.", hint=f"Give {name} alone.")
    options[name] = check_content_type(value, argument=other)


def _check_text(mode: str, options: dict[str, Any]) -> None:
    for name in TEXT_OPTIONS:
        if "b" in mode and options.pop(name, None) is not None:
            raise InvalidArgument(name, f"mode {mode!r} is for bytes, which have none.")
    _check_lookup("encoding", options, codecs.lookup)
    _check_lookup("errors", options, codecs.lookup_error)
    if options.get("newline") not in _NEWLINES:
        raise InvalidArgument("newline", f"must be {alternatives(_NEWLINES)}.")


def _check_lookup(name: str, options: Mapping[str, Any], look_up: Callable[[str], object]) -> None:
    value = options.get(name)
    if value is None:
        return
    try:
        look_up(value)
    except (LookupError, TypeError, ValueError):
        raise InvalidArgument(name, f"Python knows no {value!r}.") from None


def _check_content_type(mode: str, options: Mapping[str, Any]) -> None:
    if check_content_type(options.get("content_type")) is not None and "r" in mode:
        raise InvalidArgument(
            "content_type", f"mode {mode!r} only reads; a file gets its type when it is written."
        )


def _check_compression(name: object) -> None:
    from fsspec.compression import compr  # noqa: PLC0415  # keeps fsspec away

    if name != "infer" and name not in compr:
        known = ", ".join(sorted(filter(None, compr)))
        raise InvalidArgument("compression", f"it must be one of infer, {known}, not {name!r}.")


def _check_caching(options: Mapping[str, Any]) -> None:
    from fsspec.caching import caches  # noqa: PLC0415  # keeps fsspec away

    kind, details = options.get("cache_type"), options.get("cache_options")
    if kind is not None and kind not in caches:
        known = ", ".join(sorted(filter(None, caches)))
        raise InvalidArgument("cache_type", f"it must be one of {known}, not {kind!r}.")
    if details is not None and not isinstance(details, Mapping):
        raise InvalidArgument("cache_options", f"a mapping is needed, not {type(details).__name__}.")


def _check_known_file(options: Mapping[str, Any]) -> None:
    size, etag = options.get("size"), options.get("etag")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise InvalidArgument("size", "a number of bytes is needed.")
    if etag is not None and not isinstance(etag, str):
        raise InvalidArgument("etag", f"a str is needed, not {type(etag).__name__}.")


def check_block_size(block_size: int | None, mode: str) -> None:
    """Refuse what cannot be the size of a read, or of the parts to be sent.

    Args:
        block_size: In bytes; None leaves it to us.
        mode: What the file is opened for.

    Raises:
        InvalidArgument: It is no number, or too small.
    """
    least, hint = 1, None
    if "r" not in mode:
        least = LEAST_PART_BYTES
        hint = (
            "Leave it out. What changes a file while writing, as xarray's to_netcdf does by address, has to write a "
            "local one: open 'simplecache::provena://…' instead."
        )
    if block_size is not None and (not isinstance(block_size, int) or block_size < least):
        raise InvalidArgument("block_size", f"a number of bytes is needed, at least {least:,}.", hint=hint)
