"""What the object client does when nothing goes wrong, over real sockets."""

import base64
import random
import zlib
from collections.abc import Callable

import pytest

from provena_sdk.files import run_sync
from provena_sdk.files.checksum import md5
from provena_sdk.files.objects import Page
from provena_sdk.files.objects.client import ObjectClient

Make = Callable[..., ObjectClient]
Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]

ODD = [
    "a b",
    "50%+#?&=.csv",
    "é/日本 +.nc",
    "a//b",
    "%2F",
    "x\x01\ty\r\n",
    "~-_.",
    "(1)*'!",
    "trailing/",
    "\U0001f30a",
]
BLOCK = random.Random(1).randbytes(5 * 1024**2)


def crc32(data: bytes | bytearray) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


async def pages(client: ObjectClient, folder: str = "", **options: str) -> list[Page]:
    return [page async for page in client.list(folder, **options)]


@pytest.mark.parametrize("path", ODD)
def test_any_key_goes_out_as_it_is(client: ObjectClient, stored: Stored, path: str) -> None:
    data = path.encode() * 3

    async def there_and_back() -> None:
        sent = await client.put(path, data, crc32=crc32(data), content_type="text/plain")
        assert (sent.etag, sent.crc32) == (md5(data), crc32(data))
        received = await client.get(path, size=len(data))
        assert received.data == data
        assert received.state.etag == sent.etag
        state = await client.head(path)
        assert (state.size, state.content_type, state.opaque_etag) == (len(data), "text/plain", False)
        assert state.checksums == {"crc32": crc32(data)}
        assert state.modified is not None
        assert [info.path for page in await pages(client) for info in page.files] == [path]
        await client.copy(path, f"{path} copy")

    run_sync(there_and_back())
    assert stored() == {path: data, f"{path} copy": data}
    assert run_sync(client.delete([path, f"{path} copy", "never there"])) == {}
    assert stored() == {}
