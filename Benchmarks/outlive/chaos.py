"""redis and nginx as supervised services while things go wrong: what they have acknowledged must be there, and what is said of them must be true."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from load import free_port
from program import Program, Wrong, descendants, folder_at, inner, send, tail, text, until

# What the state folder holds in the case of a full disk.
SMALL_DISK = "12m"


class Writer(threading.Thread):
    """Writes growing numbers into redis, and keeps the last one that was acknowledged. Goes on after a lost connection."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.acknowledged, self.number, self.is_over, self.lost = port, 0, 0, False, 0

    def run(self):
        while not self.is_over:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    while not self.is_over:
                        self.number += 1
                        connection.sendall(b"ZADD numbers %d %d\r\n" % (self.number, self.number))
                        if connection.recv(64) != b":1\r\n":
                            raise OSError("another answer")
                        self.acknowledged += 1
            except OSError:
                self.lost += 1
                time.sleep(0.02)

    def finish(self):
        self.is_over = True
        self.join(10)


def redis_count(port):
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"ZCARD numbers\r\n")
        return int(connection.recv(64).strip()[1:])


class Scene:
    """redis and nginx below shipkeeper, and a writer."""

    def __init__(self, options, root, disk=False):
        self.folder = folder_at(f"{root}/chaos", False)
        self.program = Program(options.program, self.folder, True, False)
        self.has_disk = disk
        if disk:
            os.mkdir(self.program.state)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=700", "tmpfs", self.program.state], check=True)
        self.redis_port, self.nginx_port = free_port(), free_port()
        os.mkdir(f"{self.folder}/redis")
        with open(f"{self.folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(
                "daemon off; worker_processes 1; error_log stderr warn; pid nginx.pid;\nevents {}\nhttp { access_log off;\n"
                "  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n"
                f"  server {{ listen 127.0.0.1:{self.nginx_port}; location / {{ return 200 ok; }} }} }}\n"
            )
        port, live = self.redis_port, "every: 200ms, timeout: 500ms, failures: 3"
        redis = f'redis-server, --port, "{port}", --bind, 127.0.0.1, --dir, {self.folder}/redis, --appendonly, "yes", --save, ""'
        with open(self.program.configuration, "w", encoding="utf-8") as file:
            file.write(
                f"version: 1\nstate: {self.program.state}\nstop_budget: 20s\njobs:\n  redis:\n    type: service\n    with:\n      command: [{redis}]\n"
                f'      ready: {{ exec: [redis-cli, -p, "{port}", ping], every: 100ms }}\n      live: {{ exec: [redis-cli, -p, "{port}", ping], {live} }}\n      stop: {{ grace: 2s }}\n'
                "  web:\n    type: service\n    needs: redis\n    with:\n"
                f"      command: [nginx, -p, {self.folder}, -c, {self.folder}/nginx.conf]\n"
                f'      ready: {{ http: "http://127.0.0.1:{self.nginx_port}/", every: 100ms }}\n'
                f'      live: {{ http: "http://127.0.0.1:{self.nginx_port}/", {live} }}\n'
                "      stop: { signal: SIGQUIT, grace: 2s }\n"
                "  tick: { type: command, on: { every: 1s }, with: { command: [echo, tick] } }\n"
            )
        self.program.start()
        until(self.program.are_ready, "services that are ready")
        self.before = self.program.services()
        self.writer = Writer(self.redis_port)
        self.writer.start()
        until(lambda: self.writer.acknowledged > 100, "numbers that are acknowledged")

    def outer(self, name):
        wanted = self.before[name].process
        return next(process for process in descendants(self.program.init()) if inner(process) == wanted)

    def says(self, words):
        until(lambda: words in text(self.program.log), f'"{words}" in the log')

    def restarted(self, name):
        """A service has another process, `status` says so, and the other services are as they were."""
        before = self.before[name]

        def is_other():
            found = self.program.services().get(name)
            return found and found.state == "ready" and found.process != before.process and found

        found = until(is_other, f"{name} with another process")
        if found.launches != before.launches + 1:
            raise Wrong(f"{name} was started {found.launches - before.launches} times")
        self.before[name] = found
        self.unchanged()

    def unchanged(self):
        until(self.program.are_ready, "services that are ready")
        found = self.program.services()
        if found != self.before:
            raise Wrong(f"services were {self.before}, and are {found}")

    def serves(self):
        if urllib.request.urlopen(f"http://127.0.0.1:{self.nginx_port}/", timeout=10).read() != b"ok":
            raise Wrong("nginx answers something else")

    def close(self):
        """Nothing that was acknowledged is lost, over the stop too."""
        self.writer.finish()
        count = redis_count(self.redis_port)
        if not self.writer.acknowledged <= count <= self.writer.number:
            raise Wrong(f"redis holds {count} numbers, has acknowledged {self.writer.acknowledged}, and was asked for {self.writer.number}")
        if self.program.stop() != 0:
            raise Wrong("the stop was not clean")
        if left := self.program.remains():
            raise Wrong(f"processes are left: {left}")
        return f"{self.writer.acknowledged:,} numbers acknowledged, {count:,} there"

    def end(self):
        self.writer.is_over = True
        self.program.kill_all()
        if self.has_disk:
            subprocess.run(["umount", "-l", self.program.state], check=False)


def timed(action):
    began = time.monotonic()
    action()
    return f"{(time.monotonic() - began) * 1000:.0f} ms"


def reloaded(scene):
    """SIGHUP of nginx: other workers, the same service."""
    for _ in range(5):
        send(scene.outer("web"), signal.SIGHUP)
        time.sleep(0.2)
        scene.serves()
    scene.unchanged()
    return "5 reloads, the same process"


def killed_service(scene):
    taken = [timed(lambda name=name: (send(scene.outer(name), signal.SIGKILL), scene.restarted(name))) for name in ("redis", "web", "redis")]
    return "ready again after " + ", ".join(taken)


def frozen_service(scene):
    """SIGSTOP: only the live check can notice."""

    def play(name):
        process = scene.outer(name)
        # nginx answers by its workers.
        for part in [*descendants(process), process]:
            send(part, signal.SIGSTOP)
        scene.restarted(name)
        scene.says(f"{name}: 3 live checks failed in a row")

    return "found and ready again after " + ", ".join(timed(lambda name=name: play(name)) for name in ("redis", "web"))


def frozen_daemon(scene):
    """SIGSTOP of the daemon: Init notices, and says so."""

    def play():
        send(scene.program.daemon(), signal.SIGSTOP)
        scene.program.restarts += 1
        until(scene.program.are_ready, "the next daemon")
        scene.says("the program has not answered for half a minute; killing it")
        scene.unchanged()

    return "answers again after " + timed(play)


def frozen_and_killed(scene):
    """A service dies while the daemon stands still: the next one knows."""
    send(scene.program.daemon(), signal.SIGSTOP)
    send(scene.outer("redis"), signal.SIGKILL)
    scene.program.kill_daemon()
    until(scene.program.status, "the next daemon")
    scene.restarted("redis")
    scene.says("redis: it was ended by SIGKILL")
    return "said, and started again"


def full_disk(scene):
    """No byte is left where the state is: services continue, and the daemon too when it is killed."""
    filler = f"{scene.program.state}/filler"
    file = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while os.write(file, b"x" * size) > 0:
                    pass
    finally:
        os.close(file)
    before = len(text(scene.program.log))
    time.sleep(3)
    scene.unchanged()
    scene.program.kill_daemon()
    until(scene.program.status, "a daemon on a full disk")
    until(lambda: scene.program.services() == scene.before, "the same services on a full disk")
    said = [line for line in text(scene.program.log)[before:].splitlines() if "full" in line or "space" in line]
    if not said:
        raise Wrong("nothing is said of the full disk")
    os.remove(filler)
    last = scene.program.request("jobs/tick")["job"]["last"]["id"]
    until(lambda: scene.program.request("jobs/tick")["job"]["last"]["id"] > last + 1, "runs that are recorded again")
    scene.unchanged()
    return f"the same services; said: {said[0].split(' ', 1)[1][:110]}"


def no_memory(scene):
    """The daemon gets no more memory than it has: it may die of that, and services must not."""
    daemon = scene.program.daemon()
    size = next(int(line.split()[1]) for line in text(f"/proc/{daemon}/status").splitlines() if line.startswith("VmSize:"))
    subprocess.run(["prlimit", "--pid", str(daemon), f"--as={size * 1024}"], check=True)
    for _ in range(20):
        scene.program.ask("status")
        scene.program.ask("logs", "redis")
        time.sleep(0.1)
    survived = scene.program.daemon() == daemon
    if not survived:
        scene.program.restarts += 1
        until(scene.program.status, "the next daemon")
    else:
        scene.program.kill_daemon()
        until(scene.program.status, "the next daemon")
    scene.unchanged()
    return "the daemon lived on, the same services" if survived else "the daemon died of it, the same services"


CASES = {
    "nginx is reloaded": reloaded,
    "a service is killed": killed_service,
    "a service stands still": frozen_service,
    "the daemon stands still": frozen_daemon,
    "a service is killed while the daemon stands still": frozen_and_killed,
    "the disk of the state is full": full_disk,
    "no memory for the daemon": no_memory,
}


def main(options, root):
    for needed in ("redis-server", "redis-cli", "nginx", "prlimit"):
        if not shutil.which(needed):
            sys.exit(f"{needed} is not installed")
    code = 0
    print("| case | what was seen | redis |\n| --- | --- | --- |", flush=True)
    for name, play in CASES.items():
        if options.only and options.only not in name:
            continue
        if play is full_disk and os.geteuid() != 0:
            print(f"| {name} | skipped: only root can mount a small disk | |", flush=True)
            continue
        scene = Scene(options, root, disk=play is full_disk)
        try:
            seen = play(scene)
            print(f"| {name} | {seen} | {scene.close()} |", flush=True)
        except (Wrong, OSError) as problem:
            print(f"| {name} | **{problem}** | |\n{tail(scene.program.log, 25)}", flush=True)
            code = 1
        finally:
            scene.end()
    return code
