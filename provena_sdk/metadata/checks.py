"""Check metadata as the service does, and report everything that is wrong at once.

The rules are those that the service was seen to apply, or that its models state; what is not certain is left to the
service. It is lenient with types, as pydantic 1 is: a number is accepted for a text, ``"yes"`` for True, seconds since
1970 for a date. The same is accepted here, and sent as what the service makes of it. So is the SPDX identifier of a
licence, which is sent as its URL.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

import attrs
from provena_api.models import CollectionFormat

from provena_sdk.display.text import quoted
from provena_sdk.errors import MetadataProblem
from provena_sdk.metadata import geometry, licences, suggestions

_SHOWN: Final = 60
_TRUE: Final = (True, 1, "1", "on", "t", "true", "y", "yes")
_FALSE: Final = (False, 0, "0", "off", "f", "false", "n", "no")
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_WRITTEN_TOGETHER: Final = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_MOST_SECONDS: Final = 20_000_000_000
_LARGEST_TIME: Final = 3 * 10**20
_URL: Final = re.compile(r"\s*(https?)://[^\s/?#]", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[\w-]+(\.[\w-]+)+(/\S*)?")
_SCHEME: Final = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:")
_DURATION_PART: Final = r"(\d+([.,]\d+)?{})?"
_DURATION: Final = re.compile(
    r"[-+]?P(?!$)"
    + "".join(_DURATION_PART.format(unit) for unit in "YMWD")
    + "(T"
    + "".join(_DURATION_PART.format(unit) for unit in "HMS")
    + r")?\n?|P\d{4}.*"  # the second form, P0001-02-03T04:05:06, is left to the service
)
_LICENCE: Final = "dataset_info.license"
_LONGEST_COVERAGE: Final = 50_000
_LONGEST_URL: Final = 65_536
_REFUSED: Final = object()


@dataclass(frozen=True, slots=True)
class Checked:
    """Metadata that were checked.

    Attributes:
        data: The metadata as the service would read them; complete only if there are no problems.
        problems: Everything that is wrong with them.
    """

    data: dict[str, Any]
    problems: tuple[MetadataProblem, ...]


def check(data: Mapping[str, Any], *, served: Mapping[str, Any] | None = None) -> Checked:
    """Check metadata.

    Args:
        data: The metadata, as JSON data.
        served: Metadata that came from a service, such as these before they were changed: fields of it that this
            version of the SDK does not know are accepted.

    Returns:
        The metadata and their problems, in the order of the interface.

    Example:
        >>> for problem in check({"approvals": {}, "associations": {"organisation": "CSIRO"}}).problems[4:]:
        ...     print(problem)
        associations.organisation_id: missing
        associations.organisation: unknown; did you mean organisation_id?
        dataset_info: missing
    """
    walk = _Walk()
    checked = walk.read("", CollectionFormat, dict(data), served or {})
    found = [*walk.problems, *_contradictions(checked, {problem.path for problem in walk.problems})]
    return Checked(checked, tuple(found))


@cache
def fields(model: type[attrs.AttrsInstance]) -> dict[str, tuple[Any, bool, bool]]:
    """Return the fields of a model: type, whether it is required, and whether it may be null."""
    hints = typing.get_type_hints(model)
    return {
        field.name: (_bare(hints[field.name]), field.default is attrs.NOTHING, field.default is None)
        for field in attrs.fields(model)
        if field.name != "additional_properties"
    }


@cache
def kinds() -> dict[str, Any]:
    """Return the types of all fields of the metadata, by path such as ``dataset_info.name``."""
    return dict(_kinds(CollectionFormat, ""))


def _kinds(model: type[attrs.AttrsInstance], above: str) -> Iterator[tuple[str, Any]]:
    for name, (kind, _, _) in fields(model).items():
        yield above + name, kind
        if attrs.has(kind):
            yield from _kinds(kind, f"{above}{name}.")


def _bare(hint: Any) -> Any:
    """Return a type without its ``| None``."""
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 and typing.get_origin(hint) not in (list, dict) else hint


class _Walk:
    """One walk over metadata along the interface's types."""

    def __init__(self) -> None:
        self.problems: list[MetadataProblem] = []

    def report(self, path: str, message: str, value: object = None, suggestion: str | None = None) -> Any:
        self.problems.append(MetadataProblem(path, message, value, suggestion))
        return _REFUSED

    def read(
        self, path: str, model: type[attrs.AttrsInstance], data: dict[str, Any], served: Mapping[str, Any]
    ) -> dict[str, Any]:
        above = f"{path}." if path else ""
        known = fields(model)
        kept = {}
        for name, (kind, required, nullable) in known.items():
            if name not in data:
                if required:
                    self.report(above + name, "missing")
            elif data[name] is None:
                if not nullable:
                    self.report(above + name, "write true or false" if kind is bool else "must not be null")
            elif (value := self._value(above + name, kind, data[name], served.get(name))) is not _REFUSED:
                kept[name] = value
        for name in data:
            if name in known:
                continue
            if name in served:
                kept[name] = data[name]
            else:
                self.report(above + name, "unknown", data[name], known_name(name, known, above))
        return kept

    def _value(self, path: str, kind: Any, value: Any, served: Any) -> Any:
        if attrs.has(kind):
            given = self._dict(path, value)
            if given is _REFUSED:
                return given
            return self.read(path, kind, given, served if isinstance(served, Mapping) else {})
        origin = typing.get_origin(kind)
        if origin is list:
            return self._list(path, value)
        if origin is dict:
            return self._map(path, value)
        if kind is Any:
            return value
        return {str: self._text, bool: self._flag, date: self._date}[kind](path, value)

    def _dict(self, path: str, value: Any) -> Any:
        try:
            return dict(value)
        except (TypeError, ValueError):
            return self.report(path, f"must be an object with fields, not {_shown(value)}", value)

    def _list(self, path: str, value: Any) -> Any:
        if not isinstance(value, list):
            suggestion = repr([*map(str.strip, value.split(","))]) if isinstance(value, str) else None
            return self.report(path, f"must be a list, not {_shown(value)}", value, suggestion)
        return [self._entry(f"{path}[{place}]", entry) for place, entry in enumerate(value)]

    def _map(self, path: str, value: Any) -> Any:
        given = self._dict(path, value)
        if given is _REFUSED:
            return given
        return {name: self._entry(f"{path}.{name}", entry) for name, entry in given.items()}

    def _entry(self, path: str, value: Any) -> Any:
        return self.report(path, "must not be null") if value is None else self._text(path, value)

    def _text(self, path: str, value: Any) -> Any:
        if isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str):
            return self.report(path, f"must be text, not {_shown(value)}", value)
        if path == _LICENCE:
            value = licences.url(value) or value
        if path in _NEVER_EMPTY and not value:
            return self.report(path, "must not be empty", value)
        if (rule := _TEXT_RULES.get(path)) is not None and (wrong := rule(value)) is not None:
            return self.report(path, *wrong)
        return value

    def _flag(self, path: str, value: Any) -> Any:
        plain = value.lower() if isinstance(value, str) else value
        if isinstance(plain, str | int | float) and plain in (*_TRUE, *_FALSE):
            return plain in _TRUE
        return self.report(path, f"must be true or false, not {_shown(value)}", value)

    def _date(self, path: str, value: Any) -> Any:
        day = None if _WRITTEN_TOGETHER.fullmatch(str(value)) else _day(value)
        if day is None:
            meant = suggestions.dates(value) if isinstance(value, str | int) else None
            return self.report(path, f"{_shown(value)} is not a date (YYYY-MM-DD)", value, meant)
        return day.isoformat()


def _day(value: Any) -> date | None:
    """Return the day that the service reads from a value: a date, or the time since 1970.

    It takes a number for seconds, and divides it by 1000 for as long as it is too large, so that milliseconds,
    microseconds and nanoseconds are read as well.
    """
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date(*map(int, value.split("-")))
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        seconds = float(value) if isinstance(value, str) else value
        if abs(seconds) > _LARGEST_TIME:
            return None
        while abs(seconds) > _MOST_SECONDS:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None


def _shown(value: object) -> str:
    return quoted(value, _SHOWN) if isinstance(value, str) else _KINDS.get(type(value), repr(value)[:_SHOWN])


_KINDS: Final[Mapping[type, str]] = {dict: "an object", list: "a list", type(None): "null"}

Wrong = tuple[str, object, str | None]


def _licence(value: str) -> Wrong | None:
    if not _URL.match(value):
        meant = licences.similar(value) or _with_scheme(value)
        return f"{_shown(value)} is neither an http(s) URL nor a known SPDX identifier", value, meant
    if len(value) > _LONGEST_URL:
        return f"has {len(value):,} characters; at most {_LONGEST_URL:,} are allowed", value, None
    return None


def _with_scheme(value: str) -> str | None:
    return f"https://{value}" if _ADDRESS.fullmatch(value) else None


def _uri(value: str) -> Wrong | None:
    if _SCHEME.match(value):
        return None
    return f"{_shown(value)} is not a URI", value, _with_scheme(value)


def _coverage(value: str) -> Wrong | None:
    if len(value) > _LONGEST_COVERAGE:
        return f"has {len(value):,} characters; at most {_LONGEST_COVERAGE:,} are allowed", value, None
    wrong = geometry.flaw(value)
    return None if wrong is None else (f"{_shown(value)} {wrong}", value, geometry.meant(value))


def _spatial_resolution(value: str) -> Wrong | None:
    try:
        positive = float(value) > 0
    except ValueError:
        positive = False
    return None if positive else (f"must be a number of degrees above 0, not {_shown(value)}", value, None)


def _temporal_resolution(value: str) -> Wrong | None:
    if _DURATION.fullmatch(value):
        return None
    return (
        f"{_shown(value)} is not an ISO 8601 duration such as P1D (a day) or PT6H (six hours)",
        value,
        _DURATIONS.get(value.strip().casefold()),
    )


_DURATIONS: Final = {
    **dict.fromkeys(("hourly", "1h", "1 hour", "hour"), "PT1H"),
    **dict.fromkeys(("daily", "1d", "1 day", "day"), "P1D"),
    **dict.fromkeys(("weekly", "1w", "1 week", "week"), "P1W"),
    **dict.fromkeys(("monthly", "1 month", "month"), "P1M"),
    **dict.fromkeys(("yearly", "annual", "annually", "1y", "1 year", "year"), "P1Y"),
}
_TEXT_RULES: Final[Mapping[str, Callable[[str], Wrong | None]]] = {
    _LICENCE: _licence,
    "dataset_info.access_info.uri": _uri,
    "dataset_info.spatial_info.coverage": _coverage,
    "dataset_info.spatial_info.extent": _coverage,
    "dataset_info.spatial_info.resolution": _spatial_resolution,
    "dataset_info.temporal_info.resolution": _temporal_resolution,
}
_NEVER_EMPTY: Final = frozenset(
    (
        "associations.organisation_id",
        "associations.data_custodian_id",
        "dataset_info.name",
        "dataset_info.description",
        "dataset_info.publisher_id",
        _LICENCE,
    )
)


def known_name(given: str, siblings: Mapping[str, object], above: str = "") -> str | None:
    """Return what an unknown field was meant to be: one with a similar name here, or one of this name elsewhere."""
    if (similar := suggestions.name(given, siblings)) is not None:
        return similar
    elsewhere = [path for path in kinds() if path.rpartition(".")[2] == given and path != above + given]
    return elsewhere[0] if len(elsewhere) == 1 else None


def _contradictions(data: dict[str, Any], refused: set[str]) -> Iterator[MetadataProblem]:
    """Compare fields with each other, where they could be read."""

    def unread(path: str) -> bool:
        return any(f"{each}.".startswith(f"{path}.") for each in refused)

    approvals, info = data.get("approvals", {}), data.get("dataset_info", {})
    for name, approval in approvals.items():
        if isinstance(approval, dict) and not unread(f"approvals.{name}"):
            yield from _approval(f"approvals.{name}", approval)
    for name in ("created_date", "published_date"):
        if not unread(f"dataset_info.{name}"):
            yield from _optional_date(f"dataset_info.{name}", info.get(name, {}))
    created, published = (info.get(name, {}).get("value") for name in ("created_date", "published_date"))
    if created and published and published < created:
        message = f"{published} is before dataset_info.created_date.value, {created}"
        yield MetadataProblem("dataset_info.published_date.value", message, published)
    if "access_info" in info and not unread("dataset_info.access_info"):
        yield from _access("dataset_info.access_info", info["access_info"])
    period = info.get("temporal_info", {}).get("duration", {})
    begin, end = period.get("begin_date"), period.get("end_date")
    if begin and end and end < begin:
        yield MetadataProblem("dataset_info.temporal_info.duration.end_date", f"{end} is before {begin}", end)
    if (version := info.get("version")) is not None:
        yield MetadataProblem("dataset_info.version", "is set by the service; leave it out", version)


def _approval(path: str, approval: Mapping[str, bool]) -> Iterator[MetadataProblem]:
    relevant, obtained = approval.get("relevant", False), approval.get("obtained", False)
    if relevant and not obtained:
        yield MetadataProblem(
            f"{path}.obtained", "must be true before registering, as relevant is true", obtained
        )
    if obtained and not relevant:
        yield MetadataProblem(f"{path}.relevant", "must be true, as obtained is true", relevant)


def _optional_date(path: str, given: Mapping[str, Any]) -> Iterator[MetadataProblem]:
    relevant, value = given.get("relevant", False), given.get("value")
    if relevant and value is None:
        yield MetadataProblem(
            f"{path}.value", "missing, as relevant is true; write a date, such as 2024-12-31"
        )
    if value is not None and not relevant:
        yield MetadataProblem(f"{path}.relevant", f"must be true, as there is a value, {value}", relevant)


def _access(path: str, given: Mapping[str, Any]) -> Iterator[MetadataProblem]:
    if given.get("reposited", True):
        if given.get("uri") is not None:
            message = "must be left out, as reposited is true: the datastore holds the files"
            yield MetadataProblem(f"{path}.uri", message, given["uri"])
        return
    for name in ("uri", "description"):
        if given.get(name) is None:
            yield MetadataProblem(f"{path}.{name}", "missing, as reposited is false")
