"""``python -m provena_sdk.sandbox``: run a Provena on this machine until interrupted."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from typing import TextIO

from provena_sdk.sandbox import ExternalStore, Sandbox, Seed
from provena_sdk.sandbox.data.items import BUCKET
from provena_sdk.sandbox.data.users import SERVICE_USER
from provena_sdk.sandbox.external.parts import DEFAULT_REGION, ISSUING
from provena_sdk.sandbox.runner import MAX_PORT, SERVICES
from provena_sdk.sandbox.signin.sessions import REUSES
from provena_sdk.sandbox.stopping import stop_signals

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m provena_sdk.sandbox",
        description="Run a complete Provena on this machine: sign-in, its six services and an S3 store.",
    )
    parser.add_argument(
        "--port-base",
        type=port_number,
        metavar="PORT",
        help=f"use PORT and the next {len(SERVICES) - 1} for {', '.join(SERVICES)}; default: free ports",
    )
    parser.add_argument(
        "--approve", metavar="USER", help="approve every sign-in immediately as USER, for example writer"
    )
    parser.add_argument(
        "--datasets", type=count, default=0, metavar="N", help="start with N synthetic datasets"
    )
    parser.add_argument(
        "--demo", action="store_true", help="start with nine datasets that have files, places and times"
    )
    parser.add_argument("--access-token-seconds", type=seconds, default=300, metavar="S")
    parser.add_argument("--refresh-token-seconds", type=seconds, default=1800, metavar="S")
    parser.add_argument("--device-code-seconds", type=seconds, default=600, metavar="S")
    parser.add_argument(
        "--rotation",
        choices=REUSES,
        default="no-reuse",
        help="how often a refresh or offline token can be used; default: %(default)s",
    )
    parser.add_argument("--poll-interval", type=seconds, default=5, metavar="S")
    parser.add_argument("--credentials-seconds", type=seconds, default=28800, metavar="S")
    parser.add_argument("--job-seconds", type=seconds, default=0.2, metavar="S")
    parser.add_argument(
        "--offline-token",
        metavar="USER",
        help="also print an offline token for USER, so that scripts need not sign in",
    )
    parts = parser.add_argument_group(
        "parts of a deployment", "use an external issuer or S3 store instead of the sandbox's own"
    )
    parts.add_argument("--issuer", metavar="URL", help="the realm whose access tokens the services accept")
    parts.add_argument(
        "--s3",
        metavar="URL",
        help=f"the store for the files; {KEY} and {SECRET} in the environment give access",
    )
    parts.add_argument(
        "--s3-issuing",
        choices=ISSUING,
        default=ISSUING[0],
        help="how to get credentials for one dataset there; default: %(default)s",
    )
    parts.add_argument("--s3-bucket", metavar="NAME", default=BUCKET, help="the bucket; default: %(default)s")
    parts.add_argument("--s3-region", metavar="NAME", default=DEFAULT_REGION)
    parts.add_argument("--s3-role", metavar="ARN", help="the role to request from STS")
    parts.add_argument("--s3-sts", metavar="URL", help="URL of STS; default: that of --s3")
    parts.add_argument("--s3-accounts", metavar="URL", help="URL where versitygw creates accounts")
    parts.add_argument("--ca-file", metavar="FILE", help="certificates to trust for these parts")
    parser.add_argument("--json", action="store_true", help="print the URLs as one line of JSON")
    return parser


def port_number(text: str) -> int:
    """Parse the number of the first port."""
    port, last = int(text), MAX_PORT + 1 - len(SERVICES)
    if not 1 <= port <= last:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {last}")
    return port


def count(text: str) -> int:
    """Parse a count."""
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is below zero")
    return number


def seconds(text: str) -> float:
    """Parse a duration in seconds."""
    if not (number := float(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM, or until the terminal closes.

    Only the settings go to standard output, so that a shell can evaluate it.

    Returns:
        The exit status: 0, or 1 when the sandbox could not start.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    ports = {}
    if options.port_base is not None:
        ports = {name: options.port_base + offset for offset, name in enumerate(SERVICES)}
    try:
        sandbox = Sandbox(
            access_token_seconds=options.access_token_seconds,
            refresh_token_seconds=options.refresh_token_seconds,
            device_code_seconds=options.device_code_seconds,
            poll_interval=options.poll_interval,
            rotation=options.rotation,
            credentials_seconds=options.credentials_seconds,
            job_seconds=options.job_seconds,
            seed=Seed(datasets=options.datasets, demo=options.demo),
            ports=ports,
            approve_as=options.approve,
            issuer=options.issuer,
            s3=None if options.s3 is None else _external_store(options),
            ca_file=options.ca_file,
        )
        if options.offline_token is not None and options.issuer is not None:
            raise ValueError("offline-token: not available with an external issuer.")
        if options.offline_token is not None and options.offline_token not in sandbox.users:
            raise ValueError(f"offline-token: there is no user {options.offline_token!r}.")
    except ValueError as error:
        parser.error(str(error))
    with stop_signals() as wait:
        try:
            sandbox.start()
        except OSError as error:
            _say(f"The sandbox could not start: {error}", sys.stderr)
            return 1
        try:
            _announce(sandbox, options.offline_token, options.issuer, as_json=options.json)
            wait()
        finally:
            sandbox.stop()
    return 0


def _external_store(options: argparse.Namespace) -> ExternalStore:
    missing = [name for name in (KEY, SECRET) if not os.environ.get(name)]
    if missing:
        raise ValueError(f"s3: {' and '.join(missing)} must be in the environment.")
    return ExternalStore(
        url=options.s3,
        access_key_id=os.environ[KEY],
        secret_access_key=os.environ[SECRET],
        issuing=options.s3_issuing,
        bucket=options.s3_bucket,
        region=options.s3_region,
        sts_url=options.s3_sts,
        role_arn=options.s3_role,
        accounts_url=options.s3_accounts,
    )


def _announce(sandbox: Sandbox, user: str | None, issuer: str | None, *, as_json: bool) -> None:
    environment = sandbox.environment()
    if user is not None:
        environment["PROVENA_OFFLINE_TOKEN"] = sandbox.offline_token(user)
    if as_json:
        _say(json.dumps(environment))
        return
    for name, value in environment.items():
        _say(f"export {name}={shlex.quote(value)}")
    if issuer is None:
        people = [name for name in sandbox.users if name != SERVICE_USER]
        _say(f"Sign in at {sandbox.issuer_url}/device as one of: {', '.join(people)}.", sys.stderr)
    else:
        _say(f"Sign in at {issuer} with an account of that realm.", sys.stderr)
    _say("Ctrl-C stops the sandbox and discards everything in it.", sys.stderr)


def _say(line: str, stream: TextIO | None = None) -> None:
    print(line, file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
