"""Sends one card. The robot answers 200 also when it refuses: what counts is the code in its answer."""

import base64, hashlib, hmac, json, os, sys, time, urllib.error, urllib.request

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
    address, title = settings["webhook"], settings["title"]
except Exception as error:
    fail(f"invalid request: {error!r}")

# What it follows, for what comes after "on: { after: … }".
followed = {name: os.environ.get(f"SHIPKEEPER_AFTER{end}", "") for name, end in (("job", ""), ("outcome", "_OUTCOME"), ("words", "_WORDS"))}


def filled(text):
    for name, value in followed.items():
        text = text.replace("{%s}" % name, value)
    return text


title = filled(title)
card = {"header": {"title": {"tag": "plain_text", "content": title}, "template": settings.get("color", "blue")}, "elements": []}
if settings.get("text"):
    card["elements"].append({"tag": "markdown", "content": filled(settings["text"])})
body = {"msg_type": "interactive", "card": card}
if settings.get("secret"):
    stamp = str(int(time.time()))
    key = f"{stamp}\n{settings['secret']}".encode()
    body |= {"timestamp": stamp, "sign": base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()}
try:
    sent = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(sent, timeout=30))
except urllib.error.HTTPError as error:
    fail(f"the robot answers {error.code}", "is the address right?", retry=error.code >= 500 or error.code == 429)
except (OSError, ValueError) as error:
    fail(f"the robot can't be reached: {type(error).__name__}", "is the address right, and the network there?", retry=True)
code = answer.get("code", answer.get("StatusCode", 0))
if code:
    hints = {19021: "the signature is wrong: check \"secret\" and the clock", 19024: "the robot wants one of its keywords in the text", 19022: "this container's address is not on the robot's list"}
    fail(f"the robot refuses the card: {code} {answer.get('msg', '')}", hints.get(code, ""), retry=code == 11232)
say(result={"summary": f"sent: {title}"})
