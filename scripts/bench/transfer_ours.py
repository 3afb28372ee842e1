"""Ours in the transfer benchmark: ``python transfer_ours.py checksum`` or ``size`` says what is verified."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk import Deployment, Provena, TransferReport, __version__  # noqa: E402 reason= found by the path above
from scripts.bench.transfer_work import Transfer, serve  # noqa: E402 reason= found by the path above

METADATA = "metadata.json"
VERIFY: Literal["checksum", "size"] = "size" if sys.argv[1:] == ["size"] else "checksum"


def client(transfer: Transfer) -> Provena:
    """A client of its own for each transfer, as a script would make it."""
    return Provena(Deployment.from_env(transfer.services), access_token=transfer.token)


def verified(report: TransferReport) -> str:
    """Return what verified the files: kinds of checksums, or their size."""
    outcomes = (one for one in report if one.path != METADATA)
    return ", ".join(
        sorted({(one.checksum or one.verified or "nothing").partition(":")[0] for one in outcomes})
    )


def download(transfer: Transfer) -> str:
    """All files of the dataset."""
    with client(transfer) as provena:
        files = provena.datastore.io
        return verified(files.download_all_files(transfer.folder, transfer.dataset, verify=VERIFY))


def upload(transfer: Transfer) -> str:
    """All files of the folder."""
    with client(transfer) as provena:
        return verified(provena.datastore.io.upload_all_files(transfer.folder, transfer.dataset))


if __name__ == "__main__":
    serve(download, upload, f"provena-sdk {__version__}")
