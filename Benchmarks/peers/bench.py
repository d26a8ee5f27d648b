"""Runs the rows, round after round, and prints the table. It has a PID and mount namespace of its own: `run` sees to that."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types

import peers
import report
import rows
import scale
from system import Late, Manager, Stamps, collect, end, stat

# Row, the method that a peer needs for it, and what a measurement takes at first guess, in seconds.
ROWS = {
    "idle": ("service", 70),
    "start": ("service", 2),
    "restart": ("service", 5),
    "stop": ("service", 3),
    "orphans": ("service", 5),
    "lateness": ("each_second", 20),
    "burst": ("at_once", 12),
    "log": ("logged", 20),
    "scale": (None, 120),
}


# A peer that works by the minute is started so many seconds before one.
LEAD = 5


class Bench:
    """Where measurements happen: folders, named pipes, and the end of what was started."""

    def __init__(self, tools, seconds):
        self.tools, self.seconds = tools, seconds
        self.root = tempfile.mkdtemp(prefix="peers-")
        self.number = 0

    @contextlib.contextmanager
    def place(self):
        """A folder of its own with a named pipe for stamps."""
        self.number += 1
        folder = f"{self.root}/{self.number}"
        os.mkdir(folder)
        stamps = Stamps(f"{folder}/stamps")
        try:
            yield folder, stamps
        finally:
            stamps.close()
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def running(self, peer, method, words, *arguments):
        """A peer that has just been started; whatever is left of it and of its services at the end is killed by id."""
        with self.place() as (folder, stamps):
            argv = getattr(peer, method)(folder, [self.tools.stamp, stamps.path, *words], *arguments)
            files = None
            if method == "logged":
                argv, files = argv
            manager = Manager(argv, self.tools.environment, folder)
            manager.logs = files
            try:
                yield manager, stamps
            except Late as problem:
                with open(f"{folder}/output", encoding="utf-8", errors="replace") as output:
                    raise Late(f"{problem} {output.read()[-200:].splitlines()[-1:]}") from None
            finally:
                manager.kill()
                self.tidy()

    def tidy(self):
        """Ends what a peer has left to process 1: nothing else but the benchmark is its child."""
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) not in (1, os.getpid()) and (fields := stat(int(name))) and fields[1] == "1":
                end(int(name))
        collect()


def measure(bench, row, peer, results):
    """One measurement of one peer, added to the results; gives the seconds that it took."""
    began, name = time.monotonic(), peer.name if peer else "loop"
    try:
        found = getattr(rows, row)(peer, bench) if peer else rows.loop(bench)
        for metric, value in found.items():
            results.setdefault(metric, {}).setdefault(name, []).extend(value if isinstance(value, list) else [value])
    except (Late, OSError) as problem:
        results.setdefault("problems", []).append(f"{row}, {name}: {problem}")
        print(f"  {row}, {name}: {problem}", file=sys.stderr, flush=True)
    return time.monotonic() - began


def plan(compared, selected, rounds):
    """All measurements, round after round: those of jobs that start only at whole minutes, and the others. No peer is the spawn loop."""
    by_minute, others = [], []
    for number in range(rounds):
        for row in selected:
            able = [peer for peer in compared if hasattr(peer, ROWS[row][0]) and row not in peer.without]
            # Each round begins with another one.
            first = number % len(able) if able else 0
            for peer in able[first:] + able[:first]:
                (by_minute if row == "burst" and peer.by_minute else others).append((number, row, peer))
            if row == "burst":
                others.append((number, row, None))
    return by_minute, others


def choose(by_minute, others, took):
    """Takes out the next measurement: one at a minute when that is near, else one that is over before; None while there is none."""
    left = 60 - time.time() % 60 - LEAD
    if by_minute and 0 <= left < 2:
        return by_minute.pop(0)
    for task in others[:40]:
        if not by_minute or left < 0 or took.get(task[1:], ROWS[task[1]][1]) < left:
            others.remove(task)
            return task
    return None


def play(bench, compared, selected, rounds, results, load):
    """All rounds; notes the load average at the beginning of each."""
    by_minute, others = plan(compared, selected, rounds)
    took, shown = {}, -1
    while by_minute or others:
        task = choose(by_minute, others, took)
        if task is None:
            time.sleep(0.5)
            continue
        number, row, peer = task
        if number > shown:
            shown = number
            load.append(os.getloadavg()[0])
            print(f"round {number + 1} of {rounds}, load average {load[-1]:.2f}", file=sys.stderr, flush=True)
        took[(row, peer)] = max(took.get((row, peer), 0), measure(bench, row, peer, results) + 0.5)


def options():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/peers/run",
        description="Measures shipkeeper and other supervisors and schedulers in one run, and prints one table: medians, and the worst in brackets.",
        epilog="It needs Linux, Python 3, a C compiler, util-linux, and ./run build. Peers that are missing are unpacked below .build/peers, not installed; "
        "the second time it works offline. All of it runs in a PID and mount namespace of its own; processes are killed by id, and nothing listens on a port.",
    )
    names = [peer.__name__.lower() for peer in peers.ALL]
    parser.add_argument("--rows", default=",".join(ROWS), help="rows to measure: " + ", ".join(ROWS) + " (default: all)")
    parser.add_argument("--peers", default=",".join(names), help="programs to compare: " + ", ".join(names) + " (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, at least 1 (default: 5)")
    parser.add_argument("--seconds", type=int, default=12, help="runs counted a round where a job is due each second (default: 12)")
    parser.add_argument("--program", default=".build/shipkeeper", help="the shipkeeper to measure (default: .build/shipkeeper)")
    parser.add_argument("--json", default=".build/peers/results.json", help="file for all samples (default: .build/peers/results.json)")
    chosen = parser.parse_args()
    for value, known, what in ((chosen.rows, ROWS, "row"), (chosen.peers, names, "peer")):
        for name in value.split(","):
            if name not in known:
                parser.error(f"no such {what}: {name}; there are {', '.join(known)}")
    if chosen.rounds < 1 or chosen.seconds < 1:
        parser.error("--rounds and --seconds are at least 1")
    return chosen


def isolate(debian):
    """In this namespace alone: /usr with the unpacked packages, and copies of /etc, /var/spool and /run in memory, where peers have fixed places."""
    if os.path.isdir(f"{debian}/usr"):
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={debian}/usr:/usr", "overlay", "/usr"], check=True)
    layers = tempfile.mkdtemp(prefix="peers-layers-")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layers], check=True)
    os.makedirs(f"{layers}/upper")
    os.makedirs(f"{layers}/work")
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir=/etc,upperdir={layers}/upper,workdir={layers}/work", "overlay", "/etc"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/spool"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.makedirs("/var/spool/cron/crontabs")


def main():
    chosen = options()
    if os.environ.get("PEERS_CHECK_ONLY"):
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    store = os.path.abspath(".build/peers")
    debian, venv = f"{store}/debian", f"{store}/venv"
    # The system's own programs come first, so that each peer is what is installed, if it is.
    isolate(debian)
    path = f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{venv}/bin"
    environment = {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "TZ": "UTC"}
    tools = types.SimpleNamespace(
        path=path, environment=environment, store=store, venv=venv, stamp=f"{store}/stamp", shipkeeper=os.path.abspath(chosen.program)
    )
    if not os.access(tools.shipkeeper, os.X_OK):
        sys.exit(f"{chosen.program} is not there: run ./run build first, or name another one with --program")
    wanted = [peer(tools) for peer in peers.ALL if peer.__name__.lower() in chosen.peers.split(",")]
    compared = [peer for peer in wanted if peer.path()]
    for peer in wanted:
        if not peer.path():
            print(f"{peer.name} is skipped: {peer.package} is not installed, or needs root", file=sys.stderr)
    selected, results = chosen.rows.split(","), {}
    bench = Bench(tools, chosen.seconds)
    began, load = time.monotonic(), [os.getloadavg()[0]]
    try:
        if "idle" in selected:
            print("idle: 60 s side by side", file=sys.stderr, flush=True)
            try:
                for name, metrics in rows.idle(compared, bench).items():
                    for metric, values in metrics.items():
                        results.setdefault(metric, {})[name] = values
            except (Late, OSError) as problem:
                results.setdefault("problems", []).append(f"idle: {problem}")
        play(bench, compared, [row for row in selected if row not in ("idle", "scale")], chosen.rounds, results, load)
        if "scale" in selected:
            print("scale: 2,000 jobs and 50,000 runs; 10,000 jobs", file=sys.stderr, flush=True)
            try:
                results["scale"] = scale.measure(bench, peers.Shipkeeper(tools), chosen.rounds)
            except (Late, OSError) as problem:
                results.setdefault("problems", []).append(f"scale: {problem}")
        load.append(os.getloadavg()[0])
    finally:
        shutil.rmtree(bench.root, ignore_errors=True)
    facts = report.facts(tools, compared, chosen.rounds, load, time.monotonic() - began)
    print(report.text(results, [peer.name for peer in compared], facts))
    with open(chosen.json, "w", encoding="utf-8") as file:
        json.dump({"facts": facts, "results": results}, file, indent=1)


main()
