"""The command ``provena`` itself: finding commands, help, and how each run ends."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from provena_sdk._version import __version__
from provena_sdk.cli import streams
from provena_sdk.cli.commands_table import CALLED_ELSEWHERE, COMMANDS, GROUPS
from provena_sdk.cli.completion import VARIABLE
from provena_sdk.cli.completion.shells import answer
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import report
from provena_sdk.cli.options import BoldHeadings, global_options
from provena_sdk.display.text import quoted

NAME: Final = "provena"
_COMMANDS: Final = "provena_sdk.cli.commands"
_WIDEST: Final = 100


class App(click.Group):
    """All commands, loaded when they are needed."""

    context_class = BoldHeadings

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, and return the command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        found = vars(import_module(f"{_COMMANDS}.{entry.module}")).values()
        return next(made for made in found if isinstance(made, click.Command) and made.name == cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; one that does not exist is refused with the name that was probably meant."""
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            meant = CALLED_ELSEWHERE.get(name)
            near = (
                [meant] if meant is not None and meant in COMMANDS else get_close_matches(name, COMMANDS, n=3)
            )
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"{quoted(name, 60)} is not a command.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names of commands that begin with a text, and options, without importing a command."""
        found = [
            CompletionItem(entry.name, help=entry.summary)
            for entry in COMMANDS.values()
            if entry.name.startswith(incomplete)
        ]
        return found or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the headings of the table."""
        width = max(map(len, COMMANDS))
        for heading, entries in GROUPS.items():
            if entries:
                with formatter.section(heading):
                    formatter.write_dl([(entry.name.ljust(width), entry.summary) for entry in entries])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, and below them the options of every command."""
        self.format_commands(ctx, formatter)
        records = [parameter.get_help_record(ctx) for parameter in self.get_params(ctx)]
        with formatter.section("Options, before or after the command"):
            formatter.write_dl([record for record in records if record is not None])


def _print_version(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"{NAME} {__version__}")
        context.exit()


def make_app() -> App:
    """Return the command with all its options."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_print_version,
        help="Print the version.",
    )
    return App(
        NAME,
        params=[*global_options(), version],
        help="Find, read, register and release datasets of Provena.",
        epilog="'provena COMMAND --help' explains a command.",
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": _WIDEST},
        subcommand_metavar="COMMAND ...",
        options_metavar="",
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command, whatever happens.

    Args:
        arguments: The arguments, without the name of the program.

    Returns:
        The exit code, one of :class:`~provena_sdk.cli.exit_codes.ExitCode`.
    """
    streams.prepare()
    instruction = os.environ.get(VARIABLE)
    if instruction:
        return answer(make_app(), instruction)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            _invoke(_with_help(arguments))
    except click.exceptions.Exit as ended:
        return _flushed(ended.exit_code, arguments)
    except BrokenPipeError:
        # The reader of a help text has what it wants, as head does.
        streams.abandon_stdout()
        return ExitCode.DONE
    except (Exception, KeyboardInterrupt) as error:
        _flushed(ExitCode.FAILED, arguments)
        return report(error, as_json=_wants_json(arguments))
    return _flushed(ExitCode.DONE, arguments)


def _invoke(arguments: list[str]) -> None:
    with make_app().make_context(NAME, list(arguments), obj=tuple(arguments)) as context:
        context.command.invoke(context)


def _with_help(arguments: Sequence[str]) -> list[str]:
    """Return the arguments; ``help`` and none at all become ``--help``."""
    if not arguments or arguments[0] == "help":
        return [*arguments[1:], "--help"]
    return list(arguments)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Return whether failures are to be printed as JSON, even if the arguments cannot be parsed."""
    own = list(arguments)
    own = own[: own.index("--")] if "--" in own else own
    return "--json" in own or "--jsonl" in own


def _flushed(code: int, arguments: Sequence[str]) -> int:
    """Write what is left, and return the exit code: another one if a command that was done cannot write it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        streams.abandon_stdout()
    except OSError as error:
        streams.abandon_stdout()
        return code or report(error, as_json=_wants_json(arguments))
    return code


def _show_warning(message: Warning | str, *place: Any, **named: Any) -> None:
    streams.warn(str(message))
