"""A shipkeeper that is started, killed, asked and looked at from outside, by its processes, its socket and its files."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import typing

PLAIN_USER = 1000
PATIENCE = 120


class Wrong(Exception):
    """A promise that was not kept."""


def until(check, what, seconds=PATIENCE, pause=0.005):
    """Waits for something that must come; gives what the check gave."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise Wrong(f"not within {seconds} s: {what}")
        time.sleep(pause)


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def parents():
    """Process → its parent, for all processes that can be seen."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := text(f"/proc/{name}/stat")):
            found[int(name)] = int(fields[fields.rfind(")") + 2 :].split()[1])
    return found


def children_of(process):
    found = text(f"/proc/{process}/task/{process}/children").split()
    return [int(child) for child in found]


def descendants(process):
    """All below a process, the process itself not."""
    known, found = parents(), []
    queue = [process]
    while queue:
        above = queue.pop()
        below = [child for child, parent in known.items() if parent == above]
        found += below
        queue += below
    return found


def state_of(process):
    fields = text(f"/proc/{process}/stat")
    return fields[fields.rfind(")") + 2 : fields.rfind(")") + 3]


def inner(process):
    """The number that a process has in its own namespace."""
    for line in text(f"/proc/{process}/status").splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return None


def variables(process):
    return dict(pair.split("=", 1) for pair in text(f"/proc/{process}/environ").split("\0") if "=" in pair)


def memory_of(process):
    """What is private to a process and can't be shared or dropped, in KB."""
    return sum(int(line.split()[1]) for line in text(f"/proc/{process}/smaps_rollup").splitlines() if line.startswith("Private_Dirty:"))


def descriptors_of(process):
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def open_files(process):
    """What the descriptors of a process lead to."""
    found = []
    for name in sorted(os.listdir(f"/proc/{process}/fd"), key=int):
        try:
            found.append(f"{name} {os.readlink(f'/proc/{process}/fd/{name}')}")
        except OSError:
            pass
    return found


def send(process, number):
    try:
        os.kill(process, number)
        return True
    except ProcessLookupError:
        return False


class Socket(http.client.HTTPConnection):
    def __init__(self, path, seconds):
        super().__init__("shipkeeper", timeout=seconds)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Service(typing.NamedTuple):
    """A service as `status` shows it."""

    process: int
    launches: int
    run: int
    state: str


class Program:
    """- namespace: process 1 of a PID namespace, else a child subreaper.
    - plain: as a user who owns nothing but what it is given; only where this is root."""

    def __init__(self, binary, folder, namespace, plain):
        self.binary, self.folder, self.namespace, self.plain = os.path.abspath(binary), folder, namespace, plain
        self.configuration, self.state, self.log = f"{folder}/shipkeeper.yaml", f"{folder}/state", f"{folder}/log"
        self.outer = None
        # How often the daemon was started again since Init began.
        self.restarts = 0

    def own(self, *paths):
        """Gives files and folders to the user that the program runs as."""
        if not self.plain:
            return
        for path in paths:
            os.chown(path, PLAIN_USER, PLAIN_USER)

    def prefix(self):
        words = []
        if self.namespace:
            user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
            words += ["unshare", *user, "--pid", "--fork", "--mount-proc", "--kill-child"]
        if self.plain:
            words += ["setpriv", f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}", "--clear-groups"]
        return words

    def start(self, is_checked=True):
        if is_checked:
            checked = subprocess.run([self.binary, "check", "--config", self.configuration], capture_output=True, text=True, check=False)
            if checked.returncode:
                raise Wrong(f"the configuration is wrong: {checked.stdout}{checked.stderr}")
        with open(self.log, "ab") as log:
            environment = dict(os.environ, TZ="UTC", HOME="/" if self.plain else os.environ.get("HOME", "/"))
            words = [*self.prefix(), self.binary, "run", "--config", self.configuration]
            self.outer = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.restarts = 0
        until(self.init, "init began")

    def init(self):
        """The process of Init; None while it is not there."""
        found = children_of(self.outer.pid) if self.namespace else [self.outer.pid]
        return next((process for process in found if text(f"/proc/{process}/comm").strip() == "shipkeeper-init"), None)

    def daemon(self, besides=None):
        """The process of the daemon; None while it is not there, or is only this one."""
        init = self.init()
        for process in children_of(init) if init else []:
            if process != besides and "--no-init" in text(f"/proc/{process}/cmdline").split("\0") and state_of(process) not in ("Z", ""):
                return process
        return None

    def request(self, path, method="GET", seconds=30):
        """An answer of the socket; None where nobody answers."""
        connection = Socket(f"{self.state}/control/control.sock", seconds)
        try:
            connection.request(method, f"/-/{path}", headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
            return json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def status(self):
        """What the daemon says that was started last; None while it does not."""
        found = self.request("status")
        return found if found and found["restarts"] == self.restarts else None

    def services(self):
        found = (self.status() or {"jobs": []})["jobs"]
        return {
            job["name"]: Service(job.get("process", 0), job.get("launches", 0), job.get("run", {}).get("id", 0), job["state"])
            for job in found
            if job["is_service"]
        }

    def are_ready(self):
        services = self.services()
        return services if services and all(service.state == "ready" for service in services.values()) else None

    def kill_daemon(self):
        """Kills the daemon that is there, by force; gives the instant."""
        victim = until(self.daemon, "a daemon")
        at = time.monotonic()
        if send(victim, signal.SIGKILL):
            self.restarts += 1
        until(lambda: state_of(victim) in ("Z", "") or self.daemon() != victim, "the end of the daemon")
        return at

    def command(self, *words):
        """The words of a command line about this program."""
        return [*(self.prefix()[-4:] if self.plain else []), self.binary, *words, "--state", self.state]

    def ask(self, *words, seconds=PATIENCE):
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=seconds, check=False)

    def ask_aside(self, *words):
        """A command that is not waited for; its end is collected by `collect`."""
        return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self, seconds=PATIENCE):
        """Asks Init to end; gives the exit code."""
        send(self.init() or self.outer.pid, signal.SIGTERM)
        return self.outer.wait(seconds)

    def remains(self):
        """Processes that still carry the mark of this program."""
        mark = f"SHIPKEEPER_STATE={self.state}"
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and mark in text(f"/proc/{name}/environ").split("\0")]

    def kill_all(self):
        """Ends all that is left, by id."""
        if self.outer and self.outer.poll() is None:
            init = self.init()
            for process in [*(descendants(init) + [init] if init else []), self.outer.pid]:
                send(process, signal.SIGKILL)
            self.outer.wait()
        for process in self.remains():
            send(process, signal.SIGKILL)


def tail(path, lines=15):
    return "\n".join(text(path).splitlines()[-lines:])


def folder_at(path, program_is_plain):
    """An empty folder that the program may use."""
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    os.chmod(path, 0o755)
    if program_is_plain:
        os.chown(path, PLAIN_USER, PLAIN_USER)
    return path
