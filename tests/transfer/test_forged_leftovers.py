"""What looks like a broken download, and holds bytes that somebody else wrote."""

from __future__ import annotations

import base64
import json
import os
import random
import socket
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import TransferFailed
from provena_sdk.s3 import retry
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server
from provena_sdk.transfer import download
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.resume import ranges as pieces
from provena_sdk.transfer.spec.options import TransferOptions, Verify
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Plant = Callable[[Path, dict[str, bytes]], Path]

RANGE_BYTES = 100_000
NAME = "model.bin"
DATA = random.Random(11).randbytes(6 * RANGE_BYTES)
# CRC-32's polynomial as the bytes that can be added anywhere without changing the CRC.
NEUTRAL = (0x1DB710641).to_bytes(5, "little")


def forged(data: bytes) -> bytes:
    """Change every piece so that its CRC32, and that of the whole, stay what they are."""
    other = bytearray(data)
    for start in range(0, len(data), RANGE_BYTES):
        for offset, change in enumerate(NEUTRAL, start + 1000):
            other[offset] ^= change
    return bytes(other)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut files into small pieces, and give up at once when the store does not answer."""
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=0.2, most=2))
    monkeypatch.setattr(pieces, "PART_BYTES", RANGE_BYTES)
    monkeypatch.setattr(download, "PART_BYTES", RANGE_BYTES)


@pytest.fixture
def stored_with_crc(server: Server, location: DatasetLocation) -> DatasetLocation:
    """A dataset whose one file the store knows by its CRC32 and nothing better."""
    put_with_crc(server, location)
    return location


def put_with_crc(server: Server, location: DatasetLocation, path: str = NAME) -> None:
    server.store.put(location.bucket, location.key(path), DATA)
    item = server.store.find(location.bucket, location.key(path))
    crc32 = base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()
    server.store.put_object(location.bucket, replace(item, checksums={"crc32": crc32}))


def broken_off(
    files: Dataset, faults: ObjectFaults, folder: Path, options: TransferOptions | None = None
) -> tuple[Path, Path]:
    """Download until the store fails for good; return the part file and the journal that were left."""
    # The first ones are to arrive before the others fail.
    faults.add(ObjectFault(kind="latency", operation="GetObject", skip=3, times=None, seconds=0.2))
    faults.add(ObjectFault(kind="internal_error", operation="GetObject", skip=3, times=None))
    with pytest.raises(TransferFailed):
        files.download_all(folder, options=options)
    faults.clear()
    [part] = folder.glob(".*-part")
    [journal] = folder.glob(".*-journal")
    return part, journal


def counted(server: Server, operation: str, since: int) -> int:
    """Count the requests of a kind since some request."""
    return sum(record.operation == operation for record in list(server.requests)[since:])


@pytest.mark.usefixtures("stored_with_crc")
@pytest.mark.parametrize("verify", ["checksum", "size"])
@pytest.mark.parametrize("attack", ["in place", "another file", "hard link"])
def test_bytes_that_somebody_changed_meanwhile_are_fetched_again(
    files: Dataset, server: Server, faults: ObjectFaults, tmp_path: Path, attack: str, verify: Verify
) -> None:
    options = TransferOptions(verify=verify)
    tmp_path.chmod(0o777)
    part, _ = broken_off(files, faults, tmp_path, options)
    held = part.read_bytes()
    other = b"".join(
        forged(held[start : start + RANGE_BYTES])
        if any(held[start : start + RANGE_BYTES])
        else bytes(RANGE_BYTES)
        for start in range(0, len(held), RANGE_BYTES)
    )
    assert other != held
    assert zlib.crc32(other) == zlib.crc32(held)
    theirs = tmp_path.with_name("theirs")
    theirs.write_bytes(other)
    if attack == "in place":
        part.write_bytes(other)
    elif attack == "another file":
        theirs.replace(part)
    else:
        part.unlink()
        part.hardlink_to(theirs)
    before = len(server.requests)
    [outcome] = files.download_all(tmp_path, options=options)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert outcome.verified == verify
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES
    assert attack != "hard link" or theirs.read_bytes() == other


@pytest.mark.usefixtures("stored_with_crc")
@pytest.mark.parametrize("kind", ["part", "journal"])
def test_files_in_a_private_folder_that_others_could_write_are_not_used(
    files: Dataset, server: Server, faults: ObjectFaults, tmp_path: Path, kind: str
) -> None:
    tmp_path.chmod(0o755)
    part, journal = broken_off(files, faults, tmp_path)
    assert b"seal" not in journal.read_bytes()
    (part if kind == "part" else journal).chmod(0o664)
    before = len(server.requests)
    files.download_all(tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES


@pytest.mark.usefixtures("stored_with_crc")
@pytest.mark.parametrize(
    ("mode", "mask", "sealed"), [(0o755, 0o022, False), (0o755, 0o002, True), (0o775, 0o022, True)]
)
def test_segments_are_sealed_where_others_can_write_and_used_either_way(
    files: Dataset, server: Server, faults: ObjectFaults, tmp_path: Path, mode: int, mask: int, sealed: bool
) -> None:
    tmp_path.chmod(mode)
    former = os.umask(mask)
    try:
        _, journal = broken_off(files, faults, tmp_path)
        assert (b"seal" in journal.read_bytes()) == sealed
        before = len(server.requests)
        files.download_all(tmp_path)
    finally:
        os.umask(former)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES - 3


@pytest.mark.usefixtures("stored_with_crc")
def test_segments_recorded_while_only_this_user_could_write_are_not_used_once_others_can(
    files: Dataset, server: Server, faults: ObjectFaults, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    broken_off(files, faults, tmp_path)
    tmp_path.chmod(0o777)
    before = len(server.requests)
    files.download_all(tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES


@pytest.mark.usefixtures("stored_with_crc")
def test_bytes_that_nobody_changed_are_used(
    files: Dataset, server: Server, faults: ObjectFaults, tmp_path: Path
) -> None:
    broken_off(files, faults, tmp_path)
    before = len(server.requests)
    files.download_all(tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES - 3


@pytest.mark.usefixtures("stored_with_crc")
def test_another_machine_of_the_same_user_goes_on(
    files: Dataset,
    server: Server,
    faults: ObjectFaults,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken_off(files, faults, tmp_path / "here")
    # It sees both folders elsewhere, and its processes are others.
    (tmp_path / "here").rename(tmp_path / "there")
    monkeypatch.setattr("provena_sdk.concurrency.processes._place", lambda: {"host": "another"})
    before = len(server.requests)
    files.download_all(tmp_path / "there")
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES - 3
    assert (tmp_path / "there" / NAME).read_bytes() == DATA


@pytest.mark.usefixtures("stored_with_crc")
def test_without_the_key_it_begins_anew_and_leaves_what_it_does_not_know(
    files: Dataset, server: Server, faults: ObjectFaults, tmp_path: Path, state: Path
) -> None:
    left = broken_off(files, faults, tmp_path)
    (state / "downloads" / "key").unlink()
    before = len(server.requests)
    files.download_all(tmp_path)
    assert counted(server, "GetObject", before) == len(DATA) // RANGE_BYTES
    assert (tmp_path / NAME).read_bytes() == DATA
    assert set(tmp_path.iterdir()) == {tmp_path / NAME, *left}


@pytest.mark.usefixtures("stored_with_crc")
def test_what_was_fetched_from_another_store_is_not_used(
    files: Dataset, server: Server, faults: ObjectFaults, location: DatasetLocation, tmp_path: Path
) -> None:
    # A hostile store may call its bytes what it likes, and break off before they are compared.
    etag = server.store.find(location.bucket, location.key(NAME)).etag
    item = server.store.find(location.bucket, location.key(NAME))
    server.store.put(location.bucket, location.key(NAME), forged(DATA))
    other = server.store.find(location.bucket, location.key(NAME))
    server.store.put_object(location.bucket, replace(other, etag=etag, checksums=item.checksums))
    hostile = Dataset(
        location, files._credentials, StoreAddress(server.url.replace("127.0.0.1", "localhost"))
    )
    try:
        broken_off(hostile, faults, tmp_path)
    finally:
        hostile.close()
    put_with_crc(server, location)
    assert server.store.find(location.bucket, location.key(NAME)).etag == etag
    files.download_all(tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA


@pytest.fixture
def poisoned(server: Server) -> Iterator[Dataset]:
    """A dataset of somebody who may write to no other one."""
    location = DatasetLocation("10378.1/666", "reef", "datasets/10378-1-666/")
    keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=3600)
    granted = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)
    made = Dataset(location, CredentialsSource(lambda *_: granted), StoreAddress(server.url))
    yield made
    made.close()


def former_journal(etag: str) -> bytes:
    """What the SDK wrote before it sealed its pieces."""
    fields = {
        "version": 1,
        "path": NAME,
        "target": NAME,
        "etag": etag,
        "size": len(DATA),
        "piece": RANGE_BYTES,
        "part": len(DATA),
        "pieces": len(DATA) // RANGE_BYTES,
        "width": 4,
        "digest": "crc32",
        "owner": {"host": socket.gethostname(), "boot": None, "pid": 1},
    }
    lines = [json.dumps(fields, separators=(",", ":"))]
    for index, start in enumerate(range(0, len(DATA), RANGE_BYTES)):
        crc = zlib.crc32(DATA[start : start + RANGE_BYTES])
        lines.append(f'[{index},"{crc:08x}"]')
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.usefixtures("stored_with_crc")
def test_a_dataset_poisons_no_later_download_of_another(
    files: Dataset, server: Server, location: DatasetLocation, poisoned: Dataset, tmp_path: Path
) -> None:
    etag = server.store.find(location.bucket, location.key(NAME)).etag
    planted = {
        f".{NAME}.5f3a.provena-part": forged(DATA),
        f".{NAME}.5f3a.provena-journal": former_journal(etag),
        "readme.txt": b"Have a look!",
    }
    for path, data in planted.items():
        server.store.put(poisoned.location.bucket, poisoned.location.key(path), data)
    report = poisoned.download_all(tmp_path, raise_for_failures=False)
    assert report.counts() == {"downloaded": 1, "refused": 2}
    # Other programs fetch such files, too, and then they are as old as can be.
    for path, data in planted.items():
        (tmp_path / path).write_bytes(data)
        os.utime(tmp_path / path, (1, 1))
    files.download_all(tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert {path for path in planted if (tmp_path / path).read_bytes() == planted[path]} == set(planted)


@pytest.mark.usefixtures("stored_with_crc")
def test_a_forged_journal_of_today_is_not_believed_either(
    files: Dataset, faults: ObjectFaults, tmp_path: Path
) -> None:
    part, journal = broken_off(files, faults, tmp_path)
    heading = json.loads(journal.read_text().splitlines()[0])
    part.unlink()
    journal.unlink()
    # By another user, whose key is another, and by nobody who has one.
    for token in (Seal(bytes(32)).token(f".{NAME}"), "5f3a", "0" * 8):
        (tmp_path / f".{NAME}.{token}.provena-part").write_bytes(forged(DATA))
        lines = [json.dumps(heading)]
        for start in range(0, len(DATA), RANGE_BYTES):
            data = DATA[start : start + RANGE_BYTES]
            lines.append(f'[{start},{len(data)},"{zlib.crc32(data):08x}{"00" * 16}"]')
        planted = tmp_path / f".{NAME}.{token}.provena-journal"
        planted.write_text("".join(f"{line}\n" for line in lines))
        os.utime(planted, (0, 0))
    files.download_all(tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA


def test_a_part_that_somebody_else_sent_is_sent_again(
    files: Dataset,
    server: Server,
    faults: ObjectFaults,
    location: DatasetLocation,
    stored: Callable[[], dict[str, bytes]],
    tmp_path: Path,
    state: Path,
) -> None:
    data = random.Random(12).randbytes(17 * 1024**2)
    (tmp_path / NAME).write_bytes(data)
    # Neither completed nor given up, as when the process dies.
    faults.add(ObjectFault(kind="internal_error", operation="CompleteMultipartUpload", times=None))
    faults.add(ObjectFault(kind="internal_error", operation="AbortMultipartUpload", times=None))
    with pytest.raises(TransferFailed):
        files.upload_all(tmp_path)
    faults.clear()
    [upload] = [found for found in server.store.uploads.values() if found.key == location.key(NAME)]
    number, part = next(iter(upload.parts.items()))
    other = server.store.space.blob(forged(part.blob.read()))
    upload.parts[number] = replace(part, blob=other, etag="0" * 32)
    assert len(list((state / "uploads").iterdir())) == 1
    before = len(server.requests)
    files.upload_all(tmp_path)
    assert stored() == {NAME: data}
    assert counted(server, "UploadPart", before) == 1
    assert files.filesystem(Access.READ).cat(NAME) == data
    assert not server.store.uploads
