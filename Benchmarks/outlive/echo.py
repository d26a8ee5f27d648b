"""A server that echoes WebSocket messages of up to 125 bytes at /echo, and answers all else with ok."""

import asyncio
import base64
import hashlib
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
# RFC 6455 §1.3
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def serve(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in head.split(b"\r\n")[1:]}
        if not head.startswith(b"GET /echo "):
            writer.write(ANSWER)
            return await writer.drain()
        accept = base64.b64encode(hashlib.sha1(headers[b"sec-websocket-key"] + GUID).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while True:
            kind, length = await reader.readexactly(2)
            mask = await reader.readexactly(4)
            body = await reader.readexactly(length & 0x7F)
            writer.write(bytes([kind, length & 0x7F]) + bytes(byte ^ mask[at % 4] for at, byte in enumerate(body)))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
