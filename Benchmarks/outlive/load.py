"""A web server under load while the daemon is killed and replaced: requests, lines of its log, its process, and how long the daemon is away."""

import collections
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from program import Program, Wrong, folder_at, tail, until

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NumberedApp:
    """The server beside this file, whose every request has the next number."""

    name = "python, asyncio"

    def __init__(self, folder, port):
        self.port, self.command = port, ["python3", f"{HERE}/app.py", str(port)]
        shutil.copy(f"{HERE}/app.py", f"{folder}/app.py")
        self.command[1] = f"{folder}/app.py"

    def requests(self):
        return int(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count", timeout=30).read())

    def lines(self, text, served):
        """(lost, doubled) of its log."""
        numbers = collections.Counter(int(number) for number in re.findall(r"^line (\d+)$", text, re.M))
        return sum(1 for number in range(1, served + 1) if not numbers[number]), sum(times - 1 for times in numbers.values())


class Nginx:
    """Each request has a number within its connection; nginx counts all of them."""

    name = "nginx"

    def __init__(self, folder, port):
        self.port = port
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(
                f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr warn;\n"
                "events { worker_connections 64; }\n"
                "http { log_format numbered 'line $connection $connection_requests'; access_log /dev/stdout numbered;\n"
                "  client_body_temp_path tmp1; proxy_temp_path tmp2; fastcgi_temp_path tmp3; uwsgi_temp_path tmp4; scgi_temp_path tmp5;\n"
                "  keepalive_requests 1000000000;\n"
                f"  server {{ listen 127.0.0.1:{port}; location / {{ return 200 ok; }} location /count {{ access_log off; stub_status; }} }} }}\n"
            )
        self.command = ["nginx", "-p", folder, "-c", f"{folder}/nginx.conf"]
        self.asked = 0

    def requests(self):
        self.asked += 1
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count", timeout=30).read().decode()
        return int(page.splitlines()[2].split()[2]) - self.asked - 1

    def lines(self, text, _):
        found = collections.Counter(re.findall(r"^line (\d+) (\d+)$", text, re.M))
        most = {}
        for connection, number in found:
            most[connection] = max(most.get(connection, 0), int(number))
        within = sum(1 for connection, last in most.items() for number in range(1, last + 1) if not found[(connection, str(number))])
        # The readiness checks of each next daemon are counted by nginx, and not logged: what is missing at the end of a connection can't be told from them.
        return within, sum(times - 1 for times in found.values())


def away(program):
    """Kills the daemon; gives the ms until the next one answers."""
    began = program.kill_daemon()
    until(program.status, "the next daemon's answer", pause=0.002)
    answered = time.monotonic()
    until(program.are_ready, "services that are ready")
    return (answered - began) * 1000


def upgrade(program, folder, number):
    """Lets a copy of the program take over; gives the ms from the command to the answer of the other program."""
    copy = f"{folder}/shipkeeper-{number}"
    shutil.copy(program.binary, copy)
    before, began = program.daemon(), time.monotonic()
    answer = program.ask("upgrade", copy)
    if answer.returncode:
        raise Wrong(f"upgrade: {answer.stdout}{answer.stderr}")
    until(lambda: program.daemon(before) and program.are_ready(), "the upgraded daemon")
    return (time.monotonic() - began) * 1000


def drive(program, seconds, kills, random_numbers, folder):
    """Kills and upgrades within the time, evenly; gives their lengths in ms."""
    upgrades = {kills // 3: 1, 2 * kills // 3: 2}
    pace, lengths, upgraded = seconds / (kills + len(upgrades)), [], []
    for number in range(kills):
        if number in upgrades:
            upgraded.append(upgrade(program, folder, upgrades[number]))
        # From the last answer on, so that the time between two deaths does not shrink when something takes longer.
        time.sleep(random_numbers.uniform(0.9, 1.1) * pace)
        lengths.append(away(program))
    return lengths, upgraded


def wrk(port, seconds):
    words = ["wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", "--timeout", "10s", f"http://127.0.0.1:{port}/"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def failures(report):
    """What wrk counts as failed: socket errors, and answers that are no success."""
    counts = re.findall(r"(?:connect|read|write|timeout|Non-2xx or 3xx responses:) (\d+)", report)
    return sum(map(int, counts))


def measure(binary, kind, namespace, plain, seconds, kills, seed, root):
    folder = folder_at(f"{root}/load", plain)
    app = kind(folder, free_port())
    program = Program(binary, folder, namespace, plain)
    command = ", ".join(f'"{word}"' for word in app.command)
    with open(program.configuration, "w", encoding="utf-8") as file:
        file.write(
            f"version: 1\nstate: {program.state}\nlogs: {{ max_per_run: 4GiB }}\njobs:\n  app:\n    type: service\n    with:\n"
            f'      command: [{command}]\n      ready: {{ http: "http://127.0.0.1:{app.port}/count", every: 100ms }}\n'
        )
    # The container log goes to a reader that keeps up.
    program.log = "/dev/null"
    loader = None
    try:
        program.start()
        until(program.are_ready, "a service that is ready")
        before = program.services()["app"]
        asked_before = app.requests()
        loader = wrk(app.port, seconds + 12)
        lengths, upgraded = drive(program, seconds, kills, random.Random(seed), folder)
        report, loader = loader.communicate()[0], None
        after = program.services()["app"]
        served = app.requests() - asked_before
        with open(f"{folder}/lines", "w", encoding="utf-8") as file:
            subprocess.run(program.command("logs", "app", "--run", str(before.run), "--no-prefix"), stdout=file, check=True)
        with open(f"{folder}/lines", encoding="utf-8", errors="replace") as file:
            shown = file.read()
        lost, doubled = app.lines(shown, served)
        dropped = re.findall(r"^# (.*(?:dropped|left out|lost).*)$", shown, re.M)
        requests = int(re.search(r"(\d+) requests in", report)[1])
        facts = {
            "process unchanged": before.process == after.process and before.launches == after.launches,
            "requests": requests,
            "failed": failures(report),
            "p99": re.search(r"99%\s+(\S+)", report)[1],
            "longest": re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", report)[1],
            "lines": served,
            "lost": lost,
            "doubled": doubled,
            "median": statistics.median(lengths),
            "worst": max(lengths),
            "upgrades": upgraded,
            "said": dropped[:3],
        }
        if program.stop() != 0:
            raise Wrong("the stop was not clean")
        return facts
    except (Wrong, subprocess.SubprocessError) as problem:
        raise Wrong(f"{problem}\n{tail(program.log)}") from None
    finally:
        if loader:
            loader.kill()
        program.kill_all()


def main(options, root):
    for needed in ("wrk", "nginx"):
        if not shutil.which(needed):
            sys.exit(f"{needed} is not installed: apt-get install {needed}")
    print("| app | as | requests | failed | p99, longest | log lines | lost | doubled | process | daemon back: median (worst) | upgrade |")
    print("| --- " * 11 + "|", flush=True)
    wrong = False
    for kind in (NumberedApp, Nginx):
        if options.only and options.only not in kind.name:
            continue
        for title, namespace, plain in (("process 1", True, False), ("plain user", False, True)):
            found = measure(options.program, kind, namespace, plain and os.geteuid() == 0, options.seconds, options.kills, options.seed, root)
            wrong |= bool(found["failed"] or found["lost"] or found["doubled"] or not found["process unchanged"])
            print(
                f"| {kind.name} | {title} | {found['requests']:,} | {found['failed']} | {found['p99']}, {found['longest']} | {found['lines']:,} "
                f"| {found['lost']} | {found['doubled']} | {'unchanged' if found['process unchanged'] else 'CHANGED'} "
                f"| {found['median']:.0f} ms ({found['worst']:.0f} ms) | {', '.join(f'{length:.0f} ms' for length in found['upgrades'])} |",
                flush=True,
            )
            if found["said"]:
                print(f"The log says: {'; '.join(found['said'])}", file=sys.stderr, flush=True)
    return 1 if wrong else 0
