"""The status page, its figures for Prometheus and its operations with 100,000 runs on record: how long each answer takes, and how large it is."""

import http.client
import os
import shutil
import sqlite3
import statistics
import sys
import time

from load import HERE, free_port
from program import Program, descendants, folder_at, memory_of, text, until

RUNS, JOBS, ROUNDS, TOKEN = 100_000, 10, 1000, "0123456789abcdef0123"


def configuration(program, folder, port, app):
    jobs = "".join(f"  job{number}: {{ type: command, on: {{ cron: '{number} 3 * * *' }}, with: {{ command: ['true'] }} }}\n" for number in range(JOBS))
    return (
        f"version: 1\nstate: {program.state}\nsecrets: [TOKEN]\ncontrol: {{ token: '${{TOKEN}}' }}\nretention: {{ runs: {RUNS}, age: 3650d }}\n"
        f"front: {{ listen: '127.0.0.1:{port}', upstream: app }}\njobs:\n{jobs}"
        f"  app: {{ type: service, with: {{ command: [python3, {folder}/app.py, '{app}'], ready: {{ http: 'http://127.0.0.1:{app}/count', every: 100ms }} }} }}\n"
    )


def fill(state):
    """Puts runs on record, the last of which has ended now."""
    base = sqlite3.connect(f"{state}/state.db")
    base.row_factory = sqlite3.Row
    run = dict(base.execute("SELECT * FROM runs WHERE job = 'job0'").fetchone())
    last = base.execute("SELECT max(id) FROM runs").fetchone()[0]
    now = time.time()

    def stamp(at):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + ".000Z"

    names = ", ".join(run)
    marks = ", ".join("?" * len(run))
    rows = []
    for number in range(RUNS - last):
        at = now - (RUNS - number) * 60
        failed = number % 17 == 0
        rows.append(
            tuple(
                dict(
                    run, id=last + 1 + number, job=f"job{number % JOBS}", scheduled_at=stamp(at), created_at=stamp(at), started_at=stamp(at), finished_at=stamp(at + 9),
                    outcome="failed" if failed else "succeeded", summary=None if failed else "exited with code 0", error="exited with code 1" if failed else None,
                ).values()
            )
        )
    base.executemany(f"INSERT INTO runs ({names}) VALUES ({marks})", rows)
    base.execute("INSERT INTO attempts (run, number, started_at, ended_at, result) SELECT id, 1, started_at, finished_at, 'succeeded' FROM runs WHERE id > ?", (last,))
    base.commit()
    base.close()


def times(port, path, rounds=ROUNDS):
    """Milliseconds of each answer, over one connection, and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    found, size = [], 0
    for _ in range(rounds):
        at = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        size = len(answer.read())
        found.append((time.perf_counter() - at) * 1000)
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status}")
    connection.close()
    return sorted(found), size


def main(options, root):
    folder = folder_at(f"{root}/history", False)
    shutil.copy(f"{HERE}/app.py", f"{folder}/app.py")
    os.environ["TOKEN"] = TOKEN
    program = Program(options.program, folder, False, False)
    port, app = free_port(), free_port()
    with open(program.configuration, "w", encoding="utf-8") as file:
        file.write(configuration(program, folder, port, app))
    try:
        program.start()
        until(program.are_ready, "services that are ready")
        for number in range(JOBS):
            program.ask("start", f"job{number}", "--wait")
        program.stop()
        fill(program.state)
        program.start()
        until(program.are_ready, "services that are ready")
        time.sleep(5)
        daemon = program.daemon()
        front = [process for process in descendants(program.init()) if "nginx" in text(f"/proc/{process}/comm")]
        idle = f"idle, KB of its own: shipkeeper {memory_of(daemon)}, init {memory_of(program.init())}, nginx {sum(map(memory_of, front))}"
        print(f"{RUNS:,} runs of {JOBS} jobs on record; {ROUNDS} requests each\n\n| address | median | p99 | longest | KB |\n|---|---|---|---|---|", flush=True)
        for path in ("/-/metrics", "/-/", "/-/jobs/job1", f"/-/runs/{RUNS - 5}", "/-/backups", "/-/api/status", "/-/api/runs", "/-/api/jobs/job1", "/-/healthz", "/-/readyz"):
            found, size = times(port, path)
            print(f"| `{path}` | {statistics.median(found):.1f} ms | {found[int(len(found) * 0.99)]:.1f} ms | {found[-1]:.1f} ms | {size / 1000:.1f} |", flush=True)
        weight = {path: times(port, path, 1)[1] for path in ("/-/", "/-/assets/page.css", "/-/assets/page.js", "/-/assets/icon.svg", "/-/manifest.webmanifest")}
        print(f"\nweight of the page: {sum(weight.values()) / 1000:.1f} KB in {len(weight)} requests ({', '.join(f'{path} {size / 1000:.1f}' for path, size in weight.items())})")
        print(f"{idle}; afterwards shipkeeper {memory_of(daemon)}")
    finally:
        program.kill_all()
    return 0
