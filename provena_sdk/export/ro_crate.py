"""Datasets as RO-Crates, version 1.1: a file beside the downloaded files that describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from provena_sdk.export.record import DatasetRecord, ExportedFile, Party, safe_url
from provena_sdk.export.schema_org import party, place, present, properties
from provena_sdk.metadata import licences

FILE_NAME: Final = "ro-crate-metadata.json"
"""The name that the file must have, in the folder that it describes."""

_SPECIFICATION: Final = "https://w3id.org/ro/crate/1.1"


def document(record: DatasetRecord, files: Sequence[ExportedFile] | None) -> dict[str, Any]:
    """Return the metadata file of an RO-Crate whose other files are those of the dataset."""
    entities = _Entities()
    # The file describes itself, and cannot be in its own list.
    listed = [file for file in files or () if file.path != FILE_NAME]
    root = {
        "@id": "./",
        "@type": "Dataset",
        **properties(record),
        "datePublished": record.issued.isoformat() if record.issued else None,
        "license": entities.add(_licence(record.info.license)),
        "author": [entities.party(author, record) for author in record.authors],
        "publisher": entities.party(record.publisher),
        "sourceOrganization": entities.party(record.organisation),
        "maintainer": entities.party(record.custodian) if record.custodian else None,
        "spatialCoverage": entities.place(record),
        "hasPart": [{"@id": _id(file)} for file in listed],
    }
    return {
        "@context": f"{_SPECIFICATION}/context",
        "@graph": [
            {
                "@id": FILE_NAME,
                "@type": "CreativeWork",
                "conformsTo": {"@id": _SPECIFICATION},
                "about": {"@id": "./"},
            },
            _single(present(root)),
            *map(_file, listed),
            *entities.all.values(),
        ],
    }


class _Entities:
    """What a crate refers to besides files; each is described once, and referred to by its id."""

    def __init__(self) -> None:
        self.all: dict[str, dict[str, Any]] = {}

    def add(self, entity: dict[str, Any]) -> dict[str, str]:
        """Describe an entity, and return the reference to it."""
        self.all.setdefault(entity["@id"], entity)
        return {"@id": entity["@id"]}

    def party(self, described: Party, record: DatasetRecord | None = None) -> dict[str, str]:
        entity = party(described)
        entity["@id"] = described.id or f"#{quote(described.label)}"
        if described.is_person and record is not None:
            entity["affiliation"] = self.party(record.organisation)
        return self.add(entity)

    def place(self, record: DatasetRecord) -> dict[str, str] | None:
        found = place(record)
        if found is None:
            return None
        shapes = found["geo"] if isinstance(found["geo"], list) else [found["geo"]]
        references = [
            self.add({"@id": f"#shape-{number}", **shape}) for number, shape in enumerate(shapes, 1)
        ]
        return self.add(
            {"@id": "#place", **found, "geo": references if len(references) > 1 else references[0]}
        )


def _licence(url: str) -> dict[str, Any]:
    if safe_url(url) is None:
        return {"@id": "#licence", "@type": "CreativeWork", "name": url}
    return {"@id": url, "@type": "CreativeWork", "name": licences.identifier(url) or url}


def _single(entity: dict[str, Any]) -> dict[str, Any]:
    """Return an entity with lists of one as the value alone, as the specification recommends."""
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in entity.items()
    }


def _id(file: ExportedFile) -> str:
    # Without the dot, a colon in the first segment would end the scheme of a URL.
    encoded = quote(file.path, errors="replace")
    return f"./{encoded}" if ":" in file.path.partition("/")[0] else encoded


def _file(file: ExportedFile) -> dict[str, Any]:
    return {
        "@id": _id(file),
        "@type": "File",
        "name": file.path,
        "contentSize": str(file.size),
        "encodingFormat": file.media_type,
        "dateModified": file.modified.isoformat(),
        "url": file.url,
    }
