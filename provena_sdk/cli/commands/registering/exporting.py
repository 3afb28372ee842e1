"""``provena cite`` and ``provena export``."""

from __future__ import annotations

from pathlib import Path

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.session import Session


@command()
@click.argument("handle", type=HANDLE)
@click.option(
    "--style",
    type=click.Choice(("apa", "bibtex", "ris", "csl-json")),
    default="apa",
    show_default=True,
    help="Text as in APA's manual, or for reference managers.",
)
@click.option(
    "--author",
    "authors",
    multiple=True,
    metavar="NAME",
    help="Cite this author instead, as 'Family, Given'; can be repeated.",
)
def cite(session: Session, handle: str, style: str, authors: tuple[str, ...]) -> None:
    """Print a citation of a dataset.

    Without --author, the person who registered it counts as the author.

    Examples:
        $ provena cite 10378.1/1451860
        $ provena cite 10378.1/1451860 --style bibtex >> references.bib
        $ provena cite 10378.1/1451860 --author 'Diver, Ada' --author 'Coral Sea Institute'
    """
    dataset = session.provena.datastore.interactive_dataset(handle)
    session.out.text(dataset.cite(style, authors=authors or None))  # type: ignore[arg-type]  # one of the choices


@command()
@click.argument("handle", type=HANDLE)
@click.option(
    "--format",
    type=click.Choice(("ro-crate", "schema.org", "datacite", "croissant")),
    default="ro-crate",
    show_default=True,
    help="The other catalogue's format.",
)
@click.option("--no-files", is_flag=True, help="Leave its files out, as readers of metadata alone must.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write to this file, or to the usual name in this folder.",
)
def export(session: Session, handle: str, format: str, no_files: bool, out: Path | None) -> None:
    """Describe a dataset in the format of another catalogue.

    The description is JSON. Saved into the folder of the downloaded files, an RO-Crate makes it a crate.

    Examples:
        $ provena export 10378.1/1451860 --format datacite --no-files
        $ provena export 10378.1/1451860 --format ro-crate --out data/
    """
    dataset = session.provena.datastore.interactive_dataset(handle)
    document = dataset.export(format, files=not no_files)  # type: ignore[arg-type]  # one of the choices
    if out is not None:
        session.out.text(str(document.save(out)))
    else:
        session.out.json(document)
