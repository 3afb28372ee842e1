"""A line of limited speed to measure over: this machine's loopback, in a network namespace of the benchmark's own.

Only Linux has such namespaces, and only root may make one. What is started from there on is in it as well, and reaches
nothing outside: whatever has to be installed must be there before.
"""

from __future__ import annotations

import argparse
import ctypes
import math
import os
import subprocess
import sys

UNLIMITED = "line without a limit"

_NEW_NETWORK = 0x40000000
# Enough for what arrives between two ticks of the clock, and for a window that is on its way.
_BURST = "1m"
_LATENCY = "50ms"


class _Impossible(Exception):
    """The line cannot be limited, for the reason given."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--gigabits N`` to a benchmark's command line; :func:`limited` takes its value."""
    parser.add_argument(
        "--gigabits",
        type=_speed,
        metavar="N",
        help="limit the line to N Gbit/s, both ways together; needs root and Linux (default: no limit)",
    )


def limited(gigabits: float | None) -> str:
    """Limit the line of this process and of all that it starts from now on; there is no way back.

    To be called from the main thread, before other threads and processes are started. When it cannot be done, that is
    printed as well, and the line is what it was.

    Args:
        gigabits: Gbit/s, both ways together; None leaves the line as it is.

    Returns:
        What the line is now, for a heading.
    """
    if gigabits is None:
        return UNLIMITED
    try:
        _enter()
        _run("ip", "link", "set", "lo", "up")
        _run(
            *("tc", "qdisc", "add", "dev", "lo", "root", "tbf"),
            *("rate", f"{gigabits * 1000:.0f}mbit", "burst", _BURST, "latency", _LATENCY),
        )
    except _Impossible as reason:
        told = f"{UNLIMITED}, since {gigabits:g} Gbit/s could not be had: {reason}"
        print(f"The {told}.", file=sys.stderr, flush=True)
        return told
    return f"line of {gigabits:g} Gbit/s"


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.001 <= speed < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a speed in Gbit/s")
    return speed


def _enter() -> None:
    """Move into a network namespace of our own."""
    try:
        # Python has os.unshare from 3.12 on only.
        library = ctypes.CDLL(None, use_errno=True)
        entered = library.unshare(_NEW_NETWORK) == 0
    except (AttributeError, OSError, TypeError):
        raise _Impossible("this system has no network namespaces") from None
    if not entered:
        raise _Impossible(f"no network namespace ({os.strerror(ctypes.get_errno())})")


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise _Impossible(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        raise _Impossible(f"{command[0]}: {done.stderr.strip() or done.returncode}")
