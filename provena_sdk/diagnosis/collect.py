"""Collect a diagnosis, within a bounded time."""

from __future__ import annotations

import os
import platform
import queue
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Final, TypeVar

from provena_sdk._version import __version__
from provena_sdk.auth.account import Account
from provena_sdk.auth.discovery import DOCUMENT
from provena_sdk.auth.source import TokenSource
from provena_sdk.config import Deployment, Explanation
from provena_sdk.config.deployment import OPTIONAL_URLS
from provena_sdk.diagnosis.checks import OBJECT_STORE, SIGN_IN, Checks, checked
from provena_sdk.diagnosis.report import TIMEOUT_SECONDS, Diagnosis
from provena_sdk.display.text import printable
from provena_sdk.errors import ProvenaError
from provena_sdk.logs import recent_requests
from provena_sdk.net.probe import Probe, probe
from provena_sdk.operations import arguments

T = TypeVar("T")

_LIBRARIES: Final = (
    "httpx", "requests", "fsspec", "s3fs", "aiobotocore", "pandas", "xarray", "dask", "ipython", "attrs",
)  # fmt: skip
_AMAZON: Final = "https://s3.amazonaws.com"
_INTERFACE: Final = "/openapi.json"


def diagnose(
    deployment: Deployment, settings: Explanation, tokens: TokenSource, timeout: float = TIMEOUT_SECONDS
) -> Diagnosis:
    """Ask every service at once, and collect what else a report needs.

    Args:
        deployment: The deployment.
        settings: The settings in use.
        tokens: The source of tokens; nobody is asked to sign in.
        timeout: Most seconds to wait for everything.
    """
    arguments.seconds("timeout", timeout)
    requests = recent_requests()
    asked: dict[str, tuple[str, str | None]] = {
        SIGN_IN: (deployment.issuer + DOCUMENT, None),
        "datastore": (f"{deployment.datastore}/", _INTERFACE),
        "search": (f"{deployment.search}/", _INTERFACE),
        **{
            name.removesuffix("_url"): (f"{url}/", _INTERFACE)
            for name in OPTIONAL_URLS
            if (url := getattr(deployment, name))
        },
        OBJECT_STORE: (deployment.s3_endpoint or _AMAZON, None),
    }

    def trying(url: str, document: str | None) -> Callable[[], Probe]:
        return lambda: probe(url, ca_file=deployment.ca_file, timeout=timeout / 2, document=document)

    work: dict[str, Callable[[], Probe | Account]] = {
        name: trying(url, document) for name, (url, document) in asked.items()
    }
    work["account"] = lambda: tokens.never_asking().whoami(deployment)
    done = _within(timeout, work)
    late = TimeoutError(f"no result within {timeout:g} s")
    services: dict[str, Probe] = {}
    for name, (url, _) in asked.items():
        found = done.get(name, late)
        services[name] = (
            found if isinstance(found, Probe) else Probe(url, answer=_words(found), failed="answer")
        )
    account = done.get("account", late)
    assert not isinstance(account, Probe)  # noqa: S101  # the work of that name returns none
    return Diagnosis(
        datetime.now(UTC),
        _versions(),
        settings,
        tuple(services.items()),
        _words(account),
        requests,
        Checks(checked(deployment, settings, tuple(os.environ), services, account)),
    )


def _words(result: object) -> str:
    if isinstance(result, TimeoutError) and not isinstance(result, ProvenaError):
        return printable(result, 500)
    return (
        f"{type(result).__name__}: {printable(result, 500)}" if isinstance(result, Exception) else str(result)
    )


def _within(timeout: float, work: Mapping[str, Callable[[], T]]) -> dict[str, T | Exception]:
    """Run functions at once, and return the results of those that end in time; the others are left to themselves.

    The result of a function that raises is what it raises, so that nobody waits for it.
    """
    results: queue.SimpleQueue[tuple[str, T | Exception]] = queue.SimpleQueue()
    for name, function in work.items():

        def run(name: str = name, function: Callable[[], T] = function) -> None:
            try:
                result: T | Exception = function()
            except Exception as error:
                result = error
            results.put((name, result))

        # Looking up a name cannot be interrupted, and must not keep the program from ending.
        threading.Thread(target=run, name=f"provena-diagnose-{name}", daemon=True).start()
    deadline = time.monotonic() + timeout
    found: dict[str, T | Exception] = {}
    while len(found) < len(work):
        try:
            name, result = results.get(timeout=max(deadline - time.monotonic(), 0.001))
        except queue.Empty:
            break
        found[name] = result
    return found


def _versions() -> tuple[tuple[str, str], ...]:
    found = [
        ("provena-sdk", __version__),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("platform", platform.platform()),
    ]
    for name in _LIBRARIES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)
