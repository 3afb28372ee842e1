"""A dataset described in the format of another catalogue, as JSON that can be saved."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

from provena_sdk.display.notebook import pretty
from provena_sdk.display.text import alternatives, printable, printable_lines, quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.export import croissant, datacite, ro_crate, schema_org
from provena_sdk.export.record import DatasetRecord, ExportedFile, exported_file

ExportFormat: TypeAlias = Literal["ro-crate", "schema.org", "datacite", "croissant"]
"""The formats of exports."""

_SHOWN: Final = 20_000
_Write: TypeAlias = Callable[[DatasetRecord, Sequence[ExportedFile] | None], dict[str, Any]]
_FORMATS: Final[dict[str, tuple[_Write, str]]] = {
    "ro-crate": (ro_crate.document, ro_crate.FILE_NAME),
    "schema.org": (schema_org.document, "schema-org.json"),
    "datacite": (datacite.document, "datacite.json"),
    "croissant": (croissant.document, "croissant.json"),
}


class ListedFile(Protocol):
    """A file of a dataset, as its listing gives it."""

    @property
    def path(self) -> str:
        """The path within the dataset."""
        ...

    @property
    def size(self) -> int:
        """The size in bytes."""
        ...

    @property
    def modified(self) -> datetime:
        """The time of the last write."""
        ...


class ExportedDocument(dict[str, Any]):
    """A dataset in the format of another catalogue: a ``dict`` of JSON data. ``str()`` is its JSON.

    Attributes:
        format: The format.
        dataset_id: The dataset's handle.
    """

    format: str = ""
    dataset_id: str = ""

    @property
    def json(self) -> str:
        """The document as JSON text, which can stand in a ``script`` element of a page: ``<`` is written escaped."""
        return json.dumps(self, indent=2, ensure_ascii=False).replace("<", "\\u003c")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the document to a file.

        Args:
            path: The file, which is replaced if it exists; or a folder, where the file has its format's usual name,
                such as ``ro-crate-metadata.json``.

        Returns:
            The path of the file.

        Raises:
            OSError: The file cannot be written.
        """
        chosen = Path(path)
        if chosen.is_dir():
            chosen /= _FORMATS[self.format][1]
        chosen.write_text(f"{self.json}\n", "utf-8")
        return chosen

    def __str__(self) -> str:
        return printable_lines(self.json, _SHOWN)

    def __repr__(self) -> str:
        return f"<ExportedDocument {self.format} of {printable(self.dataset_id, 60)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return f'<pre style="white-space: pre-wrap">{escape(str(self))}</pre>'


def checked_format(format: object) -> str:
    """Return the format of an export.

    Raises:
        InvalidArgument: There is no such format.
    """
    if not isinstance(format, str) or format not in _FORMATS:
        raise InvalidArgument("format", f"must be {alternatives(_FORMATS)}, not {quoted(format, 60)}.")
    return format


def export(record: DatasetRecord, files: Iterable[ListedFile] | None, format: str) -> ExportedDocument:
    """Return a dataset in a format; see :func:`checked_format`.

    Args:
        record: What to say about it.
        files: Its files; None to leave them out.
        format: The format.
    """
    listed = None if files is None else [_exported(record, file) for file in files]
    made = ExportedDocument(_writable(_FORMATS[format][0](record, listed)))
    made.format, made.dataset_id = format, record.handle
    return made


def _exported(record: DatasetRecord, file: ListedFile) -> ExportedFile:
    return exported_file(record.handle, file.path, file.size, file.modified)


def _writable(value: Any) -> Any:
    """Return JSON data without halves of surrogate pairs, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_writable(name): _writable(one) for name, one in value.items()}
    return [_writable(one) for one in value] if isinstance(value, list) else value
