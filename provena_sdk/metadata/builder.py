"""Metadata of a new dataset from a few arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from os import PathLike
from typing import Any, Final, Protocol, Self, TypeAlias

from provena_api.models import (
    CollectionFormat,
    CollectionFormatApprovals,
    CollectionFormatSpatialInfo,
    CollectionFormatTemporalInfo,
    TemporalDurationInfo,
)

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument, InvalidMetadata, MetadataProblem
from provena_sdk.metadata import geometry
from provena_sdk.metadata.checks import check, fields
from provena_sdk.metadata.extents import FilesExtent
from provena_sdk.metadata.extents import read as extent_of
from provena_sdk.metadata.sources import checked_metadata, dataset_metadata
from provena_sdk.operations.arguments import json_data
from provena_sdk.tracebacks import short_traceback

Day: TypeAlias = str | date
"""A day: ``"2024-12-31"``, a ``date``, or a ``datetime``, of which the date counts."""


class Bounded(Protocol):
    """What has bounds, such as a geometry of shapely."""

    @property
    def bounds(self) -> Sequence[float]:
        """West, south, east and north, in degrees."""
        ...


Area: TypeAlias = str | Sequence[float] | Bounded
"""An area: EWKT; longitude and latitude; west, south, east and north; or what has such ``bounds``."""

_ARGUMENTS: Final = {
    "associations.organisation_id": "organisation",
    "associations.data_custodian_id": "custodian",
    "associations.point_of_contact": "point_of_contact",
    "dataset_info.publisher_id": "publisher",
    "dataset_info.created_date.value": "created",
    "dataset_info.published_date.value": "published",
    "dataset_info.access_info.uri": "external_url",
    "dataset_info.access_info.description": "access_description",
    "dataset_info.spatial_info.coverage": "coverage",
    "dataset_info.spatial_info.extent": "coverage",
    "dataset_info.spatial_info.resolution": "resolution",
    "dataset_info.temporal_info.duration.begin_date": "period[0]",
    "dataset_info.temporal_info.duration.end_date": "period[1]",
    "dataset_info.temporal_info.resolution": "time_step",
}


class DatasetMetadata(CollectionFormat):
    """Metadata of a dataset, made from a few arguments. Everything that takes a ``CollectionFormat`` takes it."""

    @classmethod
    @short_traceback
    def new(
        cls,
        *,
        name: str,
        description: str,
        organisation: str,
        license: str,
        publisher: str | None = None,
        created: Day | None = None,
        published: Day | None = None,
        nothing_sensitive: bool = False,
        obtained: Iterable[str] | None = None,
        custodian: str | None = None,
        point_of_contact: str | None = None,
        keywords: Iterable[str] | None = None,
        formats: Iterable[str] | None = None,
        coverage: Area | None = None,
        resolution: float | str | None = None,
        period: tuple[Day, Day] | None = None,
        time_step: str | timedelta | None = None,
        purpose: str | None = None,
        rights_holder: str | None = None,
        usage_limitations: str | None = None,
        preferred_citation: str | None = None,
        external_url: str | None = None,
        access_description: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> Self:
        """Make the metadata of a new dataset.

        Names of organisations and persons are looked up when the metadata are validated or sent.

        Args:
            name: The dataset's name.
            description: What it contains.
            organisation: Name, ROR or handle of the organisation that records it.
            license: SPDX identifier such as ``CC-BY-4.0``, or URL.
            publisher: Name, ROR or handle of the organisation that publishes it; the recording one by default.
            created: When it was made; None if that does not apply.
            published: When it was first published; None if it was not.
            nothing_sensitive: True to declare that it needs none of the four approvals: it has no human data, no
                Indigenous knowledge, and nothing that export controls apply to.
            obtained: Approvals that it needs and that have been obtained: ``ethics_registration``,
                ``ethics_access``, ``indigenous_knowledge``, ``export_controls``. It needs none of the others.
            custodian: Name, e-mail address, ORCID or handle of the person responsible for it.
            point_of_contact: Contact for questions, in free text.
            keywords: Keywords to find it by.
            formats: Its file formats, such as ``csv``.
            coverage: The area that it covers: west, south, east and north in degrees; longitude and latitude; EWKT.
            resolution: Its spatial resolution, in degrees.
            period: First and last day that it covers.
            time_step: Its temporal resolution: an ISO 8601 duration such as ``P1D``, or a ``timedelta``.
            purpose: Why it was made.
            rights_holder: Who holds the rights, in free text.
            usage_limitations: What it must not be used for, in free text.
            preferred_citation: How to cite it.
            external_url: URL of its files if they are elsewhere; None if the datastore holds them.
            access_description: How to get the files from there.
            user_metadata: Further keys and values.

        Returns:
            The metadata.

        Raises:
            InvalidMetadata: Arguments are wrong, or it is not said whether there is anything sensitive; the error has
                all problems.
            InvalidArgument: An argument has the wrong type.

        Example:
            >>> metadata = DatasetMetadata.new(
            ...     name="Reef temperatures 2024", description="Loggers at Lizard Island.", created="2024-12-31",
            ...     organisation="Coral Sea Institute", license="CC-BY-4.0", nothing_sensitive=True)
            >>> metadata.dataset_info.license
            'https://creativecommons.org/licenses/by/4.0/'
        """
        data = {
            "associations": {
                "organisation_id": organisation,
                "data_custodian_id": custodian,
                "point_of_contact": point_of_contact,
            },
            "dataset_info": {
                "name": name,
                "description": description,
                "access_info": {
                    "reposited": external_url is None and access_description is None,
                    "uri": external_url,
                    "description": access_description,
                },
                "publisher_id": organisation if publisher is None else publisher,
                "created_date": _optional_date(created),
                "published_date": _optional_date(published),
                "license": license,
                "purpose": purpose,
                "rights_holder": rights_holder,
                "usage_limitations": usage_limitations,
                "preferred_citation": preferred_citation,
                "spatial_info": _spatial(coverage, resolution),
                "temporal_info": _temporal(period, time_step),
                "formats": _texts(formats),
                "keywords": _texts(keywords),
                "user_metadata": None if user_metadata is None else dict(user_metadata),
            },
        }
        approvals = _approvals(nothing_sensitive, obtained)
        checked = check(json_data("metadata", data | {"approvals": approvals or {}}))
        problems = [_by_argument(problem) for problem in checked.problems]
        if approvals is None:
            problems = [each for each in problems if not each.path.startswith("approvals")] + [_UNDECLARED]
        if problems:
            raise InvalidMetadata("metadata", problems)
        return cls.from_dict(checked.data)

    @classmethod
    @short_traceback
    def read(cls, source: str | PathLike[str]) -> Self:
        """Read metadata from a file, such as a template that was filled in.

        Args:
            source: Path of a JSON or YAML file.

        Returns:
            The metadata, to be completed or sent.

        Raises:
            InvalidMetadata: The file has errors; the error has all of them, with line and column.
            InvalidArgument: The file cannot be read.
        """
        return cls.from_dict(dataset_metadata("source", source).to_dict())

    @short_traceback
    def problems(self) -> tuple[MetadataProblem, ...]:
        """Return what is wrong with the metadata; whether names and handles exist is checked by the service.

        Example:
            >>> metadata = DatasetMetadata.new(
            ...     name="Reef", description="Corals.", organisation="Coral Sea Institute",
            ...     license="CC0-1.0", nothing_sensitive=True)
            >>> metadata.dataset_info.name = ""
            >>> [str(problem) for problem in metadata.problems()]
            ['dataset_info.name: must not be empty']
        """
        return checked_metadata("metadata", self)[1].problems

    @short_traceback
    def extent_from(self, *paths: str | PathLike[str]) -> FilesExtent:
        """Fill in the area and the days that files cover.

        Args:
            paths: Files, or patterns such as ``results/*.nc`` or ``results/**/*.tif``: netCDF, GeoTIFF, GeoPackage
                and Parquet.

        Returns:
            What was found; what the files do not say stays as it was.

        Raises:
            InvalidArgument: No file matches, a file cannot be read, or the library that reads it is missing.
        """
        found = extent_of("paths", paths)
        info = self.dataset_info
        if found.bounds is not None:
            spatial = info.spatial_info or CollectionFormatSpatialInfo()
            spatial.coverage = spatial.extent = geometry.box(found.bounds)
            info.spatial_info = spatial
        if found.begin is not None and found.end is not None:
            temporal = info.temporal_info or CollectionFormatTemporalInfo()
            temporal.duration = TemporalDurationInfo(begin_date=found.begin, end_date=found.end)
            info.temporal_info = temporal
        return found


_APPROVALS: Final = tuple(fields(CollectionFormatApprovals))
_UNDECLARED: Final = MetadataProblem(
    "nothing_sensitive",
    f"must be True if the dataset needs none of {', '.join(_APPROVALS)}; else name those it needs in obtained",
)


def _approvals(nothing_sensitive: bool, obtained: Iterable[str] | None) -> dict[str, dict[str, bool]] | None:
    """Return all four approvals, or None if the caller has not said what they are."""
    if not isinstance(nothing_sensitive, bool):
        raise InvalidArgument(
            "nothing_sensitive", f"must be True or False, not {type(nothing_sensitive).__name__}."
        )
    if obtained is None:
        return (
            {name: {"relevant": False, "obtained": False} for name in _APPROVALS}
            if nothing_sensitive
            else None
        )
    named = [obtained] if isinstance(obtained, str) else list(obtained)
    if nothing_sensitive and named:
        raise InvalidArgument("obtained", "must be left out, as nothing_sensitive is True.")
    for name in named:
        if name not in _APPROVALS:
            raise InvalidArgument("obtained", f"must be of {', '.join(_APPROVALS)}, not {quoted(name, 60)}.")
    return {name: dict.fromkeys(("relevant", "obtained"), name in named) for name in _APPROVALS}


def _by_argument(problem: MetadataProblem) -> MetadataProblem:
    """Return a problem under the name of the argument that caused it."""
    path = problem.path
    return replace(problem, path=_ARGUMENTS.get(path) or path.removeprefix("dataset_info."))


def _texts(given: Iterable[str] | None) -> list[str] | str | None:
    """Return a list; a single text is left for the checks to refuse."""
    return given if given is None or isinstance(given, str) else list(given)


def _day(given: Day) -> Day:
    return given.date() if isinstance(given, datetime) else given


def _optional_date(given: Day | None) -> dict[str, Any]:
    return {"relevant": given is not None, "value": None if given is None else _day(given)}


def _spatial(coverage: Area | None, resolution: float | str | None) -> dict[str, Any] | None:
    if coverage is None and resolution is None:
        return None
    return {
        "coverage": _ewkt(coverage),
        "resolution": None if resolution is None else str(resolution),
    }


def _ewkt(area: Area | None) -> str | None:
    if area is None or isinstance(area, str):
        return area
    numbers: Any = getattr(area, "bounds", area)
    try:
        values = [float(number) for number in numbers]
        return geometry.point(*values) if len(values) == 2 else geometry.box(values)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            "coverage",
            f"must be west, south, east and north in degrees, longitude and latitude, or EWKT: {error}.",
        ) from error


def _temporal(period: tuple[Day, Day] | None, time_step: str | timedelta | None) -> dict[str, Any] | None:
    if period is None and time_step is None:
        return None
    duration = None
    if period is not None:
        if isinstance(period, str) or len(period) != 2:
            raise InvalidArgument("period", "must be the first and the last day.")
        duration = dict(zip(("begin_date", "end_date"), map(_day, period), strict=True))
    return {"duration": duration, "resolution": _iso(time_step)}


def _iso(step: str | timedelta | None) -> str | None:
    """Return a time step as an ISO 8601 duration."""
    if not isinstance(step, timedelta):
        return step
    seconds = f"{step.seconds + step.microseconds / 1e6:.6f}".rstrip("0").rstrip(".")
    return f"P{step.days}D" if step.seconds == step.microseconds == 0 else f"P{step.days}DT{seconds}S"
