"""Bodies whose connection ends while they are sent."""

import asyncio

import pytest

from provena_sdk.s3.http.http1 import Limits, Wire, WireError
from provena_sdk.secret import Secret

LIMITS = Limits(body=100, refusal=100, idle=5.0, answer=5.0)


class Broken(asyncio.Transport):
    """A transport whose connection is reset by the second write; its protocol hears of it later, as with asyncio."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wire: Wire) -> None:
        super().__init__()
        self.writes = 0
        self._loop = loop
        self._wire = wire

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1
        if self.writes == 2:
            self._loop.call_soon(self._wire.connection_lost, ConnectionResetError())

    def is_closing(self) -> bool:
        return self.writes >= 2

    def abort(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


def test_nothing_more_is_written_to_a_connection_that_broke() -> None:
    async def send() -> int:
        loop = asyncio.get_running_loop()
        wire = Wire(loop)
        transport = Broken(loop, wire)
        wire.connection_made(transport)
        with pytest.raises(WireError):
            await wire.exchange(
                Secret("PUT / HTTP/1.1\r\n\r\n"), memoryview(bytes(8 << 20)), LIMITS, bodiless=False
            )
        return transport.writes

    # asyncio warns of each write after that.
    assert asyncio.run(send()) == 2
