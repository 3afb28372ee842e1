"""Datasets in the metadata schema of DataCite, version 4.5, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from provena_sdk.export.record import DatasetRecord, ExportedFile, Party, safe_url
from provena_sdk.export.schema_org import boxes, present
from provena_sdk.metadata import licences

_SCHEMES: Final = {
    "https://orcid.org/": ("ORCID", "https://orcid.org"),
    "https://ror.org/": ("ROR", "https://ror.org"),
}
_MOST_FORMATS: Final = 50
_NO_YEAR: Final = "0000"


def document(record: DatasetRecord, files: Sequence[ExportedFile] | None) -> dict[str, Any]:
    """Return a dataset as DataCite's metadata; without a DOI, which Provena does not give."""
    info = record.info
    return present(
        {
            "schemaVersion": "http://datacite.org/schema/kernel-4",
            "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Dataset"},
            "alternateIdentifiers": [
                {"alternateIdentifier": record.handle, "alternateIdentifierType": "Handle"},
                {"alternateIdentifier": record.url, "alternateIdentifierType": "URL"},
            ],
            "creators": [_creator(author, record) for author in record.authors],
            "titles": [{"title": record.name}],
            "publisher": _publisher(record.publisher),
            "publicationYear": f"{record.year:04}" if record.year else _NO_YEAR,
            "subjects": [{"subject": word} for word in dict.fromkeys(info.keywords or [])],
            "contributors": _contributors(record),
            "dates": _dates(record),
            "relatedIdentifiers": _versions(record),
            "sizes": _sizes(files),
            "formats": _formats(files) or list(dict.fromkeys(info.formats or [])),
            "version": str(record.version) if record.version else None,
            "rightsList": [_rights(info.license)],
            "descriptions": _descriptions(record),
            "geoLocations": [_location(*box) for box in boxes(*record.bounds)] if record.bounds else None,
        }
    )


def _creator(author: Party, record: DatasetRecord) -> dict[str, Any]:
    person = {
        "nameType": "Personal",
        "givenName": author.given,
        "familyName": author.family,
        "affiliation": [_affiliation(record.organisation)] if record.organisation.name else None,
    }
    inverted = ", ".join(filter(None, (author.family, author.given)))
    return present(
        {
            "name": inverted if author.is_person else author.label,
            **(person if author.is_person else {"nameType": "Organizational"}),
            "nameIdentifiers": _identifiers(author),
        }
    )


def _identifiers(party: Party) -> list[dict[str, str]]:
    scheme = _scheme(party)
    if scheme is None:
        return []
    return [
        {"nameIdentifier": party.identifier or "", "nameIdentifierScheme": scheme[0], "schemeUri": scheme[1]}
    ]


def _affiliation(party: Party) -> dict[str, Any]:
    scheme = _scheme(party) or (None, None)
    return present(
        {
            "name": party.name,
            "affiliationIdentifier": party.identifier if scheme[0] else None,
            "affiliationIdentifierScheme": scheme[0],
            "schemeUri": scheme[1],
        }
    )


def _publisher(party: Party) -> dict[str, Any]:
    scheme = _scheme(party) or (None, None)
    return present(
        {
            "name": party.label,
            "publisherIdentifier": party.identifier if scheme[0] else None,
            "publisherIdentifierScheme": scheme[0],
            "schemeUri": scheme[1],
        }
    )


def _scheme(party: Party) -> tuple[str, str] | None:
    found = (scheme for start, scheme in _SCHEMES.items() if (party.identifier or "").startswith(start))
    return next(found, None)


def _contributors(record: DatasetRecord) -> list[dict[str, Any]]:
    organisation = record.organisation
    is_new = organisation.name and organisation not in (record.publisher, *record.authors)
    # The schema has no type for who records a dataset.
    found = [_contributor(organisation, "Other")] if is_new else []
    if record.custodian is not None:
        found.append(_contributor(record.custodian, "DataManager"))
    if record.info.rights_holder:
        found.append(_contributor(Party(record.info.rights_holder), "RightsHolder"))
    return found


def _contributor(party: Party, kind: str) -> dict[str, Any]:
    return present(
        {
            "contributorType": kind,
            "name": party.label,
            "nameType": "Personal" if party.is_person else None,
            "givenName": party.given,
            "familyName": party.family,
            "nameIdentifiers": _identifiers(party),
        }
    )


def _dates(record: DatasetRecord) -> list[dict[str, str]]:
    dates = {
        "Created": record.created.isoformat() if record.created else None,
        "Submitted": record.registered.date().isoformat() if record.registered else None,
        "Issued": record.issued.isoformat() if record.issued else None,
        "Updated": record.modified.date().isoformat() if record.modified else None,
        # The schema has no date of what data are about before version 4.6.
        "Collected": record.period,
    }
    return [{"date": value, "dateType": kind} for kind, value in dates.items() if value]


def _versions(record: DatasetRecord) -> list[dict[str, str]]:
    related = {"IsNewVersionOf": record.previous, "IsPreviousVersionOf": record.next}
    return [
        {"relatedIdentifier": handle, "relatedIdentifierType": "Handle", "relationType": relation}
        for relation, handle in related.items()
        if handle
    ]


def _sizes(files: Sequence[ExportedFile] | None) -> list[str]:
    if not files:
        return []
    return [
        f"{len(files)} {'file' if len(files) == 1 else 'files'}",
        f"{sum(file.size for file in files)} bytes",
    ]


def _formats(files: Sequence[ExportedFile] | None) -> list[str]:
    counted = Counter(file.media_type for file in files or ())
    return [media_type for media_type, _ in counted.most_common(_MOST_FORMATS)]


def _rights(license: str) -> dict[str, Any]:
    if safe_url(license) is None:
        return {"rights": license}
    known = licences.identifier(license)
    if known is None:
        return {"rightsUri": license}
    return {
        "rights": known,
        "rightsUri": license,
        "rightsIdentifier": known,
        "rightsIdentifierScheme": "SPDX",
        "schemeUri": "https://spdx.org/licenses/",
    }


def _descriptions(record: DatasetRecord) -> list[dict[str, str]]:
    texts = {
        "Abstract": record.info.description,
        "Other": record.info.purpose,
    }
    return [{"description": text, "descriptionType": kind} for kind, text in texts.items() if text]


def _location(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    if (west, south) == (east, north):
        return {"geoLocationPoint": {"pointLongitude": west, "pointLatitude": south}}
    return {
        "geoLocationBox": {
            "westBoundLongitude": west,
            "eastBoundLongitude": east,
            "southBoundLatitude": south,
            "northBoundLatitude": north,
        }
    }
