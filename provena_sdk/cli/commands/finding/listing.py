"""``provena list`` and ``provena inventory``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.commands.tabular import columns_of, noted, paged_rows
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session

# The services' order, and whether the smallest comes first.
_SORTS: Final = {
    "updated": ("UPDATED_TIME", False),
    "created": ("CREATED_TIME", False),
    "name": ("DISPLAY_NAME", True),
}


class _Status(click.Choice):  # type: ignore[type-arg]  # generic only from click 8.2
    """A release status, as it is written in options, in JSON and in tables."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        given = value.strip().replace("_", "-").replace(" ", "-") if isinstance(value, str) else value
        return super().convert(given, param, ctx)


_sort = click.option(
    "--sort",
    type=click.Choice(tuple(_SORTS)),
    default="updated",
    show_default=True,
    help="Order: last change or registration, newest first; or name.",
)
_reverse = click.option("--reverse", is_flag=True, help="Reverse the order.")
_limit = click.option(
    "--limit", "-n", type=click.IntRange(1), metavar="N", help="Datasets at most; all by default."
)


@command("list")
@click.option("--mine", is_flag=True, help="Only datasets that you registered.")
@click.option("--owner", metavar="USER", help="Only datasets that this user registered.")
@click.option(
    "--status",
    type=_Status(("not-released", "pending", "released"), case_sensitive=False),
    help="Only datasets of this release status.",
)
@click.option("--modified-since", metavar="DATE", help="Only datasets whose metadata changed since then.")
@_sort
@_reverse
@_limit
def list_(
    session: Session,
    mine: bool,
    owner: str | None,
    status: str | None,
    modified_since: str | None,
    sort: str,
    reverse: bool,
    limit: int | None,
) -> None:
    """List the datasets that you may see.

    The first rows appear after one request, however many there are. With --modified-since and the usual
    order, the listing ends at the first dataset that is older. A date is a day such as 2024-12-31, a month,
    a year, or a time such as 2024-12-31T18:00Z.

    Examples:
        $ provena list
        $ provena list --mine --status pending
        $ provena list --modified-since 2024-06 --json --fields handle,name,updated
    """
    from provena_sdk.views.item_lists import DatasetList  # noqa: PLC0415  # keeps the models away from the start

    if mine and owner:
        raise click.UsageError("Only one of --mine and --owner can be used.")
    sort_by, ascending = _SORTS[sort]
    found = session.provena.datastore.for_all_datasets(
        total_limit=limit,
        sort_by=sort_by,
        ascending=ascending is not reverse,
        owner=_own_name(session) if mine else owner,
        status=status,
        modified_since=modified_since,
    )
    if not session.out.rows(paged_rows(found), columns_of(DatasetList)):
        session.say("No datasets.")
    if found.unreadable:
        raise Exit(ExitCode.PARTLY_DONE)


def _own_name(session: Session) -> str:
    username = session.provena.whoami().username
    if username is None:
        raise Exit(ExitCode.FAILED, "Your user name is not known.", hint="--owner takes it.")
    return username


@command()
@click.option("--files", is_flag=True, help="Count each dataset's files and bytes, too.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write a .parquet or .xlsx file."
)
@_sort
@_reverse
@_limit
def inventory(
    session: Session, files: bool, out: Path | None, sort: str, reverse: bool, limit: int | None
) -> None:
    """List all datasets with names of owners and organisations, and more.

    Each row has place and time, licence, version and keywords of a dataset, as --json and --out write them;
    a terminal shows some of the columns. --files takes a few requests for each dataset.

    Examples:
        $ provena inventory --files
        $ provena inventory --files --out inventory.xlsx
        $ provena inventory --jsonl --fields handle,owner_name,license
    """
    from provena_sdk.workflows.inventory import InventoryList  # noqa: PLC0415  # keeps the models away from the start

    suffix = None if out is None else out.suffix.lower()
    if suffix not in (None, ".parquet", ".xlsx"):
        raise click.BadParameter("must end in .parquet or .xlsx.", param_hint="--out")
    sort_by, ascending = _SORTS[sort]
    rows = session.provena.datastore.inventory(
        files=files, total_limit=limit, sort_by=sort_by, ascending=ascending is not reverse
    )
    failures: list[str] = []
    if out is not None:
        write = rows.to_parquet if suffix == ".parquet" else rows.to_excel
        try:
            session.out.text(str(write(out)))
        except ImportError as error:
            raise Exit(ExitCode.FAILED, str(error)) from None
    else:
        shown = ("owner_name", "files", "bytes") if files else ("owner_name", "organisation", "status")
        columns = columns_of(InventoryList, "handle", "name", *shown)
        failure = InventoryList._columns.index("failure")

        def note(row: Any) -> None:
            if row[failure] is not None:
                failures.append(f"{row[0]}: {row[failure]}")

        session.out.rows(noted(paged_rows(rows), note), columns)
    for each in failures:
        session.warn(each)
    if failures or rows.unreadable:
        raise Exit(ExitCode.PARTLY_DONE)
