"""The types of arguments: handles, files of datasets, and local paths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import click
from click.shell_completion import CompletionItem

from provena_sdk.cli.completion.values import files, handles
from provena_sdk.cli.options import Options
from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.handles import (
    handle,
    is_certain,
    is_written,
    sendable,
    web_host,
    without_scheme,
)

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic from click 8.5 on

_SHOWN: Final = 80


class Target(NamedTuple):
    """A dataset, or a file or folder in it.

    Args:
        handle: The dataset's handle.
        path: The path in the dataset, without slashes at its ends; empty for the whole dataset.
        is_folder: Whether a slash at the end says that it is a folder.
    """

    handle: str
    path: str = ""
    is_folder: bool = False

    @property
    def written(self) -> str:
        """The path in the dataset, with a slash at the end if it says that it is a folder."""
        return f"{self.path}/" if self.path and self.is_folder else self.path

    def __str__(self) -> str:
        return f"{self.handle}/{self.path}" if self.path else self.handle


class HandleType(_ParamType):
    """A dataset's handle: bare, after ``hdl:`` or ``provena://``, or in the URL of one of its web pages."""

    name = "handle"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the bare handle.

        Raises:
            click.BadParameter: It is not a handle, or a web page of another site.
        """
        if not isinstance(value, str):
            return value
        return _refusing(self, value, param, ctx, lambda: _handle(value, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the handles used lately."""
        return handles(incomplete)


class FileType(HandleType):
    """A file or folder of a dataset, ``HANDLE/path``, or a whole dataset, ``HANDLE``."""

    name = "handle/path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the :class:`Target`.

        Raises:
            click.BadParameter: It does not begin with a handle, or its path is malformed.
        """
        if not isinstance(value, str):
            return value
        return _refusing(self, value, param, ctx, lambda: target(value, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the handles used lately, and the files of a dataset after its handle."""
        return files(incomplete, Options.of(ctx).profile, Options.of(ctx).deployment)


class LocalType(click.Path):
    """A path on this machine; a handle in its place is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises:
            click.BadParameter: It is a handle, or does not exist although it must.
        """
        text = os.fspath(value)
        if isinstance(text, str) and is_certain(text) and not os.path.exists(text):
            self.fail(
                f"{quoted(text, _SHOWN)} is a handle, not a local path; were the arguments swapped?",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


HANDLE: Final = HandleType()
"""A dataset's handle."""

FILE: Final = FileType()
"""A dataset, or a file or folder in it."""

LOCAL: Final = LocalType()
"""A path on this machine, which need not exist."""

LOCAL_FILE: Final = LocalType(exists=True, dir_okay=False)
"""An existing file on this machine."""

LOCAL_FOLDER: Final = LocalType(exists=True, file_okay=False)
"""An existing folder on this machine."""


def target(text: str, context: click.Context | None = None) -> Target:
    """Parse a dataset, or a file or folder in it.

    Args:
        text: A handle in one of its forms, followed by a path or not.
        context: The command, whose deployment a web page must belong to.

    Raises:
        InvalidArgument: It does not begin with a handle, or its path is malformed.

    Example:
        >>> target("hdl:10378.1/1451860/obs/2024.csv")
        Target(handle='10378.1/1451860', path='obs/2024.csv', is_folder=False)
    """
    host = web_host(text)
    if host is not None and host != "hdl.handle.net":
        return Target(_handle(text, context))
    bare = unquote(urlsplit(text).path).lstrip("/") if host else without_scheme(text.strip())
    prefix, _, rest = bare.partition("/")
    suffix, _, path = rest.partition("/")
    found = handle("handle", f"{prefix}/{suffix}" if suffix else bare)
    is_folder = path.endswith("/")
    path = sendable("path", path.removesuffix("/"))
    if any(segment in ("", ".", "..") for segment in path.split("/")) and path:
        raise InvalidArgument("path", f"{quoted(path, _SHOWN)} must have no empty, '.' or '..' segment.")
    return Target(found, path, is_folder)


def handles_in(context: click.Context) -> Iterator[str]:
    """Yield the handles among the arguments of a command."""
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if isinstance(parameter.type, HandleType) and value is not None:
            for found in value if isinstance(value, tuple) and not isinstance(value, Target) else (value,):
                yield found.handle if isinstance(found, Target) else found


def _handle(text: str, context: click.Context | None) -> str:
    host = web_host(text)
    if host is None or host == "hdl.handle.net" or context is None:
        return handle("handle", text)
    from provena_sdk.config import Given  # noqa: PLC0415  # keeps the settings away unless a URL needs them
    from provena_sdk.connection import find_settings  # noqa: PLC0415  # keeps the client away

    options = Options.of(context)
    settings = find_settings(Given(options.deployment, profile=options.profile))
    return handle("handle", text, domain=settings.deployment.domain)


def _refusing(kind: _ParamType, value: str, param: Any, ctx: Any, parse: Any) -> Any:
    """Return what ``parse`` returns; its refusal becomes one of the command line, with a hint."""
    try:
        found = parse()
    except InvalidArgument as error:
        message = error.message.removeprefix(f"{error.argument}: ")
        raise click.BadParameter(f"{message} {error.hint or ''}".strip(), ctx, param) from None
    if not is_certain(value) and not is_written(value) and os.path.exists(value):
        kind.fail(
            f"{quoted(value, _SHOWN)} is a local path, not a handle; were the arguments swapped?", param, ctx
        )
    return found
