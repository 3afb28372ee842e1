"""``python -m provena_sdk.sandbox``: a Provena on this machine until it is interrupted."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TextIO

from provena_sdk.sandbox import Sandbox, Seed
from provena_sdk.sandbox.runner import SERVICES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m provena_sdk.sandbox",
        description="Run a whole Provena on this machine: sign-in, datastore, search and an S3 store.",
    )
    parser.add_argument(
        "--port-base",
        type=int,
        metavar="PORT",
        help=f"take PORT and the three after it for {', '.join(SERVICES)}; free ports are taken otherwise",
    )
    parser.add_argument(
        "--approve", metavar="USER", help="approve every device at once for USER, for example writer"
    )
    parser.add_argument("--datasets", type=int, default=0, metavar="N", help="begin with N made-up datasets")
    parser.add_argument("--access-token-seconds", type=float, default=300, metavar="S")
    parser.add_argument("--refresh-token-seconds", type=float, default=1800, metavar="S")
    parser.add_argument("--device-code-seconds", type=float, default=600, metavar="S")
    parser.add_argument("--poll-interval", type=float, default=5, metavar="S")
    parser.add_argument("--credentials-seconds", type=float, default=28800, metavar="S")
    parser.add_argument("--json", action="store_true", help="print the addresses as one line of JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM.

    Standard output gets the addresses and nothing else, so that a shell can evaluate it.

    Returns:
        The exit status: 0, or 1 when the sandbox could not start.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    ports = {}
    if options.port_base is not None:
        ports = {name: options.port_base + offset for offset, name in enumerate(SERVICES)}
    finished = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: finished.set())
    try:
        sandbox = Sandbox(
            access_token_seconds=options.access_token_seconds,
            refresh_token_seconds=options.refresh_token_seconds,
            device_code_seconds=options.device_code_seconds,
            poll_interval=options.poll_interval,
            credentials_seconds=options.credentials_seconds,
            seed=Seed(datasets=options.datasets),
            ports=ports,
            approve_as=options.approve,
        )
    except ValueError as error:
        parser.error(str(error))
    try:
        sandbox.start()
    except OSError as error:
        _say(f"The sandbox could not start: {error}", sys.stderr)
        return 1
    try:
        _announce(sandbox, as_json=options.json)
        finished.wait()
    finally:
        sandbox.stop()
    return 0


def _announce(sandbox: Sandbox, *, as_json: bool) -> None:
    environment = sandbox.environment()
    if as_json:
        _say(json.dumps(environment))
        return
    for name, value in environment.items():
        _say(f"export {name}={shlex.quote(value)}")
    _say(f"Sign in at {sandbox.issuer_url}/device as one of: {', '.join(sandbox.users)}.", sys.stderr)
    _say("Ctrl-C ends the sandbox, and everything in it is gone.", sys.stderr)


def _say(line: str, stream: TextIO | None = None) -> None:
    print(line, file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
