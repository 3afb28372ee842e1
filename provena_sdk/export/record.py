"""What citations and exports say about a dataset, whatever their format."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from provena_api.models import ReleasedStatus

from provena_sdk.coverage.described import place
from provena_sdk.display.times import moment
from provena_sdk.errors import InvalidArgument

if TYPE_CHECKING:
    from provena_api.models import CollectionFormatDatasetInfo, ItemDataset

RESOLVER: Final = "https://hdl.handle.net/"
"""Where handles are resolved; the URL of a dataset there outlives the deployment's web pages."""

_MEDIA_TYPES: Final = {
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5",
    ".nc": "application/netcdf",
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_UNKNOWN: Final = "application/octet-stream"
_SAFE: Final = ("https://", "http://", "s3://", "ftp://", "ftps://", "doi:")


@dataclass(frozen=True, slots=True)
class Party:
    """A person or an organisation behind a dataset.

    Attributes:
        name: The whole name; None if it could not be found out.
        handle: The handle; None for one who is not in the registry.
        family: A person's family name; None for an organisation.
        given: A person's given names.
        identifier: URL of the ORCID or ROR record.
    """

    name: str | None
    handle: str | None = None
    family: str | None = None
    given: str | None = None
    identifier: str | None = None

    @property
    def is_person(self) -> bool:
        """Whether it is a person, whose names are known one by one."""
        return self.family is not None

    @property
    def label(self) -> str:
        """The name, or the URL of the handle if the name is not known."""
        return self.name or (url_of(self.handle) if self.handle else "unknown")

    @property
    def id(self) -> str | None:
        """The URL of its ORCID or ROR record, or else of its handle."""
        return self.identifier or (url_of(self.handle) if self.handle else None)


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of a dataset, as exports list it.

    Attributes:
        path: The path within the dataset.
        size: The size in bytes.
        modified: The time of the last write.
        url: The ``provena://`` URL.
        media_type: The media type, guessed from the name.
    """

    path: str
    size: int
    modified: datetime
    url: str
    media_type: str


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """What citations and exports say about a dataset.

    Attributes:
        handle: The handle.
        name: The name.
        authors: Who is cited as its author.
        organisation: The organisation that records it.
        publisher: The organisation that publishes it.
        custodian: The person responsible for it.
        issued: The day of publication, or else of the release, or else of the registration.
        info: The metadata that its owner wrote.
        version: The number of this version; None if it is the only one.
        previous: The handle of the version before.
        next: The handle of the version after.
        registered: When it was registered.
        modified: When its metadata last changed.
        bounds: West, south, east and north of the area that the data cover, in degrees; west is greater than east
            across the date line.
    """

    handle: str
    name: str
    authors: tuple[Party, ...]
    organisation: Party
    publisher: Party
    custodian: Party | None
    issued: date | None
    info: CollectionFormatDatasetInfo
    version: int | None
    previous: str | None
    next: str | None
    registered: datetime | None
    modified: datetime | None
    bounds: tuple[float, float, float, float] | None = None

    @property
    def url(self) -> str:
        """The persistent URL."""
        return url_of(self.handle)

    @property
    def year(self) -> int | None:
        """The year of publication; None if no date is known."""
        return self.issued.year if self.issued else None

    @property
    def created(self) -> date | None:
        """The day that the dataset was made; None if that does not apply to it."""
        given = self.info.created_date
        return given.value if given.relevant else None

    @property
    def period(self) -> str | None:
        """The first and the last day that the data cover, as an ISO 8601 interval; None if they are not known."""
        times = self.info.temporal_info
        if times is None or times.duration is None:
            return None
        return f"{times.duration.begin_date.isoformat()}/{times.duration.end_date.isoformat()}"


def written_authors(authors: Iterable[str] | None) -> tuple[Party, ...]:
    """Parse the authors that a caller names: ``Family, Given`` for a person, any other name for an organisation.

    Args:
        authors: The names, in order; None for none.

    Raises:
        InvalidArgument: They are not several names.

    Example:
        >>> [author.family for author in written_authors(["Castellanos, Wren", "Coral Sea Institute"])]
        ['Castellanos', None]
    """
    if authors is None:
        return ()
    if isinstance(authors, str | bytes) or not isinstance(authors, Iterable):
        raise InvalidArgument(
            "authors", f"must be several names, such as a list, not {type(authors).__name__}."
        )
    parties = tuple(_written(f"authors[{index}]", name) for index, name in enumerate(authors))
    if not parties:
        raise InvalidArgument("authors", "must have at least one name.")
    return parties


def describe(item: ItemDataset, owner: object | None, agents: Mapping[str, object]) -> DatasetRecord:
    """Return what citations and exports say about a dataset.

    Provena's metadata have no list of authors. Its provenance attributes a dataset to the person of the account that
    registered it, so this person counts as the author; if that person is not known, the organisation does.

    Args:
        item: The dataset's item.
        owner: The person of its owner's account, as an item; None if unknown.
        agents: The organisations and persons that the metadata name, by handle, as far as they could be fetched.
    """
    info, associations = item.collection_format.dataset_info, item.collection_format.associations
    organisation = _party(associations.organisation_id, agents.get(associations.organisation_id))
    custodian = associations.data_custodian_id
    author = organisation if owner is None else _party(str(getattr(owner, "id", "")), owner)
    if author.name is None:
        author = Party(_text(info.rights_holder) or _text(item.owner_username))
    versions, extent = item.versioning_info, place(item.collection_format)
    is_versioned = versions is not None and bool(versions.next_version or versions.previous_version)
    return DatasetRecord(
        handle=item.id,
        name=_text(info.name) or _text(item.display_name) or item.id,
        authors=(author,),
        organisation=organisation,
        publisher=_party(info.publisher_id, agents.get(info.publisher_id)),
        custodian=_party(custodian, agents.get(custodian)) if custodian else None,
        issued=_issued(item),
        info=info,
        version=versions.version if versions is not None and is_versioned else None,
        previous=versions.previous_version if versions is not None else None,
        next=versions.next_version if versions is not None else None,
        registered=moment(item.created_timestamp),
        modified=moment(item.updated_timestamp),
        bounds=extent.bounds if extent is not None else None,
    )


def exported_file(handle: str, path: str, size: int, modified: datetime) -> ExportedFile:
    """Return a file of a dataset as exports list it.

    Example:
        >>> from datetime import UTC
        >>> file = exported_file("10378.1/12", "obs/a b.csv", 3, datetime(2024, 5, 1, tzinfo=UTC))
        >>> file.url, file.media_type
        ('provena://10378.1/12/obs/a%20b.csv', 'text/csv')
    """
    ending = f".{path.rpartition('.')[2].lower()}"
    media_type = _MEDIA_TYPES.get(ending) or mimetypes.guess_type(path)[0] or _UNKNOWN
    return ExportedFile(path, size, modified, f"provena://{handle}/{quote(_text(path) or '')}", media_type)


def url_of(handle: str) -> str:
    """Return the persistent URL of a handle.

    Example:
        >>> url_of("10378.1/1451860")
        'https://hdl.handle.net/10378.1/1451860'
    """
    return RESOLVER + quote(_text(handle) or "", safe="/:.~-_")


def safe_url(url: str | None) -> str | None:
    """Return a URL that metadata give if it leads to data or to a page, None if it could run something.

    Example:
        >>> safe_url("https://example.org/data"), safe_url("javascript:alert(1)")
        ('https://example.org/data', None)
    """
    text = _text(url)
    return text if text and text.lower().startswith(_SAFE) else None


def _issued(item: ItemDataset) -> date | None:
    published = item.collection_format.dataset_info.published_date
    if published.relevant and published.value is not None:
        return published.value
    released = item.release_timestamp if item.release_status == ReleasedStatus.RELEASED else None
    time = moment(released) or moment(item.created_timestamp)
    return None if time is None else time.date()


def _party(handle: str, item: Any) -> Party:
    if item is None:
        return Party(None, handle)
    family = _text(getattr(item, "last_name", None))
    if family is not None:
        return Party(
            _text(item.display_name),
            handle,
            family,
            _text(item.first_name),
            _web(getattr(item, "orcid", None)),
        )
    name = _text(getattr(item, "name", None)) or _text(getattr(item, "display_name", None))
    return Party(name, handle, identifier=_web(getattr(item, "ror", None)))


def _written(argument: str, name: object) -> Party:
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text:
        raise InvalidArgument(argument, "must be a name, such as 'Castellanos, Wren'.")
    family, comma, given = (part.strip() for part in text.partition(","))
    if not comma:
        return Party(text)
    return Party(f"{given} {family}".strip(), family=family or given, given=given or None)


def _web(url: str | None) -> str | None:
    text = _text(url)
    return text if text and text.startswith(("https://", "http://")) and " " not in text else None


def _text(text: str | None) -> str | None:
    """Return a text without halves of surrogate pairs, which no file can hold; None if it is empty."""
    return text.strip().encode("utf-8", "replace").decode() or None if text else None
