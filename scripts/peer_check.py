"""Let provenaclient, another client of Provena, work against the sandbox.

A client that others wrote for the real services shows whether the sandbox is like them. It is installed in an
environment of its own, under .bench/, when first needed. Each of its calls is printed by name; the exit code is 1 when
one fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from provena_sdk.sandbox import Sandbox, Seed  # noqa: E402 reason= as below
from provena_sdk.sandbox.seed import metadata  # noqa: E402 reason= as below
from scripts.bench.environments import PROVENACLIENT, python_with  # noqa: E402 reason= found by the path above

USER = "writer"
DATASETS = 25
LIMIT_SECONDS = 120


def main() -> int:
    """Run it; the exit code is that of the other client's process."""
    python = python_with("provenaclient", PROVENACLIENT)
    if python is None:
        return 1
    print(f"{PROVENACLIENT} against the sandbox:", flush=True)
    # Its offline flow presents the same token again, which works only where refresh tokens are not rotated.
    with Sandbox(approve_as=USER, rotation="off", seed=Seed(datasets=DATASETS)) as sandbox:
        code = work(python, sandbox)
        for crash in sandbox.crashes:
            print(crash, file=sys.stderr)
    return code or bool(sandbox.crashes)


def work(python: str, sandbox: Sandbox) -> int:
    """Run the other client in a folder of its own, and return its exit code."""
    handed_over = {
        "environment": sandbox.environment(),
        "offline_token": sandbox.offline_token(USER),
        "metadata": metadata(),
    }
    with tempfile.TemporaryDirectory(prefix="provena-peer-") as folder:
        done = subprocess.run(
            [python, str(HERE / "peer_provenaclient.py")],
            input=json.dumps(handed_over),
            text=True,
            cwd=folder,
            env=environment(folder, sandbox),
            timeout=LIMIT_SECONDS,
            check=False,
        )
    return done.returncode


def environment(folder: str, sandbox: Sandbox) -> dict[str, str]:
    """The variables of the other client's process: none of this machine's user, and no browser."""
    named = ("PROVENA_", "AWS_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(named)}
    own = {
        "HOME": folder,
        "TMPDIR": folder,
        "BROWSER": "true",
        "AWS_ENDPOINT_URL": sandbox.s3_url,
        "AWS_DEFAULT_REGION": sandbox.environment()["PROVENA_S3_REGION"],
    }
    return kept | own


if __name__ == "__main__":
    raise SystemExit(main())
