"""A web server that writes a numbered line for each request: `line 1`, `line 2` and so on. Its count is at /count, and not logged."""

import asyncio
import os
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"
count = 0


class Exchange(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        global count
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for request in requests:
            if request.startswith(b"GET /count "):
                body = b"%d" % count
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                continue
            count += 1
            os.write(1, b"line %d\n" % count)
            self.transport.write(ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
