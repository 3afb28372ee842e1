"""``provena search``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.commands.tabular import in_words
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column

if TYPE_CHECKING:
    from provena_sdk.workflows.search import LoadedSearchItem, LoadedSearchResponse

_MOST: Final = 50


def _place(hit: LoadedSearchItem) -> str | None:
    from provena_sdk.coverage.described import place  # noqa: PLC0415  # keeps geometry away from the start

    where = place(hit.item.collection_format)
    return None if where is None else str(where)


def _bbox(hit: LoadedSearchItem) -> tuple[float, ...] | None:
    from provena_sdk.coverage.described import place  # noqa: PLC0415  # keeps geometry away from the start

    where = place(hit.item.collection_format)
    return None if where is None else where.bounds


def _time(hit: LoadedSearchItem) -> str | None:
    from provena_sdk.coverage.described import period  # noqa: PLC0415  # keeps geometry away from the start

    when = period(hit.item.collection_format)
    return None if when is None else str(when)


def _months(period: str) -> str:
    """Return a period without the days, which take much room."""
    return " to ".join(day[: len("2024-12")] for day in period.split(" to "))


COLUMNS: Final = (
    Column("handle", lambda hit: hit.id, id=True),
    Column("name", lambda hit: hit.name),
    Column("place", _place),
    Column("time", _time, show=_months),
    Column("status", lambda hit: hit.item.release_status.value, show=in_words, extra=True),
    Column("bbox", _bbox, extra=True),
    Column("owner", lambda hit: hit.item.owner_username, extra=True),
    Column("score", lambda hit: hit.score, extra=True),
)


@command()
@click.argument("text", nargs=-1, required=True)
@click.option("--bbox", metavar="W,S,E,N", help="Data that meet this box, in degrees.")
@click.option("--since", metavar="DATE", help="Data that do not end before this day, month or year.")
@click.option("--until", metavar="DATE", help="Data that do not begin after this day, month or year.")
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(1, _MOST),
    metavar="N",
    default=25,
    show_default=True,
    help="Hits at most.",
)
def search(
    session: Session,
    text: tuple[str, ...],
    bbox: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """Search datasets by text, place and time.

    The words are looked for in all metadata, also as the beginnings of words. The best hits come first.
    The service cannot search by place or time: --bbox, --since and --until choose among the hits, so that
    fewer may remain than --limit allows.

    Examples:
        $ provena search coral bleaching
        $ provena search reef --bbox 142,-25,155,-10 --since 2015 -n 50
        $ provena search reef --quiet | xargs -n 1 provena get
    """
    found = session.provena.datastore.search_datasets(
        " ".join(text), limit, bbox=_box(bbox), since=since, until=until
    )
    if not session.out.rows(found.items, COLUMNS):
        session.say("No hits.")
    _report(session, found)


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError:
        raise click.BadParameter(
            "must be four numbers with commas, such as 142,-25,155,-10: west, south, east, north.",
            param_hint="--bbox",
        ) from None
    return west, south, east, north


def _report(session: Session, found: LoadedSearchResponse) -> None:
    """Report the hits that are not shown."""
    for warning in found.warnings:
        session.warn(warning)
    for hits, what in (
        (found.filtered, "elsewhere, or of another time"),
        (found.auth_errors, "not readable for you"),
    ):
        if hits:
            session.say(f"{len(hits)} {'hit is' if len(hits) == 1 else 'hits are'} {what}.")
    for failed in found.misc_errors:
        session.warn(f"{failed.id}: {failed.error_info}")
    if found.misc_errors:
        raise Exit(ExitCode.PARTLY_DONE)
