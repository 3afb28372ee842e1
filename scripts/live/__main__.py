"""``python -m scripts.live``: get real servers, start and end them by hand."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.live import cache, process
from scripts.live.cache import Unavailable
from scripts.live.get import get, obstacle
from scripts.live.keycloak import ADMIN, Keycloak
from scripts.live.process import StartFailed
from scripts.live.programs import PROGRAMS, GoProgram
from scripts.live.realm import PASSWORD, realm
from scripts.live.stores import STORES

REALM = "provena"
_FACTS = "facts.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Returns:
        The exit status: 0, or 1 when something could not be done.
    """
    parser = argparse.ArgumentParser(prog="python -m scripts.live", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    names = [*PROGRAMS]
    for action, does in (
        (
            "get",
            "fetch or build servers unless they are cached; without names those that take minutes at most",
        ),
        ("start", "start servers that stay until they are stopped"),
        ("stop", "stop servers that were started here; without names all of them"),
        ("status", "show what is cached and what runs"),
    ):
        one = actions.add_parser(action, help=does)
        if action != "status":
            one.add_argument(
                "names", nargs="+" if action == "start" else "*", metavar="NAME", help=", ".join(names)
            )
        if action == "get":
            one.add_argument("--all", action="store_true", help="also those that take ten minutes to build")
            one.add_argument(
                "--possible", action="store_true", help="leave out, in one line, what this machine cannot get"
            )
    options = parser.parse_args(arguments)
    unknown = sorted(set(getattr(options, "names", ())) - set(names))
    if unknown:
        parser.error(f"no server is called {', '.join(unknown)}; there are {', '.join(names)}.")
    try:
        if options.action == "get":
            _get(options.names, everything=options.all, possible=options.possible)
        elif options.action == "start":
            for name in options.names:
                _start(name)
        elif options.action == "stop":
            _stop(options.names)
        else:
            _status()
    except (Unavailable, StartFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _get(names: Sequence[str], *, everything: bool, possible: bool) -> None:
    left_out = []
    for name in names or PROGRAMS:
        program = PROGRAMS[name]
        known = cache.is_cached(program)
        if not (names or everything or known) and isinstance(program, GoProgram) and program.slow:
            left_out.append(f"{name} (make live-servers builds it)")
            continue
        began = time.monotonic()
        try:
            get(program)
            place = cache.check(program)
        except Unavailable as error:
            if not possible:
                raise
            left_out.append(f"{name} ({error})")
            continue
        how = "was cached" if known else f"took {time.monotonic() - began:.0f} s"
        print(f"{name} {program.version} {how}: {place}", flush=True)
    if left_out:
        print(f"Left out: {'; '.join(left_out)}.")


def _running() -> Path:
    return cache.folder() / "running"


def _start(name: str) -> None:
    folder = _running() / name
    if process.is_running(folder):
        raise StartFailed(f"{name} runs already; stop it with: python -m scripts.live stop {name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    facts: dict[str, str]
    if name == Keycloak.name:
        keycloak = Keycloak(folder)
        keycloak.start(detached=True)
        with keycloak.admin() as admin:
            admin.add_realm(realm(REALM))
        facts = {"issuer": keycloak.issuer(REALM), "users' password": PASSWORD, "administrator": ADMIN}
    else:
        store = STORES[name](folder)
        store.start(detached=True)
        facts = {
            "url": store.url,
            "AWS_ACCESS_KEY_ID": store.access_key_id,
            "AWS_SECRET_ACCESS_KEY": store.secret_access_key,
        }
        if store.admin_url is not None:
            facts["accounts"] = store.admin_url
    (folder / _FACTS).write_text(json.dumps(facts), "utf-8")
    _show(folder)


def _stop(names: Sequence[str]) -> None:
    for folder in sorted(_running().glob("*")):
        if names and folder.name not in names:
            continue
        print(f"{folder.name}: {'stopped' if process.end(folder) else 'did not run'}")
        shutil.rmtree(folder, ignore_errors=True)


def _status() -> None:
    for name, program in PROGRAMS.items():
        cached = f"cached in {cache.home(program)}" if cache.is_cached(program) else "not cached"
        print(f"{name} {program.version}: {obstacle(program) or cached}")
    for folder in sorted(_running().glob("*")):
        if process.is_running(folder):
            _show(folder)
        else:
            print(f"{folder.name}: ended; its log is {folder / 'log'}")


def _show(folder: Path) -> None:
    facts = json.loads((folder / _FACTS).read_text("utf-8"))
    print(f"{folder.name} runs: " + ", ".join(f"{name} {value}" for name, value in facts.items()))


if __name__ == "__main__":
    sys.exit(main())
