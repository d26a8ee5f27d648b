"""Processes as the benchmark sees them: started, watched by descriptor, measured from /proc, ended by id."""

import os
import select
import signal
import time
import typing

SECOND = 1_000_000_000


class Late(Exception):
    """Something that was waited for did not happen in time."""


class Stamp(typing.NamedTuple):
    """One first instruction. Times are in ns, `real` since 1970."""

    began: int
    real: int
    cpu: int
    process: int
    kind: str


class Stamps:
    """A named pipe that services and jobs write their first instruction to: whoever waits is woken, and nothing polls."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self.file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.rest = b""

    def next(self, seconds, what=None):
        """The next stamp, or the next of a kind."""
        until = time.monotonic() + seconds
        while True:
            line, found, rest = self.rest.partition(b"\n")
            if found:
                self.rest = rest
                *numbers, kind = line.decode().split()
                if what is None or kind == what:
                    return Stamp(*map(int, numbers), kind)
                continue
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.file], [], [], left)[0]:
                raise Late(f"no {what or 'sign of life'} within {seconds} s")
            self.rest += os.read(self.file, 65536)

    def clear(self):
        """Forgets what was written so far."""
        self.rest = b""
        while select.select([self.file], [], [], 0)[0]:
            os.read(self.file, 65536)

    def close(self):
        os.close(self.file)


class Manager:
    """A program under test, with all that it has started."""

    def __init__(self, argv, environment, folder):
        with open(f"{folder}/output", "wb") as output:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
                # What it prints is thrown away, as by a reader that keeps up; errors are kept.
                (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            ]
            self.began = time.monotonic_ns()
            self.id = os.posix_spawn(argv[0], argv, environment, file_actions=actions, setsigmask=[])
        self.handle = os.pidfd_open(self.id)
        self.folder = folder

    def tree(self, services=False):
        """Its process and all below it; without the stamp programs unless they are asked for."""
        children = {}
        for name in os.listdir("/proc"):
            if name.isdigit() and (fields := stat(int(name))):
                children.setdefault(int(fields[1]), []).append(int(name))
        found, queue = [], [self.id]
        while queue:
            process = queue.pop()
            if services or command(process) != "stamp":
                found.append(process)
            queue += children.get(process, [])
        return found

    def memory(self):
        """Proportional memory, and what is private and written to (can't be shared or dropped), in bytes."""
        proportional = private = 0
        for process in self.tree():
            for line in lines(f"/proc/{process}/smaps_rollup"):
                name, _, value = line.partition(":")
                if name == "Pss":
                    proportional += int(value.split()[0]) * 1024
                if name == "Private_Dirty":
                    private += int(value.split()[0]) * 1024
        return proportional, private

    def peak(self):
        """The sum of the most that each of its processes had resident, in bytes."""
        return sum(int(line.split()[1]) * 1024 for process in self.tree() for line in lines(f"/proc/{process}/status") if line.startswith("VmHWM:"))

    def cpu(self):
        """CPU of the processes that it has now, in ns, exact, without what has ended."""
        return sum(clock(process) for process in self.tree())

    def cpu_with_ended(self):
        """CPU of all that it has and has waited for, in ns, in steps of a clock tick."""
        tick = SECOND // os.sysconf("SC_CLK_TCK")
        return sum(sum(int(value) for value in fields[11:15]) * tick for process in self.tree(services=True) if (fields := stat(process)))

    def stop(self, number, seconds=20):
        """Sends the signal and returns the ns until the manager and all below it are gone. What outlives its manager is not waited for twice."""
        handles = {}
        for process in self.tree(services=True):
            try:
                handles[os.pidfd_open(process)] = process
            except ProcessLookupError:
                pass
        sent = time.monotonic_ns()
        signal.pidfd_send_signal(self.handle, number)
        left = wait_all(handles, seconds)
        gone = time.monotonic_ns()
        for handle in handles:
            os.close(handle)
        if left:
            raise Late(f"{len(left)} processes are still there after {seconds} s")
        return gone - sent

    def kill(self):
        """Ends what is left of it, by id, and collects it."""
        for process in reversed(self.tree(services=True)):
            end(process)
        collect()
        os.close(self.handle)


def wait_all(handles, seconds):
    """Waits for the end of processes by descriptor; returns those that are left."""
    poll, left, until = select.poll(), set(handles), time.monotonic() + seconds
    for handle in left:
        poll.register(handle, select.POLLIN)
    while left and (rest := until - time.monotonic()) > 0:
        for handle, _ in poll.poll(rest * 1000):
            poll.unregister(handle)
            left.discard(handle)
    return left


def end(process):
    """Kills one process that the benchmark has started, and waits until it is gone."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    wait_all([handle], 5)
    os.close(handle)


def collect():
    """Reaps what was left to the benchmark, which is process 1 here."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def clock(process):
    """CPU of one process with all its threads, also those that have ended, in ns (the clock of clock_getcpuclockid(3))."""
    try:
        return time.clock_gettime_ns((~process << 3) | 2)
    except OSError:
        return 0


def stat(process):
    """The fields of /proc/PID/stat from the state on: 1 is the parent, 11 to 14 are CPU."""
    text = "".join(lines(f"/proc/{process}/stat"))
    return text[text.rfind(")") + 2 :].split()


def command(process):
    return "".join(lines(f"/proc/{process}/comm")).strip()


def lines(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []
