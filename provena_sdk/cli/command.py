"""The decorators that make a function a command."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

import click

from provena_sdk.cli.completion.recent import remember
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.options import BoldHeadings, GlobalOption, Options, dry_run_option, global_options
from provena_sdk.cli.parameters import handles_in
from provena_sdk.cli.session import Session
from provena_sdk.errors import ConfigurationError, InvalidArgument

P = ParamSpec("P")

EXAMPLES: Final = "Examples:"
"""The heading in a docstring below which lines begin with ``$ provena``."""

_PROFILE: Final = re.compile(r"^profile(?=:)")
_DOMAIN: Final = re.compile(r"^domain(?= is not a domain name)")


class _Help(click.Command):
    """A command whose help has its own options, its examples as they are written, and names the other options."""

    context_class = BoldHeadings

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += global_options()

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the docstring up to the examples."""
        text, _, _ = inspect.cleandoc(self.help or "").partition(f"\n{EXAMPLES}\n")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(text.strip())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, the examples, and the names of the options of every command."""
        records = [
            record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            and not (isinstance(parameter, GlobalOption) and parameter.name != "dry_run")
            and (record := parameter.get_help_record(ctx))
        ]
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        with formatter.section("Options"):
            formatter.write_dl(records)
        examples = inspect.cleandoc(self.help or "").partition(f"\n{EXAMPLES}\n")[2]
        if examples:
            with formatter.section(EXAMPLES.rstrip(":")):
                for line in inspect.cleandoc(examples).splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        names = ", ".join(
            max(parameter.opts, key=len)
            for parameter in self.params
            if isinstance(parameter, GlobalOption) and parameter.name != "dry_run"
        )
        formatter.write_paragraph()
        formatter.write_text(f"Every command has: {names}. See: provena --help")


class Command(_Help):
    """A command. What the SDK says about arguments is said about what was typed."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the function."""
        try:
            return super().invoke(ctx)
        except InvalidArgument as error:
            from provena_sdk.cli.wording.typed import in_words  # noqa: PLC0415  # needed only for failures

            error.message = in_words(error)
            raise
        except ConfigurationError as error:
            options = Options.of(ctx)
            if options.profile is not None:
                error.message = _PROFILE.sub("--profile", error.message)
            if options.deployment is not None:
                error.message = _DOMAIN.sub("--deployment", error.message)
            raise


class Group(_Help, click.Group):
    """A noun with several verbs, such as ``provena config explain``."""

    def command(  # type: ignore[override]  # our options
        self, name: str | None = None, *, changes: bool = False
    ) -> Callable[[Callable[Concatenate[Session, P], None]], Command]:
        """Make a function a command of this group; see :func:`command`."""

        def decorate(function: Callable[Concatenate[Session, P], None]) -> Command:
            made = command(name, changes=changes)(function)
            self.add_command(made)
            return made

        return decorate

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help when no verb is given."""
        return super().parse_args(ctx, args or ["--help"])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which the module defines them."""
        return list(self.commands)


def command(
    name: str | None = None, *, changes: bool = False
) -> Callable[[Callable[Concatenate[Session, P], None]], Command]:
    """Make a function a command: its docstring is the help, and it is called with a :class:`Session` first.

    Args:
        name: The name; by default the function's, with hyphens.
        changes: Whether it changes something, and so has ``--dry-run``.
    """

    def decorate(function: Callable[Concatenate[Session, P], None]) -> Command:
        @wraps(function)
        def run(*args: P.args, **arguments: P.kwargs) -> None:
            context = click.get_current_context()
            with Session(Options.of(context), changes=changes) as session:
                try:
                    function(session, *args, **arguments)
                except BrokenPipeError as error:
                    # Not stdout, which the session takes care of: the command was not done.
                    raise Exit(ExitCode.FAILED, "Broken pipe.") from error
            remember(handles_in(context))

        made = click.command(name or _name_of(function), cls=Command)(run)
        if changes:
            made.params.append(dry_run_option())
        return made

    return decorate


def group(name: str | None = None) -> Callable[[Callable[[], None]], Group]:
    """Make a function without a body a group of commands: its docstring is the help.

    Args:
        name: The name; by default the function's.
    """

    def decorate(function: Callable[[], None]) -> Group:
        return click.command(name or _name_of(function), cls=Group)(function)

    return decorate


def _name_of(function: Callable[..., object]) -> str:
    return function.__name__.rstrip("_").replace("_", "-")
