"""A web server that can be replaced without a request that fails: it listens at a socket that it inherits (LISTEN_FDS), else at a port that it shares
(SO_REUSEPORT). On SIGTERM it takes what has connected, answers it, and ends. It answers with its VERSION and its process id.

    python3 app.py [PORT]
"""
import asyncio
import os
import signal
import socket
import sys


def inherited():
    """The sockets that were passed to this very process; see sd_listen_fds(3)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    return [socket.socket(fileno=3 + index) for index in range(int(os.environ.get("LISTEN_FDS", "0")))]


async def answer(connection):
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        await reader.readuntil(b"\r\n\r\n")
        body = f"{os.environ.get('VERSION', '1')} {os.getpid()}\n".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    loop, tasks = asyncio.get_running_loop(), set()

    def accept(server):
        """Takes each connection that waits. From then on it counts as work, so none is dropped at the end; asyncio's own servers leave a moment between."""
        while True:
            try:
                connection, _ = server.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            connection.setblocking(False)
            task = loop.create_task(answer(connection))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    shared = inherited()
    servers = shared or [socket.create_server(("127.0.0.1", int(sys.argv[1])), reuse_port=True)]
    for server in servers:
        server.setblocking(False)
        loop.add_reader(server, accept, server)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    if os.environ.get("READY_FILE"):
        with open(os.environ["READY_FILE"], "w") as file:
            file.write(f"{os.getpid()}\n")
    await ended.wait()
    for server in servers:
        loop.remove_reader(server)
        # What waits at an inherited socket is for the next process.
        if not shared:
            accept(server)
        server.close()
    if tasks:
        await asyncio.wait(tasks, timeout=10)


asyncio.run(main())
