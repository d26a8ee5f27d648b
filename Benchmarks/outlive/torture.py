"""Kills the daemon at random moments of everything that it does, and after each round compares what it says with what has happened."""

import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

import accounts
import jobs
from load import free_port
from program import (
    PATIENCE,
    Program,
    Wrong,
    descendants,
    descriptors_of,
    folder_at,
    inner,
    memory_of,
    open_files,
    send,
    state_of,
    text,
    until,
    variables,
)

# Init waits longer after each daemon that lives for less than a second. Once it has waited so long, one is left alone for a moment: else the rounds would be
# spent with waiting. In ms, and s.
LONG_WAIT, RESPITE = 2000, 1.2

# Rounds, with how often each is drawn.
ROUNDS = {"kill": 30, "twice": 12, "start": 10, "reload": 8, "upgrade": 4, "killed_upgrade": 6, "dry": 5, "service": 6, "both": 4, "stop": 2, "killed_stop": 3}
PERIODS = {"tick": 1, "slow": 2, "flaky": 2, "minute": 60}


class Torture:
    def __init__(self, program, folder, seed):
        self.program, self.folder, self.random = program, folder, random.Random(seed)
        self.port, self.swing, self.highest, self.counter = free_port(), 3, 0, 0
        self.aside, self.expected, self.logs = [], {}, {}
        self.lengths, self.init_memory, self.init_descriptors, self.daemon_descriptors = [], [], [], []
        jobs.write(folder, program.state, self.port)
        program.own(*(f"{folder}/{name}" for name in ("data", "repository", "redis", "ledger")))

    # Rounds

    def kill(self):
        self.pause(1.5)
        self.killed()

    def twice(self):
        """Again while the next daemon begins."""
        self.pause(1)
        self.program.kill_daemon()
        self.pause(0.3)
        self.killed()

    def start(self):
        self.aside.append(self.program.ask_aside("start", "hand", "--wait", "--new"))
        self.pause(0.4)
        self.killed()

    def reload(self):
        self.swing = 7 - self.swing
        jobs.configure(self.folder, self.program.state, self.port, self.swing)
        if self.random.random() < 0.5:
            self.aside.append(self.program.ask_aside("reload"))
        else:
            send(self.program.init(), signal.SIGHUP)
        self.pause(0.2)
        self.killed()

    def upgrade(self):
        before = self.program.daemon()
        answer = self.program.ask("upgrade")
        if answer.returncode:
            raise Wrong(f"upgrade: {answer.stdout}{answer.stderr}")
        until(lambda: self.program.daemon(before) and self.program.are_ready(), "the upgraded daemon")

    def killed_upgrade(self):
        self.aside.append(self.program.ask_aside("upgrade"))
        self.pause(1)
        self.killed(is_counted=False)

    def dry(self):
        self.aside.append(self.program.ask_aside("start", "restore", "--dry-run", "--wait"))
        self.pause(0.3)
        self.killed()

    def service(self):
        """A service is killed, and must be there again; no other one is touched."""
        name = self.random.choice(sorted(self.expected))
        self.cause_death(name)
        until(lambda: self.is_replaced(name), f"{name} with another process")
        self.take_note(name)

    def both(self):
        """A service and the daemon at one instant."""
        name = self.random.choice(sorted(self.expected))
        self.cause_death(name)
        self.killed()
        until(lambda: self.is_replaced(name), f"{name} with another process")
        self.take_note(name)

    def stop(self):
        code = self.program.stop()
        if code != 0:
            raise Wrong(f"a stop ended with {code}")
        self.begin_anew()

    def killed_stop(self):
        """The daemon dies while it stops."""
        send(self.program.init(), signal.SIGTERM)
        self.pause(0.4)
        victim = self.program.daemon()
        if victim:
            send(victim, signal.SIGKILL)
        self.program.outer.wait(PATIENCE)
        self.begin_anew()

    # Their parts

    def pause(self, most):
        time.sleep(self.random.random() * most)

    def killed(self, is_counted=True):
        began = self.program.kill_daemon()
        if not is_counted:
            # It may have been the daemon before the upgrade or the one after it, and that may have been replaced by the one before.
            until(self.adopt_count, "the next daemon's answer")
        else:
            until(self.program.status, "the next daemon's answer")
        self.lengths.append((time.monotonic() - began) * 1000)
        until(self.program.are_ready, "services that are ready")

    def adopt_count(self):
        found = self.program.request("status")
        if found:
            self.program.restarts = found["restarts"]
        return found

    def inner_to_outer(self, process):
        if not self.program.namespace:
            return process
        return next((found for found in descendants(self.program.init()) if inner(found) == process), 0)

    def cause_death(self, name):
        send(self.inner_to_outer(self.expected[name].process), signal.SIGKILL)

    def is_replaced(self, name):
        found = self.program.services().get(name)
        return found and found.state == "ready" and found.process != self.expected[name].process

    def take_note(self, name):
        self.expected[name] = self.program.services()[name]
        if name == "logger":
            self.logs.setdefault(self.expected[name].run, set()).add(self.expected[name].process)

    def begin_anew(self):
        if left := self.program.remains():
            raise Wrong(f"processes are left after a stop: {left}")
        self.check_logs()
        self.begin()

    def begin(self):
        self.program.start()
        until(self.program.are_ready, "services that are ready")
        self.expected = self.program.services()
        for name in self.expected:
            self.take_note(name)
        self.own_descriptors = None

    # What must hold after each of them

    def redis(self):
        """Counts in redis; what it has acknowledged must be there."""
        if "redis" not in self.expected:
            return
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(b"INCR count\r\n")
            answer = connection.recv(100)
        self.counter += 1
        if answer != b":%d\r\n" % self.counter:
            raise Wrong(f"redis counts {answer}, and was asked {self.counter} times")

    def check(self):
        for name, before in self.expected.items():
            found = self.program.services().get(name)
            if found != before:
                raise Wrong(f"{name} was {before}, and is {found}")
        self.redis()
        found, records = accounts.differences(f"{self.folder}/ledger", lambda: accounts.Records(f"{self.program.state}/state.db"), self.highest)
        self.highest = max(records.runs)
        found += accounts.schedules(records, PERIODS)
        accounts.repository(f"{self.folder}/repository")
        self.records = records
        if found:
            raise Wrong("\n".join(found[:10]))
        self.check_processes()
        self.measure()

    def strangers(self):
        """What should not be there: processes of runs that are over, and what has ended and nobody has collected."""
        init = self.program.init()
        own = {self.program.daemon()}
        below = descendants(init)
        found = [f"{process} has ended, and is not collected" for process in below if state_of(process) == "Z"]
        over = {run["id"] for run in accounts.Records(f"{self.program.state}/state.db").runs.values() if run["state"] == "finished"}
        for process in below:
            run = variables(process).get("SHIPKEEPER_RUN")
            if process not in own and run and int(run) in over and state_of(process) not in ("Z", ""):
                found.append(f"{process} is of run {run}, which is over")
        return found

    def check_processes(self):
        end = time.monotonic() + 10
        while found := self.strangers():
            if time.monotonic() > end:
                raise Wrong("; ".join(found))
            time.sleep(0.1)

    def measure(self):
        init = self.program.init()
        self.init_memory.append(memory_of(init))
        self.daemon_descriptors.append(descriptors_of(self.program.daemon()))
        self.init_descriptors.append(descriptors_of(init))
        if self.own_descriptors is None:
            self.own_descriptors = self.kept(init)
        # A replaced service's are closed once its last output is in the log.
        end = time.monotonic() + 10
        while len(found := self.kept(init)) > len(self.own_descriptors):
            if time.monotonic() > end:
                raise Wrong(f"Init has the descriptors {found}, and had {self.own_descriptors} with the same services")
            time.sleep(0.1)

    def kept(self, init):
        """Init's descriptors, without those of the program that runs and the one before it."""
        return [found for found in open_files(init) if self.program.binary not in found]

    def check_logs(self):
        for run, processes in self.logs.items():
            for process in processes:
                problems, _ = accounts.numbers(self.program.state, run, process)
                if problems:
                    raise Wrong("\n".join(problems))
        self.logs = {}

    def play(self, rounds):
        self.begin()
        names, weights = list(ROUNDS), list(ROUNDS.values())
        self.drawn = dict.fromkeys(names, 0)
        for number in range(1, rounds + 1):
            name = self.random.choices(names, weights)[0]
            if name in ("service", "both") and not self.expected:
                name = "kill"
            self.drawn[name] += 1
            with open(f"{self.folder}/data/changing", "w", encoding="utf-8") as file:
                file.write(str(number) * 1000)
            try:
                if self.lengths and self.lengths[-1] > LONG_WAIT:
                    time.sleep(RESPITE)
                getattr(self, name)()
                self.check()
            except (Wrong, subprocess.TimeoutExpired) as problem:
                raise Wrong(f"round {number} ({name}): {problem}\n{self.circumstances()}") from None
            self.aside = [child for child in self.aside if child.poll() is None]
            if number % 100 == 0:
                print(f"round {number}", file=sys.stderr, flush=True)
        self.end()

    def circumstances(self):
        """What is known when something was wrong, without the lines of the logger."""
        found = self.program.request("status") or {}
        lines = [line for line in text(self.program.log).splitlines() if " logger | " not in line]
        said = f"the daemon says that it was started again {found.get('restarts')} times, and it was killed {self.program.restarts} times"
        return "\n".join([said, *lines[-40:]])

    def end(self):
        if self.program.stop() != 0:
            raise Wrong("the last stop was not clean")
        if left := self.program.remains():
            raise Wrong(f"processes are left after the last stop: {left}")
        self.check_logs()
        found, self.records = accounts.differences(f"{self.folder}/ledger", lambda: accounts.Records(f"{self.program.state}/state.db"), self.highest)
        found += [*accounts.schedules(self.records, PERIODS), *accounts.followers(self.records)]
        found += [f"{run['job']}: run {run['id']} is {run['state']} after the stop" for run in self.records.unfinished()]
        if found:
            raise Wrong("after the last stop: " + "\n".join(found[:10]))

    def report(self, seconds):
        def spread(values):
            return f"{min(values)} to {max(values)}"

        outcomes = {}
        for run in self.records.runs.values():
            outcomes[run["outcome"]] = outcomes.get(run["outcome"], 0) + 1
        rows = [
            ("rounds", sum(self.drawn.values())),
            ("of these", ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.drawn.items() if count)),
            ("time", f"{seconds:.0f} s"),
            ("runs", f"{len(self.records.runs):,}: " + ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items(), key=str))),
            ("daemon back after kill -9", f"{statistics.median(self.lengths):.0f} ms (worst {max(self.lengths):.0f} ms)"),
            ("descriptors of Init", spread(self.init_descriptors)),
            ("descriptors of the daemon", spread(self.daemon_descriptors)),
            ("private memory of Init", spread(self.init_memory) + " KB"),
        ]
        print("| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {value} |" for name, value in rows))


def main(options, root):
    folder = folder_at(f"{root}/torture", False)
    plain = options.plain
    program = Program(options.program, folder, not plain, plain and jobs.os.geteuid() == 0)
    if program.plain:
        program.own(folder)
    torture = Torture(program, folder, options.seed)
    began = time.monotonic()
    try:
        torture.play(options.rounds)
        torture.report(time.monotonic() - began)
    finally:
        program.kill_all()
    if not shutil.which("redis-server"):
        print("redis-server is not installed: played without it", file=sys.stderr)
    return 0
