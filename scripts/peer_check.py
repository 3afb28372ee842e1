"""Test the sandbox, alone or with Keycloak, with provenaclient, another client of Provena.

A client that others wrote for the real services shows whether the sandbox behaves like them. It is installed in its own
environment under .bench/. Each call is printed by name; the exit code is 1 if one fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from provena_sdk.sandbox import Sandbox, Seed  # noqa: E402 reason= as below
from provena_sdk.sandbox.seed import metadata  # noqa: E402 reason= as below
from scripts.bench.environments import PROVENACLIENT, python_with  # noqa: E402 reason= found by the path above
from scripts.live import cache  # noqa: E402 reason= as above
from scripts.live.keycloak import Keycloak  # noqa: E402 reason= as above
from scripts.live.programs import KEYCLOAK  # noqa: E402 reason= as above
from scripts.live.realm import realm  # noqa: E402 reason= as above

USER = "writer"
DATASETS = 25
LIMIT_SECONDS = 120


def main() -> int:
    """Run the check; return the exit code of the other client's process."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--keycloak",
        action="store_true",
        help="sign in at a Keycloak started for this check (see scripts/live)",
    )
    options = parser.parse_args()
    python = python_with("provenaclient", PROVENACLIENT)
    if python is None:
        return 1
    if options.keycloak and not cache.is_cached(KEYCLOAK):
        print("Left out: Keycloak is not cached; python -m scripts.live get keycloak fetches it.")
        return 0
    if options.keycloak:
        return against_keycloak(python)
    print(f"{PROVENACLIENT} against the sandbox:", flush=True)
    # Its offline flow reuses the same token, which works only if refresh tokens are not rotated.
    with Sandbox(approve_as=USER, rotation="off", seed=Seed(datasets=DATASETS)) as sandbox:
        return work(python, sandbox, sandbox.offline_token(USER), {"BROWSER": "true"})


def against_keycloak(python: str) -> int:
    """Sign in at a Keycloak, and use the sandbox for everything else."""
    print(f"{PROVENACLIENT} against Keycloak and the sandbox:", flush=True)
    with Keycloak() as keycloak, keycloak.admin() as admin:
        admin.add_realm(realm("peer", rotation="off"))
        with Sandbox(issuer=keycloak.issuer("peer"), seed=Seed(datasets=DATASETS)) as sandbox:
            browser = f"{shlex.quote(sys.executable)} -m scripts.live.person %s"
            variables = {"BROWSER": browser, "PYTHONPATH": str(HERE.parent)}
            return work(python, sandbox, None, variables)


def work(python: str, sandbox: Sandbox, offline_token: str | None, variables: dict[str, str]) -> int:
    """Run the other client in a folder of its own, and return its exit code, or 1 if the sandbox crashed."""
    handed_over = {
        "environment": sandbox.environment(),
        "offline_token": offline_token,
        "metadata": metadata(),
    }
    with tempfile.TemporaryDirectory(prefix="provena-peer-") as folder:
        done = subprocess.run(
            [python, str(HERE / "peer_provenaclient.py")],
            input=json.dumps(handed_over),
            text=True,
            cwd=folder,
            env=environment(folder, sandbox) | variables,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    for crash in sandbox.crashes:
        print(crash, file=sys.stderr)
    return done.returncode or bool(sandbox.crashes)


def environment(folder: str, sandbox: Sandbox) -> dict[str, str]:
    """Return the variables of the other client's process: none of this machine's user."""
    named = ("PROVENA_", "AWS_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(named)}
    own = {
        "HOME": folder,
        "TMPDIR": folder,
        "AWS_ENDPOINT_URL": sandbox.s3_url,
        "AWS_DEFAULT_REGION": sandbox.environment()["PROVENA_S3_REGION"],
    }
    return kept | own


if __name__ == "__main__":
    raise SystemExit(main())
