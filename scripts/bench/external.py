"""An external S3 store for a benchmark's files: its options on the command line, and its process."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from provena_sdk.sandbox import ExternalStore

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"


class Listener:
    """The process of this machine that listens on a port, where Linux tells which.

    Args:
        port: The port.

    Attributes:
        known: Whether it was found.
    """

    def __init__(self, port: int) -> None:
        self._stat = _stat_of(port)
        self.known = self._stat is not None

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that it has used; 0 when it is not known."""
        if self._stat is None:
            return 0.0
        # The name of the program, in parentheses, may contain spaces.
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _stat_of(port: int) -> Path | None:
    listening = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            rows = [line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:]]
            listening |= {
                f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"
            }
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(link) in listening:
                return link.parents[1] / "stat"
    return None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--s3 URL`` and ``--s3-accounts URL`` to a benchmark's command line; :func:`external_store` takes them."""
    parser.add_argument(
        "--s3",
        metavar="URL",
        help=f"keep the files in this store; {KEY} and {SECRET} give access (default: the sandbox's own store)",
    )
    parser.add_argument(
        "--s3-accounts",
        metavar="URL",
        help="URL where versitygw creates accounts (default: the store has STS)",
    )


def external_store(options: argparse.Namespace) -> ExternalStore | None:
    """Return the store that the options and the environment describe; None means the sandbox's own.

    Raises:
        ValueError: They are invalid; the message names the option.
    """
    if options.s3 is None:
        return None
    if options.gigabits is not None:
        raise ValueError("--gigabits cannot be used with --s3: the limited line does not lead to the store.")
    if urlsplit(options.s3).scheme != "http":
        raise ValueError(f"--s3 must be a URL such as http://127.0.0.1:9000, not {options.s3!r}.")
    if missing := [name for name in (KEY, SECRET) if not os.environ.get(name)]:
        raise ValueError(f"--s3 needs {' and '.join(missing)} in the environment.")
    return ExternalStore(
        url=options.s3.rstrip("/"),
        access_key_id=os.environ[KEY],
        secret_access_key=os.environ[SECRET],
        issuing="assume-role" if options.s3_accounts is None else "accounts",
        accounts_url=options.s3_accounts,
    )
