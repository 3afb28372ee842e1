"""Where files come from and go to: datasets, and folders and files on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from click.shell_completion import CompletionItem

from provena_sdk.cli.parameters import FileType, Target
from provena_sdk.datasets.paths import refusal
from provena_sdk.operations.handles import is_certain, is_written

_SLASHES: Final = tuple(filter(None, (os.sep, os.altsep)))


class PlaceType(FileType):
    """A dataset or a folder in it, or a local folder. What begins like a handle is one."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a :class:`Target` or a :class:`~pathlib.Path`."""
        if not isinstance(value, str):
            return value
        if is_written(value) or is_certain("/".join(value.split("/")[:2])):
            return super().convert(value, param, ctx)
        return Path(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return what completes a handle, and local paths."""
        return [*super().shell_complete(ctx, param, incomplete), CompletionItem(incomplete, type="file")]


PLACE: Final = PlaceType()
"""A dataset or a folder in it, or a local folder."""


def path_of(target: Target) -> str:
    """Return the path of a target as the SDK takes it: that of a folder's contents ends in a slash.

    Args:
        target: The dataset, file or folder.
    """
    return f"{target.path}/" if target.path and target.is_folder else target.path


class Destination(NamedTuple):
    """Where the files of a dataset go.

    Args:
        folder: The folder.
        name: The name of a single file in it; empty for its own.
        otherwise: The folder, if what is named turns out to be a folder of the dataset.
    """

    folder: str
    name: str = ""
    otherwise: str = ""


def destination(target: Target, given: str | None) -> Destination:
    """Return where ``get`` puts what it is asked for, as cp does.

    Args:
        target: The dataset, file or folder.
        given: The destination; None for the current folder.

    Raises:
        click.UsageError: The dataset's handle cannot be the name of a folder here.

    Example:
        >>> destination(Target("10378.1/1451860"), None), destination(Target("10378.1/1451860", "obs"), None)
        (Destination(folder='1451860', name='', otherwise=''), Destination(folder='.', name='', otherwise=''))
        >>> destination(Target("10378.1/1451860", "obs/2024.csv"), "new.csv")
        Destination(folder='.', name='new.csv', otherwise='new.csv')
    """
    if given is None:
        if target.path:
            return Destination(".")
        folder = target.handle.rpartition("/")[2]
        if refusal(folder) is not None:
            raise click.UsageError("The handle cannot be the name of a folder here: name the destination.")
        return Destination(folder)
    whole = not target.path or target.is_folder
    if whole or given.endswith(_SLASHES) or os.path.isdir(given) or not os.path.basename(given):
        return Destination(given)
    return Destination(os.path.dirname(given) or ".", os.path.basename(given), given)


def sources(given: Sequence[str]) -> Iterator[str | list[str]]:
    """Yield what to upload, in as few transfers as possible: the contents of a folder, or files of one folder.

    As for rsync, a folder with a slash at its end stands for its contents.

    Args:
        given: The files and folders.

    Example:
        >>> list(sources(["a.csv", "b.csv", "figures/", "."]))
        [['a.csv', 'b.csv'], 'figures/', '.']
    """
    for (contents, _), group in groupby(given, _group):
        paths = list(group)
        yield from paths if contents else [paths]


def _group(path: str) -> tuple[bool, str]:
    return (True, path) if _stands_for_contents(path) else (False, os.path.dirname(path))


def _stands_for_contents(path: str) -> bool:
    return path.endswith(_SLASHES) or os.path.basename(path) in ("", ".", "..")
