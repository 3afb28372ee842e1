"""The options of every command, which may stand before it and after it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

import click

from provena_sdk.cli.completion.profiles import profiles
from provena_sdk.cli.streams import bold

_KEY: Final = "provena_sdk.cli.options"


class _Formatter(click.HelpFormatter):
    def write_heading(self, heading: str) -> None:
        self.write(f"{'':{self.current_indent}}{bold(f'{heading}:', sys.stdout)}\n")


class BoldHeadings(click.Context):
    """The context of a command whose help has its headings in bold, where there are colours."""

    formatter_class = _Formatter


@dataclass(slots=True)
class Options:
    """What the options of every command say.

    Attributes:
        profile: A profile of ``config.toml``.
        deployment: A deployment's domain.
        json: Whether to print one JSON document.
        jsonl: Whether to print a line of JSON for each row.
        fields: The columns to print; empty for all.
        quiet: Whether to print ids alone, and no talk.
        verbose: 1 to log retries, 2 to log requests.
        no_input: Whether nobody must be asked.
        yes: Whether to answer yes to every question.
        dry_run: Whether to show what would change, and change nothing.
    """

    profile: str | None = None
    deployment: str | None = None
    json: bool = False
    jsonl: bool = False
    fields: tuple[str, ...] = ()
    quiet: bool = False
    verbose: int = 0
    no_input: bool = False
    yes: bool = False
    dry_run: bool = False

    @classmethod
    def of(cls, context: click.Context) -> Options:
        """Return the options given so far, before and after the command."""
        kept: Options = context.meta.setdefault(_KEY, cls())
        return kept


class GlobalOption(click.Option):
    """An option of every command; its value goes to :class:`Options` and not to the command's function."""

    def __init__(self, *names: str, **settings: Any) -> None:
        # Eager, because the other arguments may depend on the deployment.
        super().__init__(names, expose_value=False, is_eager=True, callback=_keep, **settings)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    options, name = Options.of(context), str(parameter.name)
    if name == "verbose":
        options.verbose += value
    elif name == "fields" and value:
        options.fields += tuple(filter(None, (field.strip() for field in value.split(","))))
    elif value:
        setattr(options, name, value)
    if options.json and options.jsonl:
        raise click.UsageError("Only one of --json and --jsonl can be used.", context)


def global_options() -> list[click.Parameter]:
    """Return the options of every command, made anew."""
    return [
        GlobalOption(
            "--profile", metavar="NAME", help="Use this profile of config.toml.", shell_complete=profiles
        ),
        GlobalOption("--deployment", metavar="DOMAIN", help="Use this deployment, such as example.org."),
        GlobalOption("--json", is_flag=True, help="Print one JSON document."),
        GlobalOption("--jsonl", is_flag=True, help="Print a line of JSON for each row, as they come."),
        GlobalOption("--fields", metavar="A,B", help="Print only these columns."),
        GlobalOption("--quiet", "-q", is_flag=True, help="Print ids alone, and nothing else."),
        GlobalOption("--verbose", "-v", count=True, help="Log retries; -vv logs requests, too."),
        GlobalOption("--no-input", is_flag=True, help="Never ask a person."),
        GlobalOption("--yes", "-y", is_flag=True, help="Answer yes to every question."),
    ]


def dry_run_option() -> click.Parameter:
    """Return the option ``--dry-run`` of commands that change something."""
    return GlobalOption("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
