"""Requests a second through the front, without it, and through an nginx with nothing but `proxy_pass`, in turn."""

import os
import shutil
import statistics
import subprocess
import sys
import time

from load import HERE, free_port
from program import Program, Wrong, descendants, folder_at, text, until

ROUNDS, SECONDS = 5, 2

NODE = "require('http').createServer((_, answer) => answer.end('ok\\n')).listen(+process.argv[2], '127.0.0.1')\n"
NGINX = """daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr warn;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {rest} }}
"""
ANSWER = "server {{ listen 127.0.0.1:{port}; location / {{ return 200 ok; }} }}"
PASS = (
    "upstream app {{ server 127.0.0.1:{app}; keepalive 128; }} proxy_http_version 1.1; proxy_set_header Connection '';"
    " server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app; }} }}"
)


def write(path, words):
    with open(path, "w", encoding="utf-8") as file:
        file.write(words)


def nginx(folder, name, rest):
    write(f"{folder}/{name}.conf", NGINX.format(folder=folder, name=name, rest=rest))
    return ["nginx", "-e", "stderr", "-c", f"{folder}/{name}.conf"]


def apps(folder, port):
    """Name → command of a server at the port."""
    shutil.copy(f"{HERE}/app.py", f"{folder}/app.py")
    write(f"{folder}/app.js", NODE)
    if shutil.which("node"):
        yield "Node", ["node", f"{folder}/app.js", str(port)]
    yield "Python, asyncio", ["python3", f"{folder}/app.py", str(port)]
    yield "nginx, a fixed answer", nginx(folder, "app", ANSWER.format(port=port))


def rate(port, clients):
    """Requests a second, and their number."""
    report = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in report:
        raise Wrong(report)
    return float(report.split("Requests/sec:")[1].split()[0]), int(report.split(" requests in ")[0].split()[-1])


def spent(workers):
    """Nanoseconds of CPU."""
    return sum(int(text(f"/proc/{worker}/schedstat").split()[0]) for worker in workers)


def measure(options, root, name, clients, words, app, folder):
    program = Program(options.program, folder, False, False)
    port, bare = free_port(), free_port()
    command = ", ".join(f"'{word}'" for word in words)
    write(
        program.configuration,
        f"version: 1\nstate: {program.state}\nfront: {{ listen: '127.0.0.1:{port}', upstream: app }}\njobs:\n  app:\n    type: service\n"
        f"    with:\n      command: [{command}]\n      ready: {{ tcp: '127.0.0.1:{app}', every: 100ms }}\n",
    )
    program.log = "/dev/null"
    beside = None
    try:
        program.start()
        until(program.are_ready, "services that are ready")
        beside = subprocess.Popen(nginx(folder, "bare", PASS.format(app=app, port=bare)), stderr=subprocess.DEVNULL)
        time.sleep(1)
        master = next(process for process in descendants(program.init()) if f"-c {folder}" not in text(f"/proc/{process}/cmdline") and "shipkeeper-front" in text(f"/proc/{process}/cmdline").replace("\0", " "))
        workers = descendants(master)
        found, cost = {"direct": [], "front": [], "bare": []}, []
        for _ in range(ROUNDS):
            found["direct"].append(rate(app, clients)[0])
            before = spent(workers)
            through, count = rate(port, clients)
            found["front"].append(through)
            cost.append((spent(workers) - before) / count / 1000)
            found["bare"].append(rate(bare, clients)[0])
        direct, front, plain = (statistics.median(found[kind]) for kind in ("direct", "front", "bare"))
        # Of each round by itself, for the machine may be faster in one than in another.
        ratio, least = (statistics.median(after / before for before, after in zip(found["direct"], found[kind])) for kind in ("front", "bare"))
        print(f"| {name} | {clients} | {direct:,.0f} | {front:,.0f} | {ratio:.2f} | {plain:,.0f} | {least:.2f} | {statistics.median(cost):.0f} |", flush=True)
    finally:
        if beside:
            beside.terminate()
            beside.wait()
        program.kill_all()


def main(options, root):
    for needed in ("nginx", "wrk"):
        if not shutil.which(needed):
            sys.exit(f"{needed} is not installed: apt-get install {needed}")
    print("| server | clients | direct | through the front | ratio | through a bare nginx | ratio | µs of CPU of nginx for a request |\n" + "|---" * 8 + "|", flush=True)
    for clients in (8, 64):
        folder, app = folder_at(f"{root}/ratio", False), free_port()
        for name, words in apps(folder, app):
            if not options.only or options.only in name:
                measure(options, root, name, clients, words, app, folder_at(f"{root}/ratio/run", False))
    return 0
