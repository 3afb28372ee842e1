"""The arrays of Zarr, versions 2 and 3, from its metadata alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import NotAFile
from provena_sdk.preview.failures import read_as
from provena_sdk.preview.kinds import ArrayPreview, PreviewVariable
from provena_sdk.preview.opened import Folder

_MOST_FOLDERS: Final = 200
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of the documents of a store, together."""
# Consolidated metadata, which describe all arrays, and those of one array or group.
_OF_ALL: Final = ".zmetadata"
_OF_ONE: Final = ("zarr.json", ".zarray", ".zgroup", ".zattrs")
_DIMENSIONS: Final = "_ARRAY_DIMENSIONS"
_KEPT: Final = ("node_type", "shape", "dtype", "data_type", "dimension_names", "attributes")
_CODE: Final = re.compile(r"[<>|=]?([a-zA-Z])([0-9]{0,4})")
_KINDS: Final = {"f": "float", "i": "int", "u": "uint", "c": "complex"}

Documents = dict[str, dict[str, Any]]
"""The metadata of each array and group, by its path within the store and the name of the document."""


def read_zarr(folder: Folder, path: str) -> ArrayPreview:
    """Read the arrays and attributes of a Zarr store; no chunks are read.

    Args:
        folder: The dataset.
        path: The folder that is the store.

    Raises:
        NotAFile: The folder is not a Zarr store.
        UnreadableFile: Its metadata are not valid.
    """
    with read_as("Zarr", path):
        documents = _documents(folder, path)
        if not documents.get(""):
            raise _no_store(path)
        arrays = {name: _array(name or path.rpartition("/")[2], known) for name, known in documents.items()}
        variables = tuple(one for _, one in sorted(arrays.items()) if one is not None)
        return ArrayPreview(path, "Zarr", None, variables, _attributes(documents[""]))


def _documents(folder: Folder, path: str) -> Documents:
    """Return all metadata: those of all arrays at once, if the store has such, or else folder by folder."""
    found: Documents = {}
    waiting = [""]
    left = _MOST_BYTES
    while waiting and left > 0 and len(found) < _MOST_FOLDERS:
        below = waiting.pop(0)
        entries: list[dict[str, Any]] = folder.ls(f"{path}/{below}".rstrip("/"), detail=True)
        known, left = _read(folder, entries, left)
        if not below and (whole := _consolidated(known)):
            return whole
        known = found[below] = {name: _kept(name, document) for name, document in known.items()}
        if _is_group(known):
            names = [str(one["name"]).rpartition("/")[2] for one in entries if one["type"] == "directory"]
            waiting += [f"{below}/{name}".lstrip("/") for name in names]
    return {name: known for name, known in found.items() if known}


def _read(folder: Folder, entries: list[dict[str, Any]], left: int) -> tuple[dict[str, Any], int]:
    """Return the documents of a folder, by name, and how many bytes others may have."""
    wanted: list[str] = []
    for one in entries:
        if str(one["name"]).rpartition("/")[2] in (_OF_ALL, *_OF_ONE) and one["size"] <= left:
            wanted.append(str(one["name"]))
            left -= one["size"]
    texts: Mapping[str, bytes] = folder.cat(wanted) if wanted else {}
    return {name.rpartition("/")[2]: json.loads(text) for name, text in texts.items()}, left


def _kept(name: str, document: Any) -> Any:
    """Return what is shown of a document; attributes in one of their own are kept as they are."""
    if name == ".zattrs" or not isinstance(document, Mapping):
        return document
    return {key: document[key] for key in _KEPT if key in document}


def _consolidated(known: Mapping[str, Any]) -> Documents:
    if _OF_ALL in known:
        found: Documents = {"": {}}
        for name, document in known[_OF_ALL]["metadata"].items():
            path, _, kind = name.rpartition("/")
            found.setdefault(path, {})[kind] = document
        return found
    whole = known.get("zarr.json", {}).get("consolidated_metadata")
    if not whole:
        return {}
    return {"": dict(known), **{name: {"zarr.json": one} for name, one in whole["metadata"].items()}}


def _is_group(known: Mapping[str, Any]) -> bool:
    return ".zgroup" in known or known.get("zarr.json", {}).get("node_type") == "group"


def _array(name: str, known: Mapping[str, Any]) -> PreviewVariable | None:
    """Return an array; None for a group."""
    attributes = _attributes(known)
    if ".zarray" in known:
        described = known[".zarray"]
        kind = _kind(described["dtype"])
        dimensions = known.get(".zattrs", {}).get(_DIMENSIONS)
    else:
        described = known.get("zarr.json", {})
        if described.get("node_type") != "array":
            return None
        named = described["data_type"]
        kind = str(named["name"] if isinstance(named, Mapping) else named)
        dimensions = described.get("dimension_names")
    shape = tuple(int(length) for length in described["shape"])
    names = tuple("" if one is None else str(one) for one in dimensions or ())
    return PreviewVariable(name, kind, names if any(names) else (), shape, attributes)


def _attributes(known: Mapping[str, Any]) -> dict[str, object]:
    found = known.get(".zattrs") or known.get("zarr.json", {}).get("attributes") or {}
    return {name: value for name, value in found.items() if name != _DIMENSIONS}


def _kind(code: Any) -> str:
    """Return the name of a type that is written as NumPy's code.

    Example:
        >>> _kind("<f4"), _kind("|b1"), _kind("<M8[ns]"), _kind([["a", "<i2"]])
        ('float32', 'bool', 'datetime64[ns]', "[['a', '<i2']]")
    """
    found = _CODE.match(code) if isinstance(code, str) else None
    if found is None:
        return str(code)
    letter, size = str(found[1]), found[2]
    if letter in _KINDS:
        return f"{_KINDS[letter]}{8 * int(size or 0)}"
    if letter in "mM":
        return f"{'datetime' if letter == 'M' else 'timedelta'}64{code[found.end() :]}"
    return {"b": "bool", "S": "bytes", "U": "text", "O": "object"}.get(letter, str(code))


def _no_store(path: str) -> NotAFile:
    return NotAFile(
        f"{quoted(path)} is a folder, and not a Zarr store.",
        path=path,
        hint="Give the path of a file; list the folder to see its files.",
    )
