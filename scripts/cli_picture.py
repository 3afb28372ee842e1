"""Draw what a command shows in a terminal as an SVG, to be looked at or shown in documents.

    python scripts/cli_picture.py OUT.svg [--columns 60] "provena ls 10378.1/1900011"

The command runs in a terminal, against a sandbox with the datasets of the tests.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from provena_sdk.sandbox import Sandbox  # noqa: E402
from tests.cli.seeded import furnish, local_files, surroundings  # noqa: E402
from tests.cli.terminal import in_terminal  # noqa: E402

# As rich's own, but without fonts from elsewhere.
FORMAT: Final = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, monospace; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>{lines}</defs>
{chrome}<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def main() -> int:
    """Run the command, and write the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("line", help="what a shell runs")
    given = parser.parse_args()
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="provena-picture-") as place:
        furnish(sandbox)
        work = Path(place) / "work"
        work.mkdir()
        local_files(work)
        seen = in_terminal(
            ["bash", "-c", given.line],
            environment=surroundings(sandbox, Path(place)),
            folder=work,
            columns=given.columns,
        )
    screen = Console(record=True, width=given.columns, file=io.StringIO(), force_terminal=True)
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in seen.written.split("\n")]
    screen.print(Text.from_ansi("\n".join([f"$ {given.line}", *lines])))
    given.out.write_text(screen.export_svg(title="", code_format=FORMAT), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
