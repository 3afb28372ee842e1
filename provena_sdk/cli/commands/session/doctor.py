"""Find out what is wrong with a connection to Provena."""

from __future__ import annotations

import os
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit, in_commands
from provena_sdk.cli.session import Session
from provena_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from provena_sdk.diagnosis.checks import Checks

_TIMEOUT_SECONDS: Final = 10.0


@command()
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    default=_TIMEOUT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Most seconds to wait for everything.",
)
@click.option("--report", is_flag=True, help="Print all that a maintainer needs to know, without secrets.")
def doctor(session: Session, timeout: float, report: bool) -> None:
    """Check settings, network, sign-in, roles and services.

    Each line says ✓ or ✗, and what to do; – is what cannot be checked. Nobody is asked to sign in. The exit code is 1
    if there is any ✗.

    Examples:
        $ provena doctor
        $ provena doctor --report > report.txt
        $ provena doctor --json
    """
    try:
        with warnings.catch_warnings():
            # The checks name unknown variables, too.
            warnings.simplefilter("ignore", UserWarning)
            provena = session.provena
    except ConfigurationError as error:
        from provena_sdk.diagnosis.checks import of_unusable  # noqa: PLC0415  # keeps the sign-in away

        error.hint = in_commands(error.hint or "")
        _show(session, of_unusable(error, os.environ))
        return
    diagnosis = provena.diagnose(timeout)
    if report and not session.json:
        session.out.text(str(diagnosis))
    else:
        _show(session, diagnosis.checks)


def _show(session: Session, checks: Checks) -> None:
    session.out.view(checks, [asdict(check) for check in checks])
    if not checks.passed:
        raise Exit(ExitCode.FAILED)
