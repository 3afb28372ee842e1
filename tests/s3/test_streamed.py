"""Parts that are read while they are sent."""

import base64
import random
import zlib
from collections.abc import AsyncIterator, Callable

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.errors import IntegrityError
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.models import Streamed
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server

Stored = Callable[[], dict[str, bytes]]

DATA = random.Random(5).randbytes(6 * 1024**2)
CRC = base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 1_000_000):
        yield data[at : at + 1_000_000]


@pytest.mark.parametrize("data", [DATA, b"small", b""], ids=len)
def test_a_part_is_sent_as_it_is_read(client: ObjectClient, stored: Stored, data: bytes) -> None:
    crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()

    async def send() -> None:
        name = await client.create_upload("big")
        part = await client.upload_part("big", name, 1, Streamed(len(data), lambda: pieces(data)), crc32=crc)
        assert (part.number, part.size, part.crc32) == (1, len(data), crc)
        await client.complete_upload("big", name, [part], crc32=crc, size=len(data))

    run_sync(send())
    assert stored() == {"big": data}


@pytest.mark.parametrize("kind", ["reset", "internal_error", "slow_down", "expire_credentials"])
def test_it_is_read_anew_for_each_attempt(
    client: ObjectClient, faults: ObjectFaults, stored: Stored, kind: str
) -> None:
    begun: list[None] = []

    def chunks() -> AsyncIterator[bytes]:
        begun.append(None)
        return pieces(DATA)

    async def send() -> None:
        name = await client.create_upload("big")
        faults.add(ObjectFault(kind=kind, operation="UploadPart"))  # type: ignore[arg-type]  # parametrized
        part = await client.upload_part("big", name, 1, Streamed(len(DATA), chunks), crc32=CRC)
        await client.complete_upload("big", name, [part], crc32=CRC, size=len(DATA))

    run_sync(send())
    assert stored() == {"big": DATA}
    assert len(begun) == 2


def test_what_cannot_be_read_any_more_is_not_tried_again(client: ObjectClient, server: Server) -> None:
    begun: list[None] = []

    async def half() -> AsyncIterator[bytes]:
        yield DATA[:1_000_000]
        raise IntegrityError("It changed.")

    def chunks() -> AsyncIterator[bytes]:
        begun.append(None)
        return half()

    async def send() -> None:
        name = await client.create_upload("big")
        try:
            await client.upload_part("big", name, 1, Streamed(len(DATA), chunks), crc32=CRC)
        finally:
            await client.abort_upload("big", name)

    with pytest.raises(IntegrityError, match="It changed"):
        run_sync(send())
    assert len(begun) == 1
