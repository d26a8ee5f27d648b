"""The configuration of the torture: jobs that write what they do into a ledger, beside services that must not notice anything."""

import os
import shutil

# Written before and after the work. One write each, so lines of several processes don't mix.
LEDGER = """#!/bin/sh
# work LEDGER SECONDS FAILURES: fails in its first attempts, as often as it is told
printf 'begin %s %s %s %s\\n' "$SHIPKEEPER_JOB" "$SHIPKEEPER_RUN" "$SHIPKEEPER_ATTEMPT" "$SHIPKEEPER_SCHEDULED_AT" >> "$1"
sleep "$2"
[ "$SHIPKEEPER_ATTEMPT" -gt "$3" ] || exit 1
printf 'end %s %s %s %s\\n' "$SHIPKEEPER_JOB" "$SHIPKEEPER_RUN" "$SHIPKEEPER_ATTEMPT" "$SHIPKEEPER_SCHEDULED_AT" >> "$1"
"""

# Some 500 lines a second in bursts, on both streams, each with the number of the process and its own.
LOGGER = """#!/usr/bin/python3
import os, time
number = 0
while True:
    for _ in range(10):
        number += 1
        os.write(1, b"line %d %d\\n" % (os.getpid(), number))
        if number % 10 == 0: os.write(2, b"err %d %d\\n" % (os.getpid(), number // 10))
    time.sleep(0.02)
"""

# Which jobs write into the ledger.
WORKING = ("boot", "tick", "minute", "slow", "flaky", "swing", "after", "hand")


def write(folder, state, port):
    """Makes the files of the torture below a folder."""
    for name, text in (("work", LEDGER), ("logger", LOGGER)):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{folder}/{name}", 0o755)
    for name in ("data", "repository", "redis"):
        os.mkdir(f"{folder}/{name}")
    open(f"{folder}/ledger", "w", encoding="utf-8").close()
    configure(folder, state, port, swing=3)


def configure(folder, state, port, swing):
    """Writes the configuration, with a schedule that a reload changes."""

    def work(seconds, failures=0):
        return f'command: [{folder}/work, {folder}/ledger, "{seconds}", "{failures}"]'

    redis = ""
    if shutil.which("redis-server"):
        arguments = f'--port, "{port}", --bind, 127.0.0.1, --dir, {folder}/redis, --appendonly, "yes", --save, ""'
        ready, live = f'exec: [redis-cli, -p, "{port}", ping], every: 100ms', f'tcp: "127.0.0.1:{port}", every: 1s'
        redis = f"  redis: {{ type: service, with: {{ command: [redis-server, {arguments}], ready: {{ {ready} }}, live: {{ {live} }} }} }}\n"
    with open(f"{folder}/shipkeeper.yaml.new", "w", encoding="utf-8") as file:
        file.write(
            f"version: 1\nstate: {state}\nstop_budget: 20s\nlogs: {{ max_per_run: 1GiB }}\n"
            f"repositories:\n  main: {{ type: folder, path: {folder}/repository, keep: {{ last: 3, daily: 0, weekly: 0, monthly: 0 }} }}\n"
            "jobs:\n"
            f"  restore: {{ type: restore, on: boot, with: {{ repository: main, path: {folder}/data }} }}\n"
            f"  logger: {{ type: service, needs: restore, with: {{ command: [{folder}/logger] }} }}\n{redis}"
            f"  boot: {{ type: command, on: boot, with: {{ {work(0.05)} }} }}\n"
            f"  tick: {{ type: command, on: {{ every: 1s }}, catch_up: all, with: {{ {work(0.02)} }} }}\n"
            f'  minute: {{ type: command, on: {{ cron: "* * * * *" }}, with: {{ {work(0.05)} }} }}\n'
            f"  slow: {{ type: command, on: {{ every: 2s }}, overlap: queue, with: {{ {work(1.2)} }} }}\n"
            f"  flaky: {{ type: command, on: {{ every: 2s }}, retry: {{ attempts: 3, backoff: 50ms..200ms }}, with: {{ {work(0.05, 2)} }} }}\n"
            f"  swing: {{ type: command, on: {{ every: {swing}s }}, with: {{ {work(0.1)} }} }}\n"
            f"  after: {{ type: command, on: {{ after: {{ job: slow, outcome: finished }} }}, overlap: queue, with: {{ {work(0.05)} }} }}\n"
            f"  hand: {{ type: command, with: {{ {work(0.3)} }} }}\n"
            f"  backup: {{ type: backup, on: {{ every: 3s, stop: true }}, needs: restore, with: {{ repository: main, path: {folder}/data }} }}\n"
        )
    os.chmod(f"{folder}/shipkeeper.yaml.new", 0o644)
    os.replace(f"{folder}/shipkeeper.yaml.new", f"{folder}/shipkeeper.yaml")
