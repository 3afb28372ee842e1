"""The Provena that the contenders of the transfer benchmark work against, in a process of its own.

It does what the lines of its input ask for, and answers each with a line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk.sandbox import Sandbox  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.data.items import BUCKET, prefix_of  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.data.storage import METADATA_FILE, REGION  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.object_store import ObjectFault  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox.object_store.http.checksums import (  # noqa: E402 reason= found by the path above
    Checksum,
    new_checksum,
)
from provena_sdk.sandbox.object_store.http.conditions import (  # noqa: E402 reason= found by the path above
    parse_range,
)
from provena_sdk.sandbox.object_store.storage.objects import Part, StoredObject  # noqa: E402 reason= found by the path above

PART = 8 << 20
MULTIPART_FROM = 16 << 20
COMPARED = 1 << 20
KEPT = ("crc64nvme", "crc32")
# A run of all contenders takes longer than the sandbox's tokens and keys usually live.
DAY = 86_400.0


class Benched:
    """A running sandbox and what can be asked of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._files: dict[Path, tuple[tuple[Part, ...], dict[str, str]]] = {}
        self._handles: dict[str, list[str]] = {}
        self._store = sandbox.storage.store
        # As with managed keys at Amazon: working out MD5 would set the pace of every upload.
        self._store.bucket(BUCKET).encrypted = True

    def about(self) -> str:
        """Describe what the figures depend on, as Markdown."""
        return (
            "What is downloaded has MD5 ETags, composite ones above 16 MiB, and for ours the CRC64NVME that "
            "Amazon keeps of what came without a checksum; “CRC32” and “MD5” have a CRC32, and no CRC, instead. "
            "What is uploaded gets ETags that are not MD5, as with managed keys at Amazon, since the server's "
            "hashing would otherwise set the pace of every upload."
        )

    def hash_uploads(self) -> None:
        """Give what is uploaded from now on its MD5 as ETag, by which parts are recognised when an upload resumes."""
        self._store.bucket(BUCKET).encrypted = False

    def services(self) -> dict[str, Any]:
        """How to reach it."""
        return {
            "services": self._sandbox.environment(),
            "token": self._sandbox.access_token("writer", DAY),
        }

    def dataset(self, folder: str, kept: str) -> str:
        """Register a dataset with the files of a folder, and return its handle.

        Args:
            folder: The folder; empty for a dataset without files.
            kept: The CRC that the store keeps of each whole file: ``crc64nvme``, ``crc32`` or empty for none.
        """
        handle = self._sandbox.add_dataset()
        if folder:
            self._handles.setdefault(folder, []).append(handle)
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    key = prefix_of(handle) + path.relative_to(folder).as_posix()
                    self._store.put_object(BUCKET, self._stored(key, path, kept))
        return handle

    def keys(self, handle: str) -> dict[str, str]:
        """The object store, and temporary keys to a dataset in it."""
        keys = asdict(self._sandbox.storage.credentials_for(handle, write=True))
        del keys["expiry"]
        place = {
            "url": self._sandbox.s3_url,
            "region": REGION,
            "bucket": BUCKET,
            "prefix": prefix_of(handle),
        }
        return place | keys

    def delay(self, seconds: float) -> None:
        """Wait so long before every answer of the object store."""
        self._sandbox.s3_faults.clear()
        if seconds:
            self._sandbox.s3_faults.add(ObjectFault(kind="latency", seconds=seconds, times=None))

    def compare(self, handle: str, folder: str) -> list[str]:
        """Say what is different between a dataset and a folder, byte for byte."""
        prefix = prefix_of(handle)
        expected = {
            path.relative_to(folder).as_posix(): path for path in Path(folder).rglob("*") if path.is_file()
        }
        found = {key.removeprefix(prefix) for key in self._store.keys(BUCKET, prefix)}
        wrong = [
            f"{name} is missing or too much" for name in sorted((expected.keys() ^ found) - {METADATA_FILE})
        ]
        wrong += [
            f"{name} holds other bytes"
            for name in sorted(expected.keys() & found)
            if not _same(self._store.find(BUCKET, prefix + name), expected[name])
        ]
        if unfinished := self._uploads(prefix):
            wrong.append(f"{len(unfinished)} uploads were left unfinished")
        return wrong

    def clear(self, handle: str) -> None:
        """Remove a dataset's files."""
        for upload in self._uploads(prefix_of(handle)):
            del self._store.uploads[upload]
        for key in self._store.keys(BUCKET, prefix_of(handle)):
            self._store.delete(BUCKET, key)

    def forget(self, folder: str) -> None:
        """Forget the files of a folder, and remove the datasets that were made of it."""
        self._files = {path: read for path, read in self._files.items() if not path.is_relative_to(folder)}
        for handle in self._handles.pop(folder, ()):
            self.clear(handle)

    def usage(self) -> float:
        """CPU seconds spent so far."""
        return sum(os.times()[:2])

    def counts(self, handle: str) -> tuple[int, int]:
        """Say how many requests were answered since this was last asked, and how many bytes of files they brought."""
        records, sent = self._sandbox.s3_requests, 0
        prefix = prefix_of(handle)
        for record in records:
            if record.method == "GET" and record.status in (200, 206) and record.key.startswith(prefix):
                size = self._store.find(BUCKET, record.key).size
                span = parse_range(record.range or None, size) if record.status == 206 else None
                sent += size if span is None else span[1] - span[0]
        self._sandbox.storage.forget_requests()
        return len(records), sent

    def _uploads(self, prefix: str) -> list[str]:
        uploads = list(self._store.uploads.items())
        return [name for name, upload in uploads if upload.bucket == BUCKET and upload.key.startswith(prefix)]

    def _stored(self, key: str, path: Path, kept: str) -> StoredObject:
        if path not in self._files:
            self._files[path] = self._read(path)
        parts, crcs = self._files[path]
        composite = len(parts) > 1
        etag = parts[0].etag
        if composite:
            digests = b"".join(bytes.fromhex(part.etag) for part in parts)
            etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        return StoredObject(
            key,
            tuple(_with_only(part, kept) for part in parts),
            etag,
            datetime.now(UTC),
            {"content-type": "application/octet-stream"},
            {kept: crcs[kept]} if kept else {},
            multipart=composite,
        )

    def _read(self, path: Path) -> tuple[tuple[Part, ...], dict[str, str]]:
        """Take a file in, a large one in parts of 8 MiB; return them and the CRCs of the whole file."""
        size = path.stat().st_size
        parts: list[Part] = []
        whole = {name: new_checksum(name) for name in KEPT}
        with path.open("rb") as file:
            while data := file.read(PART if size > MULTIPART_FROM else size):
                etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
                known = {}
                for name, checksum in whole.items():
                    checksum.update(data)
                    known[name] = encoded_crc(name, data)
                parts.append(Part(len(parts) + 1, self._store.space.blob(data), etag, known))
        return tuple(parts), {name: _encoded(checksum) for name, checksum in whole.items()}


def encoded_crc(name: str, data: bytes) -> str:
    """Return a checksum of some bytes, as S3 writes it."""
    checksum = new_checksum(name)
    checksum.update(data)
    return _encoded(checksum)


def _encoded(checksum: Checksum) -> str:
    return base64.b64encode(checksum.digest()).decode()


def _with_only(part: Part, kept: str) -> Part:
    return replace(part, checksums={kept: part.checksums[kept]} if kept else {})


def _same(item: StoredObject, path: Path) -> bool:
    if item.size != path.stat().st_size:
        return False
    with path.open("rb") as file:
        return all(
            item.read(at, min(at + COMPARED, item.size)) == file.read(COMPARED)
            for at in range(0, item.size, COMPARED)
        )


def answer(benched: object) -> None:
    """Call the method that each line of the input names, and print what it returns, until the input closes."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(benched, name)(*arguments)), flush=True)


def main() -> None:
    """Answer until the input closes."""
    with Sandbox(credentials_seconds=DAY) as sandbox:
        answer(Benched(sandbox))


if __name__ == "__main__":
    main()
