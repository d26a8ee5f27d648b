"""The command line: which of the parts is played, how long, and with which seed."""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile

import chaos
import history
import load
import port
import ratio
import torture
from program import Wrong

PARTS = {"load": load.main, "torture": torture.main, "chaos": chaos.main, "port": port.main, "ratio": ratio.main, "history": history.main, "websockets": port.echo}


def options():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/outlive/run",
        description="Kills shipkeeper's daemon again and again, and compares what it says with what has happened. Exits with 1 where a promise was not kept.",
    )
    parser.add_argument("part", choices=PARTS, help="load: a web server under wrk; torture: all kinds of jobs; chaos: redis and nginx as things go wrong; port: what visitors get meanwhile; websockets: of these only what becomes of connections; ratio: requests a second through the front and without it; history: the page with 100,000 runs on record")
    parser.add_argument("--program", default=".build/shipkeeper", help="the shipkeeper to try (default: .build/shipkeeper)")
    parser.add_argument("--seed", type=int, help="of the random numbers (default: another one each time)")
    parser.add_argument("--seconds", type=int, default=27, help="load: how long (default: 27)")
    parser.add_argument("--kills", type=int, default=20, help="load: how often the daemon is killed (default: 20)")
    parser.add_argument("--rounds", type=int, default=1000, help="torture: rounds (default: 1000)")
    parser.add_argument("--plain", action="store_true", help="torture, port: as a plain user, as a child subreaper (default: as process 1 of a PID namespace)")
    parser.add_argument("--idle", type=int, default=600, help="port, websockets: how long WebSockets are silent, in seconds (default: 600)")
    parser.add_argument("--only", help="load, chaos, ratio: only servers or cases with this word in their name")
    parser.add_argument("--keep", action="store_true", help="keep the folder of what went wrong")
    chosen = parser.parse_args()
    chosen.seed = random.randrange(1 << 32) if chosen.seed is None else chosen.seed
    if not os.access(chosen.program, os.X_OK):
        parser.error(f"{chosen.program} is not there: run ./run build first, or name another one with --program")
    return chosen


def main():
    chosen = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root = tempfile.mkdtemp(prefix="outlive-")
    os.chmod(root, 0o755)
    code = 1
    try:
        code = PARTS[chosen.part](chosen, root)
    except Wrong as problem:
        print(f"seed {chosen.seed}: {problem}", file=sys.stderr)
    finally:
        if chosen.keep and code:
            print(f"kept: {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)
    sys.exit(code)


main()
