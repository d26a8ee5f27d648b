"""What is compared: how each is configured for one service, for one job a second, and for many jobs at one instant. A method that is missing is a dash."""

import datetime
import glob
import os
import shutil
import signal
import sqlite3
import subprocess
import time


class Peer:
    """One program with the settings of this benchmark. Methods write files into a folder and return the command."""

    program = ""
    package = ""
    stop_signal = signal.SIGTERM
    # Only at whole minutes do its jobs start.
    by_minute = False
    # Rows that it has no ability for, although it runs a service.
    without = ()

    def __init__(self, tools):
        self.tools = tools

    @property
    def name(self):
        return type(self).__name__.lower()

    def path(self, program=None):
        return shutil.which(program or self.program, path=self.tools.path)

    def instants(self, folder):
        """When its runs so far were due, in ns since 1970 and in order, where that is on record."""
        return []

    def version(self):
        """Of the package, as far as it is known."""
        for path in glob.glob(f"{self.tools.store}/archives/{self.package}_*.deb"):
            return os.path.basename(path).split("_")[1].replace("%3a", ":")
        for path in glob.glob(f"{self.tools.venv}/lib/*/site-packages/*.dist-info"):
            name, version = os.path.basename(path).removesuffix(".dist-info").split("-")
            if name.lower() == self.package:
                return version
        return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package], capture_output=True, text=True, check=False).stdout


class Shipkeeper(Peer):
    def path(self, program=None):
        return self.tools.shipkeeper

    def version(self):
        return subprocess.run([self.path(), "version"], capture_output=True, text=True, check=False).stdout.split()[-1]

    def configure(self, folder, jobs, top=""):
        write(f"{folder}/shipkeeper.yaml", f"version: 1\nstate: {folder}/state\ntimezone: UTC\n{top}jobs:\n{jobs}")
        return [self.path(), "run", "--config", f"{folder}/shipkeeper.yaml"]

    def service(self, folder, command):
        return self.configure(folder, f"  app: {{ type: service, with: {{ command: {listed(command)}, restart: {{ stable_after: 1s }} }} }}\n")

    def logged(self, folder, command):
        return self.configure(folder, f"  app: {{ type: service, with: {{ command: {listed(command)} }} }}\n", "logs: { max_per_run: 400MB }\n"), f"{folder}/state/logs"

    def each_second(self, folder, command):
        return self.configure(folder, f"  tick: {{ type: command, on: {{ every: 1s }}, with: {{ command: {listed(command)} }} }}\n")

    def at_once(self, folder, command, count, instant):
        # Intervals begin together, at the start, and the instant is on record. The burst is over long before the next one.
        job = f"{{ type: command, on: {{ every: 10s }}, with: {{ command: {listed(command)} }} }}"
        return self.configure(folder, "".join(f"  job{index}: {job}\n" for index in range(count)), f"max_parallel: {count}\n")


    def instants(self, folder):
        base = sqlite3.connect(f"file:{folder}/state/state.db?mode=ro", uri=True)
        times = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) for text, in base.execute("SELECT scheduled_at FROM runs ORDER BY id")]
        base.close()
        return [int(time.timestamp()) * 1_000_000_000 + time.microsecond * 1000 for time in times]


class Supervisor(Peer):
    program = "supervisord"
    package = "supervisor"

    def service(self, folder, command, output=""):
        write(
            f"{folder}/supervisord.conf",
            f"[supervisord]\nnodaemon=true\nlogfile={folder}/supervisord.log\npidfile={folder}/supervisord.pid\nchildlogdir={folder}\n"
            f"[program:app]\ncommand={' '.join(command)}\nautorestart=true\nstopasgroup=true\nkillasgroup=true\nredirect_stderr=true\n{output}",
        )
        return [self.path(), "-c", f"{folder}/supervisord.conf"]

    def logged(self, folder, command):
        os.mkdir(f"{folder}/log")
        return self.service(folder, command, f"stdout_logfile={folder}/log/app\nstdout_logfile_maxbytes=50MB\nstdout_logfile_backups=10\n"), f"{folder}/log"


class Runit(Peer):
    program = "runsvdir"
    package = "runit"
    # At SIGTERM it leaves its services running; SIGHUP is how it ends them.
    stop_signal = signal.SIGHUP

    def service(self, folder, command):
        script(f"{folder}/service/app/run", f"exec {' '.join(command)}")
        # A folder that has changed within the last second makes it wait for another.
        os.utime(f"{folder}/service", (0, 0))
        return [self.path(), "-P", f"{folder}/service"]

    def logged(self, folder, command):
        script(f"{folder}/service/app/log/run", f"exec svlogd {folder}/log")
        write(f"{folder}/log/config", "s50000000\nn20\n")
        return self.service(folder, command), f"{folder}/log"


class S6(Peer):
    program = "s6-svscan"
    package = "s6"

    def service(self, folder, command):
        script(f"{folder}/service/app/run", f"exec {' '.join(command)}")
        return [self.path(), f"{folder}/service"]

    def logged(self, folder, command):
        script(f"{folder}/service/app/log/run", f"exec s6-log n20 s50000000 {folder}/log")
        return self.service(folder, command), f"{folder}/log"


class Circus(Peer):
    program = "circusd"
    package = "circus"

    def service(self, folder, command, output=""):
        write(
            f"{folder}/circus.ini",
            f"[circus]\nstatsd = False\nendpoint = ipc://{folder}/endpoint\npubsub_endpoint = ipc://{folder}/pubsub\n"
            f"[watcher:app]\ncmd = {' '.join(command)}\nstop_children = True\n{output}",
        )
        return [self.path(), f"{folder}/circus.ini"]

    def logged(self, folder, command):
        os.mkdir(f"{folder}/log")
        stream = f"stdout_stream.class = FileStream\nstdout_stream.filename = {folder}/log/app\n"
        return self.service(folder, command, stream + "stdout_stream.max_bytes = 50000000\nstdout_stream.backup_count = 10\n"), f"{folder}/log"


class Monit(Peer):
    program = package = "monit"
    # It leaves its services running when it is stopped.
    without = ("stop",)

    def service(self, folder, command):
        script(f"{folder}/start", f"{' '.join(command)} </dev/null >/dev/null 2>&1 &\necho $! > {folder}/app.pid")
        write(
            f"{folder}/monitrc",
            f"set daemon 1\nset log {folder}/monit.log\nset idfile {folder}/id\nset statefile {folder}/state\nset pidfile {folder}/pid\n"
            f'check process app with pidfile {folder}/app.pid\n  start program = "{folder}/start"\n  stop program = "/bin/sh -c \'kill $(cat {folder}/app.pid)\'"\n',
        )
        os.chmod(f"{folder}/monitrc", 0o600)
        return [self.path(), "-I", "-c", f"{folder}/monitrc"]


class Tini(Peer):
    program = package = "tini"
    without = ("restart",)

    def service(self, folder, command):
        return [self.path(), "-s", "-g", "--", *command]


class Cron(Peer):
    program = package = "cron"
    by_minute = True

    def path(self, program=None):
        # Its table has a fixed place.
        return super().path(program) if os.access("/etc", os.W_OK) else None

    def scheduler(self, folder, command, count=1, when="0 0 1 1 *"):
        # /etc and /var/spool are copies in the memory of this namespace: the system's own tables are neither read nor touched.
        for path in glob.glob("/etc/cron.d/*"):
            os.unlink(path)
        write("/etc/crontab", "SHELL=/bin/sh\nMAILTO=''\n" + f"{when} root {' '.join(command)}\n" * count)
        return [self.path(), "-f"]

    def at_once(self, folder, command, count, instant):
        return self.scheduler(folder, command, count, "* * * * *")


class Yacron(Peer):
    program = package = "yacron"
    by_minute = True

    def scheduler(self, folder, command, count=1, when="0 0 1 1 *"):
        words = "".join(f"      - {word}\n" for word in command)
        job = f"    command:\n{words}    schedule: '{when}'\n    captureStderr: false\n"
        write(f"{folder}/yacron.yaml", "jobs:\n" + "".join(f"  - name: job{index}\n{job}" for index in range(count)))
        return [self.path(), "-c", f"{folder}/yacron.yaml"]

    def at_once(self, folder, command, count, instant):
        return self.scheduler(folder, command, count, "* * * * *")


class APScheduler(Peer):
    """A library: a script of a few lines makes a program of it."""

    program = "python"
    package = "apscheduler"

    def path(self, program=None):
        return f"{self.tools.venv}/bin/python" if glob.glob(f"{self.tools.venv}/lib/*/site-packages/apscheduler") else None

    def run(self, *arguments):
        return [self.path(), f"{os.path.dirname(os.path.abspath(__file__))}/apscheduler_program.py", *map(str, arguments)]

    def scheduler(self, folder, command):
        return self.run("far", 0, 1, *command)

    def each_second(self, folder, command):
        return self.run("second", 0, 1, *command)

    def at_once(self, folder, command, count, instant):
        return self.run("instant", instant, count, *command)


ALL = [Shipkeeper, Supervisor, Runit, S6, Circus, Monit, Tini, Cron, Yacron, APScheduler]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def script(path, text):
    write(path, f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o755)


def listed(command):
    return "[" + ", ".join(f'"{word}"' for word in command) + "]"
