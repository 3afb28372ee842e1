"""The command ``api``."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from provena_sdk.cli import streams
from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session

_METHODS = ("GET", "POST", "PUT", "DELETE")
_SERVICES = ("datastore", "search", "registry", "auth", "job", "prov")
_BY_STATUS = {403: ExitCode.NOT_PERMITTED, 404: ExitCode.NOT_FOUND, 409: ExitCode.CONFLICT}


@command()
@click.argument("method", type=click.Choice(_METHODS, case_sensitive=False), metavar="METHOD")
@click.argument("path")
@click.option(
    "--service",
    type=click.Choice(_SERVICES),
    metavar="NAME",
    default="datastore",
    show_default=True,
    help="The service to ask: search, registry, auth, job, prov.",
)
@click.option("--data", "-d", metavar="JSON", help="Send this JSON; @FILE reads a file, @- standard input.")
def api(session: Session, method: str, path: str, service: str, data: str | None) -> None:
    """Send a request to a service, and print the raw answer.

    METHOD is GET, POST, PUT or DELETE. The request has your access token, and goes only to services of the
    deployment. Only GET is retried. A refusal is printed, too, and ends the command with another exit code than 0.

    Examples:
        $ provena api GET /
        $ provena api GET '/registry/general/about/version' --service registry
        $ provena api POST /registry/items/list -d '{"page_size": 5}'
    """
    answer = session.provena.request(method, path, service=service, body=_body(data))
    # Text of others may hold what controls a terminal.
    session.out.bytes(streams.for_terminal([answer.content]) if session.out.for_people else answer.content)
    if session.out.for_people and not answer.content.endswith(b"\n"):
        session.out.bytes(b"\n")
    if answer.status >= 400:
        raise Exit(
            _BY_STATUS.get(answer.status, ExitCode.FAILED),
            f"The service answered with status {answer.status}.",
        )


def _body(data: str | None) -> Any:
    """Return the JSON document to send, from the command line, a file or standard input."""
    if data is None:
        return None
    try:
        if data == "@-":
            return json.loads(sys.stdin.read())
        if data.startswith("@"):
            with open(data[1:], encoding="utf-8") as file:
                return json.load(file)
        return json.loads(data)
    except OSError as error:
        raise click.UsageError(f"--data: {error.filename}: {error.strerror}.") from None
    except ValueError as error:
        raise click.UsageError(f"--data is not JSON: {error}.") from None
