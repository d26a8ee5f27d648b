"""The public port, asked every 50 ms through all that happens behind it, and WebSockets through the front."""

import asyncio
import base64
import os
import shutil
import signal
import socket
import sys
import threading
import time

from load import HERE, free_port
from program import Program, Wrong, descendants, folder_at, send, text, until

PACE, PATIENCE = 0.05, 10
CONNECTIONS, MESSAGES = 100, 50


class Poller:
    """Asks for / from its beginning on, each time over a connection of its own. What was answered when is kept."""

    def __init__(self, port):
        self.port, self.answers, self.failed, self.began, self.is_over = port, [], [], time.monotonic(), False
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()

    def ask(self):
        while not self.is_over:
            at = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n")
                    answer = b""
                    while piece := connection.recv(65536):
                        answer += piece
                head, _, body = answer.partition(b"\r\n\r\n")
                self.answers.append((time.monotonic(), int(head.split()[1]), body == b"ok\n"))
            except (OSError, IndexError, ValueError) as problem:
                self.failed.append((time.monotonic(), type(problem).__name__))
            time.sleep(max(0, PACE - (time.monotonic() - at)))

    def heard(self, is_app, since=0.0):
        return any(at > since and status == 200 and app == is_app for at, status, app in list(self.answers))

    def end(self):
        self.is_over = True
        self.thread.join()

    def row(self, scene, since, until_when):
        """Of the time between two instants: the first answer after the start, what was answered, and the longest time without an answer."""
        answers = [answer for answer in self.answers if since < answer[0] <= until_when]
        if not answers:
            raise Wrong(f"{scene}: nothing has answered")
        times = [at for at, _, _ in answers]
        gaps = [after - before for before, after in zip(times, times[1:])]
        failed = [problem for at, problem in self.failed if times[0] < at <= until_when]
        first = f"{(times[0] - self.began) * 1000:.0f} ms" if since == self.began else "–"
        counts = {}
        for _, status, app in answers:
            what = f"{status} {'app' if app else 'page'}"
            counts[what] = counts.get(what, 0) + 1
        said = ", ".join(f"{count} × {what}" for what, count in sorted(counts.items()))
        return f"| {scene} | {first} | {said} | {len(failed)} | {max(gaps, default=0) * 1000:.0f} ms |"


def configuration(program, folder, port, app, prepare="true", more=""):
    return (
        f"version: 1\nstate: {program.state}\nstop_budget: 20s\nfront: {{ listen: '127.0.0.1:{port}', upstream: app }}\n"
        f"repositories: {{ main: {{ type: folder, path: {folder}/repository }} }}\n{more}jobs:\n"
        f"  restore: {{ type: restore, on: boot, with: {{ repository: main, path: {folder}/data }} }}\n"
        f"  prepare: {{ type: command, on: boot, needs: restore, with: {{ shell: '{prepare}' }} }}\n"
        f"  app:\n    type: service\n    needs: [restore, prepare]\n    with:\n      command: [python3, {folder}/app.py, '{app}']\n"
        f"      ready: {{ http: 'http://127.0.0.1:{app}/count', every: 100ms }}\n"
    )


class Scene:
    def __init__(self, options, root, plain, repository=True, **more):
        self.folder = folder_at(f"{root}/port", plain)
        self.port, self.app = free_port(), free_port()
        shutil.copy(f"{HERE}/app.py", f"{self.folder}/app.py")
        shutil.copy(f"{HERE}/echo.py", f"{self.folder}/echo.py")
        self.program = Program(options.program, self.folder, not plain, plain and os.geteuid() == 0)
        for name in ("data", *(["repository"] if repository else [])):
            os.mkdir(f"{self.folder}/{name}")
            self.program.own(f"{self.folder}/{name}")
        self.write(**more)

    def write(self, **more):
        with open(self.program.configuration, "w", encoding="utf-8") as file:
            file.write(configuration(self.program, self.folder, self.port, self.app, **more))

    def nginx(self):
        """The master of nginx."""
        return next(process for process in descendants(self.program.init()) if "master process" in text(f"/proc/{process}/cmdline"))

    def rows(self, title, steps):
        """Plays a scene; gives its rows. The steps are told the poller, and give pairs of a title and an instant."""
        poller = None
        try:
            # The instant that counts is that at which the program is started, not that at which its configuration is checked before.
            poller = Poller(self.port)
            self.program.start(is_checked=False)
            found, since = [], poller.began
            for scene, at in steps(self, poller):
                found.append(poller.row(scene, since, at))
                since = at
            stopped = time.monotonic()
            self.program.stop()
            gone = time.monotonic()
            poller.end()
            last = max((at for at, _, _ in poller.answers if at > stopped), default=stopped)
            return [*found, f"| {title}: SIGTERM | – | answers until {(last - stopped) * 1000:.0f} ms of {(gone - stopped) * 1000:.0f} ms | – | – |"]
        finally:
            if poller:
                poller.end()
            self.program.kill_all()


def healthy(scene, poller):
    """A restore and 20 s of preparation, the app, and everything that can be killed."""
    program = scene.program
    until(lambda: poller.heard(is_app=True), "the app")
    yield "restore, 20 s of preparation, app", time.monotonic()
    for title, victim in (
        ("kill -9 of the app", lambda: program.services()["app"].process),
        ("kill -9 of the daemon", program.daemon),
        ("kill -9 of nginx", scene.nginx),
    ):
        process = victim()
        if title.endswith("app") and program.namespace:
            process = next(found for found in descendants(program.init()) if f"\0{scene.app}\0" in text(f"/proc/{found}/cmdline"))
        at = time.monotonic()
        send(process, signal.SIGKILL)
        if title.endswith("daemon"):
            program.restarts += 1
        until(lambda: poller.heard(is_app=True, since=at + 1) and program.are_ready(), f"the app after {title}")
        yield title, time.monotonic()
    at = time.monotonic()
    scene.write(prepare="sleep 20", more="logs: { max_per_run: 5MiB }\n")
    if program.ask("reload").returncode:
        raise Wrong("the reload has failed")
    until(lambda: poller.heard(is_app=True, since=at + 1), "the app after a reload")
    yield "reload", time.monotonic()


def page_only(title):
    def steps(_, poller):
        until(lambda: poller.heard(is_app=False), "the page")
        time.sleep(3)
        if poller.heard(is_app=True):
            raise Wrong(f"{title}: the app was started")
        yield title, time.monotonic()

    return steps


# WebSockets


async def client(port, number, is_idle, counts):
    """Sends numbered messages and compares what comes back; waits in between until it is told to go on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /echo HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    if b" 101 " not in await reader.readuntil(b"\r\n\r\n"):
        raise Wrong("the upgrade to a WebSocket was refused")
    for part in range(2):
        for message in range(MESSAGES):
            words = f"connection {number} message {part} {message}".encode()
            mask = os.urandom(4)
            writer.write(bytes([0x81, 0x80 | len(words)]) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(words)))
            head = await asyncio.wait_for(reader.readexactly(2), 60)
            if await reader.readexactly(head[1] & 0x7F) != words:
                raise Wrong(f"another message than {words!r} came back")
            counts.append(1)
        if part == 0:
            await is_idle(number)
    writer.close()


async def sockets(scene, idle):
    """Half of the messages before the silence and the death of the daemon, half of them after, over the same connections."""
    counts, quiet, again = [], asyncio.Event(), asyncio.Event()
    waiting = set()

    async def is_idle(number):
        waiting.add(number)
        if len(waiting) == CONNECTIONS:
            quiet.set()
        await again.wait()

    clients = [asyncio.create_task(client(scene.port, number, is_idle, counts)) for number in range(CONNECTIONS)]
    pending = asyncio.create_task(quiet.wait())
    done, _ = await asyncio.wait([pending, *clients], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    await asyncio.sleep(idle)
    await asyncio.to_thread(scene.program.kill_daemon)
    await asyncio.to_thread(until, scene.program.are_ready, "services that are ready")
    again.set()
    await asyncio.gather(*clients)
    return len(counts)


def echo(options, root):
    scene = Scene(options, root, False)
    with open(scene.program.configuration, encoding="utf-8") as file:
        changed = file.read().replace("app.py", "echo.py")
    with open(scene.program.configuration, "w", encoding="utf-8") as file:
        file.write(changed)
    try:
        scene.program.start()
        until(scene.program.are_ready, "services that are ready")
        count = asyncio.run(sockets(scene, options.idle))
        print(f"| WebSocket messages echoed through the front, {CONNECTIONS} connections, {options.idle} s idle and a kill -9 of the daemon in between | {count:,} of {CONNECTIONS * MESSAGES * 2:,} |")
        return 0 if count == CONNECTIONS * MESSAGES * 2 else 1
    finally:
        scene.program.kill_all()


def main(options, root):
    for needed in ("nginx", "wrk"):
        if not shutil.which(needed):
            sys.exit(f"{needed} is not installed: apt-get install {needed}")
    print("| what happens | first answer | answers of / | failed after the first | longest time without an answer |\n| --- | --- | --- | --- | --- |", flush=True)
    for row in Scene(options, root, options.plain, prepare="sleep 20").rows("healthy", healthy):
        print(row, flush=True)
    print("\n".join(Scene(options, root, options.plain, repository=False).rows("failed restore", page_only("failed restore"))), flush=True)
    os.environ["SHIPKEEPER_SAFE_MODE"] = "1"
    try:
        print("\n".join(Scene(options, root, options.plain).rows("safe mode", page_only("safe mode"))), flush=True)
    finally:
        del os.environ["SHIPKEEPER_SAFE_MODE"]
    print("\n".join(Scene(options, root, options.plain, more="nonsense: 1\n").rows("mistake", page_only("a mistake in the file"))), flush=True)
    print("\n| | |\n| --- | --- |", flush=True)
    return echo(options, root)
