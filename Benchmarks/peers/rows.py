"""The measurements, one function a row of the table: each takes a peer and a bench, and returns values by metric name."""

import os
import signal
import time

from system import SECOND, Late, end, wait_all

# What supervisor calls a start that succeeded, and with a margin.
SETTLED = 1.3
BURST = 500
LINES, WIDTH = 2_000_000, 103


def start(peer, bench):
    """exec of the manager to the first instruction of its service."""
    with bench.running(peer, "service", ["serve"]) as (manager, stamps):
        return {"start": stamps.next(20).began - manager.began}


def restart(peer, bench):
    """kill -9 of a service that has been up for a while to the first instruction of the next one."""
    samples = []
    with bench.running(peer, "service", ["serve"]) as (manager, stamps):
        process = stamps.next(20).process
        for _ in range(2):
            time.sleep(SETTLED)
            killed = time.monotonic_ns()
            os.kill(process, signal.SIGKILL)
            successor = stamps.next(20)
            process = successor.process
            samples.append(successor.began - killed)
    return {"restart": samples}


def stop(peer, bench):
    """The stop signal to the end of the manager and of all its processes."""
    with bench.running(peer, "service", ["serve"]) as (manager, stamps):
        stamps.next(20)
        time.sleep(SETTLED)
        return {"stop": manager.stop(peer.stop_signal)}


def orphans(peer, bench):
    """What is left after the stop of a service with a child in its own group and a daemon in a session of its own."""
    with bench.running(peer, "service", ["family"]) as (manager, stamps):
        family = [stamps.next(20).process for _ in range(3)]
        time.sleep(SETTLED)
        handles = {os.pidfd_open(process): process for process in family}
        signal.pidfd_send_signal(manager.handle, peer.stop_signal)
        wait_all([manager.handle], 20)
        left = wait_all(handles, 1)
        for handle in left:
            end(handles[handle])
        for handle in handles:
            os.close(handle)
        return {"orphans": len(left)}


def lateness(peer, bench):
    """One job a second, due at whole seconds unless the peer knows better: how late its first instruction is, and the CPU of manager and job a run."""
    with bench.running(peer, "each_second", []) as (manager, stamps):
        runs = [stamps.next(20), stamps.next(20)]
        before = manager.cpu()
        # From the end of the second run to half a second after the last: that is as many runs as are counted.
        runs += [stamps.next(20) for _ in range(bench.seconds)]
        time.sleep(0.5)
        cpu = manager.cpu() - before
        due = peer.instants(manager.folder) or [run.real // SECOND * SECOND for run in runs]
    late = [run.real - instant for run, instant in zip(runs, due)][2:]
    return {"late": late, "run cpu": (cpu + sum(run.cpu for run in runs[2:])) / bench.seconds}


def burst(peer, bench):
    """500 jobs at one instant: first and last first instruction after it, and the CPU of manager and jobs a run."""
    instant = int(time.time()) + 4
    if peer.by_minute:
        instant = (instant + 59) // 60 * 60
    with bench.running(peer, "at_once", [], BURST, instant) as (manager, stamps):
        time.sleep(max(0, instant - 0.5 - time.time()))
        before = manager.cpu_with_ended()
        runs = [stamps.next(30) for _ in range(BURST)]
        used = settled(manager.cpu_with_ended, slack=20_000_000)
        due = min(peer.instants(manager.folder) or [instant * SECOND])
    late = [run.real - due for run in runs]
    return {"first": min(late), "last": max(late), "burst cpu": (used - before) / BURST}


def loop(bench):
    """The same 500 jobs, started and awaited one after the other by the benchmark itself."""
    with bench.place() as (folder, stamps):
        before, instant = os.times(), time.monotonic_ns()
        for _ in range(BURST):
            os.waitpid(os.posix_spawn(bench.tools.stamp, [bench.tools.stamp, stamps.path], bench.tools.environment), 0)
        after = os.times()
        late = [stamps.next(5).began - instant for _ in range(BURST)]
    cpu = sum(after[:4]) - sum(before[:4])
    return {"first": min(late), "last": max(late), "burst cpu": cpu * SECOND / BURST}


def log(peer, bench):
    """206 MB in 2,000,000 lines: until all is in the files, CPU and peak memory of the manager and its loggers, and lines that are not there."""
    with bench.running(peer, "logged", ["log", str(LINES)]) as (manager, stamps):
        process = stamps.next(20).process
        time.sleep(SETTLED)
        before, began = manager.cpu(), time.time_ns()
        os.kill(process, signal.SIGUSR1)
        stamps.next(60, "written")
        time.sleep(0.05)
        settled(lambda: size(manager.logs))
        used, peak = manager.cpu() - before, manager.peak()
        files = list(logs(manager.logs))
        ended = max((os.stat(path).st_mtime_ns for path in files), default=began)
        lost = LINES - max(map(sum, zip(*(count(path) for path in files))), default=0)
    return {"log wall": ended - began, "log cpu": used, "log peak": peak, "log lost": lost}


def idle(peers, bench):
    """All peers side by side for 60 s: memory at five moments, and the CPU that each used. One time, since nothing disturbs it."""
    managers, opened, found = {}, [], {}
    try:
        for peer in peers:
            context = bench.running(peer, "service", ["serve"]) if hasattr(peer, "service") else bench.running(peer, "scheduler", [])
            managers[peer.name] = context.__enter__()[0]
            opened.append(context)
        time.sleep(6)
        before = {name: manager.cpu() for name, manager in managers.items()}
        for moment in range(5):
            time.sleep(12)
            for name, manager in managers.items():
                proportional, private = manager.memory()
                metrics = found.setdefault(name, {"memory": [], "private": [], "idle cpu": []})
                metrics["memory"].append(proportional)
                metrics["private"].append(private)
        for name, manager in managers.items():
            found[name]["idle cpu"].append(manager.cpu() - before[name])
    finally:
        for context in opened:
            context.__exit__(None, None, None)
    return found


def settled(figure, slack=0):
    """Reads a figure until it stands still for half a second, within the slack."""
    last, until = figure(), time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.5)
        now = figure()
        if now - last <= slack:
            return now
        last = now
    raise Late("it did not come to rest within 60 s")


def logs(folder):
    """The files with lines of the service."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = f"{root}/{name}"
            if name not in ("lock", "config", "state") and os.path.isfile(path):
                yield path


def size(folder):
    return sum(os.stat(path).st_size for path in logs(folder))


def count(path):
    """Two words of the service's lines in a file, whatever is before or after them: a rotation may cut one of the two, and not both."""
    first = second = 0
    rest = b""
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            block = rest + block
            whole, _, rest = block.rpartition(b"\n")
            first += whole.count(b"line ")
            second += whole.count(b" fox ")
    return first + rest.count(b"line "), second + rest.count(b" fox ")
