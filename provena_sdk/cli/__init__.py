"""The command ``provena``, thin over the SDK: a module for each noun, loaded when its command runs."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from provena_sdk.cli.completion import VARIABLE


def main() -> int:
    """Run the command with the arguments of this process.

    Returns:
        The exit code, one of :class:`~provena_sdk.cli.exit_codes.ExitCode`.
    """
    if any(find_spec(needed) is None for needed in ("click", "rich")):
        sys.stderr.write(
            "Error: the command provena needs the extra 'cli': pip install 'provena-sdk[cli]' installs it.\n"
        )
        return 1
    from provena_sdk.cli.app import run  # noqa: PLC0415  # click may be missing

    code = run(sys.argv[1:])
    if VARIABLE in os.environ:
        # A shell must not wait for requests that are still under way.
        os._exit(code)
    return code
