"""The card of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from provena_api.models import AccessInfo, CollectionFormatDatasetInfo, ItemDataset, ReleasedStatus

from provena_sdk.coverage.described import period, place
from provena_sdk.coverage.durations import parse
from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.html import Tone
from provena_sdk.display.pictures.timeline import Bar, timeline
from provena_sdk.display.times import moment, shown_time
from provena_sdk.views.card import Card, Link
from provena_sdk.views.handles import handle_url

_STATUS: Final[dict[str, tuple[str, Tone]]] = {
    ReleasedStatus.NOT_RELEASED: ("not released", "plain"),
    ReleasedStatus.PENDING: ("release pending", "waiting"),
    ReleasedStatus.RELEASED: ("released", "good"),
}


def dataset_card(
    item: ItemDataset,
    *,
    locked: bool | None = None,
    roles: Sequence[str] = (),
    owner_name: str | None = None,
    organisation_name: str | None = None,
    url: str | None = None,
    files: int | None = None,
    size: int | None = None,
    calls: Sequence[str] | None = None,
) -> Card:
    """Return the card of a dataset.

    Args:
        item: The dataset.
        locked: Whether it is locked; None if that is not known.
        roles: The user's roles on it.
        owner_name: Its owner's name; by default, only the user name is shown.
        organisation_name: Name of the organisation that it belongs to; by default, the handle is shown.
        url: Its page; by default, where handles are resolved.
        files: Number of its files, if known.
        size: Their bytes, if known.
        calls: What one would call next, as Python code; by default, how to get at its files.
    """
    info = item.collection_format.dataset_info
    where, when = place(item.collection_format), period(item.collection_format)
    pictures = [
        *([where.map()] if where is not None else []),
        *([timeline([Bar("", when.begin, when.end)])] if when is not None else []),
    ]
    return Card(
        title=item.display_name,
        link=Link(item.id, url or handle_url(item.id)),
        badges=_badges(item, locked),
        description=info.description,
        facts=(
            ("owner", _named(owner_name, item.owner_username)),
            ("organisation", organisation_name or item.collection_format.associations.organisation_id),
            ("licence", Link(short_url(info.license), info.license)),
            ("place", where if where is not None else _unread(item)),
            ("time", when),
            ("resolution", _resolution(info)),
            ("keywords", ", ".join(info.keywords or ())),
            ("files", _amount(files, size)),
            ("files kept at", _elsewhere(info.access_info)),
            ("version", _version(item)),
            ("changed", shown_time(moment(item.updated_timestamp))),
            ("your roles", ", ".join(sorted(roles))),
        ),
        pictures=tuple(pictures),
        calls=tuple(_calls(item.id) if calls is None else calls),
    )


def status_in_words(status: ReleasedStatus) -> str:
    """Return a release status in words, such as ``not released``."""
    return _STATUS.get(status, (str(status), "plain"))[0]


def short_url(url: str) -> str:
    """Return a URL without what says nothing.

    Example:
        >>> short_url("https://creativecommons.org/licenses/by/4.0/")
        'creativecommons.org/licenses/by/4.0'
    """
    return url.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def _badges(item: ItemDataset, locked: bool | None) -> tuple[tuple[str, Tone], ...]:
    status: tuple[str, Tone] = _STATUS.get(item.release_status, (str(item.release_status), "plain"))
    return (status, ("locked", "bad")) if locked else (status,)


def _named(name: str | None, username: str) -> str:
    return username if not name or name == username else f"{name} ({username})"


def _resolution(info: CollectionFormatDatasetInfo) -> str | None:
    """Return the resolution in space, in degrees, and in time."""
    space = info.spatial_info.resolution if info.spatial_info is not None else None
    time = info.temporal_info.resolution if info.temporal_info is not None else None
    known = [*([f"{space}°"] if space else []), *([_duration(time)] if time else [])]
    return ", ".join(known) or None


def _duration(text: str) -> str:
    try:
        return str(parse(text))
    except ValueError:
        return text


def _amount(files: int | None, size: int | None) -> str | None:
    known = [
        *([counted(files)] if files is not None else []),
        *([human_size(size)] if size is not None else []),
    ]
    return ", ".join(known) or None


def _elsewhere(info: AccessInfo) -> Link | None:
    return Link(short_url(info.uri), info.uri) if not info.reposited and info.uri else None


def _version(item: ItemDataset) -> str | None:
    info = item.versioning_info
    if info is None or (info.version == 1 and not info.next_version):
        return None
    newer = f"; newer: {info.next_version}" if info.next_version else ""
    return f"{info.version}{newer}"


def _unread(item: ItemDataset) -> str | None:
    """Return the coverage as it is written, where it could not be read."""
    spatial = item.collection_format.dataset_info.spatial_info
    return (spatial.coverage or spatial.extent) if spatial is not None else None


def _calls(handle: str) -> list[str]:
    if handle_url(handle) is None:
        return []
    return [
        f'dataset = provena.datastore.interactive_dataset("{handle}")',
        "dataset.list_files()",
        'dataset.download_all_files("data/")',
    ]
