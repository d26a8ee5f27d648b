"""Drives the API of a running program by its own description, with schemathesis: what it says of itself must be so for good and bad requests.

    python check_openapi.py SOCKET EXAMPLES [SEED [ROOT TOKEN]]

The root is /-/ unless named; with a token, requests carry it. Exits with 0 where nothing failed. Between the socket and schemathesis, which speaks TCP, is a relay on 127.0.0.1.
"""

import json, os, socket, subprocess, sys, tempfile, threading, urllib.request

unix, examples, seed, root, token = (sys.argv[1:] + ["1", "/-/", ""][len(sys.argv) - 3 :])[:5]
headers = {"Authorization": f"Bearer {token}"} if token else {}
HOOKS = '''
import schemathesis

# A request that waits is as good as one that does not, and a stream must end.
LONGEST = {"wait": 0, "seconds": 0}
# A log has one beginning: OpenAPI can't say that one parameter excludes another.
BEGINNINGS = ["from", "lines", "since"]

@schemathesis.hook
def before_call(context, case, kwargs):
    query = case.query
    if not query:
        return
    for name, most in LONGEST.items():
        try:
            if int(query.get(name, 0)) > most and int(query[name]) <= 86_400:
                query[name] = most
        except (TypeError, ValueError):
            pass
    if query.get("follow") in (True, "true"):
        query["follow"] = "false"
    if "/log" in case.path and case.meta and case.meta.generation.mode.is_positive:
        for name in [name for name in BEGINNINGS if name in query][1:]:
            del query[name]
'''


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay(client):
    server = socket.socket(socket.AF_UNIX)
    server.connect(unix)
    back = threading.Thread(target=pump, args=(server, client), daemon=True)
    back.start()
    pump(client, server)
    back.join()
    client.close()
    server.close()


def listen(listener):
    while True:
        threading.Thread(target=relay, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=listen, args=(listener,), daemon=True).start()
base = f"http://127.0.0.1:{listener.getsockname()[1]}"

document = json.load(urllib.request.urlopen(urllib.request.Request(f"{base}{root}openapi.json", headers=headers)))
assert document["openapi"].startswith("3.1"), document["openapi"]
# A member that the description does not know must not pass here, though clients are to bear it.
for schema in document["components"]["schemas"].values():
    schema["additionalProperties"] = False
left_out = [operation["operationId"] for path in document["paths"].values() for operation in path.values() if operation["x-effect"] == "replaces"]
assert left_out == ([] if token else ["upgrade"]), left_out

with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/openapi.json", "w") as file:
        json.dump(document, file)
    with open(f"{folder}/hooks.py", "w") as file:
        file.write(HOOKS)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{folder}/openapi.json", "--url", base, "--checks", "all", "--mode", "all"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", examples, "--seed", seed, "--request-timeout", "20", "--no-color"]
    command += ["--suppress-health-check", "all", "--continue-on-failure"]
    for name in left_out:
        command += ["--exclude-operation-id", name]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": folder, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    sys.exit(subprocess.run(command, cwd=folder, env=environment).returncode)
