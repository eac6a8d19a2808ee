# SPDX-License-Identifier: MIT
"""An echo server and many clients at a time, over asyncio streams.

    asyncio_echo.py serve HOST PORT
    asyncio_echo.py clients HOST PORT COUNT
"""
import asyncio
import os
import signal
import sys

ROUNDS = 5
SIZE = 20000


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def serve(host, port):
    server = await asyncio.start_server(echo, host or None, port, backlog=256)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    server.close()


async def client(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    for _ in range(ROUNDS):
        data = os.urandom(SIZE)
        writer.write(data)
        await writer.drain()
        if await reader.readexactly(SIZE) != data:
            raise SystemExit("other bytes came back")
    writer.write_eof()
    if await reader.read():
        raise SystemExit("bytes after the end")
    writer.close()
    await writer.wait_closed()


async def clients(host, port, count):
    await asyncio.wait_for(
        asyncio.gather(*(client(host, port) for _ in range(count))), 20)


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
else:
    asyncio.run(clients(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
