"""shipkeeper against itself: 2,000 jobs with 50,000 runs of history, and the memory of 10,000 jobs."""

import os
import signal
import sqlite3
import time

from report import MB, MS
from system import Manager

JOBS, RUNS, MANY = 2_000, 50_000, 10_000


def configuration(shipkeeper, folder, stamps, stamp, count):
    jobs = [f"  boot: {{ type: command, on: boot, with: {{ command: ['{stamp}', '{stamps.path}'] }} }}\n"]
    for index in range(count):
        cron = f"{index % 60} {index // 60 % 24} * * *"
        jobs.append(f"  job{index}: {{ type: command, on: {{ cron: '{cron}' }}, with: {{ command: ['{stamp}', '{stamps.path}'] }} }}\n")
    # Dispatch is not what is measured here.
    return shipkeeper.configure(folder, "".join(jobs))


def measure(bench, shipkeeper, rounds):
    """Lines of the second table: title, samples, divisor, digits, kind."""
    found = {}
    with bench.place() as (folder, stamps):
        argv = configuration(shipkeeper, folder, stamps, bench.tools.stamp, JOBS)
        with started(bench, argv, folder, stamps):
            ask(bench, folder, "start", "job0", "--wait")
        history(f"{folder}/state/state.db")
        with started(bench, argv, folder, stamps) as manager:
            found["start"] = [manager.ready]
            for _ in range(rounds):
                for name, words in COMMANDS.items():
                    found.setdefault(name, []).append(ask(bench, folder, *words))
            found["memory"] = [manager.memory()[1]]
    sizes = []
    for count in (1, MANY):
        with bench.place() as (folder, stamps):
            with started(bench, configuration(shipkeeper, folder, stamps, bench.tools.stamp, count), folder, stamps) as manager:
                time.sleep(5)
                sizes.append(manager.memory()[1])
                found["many"] = [manager.ready]
    lines = [(f"2,000 jobs, 50,000 runs: {' '.join(words)} (ms)", found[name], MS, 0, "median") for name, words in COMMANDS.items()]
    return [
        *lines,
        ("2,000 jobs, 50,000 runs: start to the first job (ms)", found["start"], MS, 0, "median"),
        ("2,000 jobs, 50,000 runs: private dirty memory after all that (MB)", found["memory"], MB, 1, "median"),
        ("10,000 jobs: start to the first job (ms)", found["many"], MS, 0, "median"),
        ("10,000 jobs: private dirty memory (MB)", [sizes[1]], MB, 1, "median"),
        ("10,000 jobs: private dirty memory a job (KB)", [(sizes[1] - sizes[0]) / (MANY - 1)], 1000, 2, "median"),
    ]


COMMANDS = {
    "version": ["version"],
    "status": ["status"],
    "wait": ["start", "job7", "--wait"],
    "next": ["next", "--count", "1000"],
    "runs": ["runs"],
    "why": ["why", "job7"],
}


class started:
    """The program, from its first boot job on, until the end of the block."""

    def __init__(self, bench, argv, folder, stamps):
        self.bench, self.argv, self.folder, self.stamps = bench, argv, folder, stamps

    def __enter__(self):
        self.stamps.clear()
        self.manager = Manager(self.argv, self.bench.tools.environment, self.folder)
        self.manager.ready = self.stamps.next(60).began - self.manager.began
        # Until it answers.
        until = time.monotonic() + 60
        while ask(self.bench, self.folder, "runs", strict=False) is None and time.monotonic() < until:
            time.sleep(0.05)
        return self.manager

    def __exit__(self, *_):
        try:
            self.manager.stop(signal.SIGTERM)
        finally:
            self.manager.kill()


def ask(bench, folder, *words, strict=True):
    """One command, from its start to its end, in ns."""
    argv = [bench.tools.shipkeeper, *words]
    if words[0] != "version":
        argv += ["--config", f"{folder}/shipkeeper.yaml"]
    quiet = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in (0, 1, 2)]
    began = time.monotonic_ns()
    _, status = os.waitpid(os.posix_spawn(argv[0], argv, bench.tools.environment, file_actions=quiet), 0)
    took = time.monotonic_ns() - began
    if status and strict:
        raise OSError(f"{' '.join(words)} has failed")
    return None if status else took


def history(path):
    """50,000 runs like the one that is there, 25 of each job."""
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    run = dict(base.execute("SELECT * FROM runs WHERE job = 'job0' ORDER BY id DESC LIMIT 1").fetchone())
    attempt = dict(base.execute("SELECT * FROM attempts WHERE run = ?", (run["id"],)).fetchone())
    first = base.execute("SELECT max(id) FROM runs").fetchone()[0] + 1
    runs = ({**run, "id": first + index, "job": f"job{index % JOBS}"} for index in range(RUNS))
    insert(base, "runs", run, runs)
    insert(base, "attempts", attempt, ({**attempt, "run": first + index} for index in range(RUNS)))
    base.commit()
    base.close()


def insert(base, table, like, rows):
    names = list(like)
    base.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", ([row[name] for name in names] for row in rows))
