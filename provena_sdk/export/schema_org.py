"""Datasets in the vocabulary of schema.org, which search engines for data read, and on which other formats build."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provena_sdk.export.record import DatasetRecord, ExportedFile, Party, safe_url, url_of


def document(record: DatasetRecord, files: Sequence[ExportedFile] | None) -> dict[str, Any]:
    """Return a dataset as a ``Dataset`` of schema.org, in JSON-LD."""
    described = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": record.url,
        **properties(record),
        "spatialCoverage": place(record),
        "creator": [party(author, record) for author in record.authors],
        "publisher": party(record.publisher),
        "sourceOrganization": party(record.organisation),
        "maintainer": party(record.custodian) if record.custodian else None,
        "distribution": [_download(file) for file in files] if files is not None else _elsewhere(record),
    }
    return present(described)


def properties(record: DatasetRecord) -> dict[str, Any]:
    """Return what every format on the basis of schema.org says about a dataset in plain values."""
    info = record.info
    return {
        "name": record.name,
        "description": info.description,
        "url": record.url,
        "identifier": record.url,
        "license": safe_url(info.license),
        "datePublished": record.issued.isoformat() if record.issued else None,
        "dateCreated": record.created.isoformat() if record.created else None,
        "dateModified": record.modified.date().isoformat() if record.modified else None,
        "version": str(record.version) if record.version else None,
        "keywords": list(info.keywords or []),
        "temporalCoverage": record.period,
        "usageInfo": info.usage_limitations,
        "creditText": info.preferred_citation,
        "copyrightNotice": info.rights_holder,
        "isBasedOn": url_of(record.previous) if record.previous else None,
    }


def party(described: Party, record: DatasetRecord | None = None) -> dict[str, Any]:
    """Return a person or an organisation; a person is affiliated to the organisation that records the dataset.

    Args:
        described: The person or organisation.
        record: The dataset that a person is the author of.
    """
    if not described.is_person:
        return present(
            {"@type": "Organization", "@id": described.id, "name": described.label, "url": described.id}
        )
    return present(
        {
            "@type": "Person",
            "@id": described.id,
            "name": described.label,
            "familyName": described.family,
            "givenName": described.given,
            "affiliation": party(record.organisation) if record is not None else None,
        }
    )


def place(record: DatasetRecord) -> dict[str, Any] | None:
    """Return the area that the data cover; a point, a box, or two boxes across the date line."""
    if record.bounds is None:
        return None
    shapes = [_shape(*box) for box in boxes(*record.bounds)]
    return {"@type": "Place", "geo": shapes[0] if len(shapes) == 1 else shapes}


def boxes(west: float, south: float, east: float, north: float) -> list[tuple[float, float, float, float]]:
    """Return the boxes of an area that programs understand which know of no date line.

    Example:
        >>> boxes(170, -20, -170, 0)
        [(170, -20, 180, 0), (-180, -20, -170, 0)]
    """
    if west <= east:
        return [(west, south, east, north)]
    return [(west, south, 180, north), (-180, south, east, north)]


def present(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _shape(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    if (west, south) == (east, north):
        return {"@type": "GeoCoordinates", "latitude": south, "longitude": west}
    # Latitude comes first in schema.org.
    return {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"}


def _download(file: ExportedFile) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "name": file.path,
        "contentUrl": file.url,
        "contentSize": f"{file.size} B",
        "encodingFormat": file.media_type,
        "dateModified": file.modified.isoformat(),
    }


def _elsewhere(record: DatasetRecord) -> list[dict[str, Any]]:
    access = record.info.access_info
    url = safe_url(access.uri)
    if access.reposited or url is None:
        return []
    return [present({"@type": "DataDownload", "contentUrl": url, "description": access.description})]
