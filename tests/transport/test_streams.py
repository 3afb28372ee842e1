"""Connections of the async client on asyncio's streams."""

from __future__ import annotations

import asyncio

import httpx

from provena_sdk.transport.streams import use_streams


async def test_an_unrequested_response_does_not_answer_the_next_request() -> None:
    stale = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
        await writer.drain()
        if not stale.is_set():
            await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale")
            await writer.drain()
            stale.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, httpx.AsyncClient(trust_env=False) as client:
        use_streams(client)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert (await client.get(url)).text == "good"
        await stale.wait()
        await asyncio.sleep(0.1)
        assert (await client.get(url)).text == "good"
