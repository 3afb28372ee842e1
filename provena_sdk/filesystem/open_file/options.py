"""The options of opening a file: the same for every ``open``, and checked before anything is sent."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from typing import Any, Final

from provena_sdk.display.text import alternatives
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.limits import LEAST_PART_BYTES
from provena_sdk.s3.media_type import check_content_type

MODES: Final = tuple(action + kind for action in "rwax" for kind in ("b", "", "t"))
"""Those of Python's :func:`open` except ``+``: a file is either read or written."""

TEXT_OPTIONS: Final = ("encoding", "errors", "newline")
# S3's name for content_type, as in s3fs.
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
    """Check the mode and the options of opening a file.

    Args:
        mode: ``r``, ``w``, ``a`` or ``x``; with ``b`` for bytes, otherwise for text.
        options: ``block_size`` in bytes, ``cache_type`` and ``cache_options``; ``compression``; ``content_type``, or
            ``ContentType`` as in S3; ``encoding``, ``errors`` and ``newline`` of text; ``size`` in bytes and ``etag``
            of the file, if known; ``fill_cache``, which has no effect; and fsspec's ``autocommit``.

    Returns:
        The options that have an effect, under one name each.

    Raises:
        InvalidArgument: The mode, the name of an option or its value is invalid.

    Example:
        >>> checked_options("wb", {"ContentType": "text/csv", "fill_cache": False})
        {'content_type': 'text/csv'}
    """
    if not isinstance(mode, str) or mode not in MODES:
        raise InvalidArgument("mode", f"must be one of {', '.join(MODES)}, not {mode!r}.")
    for name in options:
        if name not in _KNOWN:
            hint = f"The options are {', '.join(sorted(_FOR_USERS))}."
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
        raise InvalidArgument(other, f"must equal {name}.", hint=f"Pass {name} only.")
    options[name] = check_content_type(value, argument=other)


def _check_text(mode: str, options: dict[str, Any]) -> None:
    for name in TEXT_OPTIONS:
        if "b" in mode and options.pop(name, None) is not None:
            raise InvalidArgument(name, f"must be left out in mode {mode!r}, which is for bytes.")
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
        raise InvalidArgument(name, f"must be one that Python knows, not {value!r}.") from None


def _check_content_type(mode: str, options: Mapping[str, Any]) -> None:
    if check_content_type(options.get("content_type")) is not None and "r" in mode:
        raise InvalidArgument(
            "content_type", f"must be left out in mode {mode!r}: a file gets its type when it is written."
        )


def _check_compression(name: object) -> None:
    from fsspec.compression import compr  # noqa: PLC0415  # keeps fsspec away

    if name != "infer" and name not in compr:
        known = ", ".join(sorted(filter(None, compr)))
        raise InvalidArgument("compression", f"must be one of infer, {known}, not {name!r}.")


def _check_caching(options: Mapping[str, Any]) -> None:
    from fsspec.caching import caches  # noqa: PLC0415  # keeps fsspec away

    kind, details = options.get("cache_type"), options.get("cache_options")
    if kind is not None and kind not in caches:
        known = ", ".join(sorted(filter(None, caches)))
        raise InvalidArgument("cache_type", f"must be one of {known}, not {kind!r}.")
    if details is not None and not isinstance(details, Mapping):
        raise InvalidArgument("cache_options", f"must be a mapping, not {type(details).__name__}.")


def _check_known_file(options: Mapping[str, Any]) -> None:
    size, etag = options.get("size"), options.get("etag")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise InvalidArgument("size", "must be a number of bytes, 0 or more.")
    if etag is not None and not isinstance(etag, str):
        raise InvalidArgument("etag", f"must be a str, not {type(etag).__name__}.")


def check_block_size(block_size: int | None, mode: str) -> None:
    """Check the size of a read, or of the parts of an upload.

    Args:
        block_size: The size in bytes; None for the default.
        mode: The mode of the file.

    Raises:
        InvalidArgument: The size is not a number, or is too small.
    """
    least, hint = 1, None
    if "r" not in mode:
        least = LEAST_PART_BYTES
        hint = (
            "Leave it out. Code that rewrites parts of a file, such as xarray's to_netcdf with a URL, must write a "
            "local file: open 'simplecache::provena://…' instead."
        )
    if block_size is not None and (not isinstance(block_size, int) or block_size < least):
        raise InvalidArgument("block_size", f"must be a number of bytes, at least {least:,}.", hint=hint)
