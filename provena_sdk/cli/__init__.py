"""The command ``provena``, thin over the SDK: a module for each noun, loaded when its command runs."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from typing import Final

from provena_sdk.cli.completion import VARIABLE

_INTERRUPTED: Final = 130


def main() -> int:
    """Run the command with the arguments of this process.

    Returns:
        The exit code, one of :class:`~provena_sdk.cli.exit_codes.ExitCode`.
    """
    try:
        code = _run()
    except KeyboardInterrupt:
        # Of a command that is still being loaded, or prints its last words: nothing must be imported for its end.
        code = _INTERRUPTED
        if os.name == "posix":
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
    if VARIABLE in os.environ:
        # A shell must not wait for requests that are still under way.
        os._exit(code)
    return code


def _run() -> int:
    if any(find_spec(needed) is None for needed in ("click", "rich")):
        sys.stderr.write(
            "Error: the command provena needs the extra 'cli': pip install 'provena-sdk[cli]' installs it.\n"
        )
        return 1
    from provena_sdk.cli.app import run  # noqa: PLC0415  # click may be missing

    code = run(sys.argv[1:])
    if code == _INTERRUPTED:
        from provena_sdk.transfer.progress.interrupt import end_by_sigint  # noqa: PLC0415  # keeps transfers away

        end_by_sigint()
    return code
