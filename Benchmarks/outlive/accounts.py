"""Compares what is recorded with what has happened: runs with the ledger, schedules with their times, logs with the numbers in them."""

import collections
import datetime
import hashlib
import os
import re
import sqlite3

from jobs import WORKING
from program import Wrong, text

DONE = ("succeeded", "failed")


def instant(words):
    return datetime.datetime.fromisoformat(words.replace("Z", "+00:00")).timestamp()


def ledger(path):
    """(begun, ended), each (job, run, attempt) → how often."""
    begun, ended = collections.Counter(), collections.Counter()
    for line in text(path).splitlines():
        what, job, run, attempt, _ = line.split(" ")
        (begun if what == "begin" else ended)[(job, int(run), int(attempt))] += 1
    return begun, ended


class Records:
    """state.db, read as anyone can read it."""

    def __init__(self, path):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("BEGIN")
            self.integrity = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            self.runs = {row["id"]: dict(row) for row in connection.execute("SELECT * FROM runs ORDER BY id")}
            self.attempts = {(row["run"], row["number"]): dict(row) for row in connection.execute("SELECT * FROM attempts")}
            self.migrations = connection.execute("SELECT count(*) FROM grdb_migrations").fetchone()[0]
        finally:
            connection.close()

    def unfinished(self, job=None):
        return [run for run in self.runs.values() if run["state"] != "finished" and job in (None, run["job"])]


def differences(path, records_of, highest):
    """All that does not fit between the ledger and the records. The ledger is read before and after, for the program goes on meanwhile.
    - highest: the highest id that was known before."""
    begun_before, _ = ledger(path)
    records = records_of()
    begun, ended = ledger(path)
    found = []
    if records.integrity != ["ok"]:
        found.append(f"state.db: {records.integrity[:3]}")
    known = [run for run in records.runs if run <= highest]
    if highest and highest not in records.runs:
        found.append(f"run {highest} is not recorded any more ({len(known)} before it)")
    for (job, run, attempt), times in begun.items():
        if times > 1:
            found.append(f"{job}: attempt {attempt} of run {run} was begun {times} times")
    for job, run, attempt in begun_before:
        record = records.runs.get(run)
        if record is None or record["job"] != job:
            found.append(f"{job}: run {run} has left a trace, and is recorded as {record}")
        elif (run, attempt) not in records.attempts:
            found.append(f"{job}: attempt {attempt} of run {run} has left a trace, and is not recorded")
    for run in records.runs.values():
        if run["job"] in WORKING:
            found += of_run(run, records, begun, ended)
    for job in WORKING:
        if (count := sum(1 for run in records.unfinished(job) if run["state"] in ("running", "ending"))) > 1:
            found.append(f"{job}: {count} runs are running")
    return found, records


def of_run(run, records, begun, ended):
    key, last = (run["job"], run["id"]), run["attempt"] or 1
    outcome = run["outcome"]
    if outcome == "succeeded" and not ended[(*key, max(n for r, n in records.attempts if r == run["id"]))]:
        yield f"{run['job']}: run {run['id']} is recorded as succeeded, and has not come to its end"
    if outcome in DONE or outcome == "interrupted":
        numbers = sorted(number for of, number in records.attempts if of == run["id"])
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{run['job']}: run {run['id']} has the attempts {numbers}"
        for number in numbers:
            attempt = records.attempts[(run["id"], number)]
            if attempt["exit_code"] is not None and not begun[(*key, number)]:
                yield f"{run['job']}: attempt {number} of run {run['id']} has the exit code {attempt['exit_code']}, and has left no trace"
            if attempt["ended_at"] is None and outcome != "interrupted":
                yield f"{run['job']}: attempt {number} of run {run['id']} ({outcome}) has no end"
    if outcome == "skipped" and begun[(*key, last)]:
        yield f"{run['job']}: run {run['id']} is recorded as skipped, and has begun"
    if run["state"] == "finished" and outcome is None:
        yield f"{run['job']}: run {run['id']} is finished without an outcome"


def schedules(records, periods):
    """Each scheduled time is accounted for once: a run is for one time, and for as many before it as it says.
    - periods: job → seconds between two of its times."""
    for job, period in periods.items():
        runs = [run for run in records.runs.values() if run["job"] == job and run["cause"] == "schedule"]
        times = [instant(run["scheduled_at"]) for run in runs]
        if times != sorted(times):
            yield f"{job}: run ids do not grow with the scheduled times"
        for run, before, at in zip(runs[1:], times, times[1:]):
            count = (at - before) / period
            if abs(count - run["missed"] - 1) > 0.01:
                yield f"{job}: run {run['id']} stands for {run['missed']} earlier times, and {count - 1:.2f} lie before it"


def followers(records):
    """Each run of `slow` that came to an end by itself has one run of `after`, and only one."""
    found = collections.Counter()
    for run in records.runs.values():
        if run["job"] == "after" and (of := re.search(r"#(\d+)(#|$)", run["cause_detail"] or "")):
            found[int(of[1])] += 1
    for run in records.runs.values():
        if run["job"] != "slow":
            continue
        if found[run["id"]] > 1:
            yield f"after: {found[run['id']]} runs follow run {run['id']}"
        if run["outcome"] in ("succeeded", "failed", "interrupted") and not found[run["id"]]:
            yield f"after: no run follows run {run['id']} ({run['outcome']})"


def numbers(state, run, process):
    """What is wrong with the numbered lines of a process in a run's log, and how many there are."""
    lines = text(f"{state}/logs/{run}.log.1") + text(f"{state}/logs/{run}.log")
    problems, counts = [], []
    for word in ("line", "err"):
        found = [int(number) for number in re.findall(rf"^\S+ \S+ {word} {process} (\d+)$", lines, re.M)]
        gap = next(((before, after) for before, after in zip([0, *found], found) if after != before + 1), None)
        if gap:
            problems.append(f"logger: after {word} {gap[0]} follows {gap[1]} in the log of run {run}, process {process}")
        counts.append(found[-1] if found else 0)
    if abs(counts[0] // 10 - counts[1]) > 20:
        problems.append(f"logger: {counts[0]} lines and {counts[1]} errors are in the log of run {run}")
    return problems, counts[0]


def repository(path):
    """The newest backup is whole, whatever was killed while it was made."""
    current = os.path.realpath(f"{path}/latest_backup.tar.gz")
    if not os.path.exists(current):
        return
    with open(current, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    beside = text(f"{os.path.dirname(current)}/latest_backup.sha256").split()
    if not beside or beside[0] != digest:
        # Pruned while it was read.
        if os.path.realpath(f"{path}/latest_backup.tar.gz") == current:
            raise Wrong(f"the newest backup, {current}, is {digest}, and its checksum says {beside}")
