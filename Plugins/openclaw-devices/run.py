"""Approves the newest device that waits. Each new try of a browser takes the place of its last one, so only the newest counts.

Whoever has the gateway's token and its address gets in while this runs: switch it on, connect, switch it off.
"""

import json, os, subprocess, sys

messages = os.fdopen(3, "w", buffering=1)


def say(**message):
    print(json.dumps(message), file=messages)


def fail(summary, hint="", retry=False):
    say(error={"summary": summary, "hint": hint, "retry": retry})
    sys.exit(1)


try:
    request = json.loads(sys.stdin.readline())
    assert request["protocol"] == 1, "unknown protocol"
    settings = request["settings"]
    program, limit = settings.get("program", "openclaw"), settings.get("limit", 60)
    assert isinstance(program, str) and isinstance(limit, int), "settings of another kind"
except Exception as error:
    fail(f"invalid request: {error!r}")


def ask(*words):
    # Whatever it leaves behind would hold our pipes open: the end of the command counts, not that of its output.
    try:
        done = subprocess.run([program, "devices", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=limit)
    except FileNotFoundError:
        fail(f"command not found: {program}", 'write its whole path under "program"')
    except subprocess.TimeoutExpired:
        fail(f"{program} devices {words[0]} did not end within {limit} s", "is the gateway up?", retry=True)
    except OSError as error:
        fail(f"{program} can't be started: {error.strerror}")
    return done


def refuse(done, what):
    print(done.stderr[-2000:], file=sys.stderr)
    fail(f"{program} devices {what} ended with {done.returncode}", "what it said is in the log; does the job have the gateway's token?", retry=True)


def newest_of(done):
    if done.returncode:
        refuse(done, "list")
    try:
        pending = json.loads(done.stdout)["pending"]
        newest = max(pending, key=lambda device: device.get("requestedAt") or 0) if pending else None
        return newest, newest and str(newest["requestId"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fail(f"{program} devices list answers in a form that is not known: {error!r}", "has its version changed?")


# A browser that tries again while it is approved makes its request a thing of the past.
for _ in range(5):
    newest, identity = newest_of(ask("list", "--json"))
    if newest is None:
        say(result={"summary": "nobody waits"})
        sys.exit(0)
    done = ask("approve", identity)
    if done.returncode == 0:
        break
else:
    refuse(done, "approve")
who = ", ".join(str(newest[key]) for key in ("remoteAddress", "userAgent") if newest.get(key))
say(output={"device": str(newest.get("deviceId", ""))})
say(result={"summary": f"let in: {who or identity}"})
