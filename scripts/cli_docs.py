"""Write the reference of the commands in docs/cli.md from the commands themselves.

    python scripts/cli_docs.py            # write it
    python scripts/cli_docs.py --check    # fail if it is out of date

What stands above the marker is written by hand.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import click  # noqa: E402

from provena_sdk.cli.app import NAME, make_app  # noqa: E402
from provena_sdk.cli.command import EXAMPLES  # noqa: E402
from provena_sdk.cli.commands_table import GROUPS  # noqa: E402
from provena_sdk.cli.exit_codes import ExitCode  # noqa: E402
from provena_sdk.cli.options import GlobalOption  # noqa: E402

PAGE: Final = ROOT / "docs" / "cli.md"
MARKER: Final = "<!-- Below: written by scripts/cli_docs.py -->\n"


def page(prose: str) -> str:
    """Return the page: what is written by hand, and the reference."""
    app = make_app()
    root = click.Context(app, info_name=NAME)
    lines = ["", "## Exit codes", "", "| code | meaning |", "|---:|---|"]
    lines += [f"| {code.value} | {code.meaning} |" for code in ExitCode]
    lines += ["", "## Options of every command", "", *_options(app, root), ""]
    for heading, entries in GROUPS.items():
        if entries:
            lines += [f"## {heading}", ""]
            for entry in entries:
                command = app.get_command(root, entry.name)
                assert command is not None, entry
                lines += _command(command, click.Context(command, info_name=entry.name, parent=root), "###")
    return prose + MARKER + "\n".join(lines).rstrip("\n") + "\n"


def _command(command: click.Command, context: click.Context, level: str) -> Iterator[str]:
    text, _, examples = inspect.cleandoc(command.help or "").partition(f"\n{EXAMPLES}\n")
    yield f"{level} {context.command_path}"
    yield ""
    yield from text.strip().splitlines()
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ("", "```", f"{context.command_path} {usage}", "```", "")
    options = list(_options(command, context))
    if options:
        yield from (*options, "")
    if examples:
        yield from ("```console", *inspect.cleandoc(examples).splitlines(), "```", "")
    if isinstance(command, click.Group):
        for name, verb in command.commands.items():
            yield from _command(verb, click.Context(verb, info_name=name, parent=context), f"{level}#")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield a table of a command's own options; the root's are those of every command."""
    rows = []
    for option in command.params:
        is_own = not isinstance(option, GlobalOption) or option.name == "dry_run" or context.parent is None
        record = option.get_help_record(context) if isinstance(option, click.Option) and is_own else None
        if record is not None:
            name, text = (cell.replace("|", "\\|") for cell in record)
            rows.append(f"| `{name}` | {text} |")
    if rows:
        yield from ("| option | |", "|---|---|", *rows)


def main() -> int:
    """Write or compare the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="fail if the page is out of date")
    check = parser.parse_args().check
    old = PAGE.read_text("utf-8")
    new = page(old.partition(MARKER)[0])
    if check and new != old:
        print("docs/cli.md is out of date: run python scripts/cli_docs.py.", file=sys.stderr)
        return 1
    if not check:
        PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
