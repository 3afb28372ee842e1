"""What a command works with: the client, its output, and the person who may be asked."""

from __future__ import annotations

import logging
import os
import stat
import sys
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

from provena_sdk.cli import streams
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.options import Options
from provena_sdk.cli.output import Output
from provena_sdk.display.terminal import is_terminal
from provena_sdk.display.text import printable_lines
from provena_sdk.logs import print_records
from provena_sdk.private_files import others_can_open

if TYPE_CHECKING:
    from provena_sdk.client import Provena

_NON_INTERACTIVE: Final = "PROVENA_NON_INTERACTIVE"
_YES: Final = ("y", "yes")


class Session:
    """The surroundings of one run of a command.

    Args:
        options: The options of every command.
        changes: Whether the command may change something.

    Attributes:
        options: These options.
        out: The standard output.
        dry_run: Whether to show what would change, and change nothing.
        json: Whether the output is JSON, for a program.
        asks: Whether a person can be asked.
        progress: The ``progress`` of the SDK's methods: None where a person may look, False with ``--quiet``.
    """

    def __init__(self, options: Options, *, changes: bool = False) -> None:
        self.options = options
        self.out = Output(options, changes=changes)
        self.dry_run = options.dry_run
        self.json = self.out.is_json
        self.progress: Literal[False] | None = False if options.quiet else None
        self._interactive: bool | None = False if options.no_input else None
        self.asks = not self._no_input and is_terminal(sys.stdin) and is_terminal(sys.stderr)
        if options.verbose:
            print_records(logging.INFO if options.verbose == 1 else logging.DEBUG)

    @property
    def _no_input(self) -> bool:
        refused = os.environ.get(_NON_INTERACTIVE, "").strip().lower() not in ("", "0", "false", "no")
        return self.options.no_input or refused

    @cached_property
    def provena(self) -> Provena:
        """The client, made when it is first used, and closed when the command ends."""
        from provena_sdk.client import Provena  # noqa: PLC0415  # keeps httpx away from commands that send nothing

        return Provena(self.options.deployment, profile=self.options.profile, interactive=self._interactive)

    def asking_client(self) -> Provena:
        """Return the client, which shows the sign-in page even without a terminal, as in a notebook's shell."""
        if not self._no_input and "provena" not in self.__dict__:
            self._interactive = True
        return self.provena

    def say(self, text: str) -> None:
        """Print a line about what happens on stderr, unless ``--quiet`` forbids it."""
        if not self.options.quiet:
            streams.tell(printable_lines(text))

    def warn(self, text: str) -> None:
        """Print a warning on stderr."""
        streams.warn(text)

    def confirm(self, question: str) -> bool:
        """Ask a person whether to go ahead; ``--yes`` answers for them.

        Args:
            question: The question, with its question mark.

        Raises:
            Exit: Nobody can be asked.
        """
        if self.options.yes:
            return True
        if not self.asks:
            raise Exit(
                ExitCode.USAGE,
                f"{question} Nobody can be asked here.",
                hint="--yes answers yes to every question.",
            )
        streams.tell(f"{printable_lines(question)} [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in _YES

    def refuse_open_file(self, secret: str, *, hint: str) -> None:
        """Refuse to print a secret into a file that other users can read; pipes and devices are not files.

        Args:
            secret: What would be printed, as the message begins.
            hint: How else to keep it.

        Raises:
            Exit: The output is such a file.
        """
        try:
            state = os.fstat(sys.stdout.fileno())
        except OSError:
            return
        if stat.S_ISREG(state.st_mode) and others_can_open(state):
            raise Exit(ExitCode.USAGE, f"{secret} would be in a file that other users can read.", hint=hint)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.out.close()
        finally:
            made = self.__dict__.get("provena")
            if made is not None:
                made.close()
