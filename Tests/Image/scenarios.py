"""What Tests/Image/scenarios runs, as root in a network namespace of its own: stand-ins beside, containers below.

    scenarios.py REPOSITORY WORK ROOT overlay|copy [WORD …]     WORK/config.json is the image's description, ROOT its root file system
"""

import base64, contextlib, json, os, re, shlex, shutil, signal, socket, subprocess, sys, threading, time, urllib.error, urllib.parse, urllib.request

import alibabacloud_oss_v2 as sdk

REPOSITORY, WORK, ROOT, COPIES, *WORDS = sys.argv[1:]
with open(f"{WORK}/config.json") as file:
    IMAGE = json.load(file)
PORT = 7860
SECRETS = {
    "HF_TOKEN": "hf_S3cret+for/the=scan&only", "OPENCLAW_GATEWAY_TOKEN": "gateway-token+for/tests", "MINIMAX_API_KEY": "minimax-key-for-tests",
    "OSS_ACCESS_KEY_SECRET": "test/Secret+0123456789", "RESTIC_PASSWORD": "password+of/the=backups"}
# What a container gets of Docker where nothing else is said.
USUAL = "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap"
# Runs as process 1 of the new namespaces until it becomes shipkeeper. The mounts end with the mount namespace.
SETUP = r"""
set -eu
disk=$1 base=$2 copies=$3 places=$4 without=$5 read_only=$6 directory=$7
shift 7
cd "$disk"
if [ "$copies" = overlay ]; then
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$disk/upper,workdir=$disk/work" root
else
  mount --bind root root
fi
cd root
for missing in $without; do rm -rf ".$missing"; done
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o nosuid,mode=755,size=64k tmpfs dev
for device in null zero full random urandom tty; do : >dev/$device; mount --bind /dev/$device dev/$device; done
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mkdir dev/shm dev/pts
mount -t tmpfs -o nosuid,nodev,noexec,mode=1777 shm dev/shm
for place in $places; do mount -t tmpfs -o "${place#*:},mode=1777" tmpfs ".${place%%:*}"; done
[ -z "$read_only" ] || mount -o remount,bind,ro .
pivot_root . mnt
umount -l /mnt
cd "$directory"
echo "the container starts"
exec env -u OLDPWD -u SHLVL "$@"
"""

failures, stage = 0, ""


def report(good, what, answer=""):
    global failures
    good = bool(good)
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'}  {stage:<10} {what}{': ' if str(answer) else ''}{answer}", flush=True)
    return good


def until(question, seconds=40, pause=0.05):
    """The first answer that is true, or the last."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(pause)


def get(address, data=None, headers={}, method=None):
    """Status and body; 0 where nothing answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def bare(line):
    """A line of the log without its time."""
    return re.sub(r"^[0-9T:.Z-]+ (shipkeeper: )?", "", line.strip())


def milliseconds(start, end):
    return "never" if end is None else f"{(end - start) * 1000:.0f} ms"


def forms(secret):
    """A secret as it may stand in a log: as it is, base64, URL-encoded in both ways."""
    quoted = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), urllib.parse.quote(secret)}
    return [form.encode() for form in quoted] + [base64.b64encode(secret.encode()).rstrip(b"=")[:-1]]


class StandIn:
    """A service of the tests. It ends with this process, or before."""

    def __init__(self, script):
        folder = f"{WORK}/{script.split('/')[0]}"
        os.makedirs(folder)
        self.process = subprocess.Popen([sys.executable, "-B", f"{REPOSITORY}/Tests/TestSupport/{script}", folder], stdin=subprocess.DEVNULL)
        if not until(lambda: os.path.exists(f"{folder}/port")):
            sys.exit(f"{script} does not start")
        with open(f"{folder}/port") as file:
            self.endpoint = f"http://127.0.0.1:{file.read()}"

    def tell(self, what, value=None):
        status, text = get(f"{self.endpoint}/_stub/{what}", json.dumps(value or {}).encode())
        assert status == 200, (what, status, text)
        return json.loads(text)

    def end(self):
        self.process.kill()
        self.process.wait()


def fresh_hub():
    hub.tell("reset")
    body = json.dumps({"name": "backup", "type": "dataset", "visibility": "private"}).encode()
    status, text = get(f"{hub.endpoint}/api/repos/create", body, {"Authorization": f"Bearer {SECRETS['HF_TOKEN']}", "Content-Type": "application/json"})
    assert status == 200, text


def fresh_bucket():
    """Making a bucket is nothing that shipkeeper does; the official client does it."""
    oss.tell("reset")
    settings = sdk.config.load_default()
    settings.credentials_provider = sdk.credentials.StaticCredentialsProvider("test-key-id", SECRETS["OSS_ACCESS_KEY_SECRET"])
    settings.region, settings.endpoint = "cn-wuhan-lr", oss.endpoint
    person = sdk.Client(settings)
    person.put_bucket(sdk.PutBucketRequest(bucket="my-blog"))
    person.put_bucket_website(sdk.PutBucketWebsiteRequest(bucket="my-blog", website_configuration=sdk.WebsiteConfiguration(
        index_document=sdk.IndexDocument(suffix="index.html", support_sub_dir=True, type=0),
        error_document=sdk.ErrorDocument(key="404.html", http_status=404))))


class Container:
    """The image with a disk of its own, from its start to its stop. Times are of time.monotonic()."""

    count = 0

    def __init__(self, who, era="C", more={}, capabilities=None, tmpfs=(), without=(), read_only=False):
        Container.count += 1
        self.name = f"{Container.count:02d}"
        self.disk, self.uid = f"{WORK}/{self.name}", 0 if who == "root" else int(who)
        if COPIES == "overlay":
            for part in ("upper", "work", "root"):
                os.makedirs(f"{self.disk}/{part}")
        else:
            os.makedirs(self.disk)
            subprocess.run(["cp", "-a", ROOT, f"{self.disk}/root"], check=True)
        self.variables = dict(entry.split("=", 1) for entry in IMAGE["Env"])
        self.variables |= SECRETS | {
            "HF_ENDPOINT": hub.endpoint, "HF_DATASET": "alice/backup", "SPACE_ID": "alice/assistant", "SPACE_HOST": "alice-assistant.hf.space",
            "STANDIN_ERA": era, "STANDIN_LOOPBACK_ONLY": "1", "STANDIN_WRITE_SECONDS": "0.2", "BLOG": "true", "OSS_REGION": "cn-wuhan-lr",
            "OSS_BUCKET": "my-blog", "OSS_ENDPOINT": oss.endpoint, "OSS_ACCESS_KEY_ID": "test-key-id", "SITE_URL": f"{oss.endpoint}/my-blog/"} | more
        if capabilities is None:
            capabilities = USUAL if self.uid == 0 else ""
        self.person = ["/usr/bin/setpriv", "--inh-caps=-all", "--bounding-set=-all" + "".join(f",+{one}" for one in capabilities.split(",") if one)]
        if self.uid:
            self.person += [f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--no-new-privs"]
        # A pipe that belongs to the user, as Docker hands it over.
        theirs = os.pipe()
        os.fchown(theirs[1], self.uid, self.uid)
        self.lines, self.zombies, self.commands, self.left, self.gateways = [], {}, set(), [], {}
        self.started = self.ended = None
        self.process = subprocess.Popen(
            ["/usr/bin/setpriv", "--pdeathsig=KILL", "/usr/bin/unshare", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child",
             "/bin/bash", "-c", SETUP, "setup", self.disk, ROOT, COPIES, " ".join(tmpfs), " ".join(without), "1" if read_only else "", IMAGE["WorkingDir"],
             *self.person, *IMAGE["Entrypoint"], *(IMAGE["Cmd"] or [])],
            env=self.variables, stdin=subprocess.DEVNULL, stdout=theirs[1], stderr=theirs[1])
        os.close(theirs[1])
        self.reader = threading.Thread(target=self.read, args=(theirs[0],), daemon=True)
        self.reader.start()
        if not until(lambda: self.started, 20, 0.001):
            self.process.kill()
            sys.exit("the container does not start:\n" + self.log)
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            self.pid = int(file.read().split()[0])
        # The container's own /proc: process ids as they are inside. It stays readable until the namespace is gone.
        self.proc = os.open(f"/proc/{self.pid}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
        self.pause = 0.01
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()
        all_containers.append(self)

    def read(self, stream):
        with open(stream, "rb") as file:
            for line in file:
                if self.started is None and line.startswith(b"the container starts"):
                    self.started = time.monotonic()
                else:
                    self.lines.append((time.monotonic(), line))

    @property
    def log(self):
        return b"".join(line for _, line in self.lines).decode(errors="replace")

    def said(self, words):
        """When the words were first said."""
        return next((at for at, line in list(self.lines) if words in line.decode(errors="replace")), None)

    def says(self, words, seconds=40):
        return until(lambda: self.said(words) is not None, seconds)

    # ---- the processes ----

    def file(self, path):
        with open(os.open(path, os.O_RDONLY, dir_fd=self.proc), "rb") as file:
            return file.read()

    def processes(self):
        """Of each process inside: its state, its parent, its words."""
        found = {}
        for name in os.listdir(self.proc):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    state, parent = self.file(f"{name}/stat").rsplit(b")", 1)[1].split()[:2]
                    found[int(name)] = state.decode(), int(parent), self.file(f"{name}/cmdline")
        return found

    def watch(self):
        seen = {}
        while self.process.poll() is None:
            try:
                found = self.processes()
            except OSError:
                break
            now = time.monotonic()
            if found:
                # The daemon ends last, and process 1 right after it: faster than we look. What came in from out here has no
                # parent inside, and what is just ending has no words any more.
                self.left = [words for pid, (state, parent, words) in found.items()
                             if pid != 1 and parent and state != "Z" and words and not words.startswith(b"shipkeeper\0")]
            for pid, (state, parent, words) in found.items():
                self.commands.add(words)
                if b"openclaw\0gateway\0" in words:
                    self.gateways.setdefault(pid, now)
                if state == "Z":
                    since = seen.setdefault(pid, now)
                    if now - since > 0.5:
                        self.zombies[pid] = (parent, now - since)
            seen = {pid: at for pid, at in seen.items() if found.get(pid, "-")[0] == "Z"}
            time.sleep(self.pause)

    def daemon(self):
        return next((pid for pid, (state, parent, words) in self.processes().items() if parent == 1 and words.startswith(b"shipkeeper\0")), None)

    def gateway(self):
        return next((pid for pid, (state, _, words) in self.processes().items() if b"openclaw\0gateway\0" in words and state != "Z"), None)

    def outside(self, inner):
        """The process id that a process inside has out here."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/status") as file:
                ids = re.search(r"^NSpid:(.*)", file.read(), re.M)[1].split()
                if int(ids[-1]) == inner and len(ids) > 1 and os.readlink(f"/proc/{name}/ns/pid") == os.readlink(f"/proc/{self.pid}/ns/pid"):
                    return int(name)
        return None

    def kill(self, inner, number=signal.SIGKILL):
        os.kill(self.outside(inner), number)

    # ---- as a person sees it ----

    def run(self, *words):
        """A command inside, as "docker exec" runs it: exit code, and all it said."""
        done = subprocess.run(["/usr/bin/nsenter", f"--target={self.pid}", "--mount", "--pid", "--uts", "--ipc", "--root", "--wd", "--", *self.person, *words],
                              env=self.variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        return done.returncode, done.stdout.decode(errors="replace").strip()

    def ask(self, words):
        return self.run("shipkeeper", *shlex.split(words))

    def state(self, job):
        code, text = self.ask("status --json")
        return next((one["state"] for one in json.loads(text)["data"]["jobs"] if one["name"] == job), None) if code == 0 else None

    def becomes(self, state, job="gateway", seconds=60):
        return until(lambda: self.state(job) == state, seconds, 0.2)

    def outcomes(self, job):
        code, text = self.ask(f"runs {job} --json")
        return [run.get("outcome") or run["state"] for run in json.loads(text)["data"]["runs"]] if code == 0 else [text]

    def healthy(self):
        return self.run("/bin/sh", "-c", IMAGE["Healthcheck"]["Test"][1])

    def path(self, path):
        return f"/proc/{self.pid}/root{path}"

    def write(self, path, text, mode=0o600):
        """As if the assistant had written it."""
        place = self.path(path)
        missing = []
        while not os.path.isdir(folder := os.path.dirname(missing[-1] if missing else place)):
            missing.append(folder)
        for folder in reversed(missing):
            os.mkdir(folder)
            os.chown(folder, self.uid, self.uid)
        with open(place, "w") as file:
            file.write(text)
        os.chmod(place, mode)
        os.chown(place, self.uid, self.uid)

    def content(self, path):
        try:
            with open(self.path(path)) as file:
                return file.read()
        except OSError as error:
            return error.strerror

    def is_up(self, seconds=60):
        return until(lambda: get(f"http://127.0.0.1:{PORT}/healthz")[0] == 200, seconds, 0.05)

    def stop(self, words="backup: succeeded: stored"):
        """SIGTERM; looks at all that is promised of the end and of the time before. Gives whether it was good."""
        self.pause = 0.002
        time.sleep(0.1)  # so that the last look before the signal is a fresh one
        before, stopped = len(self.lines), time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            code = "none within 60 s"
            self.process.kill()
        took = time.monotonic() - stopped
        self.watcher.join(5), self.reader.join(5)
        last = b"".join(line for _, line in self.lines[before:]).decode(errors="replace")
        good = report(code == 0 and took < 9.5, "SIGTERM to process 1", f"exit code {code} after {took:.2f} s")
        if words:
            line = next((line for line in last.splitlines() if words in line), None)
            good &= report(line is not None, "final backup", bare(line or "not in the log"))
        good &= report(not self.left and get(f"http://127.0.0.1:{PORT}/healthz")[0] == 0, "nothing left when process 1 ended",
                       [words.replace(b"\0", b" ").decode()[:100] for words in self.left] or "")
        good &= report(not self.zombies, "no zombie over 0.5 s", [f"{pid} of {parent} for {age:.1f} s" for pid, (parent, age) in self.zombies.items()] or "")
        written = b"".join(line for _, line in self.lines)
        told = [name for name, value in SECRETS.items() for form in forms(value) if form in written]
        shown = [name for name, value in SECRETS.items() for form in forms(value) if any(form in words for words in self.commands)]
        good &= report(not told and not shown, "no secret in the log or in a command line", f"{told} {shown}" if told or shown else
                       f"{len(written.splitlines())} lines, {len(self.commands)} command lines")
        self.finish()
        if not good:
            print("\n".join("      | " + line for line in self.log.splitlines()[-60:]), flush=True)
        return good

    def finish(self):
        """Also where something went wrong on the way."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.proc is not None:
            os.close(self.proc)
            self.proc = None
        if os.environ.get("KEEP_LOGS"):
            with open(f"{os.environ['KEEP_LOGS']}/{self.name}-{stage.replace(' ', '-')}.log", "w") as file:
                file.write(self.log)
        shutil.rmtree(self.disk, ignore_errors=True)
        if self in all_containers:
            all_containers.remove(self)


def make_blog(container, text="hello"):
    """Hexo, as far as it matters here; it leaves a process behind, which is the container's to end."""
    site = "/root/.openclaw/workspace/blog"
    container.write(f"{site}/package.json", '{"hexo": {"version": "8.0.0"}, "dependencies": {"hexo": "8"}}')
    container.write(f"{site}/_config.yml", "title: x\nupdated_option: date\ntimezone: Asia/Shanghai\n")
    container.write(f"{site}/node_modules/hexo/package.json", '{"version": "8.0.0"}')
    container.write(f"{site}/source/_posts/a.md", text)
    container.write(f"{site}/node_modules/.bin/hexo", "#!/bin/sh\nmkdir -p public/a && cp source/_posts/a.md public/a/index.html && echo home > public/index.html\n"
                    "echo none > public/404.html\nsetsid sleep 3600 > /dev/null 2>&1 < /dev/null &\necho 'INFO  3 files generated in 1 ms'\n", 0o700)


def page():
    return get(f"{oss.endpoint}/my-blog/a/")[1]


# ---- the steps ----


def boot(container, restored):
    """From the start to ready."""
    opened = None
    end = time.monotonic() + 60
    while opened is None and time.monotonic() < end and container.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
            opened = time.monotonic()
        time.sleep(0.002)
    container.says("gateway: ready", 40 if opened else 0)
    began = min(container.gateways.values(), default=None)
    times = [milliseconds(container.started, at) for at in (began, opened, container.said("gateway: ready"))]
    good = report("never" not in times, "boot", "gateway exec after {}, port open after {}, ready after {}".format(*times))
    container.pause = 0.03
    good &= report(container.said(f"restore: succeeded: {restored}") is not None, f"restore: {restored}", next(
        (bare(line) for line in container.log.splitlines() if "restore: succeeded" in line), "not in the log"))
    if not good:
        print("\n".join("      | " + line for line in container.log.splitlines()[-60:]), flush=True)
    return good


def owned(container, path="/root/.openclaw/openclaw.json", mode=0o600):
    try:
        status = os.stat(container.path(path))
    except OSError as error:
        return report(False, "settings", error.strerror)
    return report(status.st_mode & 0o777 == mode and status.st_uid == container.uid, "settings", f"{path} has mode {status.st_mode & 0o777:o}, owner {status.st_uid}")


def settings(container, era):
    """What the example puts into the gateway's file, who may log in, and what the gateway was given."""
    owned(container)
    tree = json.loads(container.content("/root/.openclaw/openclaw.json"))
    gateway, minimax = tree["gateway"], tree["models"]["providers"]["minimax"]
    given = (gateway["mode"], gateway["bind"], gateway["port"], gateway["auth"], gateway["controlUi"]["allowedOrigins"], minimax["apiKey"], gateway.get("terminal"))
    report(given == ("local", "loopback", 18789, {"mode": "token"}, ["https://alice-assistant.hf.space"], "${MINIMAX_API_KEY}", None if era == "A" else {"enabled": False}),
           "settings", ", ".join(map(str, given)))
    rejected = set(re.findall(r"settings: left out, since the validator rejects it: (\S+)", container.log))
    report({name.removesuffix(".enabled") for name in rejected} == ({"gateway.terminal"} if era == "A" else set()), "what this version does not know is left out",
           ", ".join(sorted(rejected)) or "nothing")
    report(os.path.exists(container.path("/root/.openclaw/skills/shipkeeper/SKILL.md")), "the skill is there")
    address = f"http://127.0.0.1:{PORT}/_standin/connect?device=browser&origin=https://alice-assistant.hf.space&token="
    wrong, (right, words) = get(address + "wrong")[0], get(address + urllib.parse.quote_plus(SECRETS["OPENCLAW_GATEWAY_TOKEN"]))
    report(wrong == 401 and right == 403 and "pairing required" in words, "login", f"{wrong} with a wrong token; with the right one {words[:50]}")
    names = json.loads(get(f"http://127.0.0.1:{PORT}/_standin/state")[1])["environment"]
    report({"OPENCLAW_GATEWAY_TOKEN", "MINIMAX_API_KEY", "OPENCLAW_NO_RESPAWN"} <= set(names) and not [name for name in names if name.startswith(("HF_TOKEN", "OSS_ACCESS", "RESTIC"))],
           "the gateway has the secrets it was granted, and no others", f"{len(names)} variables")


def backup(container, note=None):
    if note:
        container.write(f"/root/.openclaw/workspace/{note}", f"this is {note}")
    code, text = container.ask("start backup --wait")
    return report(code == 0 and "stored" in text, "backup", text.splitlines()[-1] if text else code)


def blog(container, text="hello"):
    make_blog(container, text)
    code, said = container.ask("start blog --wait")
    good = report(code == 0 and page() == text, "blog", f"{said.splitlines()[-1] if said else code}; the page says: {page()[:40]}")
    left = any(words.startswith(b"sleep\x003600") for _, _, words in container.processes().values())
    return good and report(True, "what the blog's build left behind", "still runs, until the container stops" if left else "was ended with the job")


def crash_gateway(container):
    old, start = container.gateway(), time.monotonic()
    container.kill(old)
    new = until(lambda: (found := container.gateway()) != old and found, 30)
    good = new and container.is_up() and container.becomes("ready")
    report(good, "kill -9 of the gateway", f"process {old}, then {new} after {time.monotonic() - start:.1f} s: ready")


def crash_daemon(container):
    """In the middle of a backup: the Hub takes its time."""
    container.write("/root/.openclaw/workspace/unsaved.md", "unsaved")
    hub.tell("config", {"delay": 1.5})
    container.ask("start backup")
    running = until(lambda: container.outcomes("backup")[:1] == ["running"], 10)
    old, gateway, start = container.daemon(), container.gateway(), time.monotonic()
    container.kill(old)
    hub.tell("config", {"delay": 0})
    back = until(lambda: (found := container.daemon()) != old and found, 20)
    good = back and container.becomes("ready") and container.is_up() and container.gateway() == gateway
    report(good, "kill -9 of the daemon", f"process {old}, then {back} after {time.monotonic() - start:.1f} s; gateway continues: process {gateway}")
    for job, wanted in (("backup", "interrupted"), ("gateway", "running")):
        outcomes = container.outcomes(job)
        report(wanted in outcomes, f"history of {job}", ", ".join(outcomes[:4]))
    report(running, "the backup ran when the daemon was killed")
    report(container.content("/root/.openclaw/workspace/unsaved.md") == "unsaved", "what was not stored is still there")
    backup(container)


def orphan(container):
    """A process whose parent ends before it: process 1 takes it, and reaps it."""
    code, text = container.run("/bin/sh", "-c", "setsid sleep 1.7 > /dev/null 2>&1 & exit 0")
    child = until(lambda: next((pid for pid, (_, parent, words) in container.processes().items() if parent == 1 and words.startswith(b"sleep\x001.7")), None), 2, 0.01)
    gone = until(lambda: child not in container.processes(), 4, 0.02)
    report(code == 0 and child and gone, "an orphan is reaped", f"process {child}" if child else "it was not seen")


def memory(container):
    """Proportional set sizes, from out here: the container need not be asked."""
    def of(pid, what):
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return int(re.search(rf"^{what}: +(\d+) kB", file.read(), re.M)[1]) / 1024
    daemon = container.outside(container.daemon())
    words = "; ".join(f"{name} PSS {of(pid, 'Pss'):.1f} MB, of its own {of(pid, 'Private_Dirty'):.1f} MB, RSS {of(pid, 'Rss'):.1f} MB"
                      for name, pid in (("process 1", container.pid), ("daemon", daemon)))
    total = of(container.pid, "Pss") + of(daemon, "Pss")
    report(total < 100, "memory", f"{words}; PSS in all {total:.1f} MB")


def the_other(who):
    return "1000" if who == "root" else "root"


def play(era, who):
    """One user's days: a first deployment, crashes, a stop, and two new containers."""
    fresh_hub(), fresh_bucket()
    first = Container(who, era)
    boot(first, "empty")
    settings(first, era)
    code, text = first.ask("status")
    report(code == 0, "status", text.splitlines()[0] if text else "")
    report((found := first.healthy())[0] == 0, "health check, gateway up", found[1][:60])
    backup(first, "notes.md")
    first.run("git", "init", "--quiet", "/root/.openclaw/workspace")
    # Of what lies beside .openclaw, too.
    first.write("/root/.config/openclaw/key", "the key to the logins")
    blog(first)
    orphan(first)
    crash_gateway(first)
    crash_daemon(first)
    memory(first)
    first.write("/root/.openclaw/workspace/late.md", "this is late.md")
    first.stop()
    for user in (who, the_other(who)):
        following = Container(user, era)
        boot(following, "restored")
        names = ("notes.md", "late.md", "unsaved.md", "blog/source/_posts/a.md")
        found = [following.content(f"/root/.openclaw/workspace/{name}") for name in names] + [following.content("/root/.config/openclaw/key")]
        report(found == ["this is notes.md", "this is late.md", "unsaved", "hello", "the key to the logins"], f"new container as {user}: data are back",
               "" if found[0].startswith("this") and "No such" not in " ".join(found) else found)
        owned(following)
        # OpenClaw blocks plug-ins of another owner, and Git a repository of another owner.
        top = following.path("/root/.openclaw")
        wrong = [os.path.relpath(f"{path}/{name}", top) for path, folders, files in os.walk(top) for name in [*folders, *files]
                 if os.lstat(f"{path}/{name}").st_uid != following.uid]
        report(not wrong, "all of it is the user's", f"not {len(wrong)} of it, such as {wrong[0]}" if wrong else "")
        code, text = following.run("git", "-C", "/root/.openclaw/workspace", "status", "--short")
        report(code == 0, "git in the workspace", text.splitlines()[0] if code else "")
        report(following.healthy()[0] == 0, "health check, gateway up")
        blog(following, f"hello from {user}")
        make_blog(following)
        following.stop()


def bare_root():
    """Root without any capability, which is what hardened platforms leave of it; with what uid 1000 has stored, and with its own."""
    places = ("/tmp:nosuid,nodev,noexec", "/root:nosuid,nodev", "/var/lib/shipkeeper:nosuid,nodev,noexec")
    fresh_hub(), fresh_bucket()
    for number, (who, restored) in enumerate((("root", "empty"), ("root", "restored"), ("1000", "restored"), ("root", "restored"))):
        container = Container(who, capabilities="", tmpfs=places if number % 2 else (), read_only=bool(number % 2))
        report(True, f"as {who} without capabilities{', read-only' if number % 2 else ''}")
        if not boot(container, restored):
            for words in ("status", "logs restore", "runs"):
                print("\n".join("      > " + line for line in container.ask(words)[1].splitlines()), flush=True)
            container.stop("")
            continue
        backup(container, "notes.md")
        blog(container, f"hello as {who}")
        container.stop()


def read_only():
    """A root file system that can't be written to, with memory at three places as "docker run --read-only --tmpfs" gives it. /root may run programs: the blog's are there."""
    places = ("/tmp:nosuid,nodev,noexec", "/root:nosuid,nodev", "/var/lib/shipkeeper:nosuid,nodev,noexec")
    fresh_hub(), fresh_bucket()
    restored = "empty"
    for who, without in (("root", ()), ("1000", ()), ("root", ("/run",)), ("1000", ("/run",))):
        words = f"as {who}{', no /run' if without else ''}"
        container = Container(who, "C", tmpfs=places, without=without, read_only=True)
        report(container.run("/bin/sh", "-c", "! touch /try /etc/try /usr/local/bin/try 2>/dev/null && touch /tmp/try /root/try")[0] == 0, f"read-only {words}")
        boot(container, restored)
        if restored == "restored":
            report(container.content("/root/.openclaw/workspace/notes.md") == "this is notes.md", "data are back")
        owned(container)
        backup(container, "notes.md")
        blog(container, f"hello {words}")
        report((found := container.healthy())[0] == 0, "health check", found[1][:60])
        container.write("/root/.openclaw/workspace/late.md", words)
        container.stop()
        restored = "restored"


def trouble():
    """Safe mode, and a token that is not accepted: what the health check and the commands say then."""
    fresh_hub(), fresh_bucket()
    before = Container("root")
    boot(before, "empty")
    before.write("/root/.openclaw/workspace/notes.md", "this is notes.md")
    before.stop()
    for who in ("root", "1000"):
        commits = sum("/commit/" in entry["path"] for entry in hub.tell("log"))
        safe = Container(who, more={"SHIPKEEPER_SAFE_MODE": "1"})
        report(safe.says("safe mode: nothing is restored, started or backed up"), f"safe mode as {who}")
        code, text = until(lambda: (found := safe.healthy())[0] == 0 and found, 10) or safe.healthy()
        report(code == 0, "health check in safe mode", text.splitlines()[0] if text else "")
        report(get(f"http://127.0.0.1:{PORT}/healthz")[0] == 503, "no gateway runs, and the port says so")
        code, text = safe.ask("backups")
        report(code == 0 and text, "backups", text.splitlines()[-1] if text else code)
        code, text = safe.ask("restore --to /tmp/out")
        report(code == 0 and safe.content("/tmp/out/.openclaw/workspace/notes.md") == "this is notes.md", "restore --to", text.splitlines()[-1] if text else code)
        code, text = safe.ask("start backup --wait")
        report(code == 1 and "safe mode" in text, "a backup is refused", text.splitlines()[-1] if text else code)
        safe.stop("")
        report(sum("/commit/" in entry["path"] for entry in hub.tell("log")) == commits, "nothing was stored")
    slow = Container("root", more={"STANDIN_DRAIN_SECONDS": "20"})
    boot(slow, "restored")
    slow.stop()
    refused = Container("1000", more={"HF_TOKEN": "hf_expired_long_ago"})
    report(refused.says("restore: failed: the token for 127.0.0.1 is not accepted"), "a token that is not accepted")
    report(refused.becomes("waiting"), "the gateway waits")
    code, text = refused.healthy()
    report(code != 0, "health check without a gateway", text[:80])
    refused.stop("")


all_containers = []
# So that what was started ends with us.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
hub, oss = StandIn("StandInHub/hub.py"), StandIn("StandInOSS/oss.py")
plays = {f"{era} {who}": (lambda era=era, who=who: play(era, who)) for era in "AC" for who in ("root", "1000")} | {"read-only": read_only, "no capabilities": bare_root, "trouble": trouble}
began = time.monotonic()
size = os.path.getsize(f"{ROOT}/usr/local/bin/shipkeeper")
stage = "image"
report(True, "file size", f"/usr/local/bin/shipkeeper {size} bytes ({size / 1e6:.1f} MB)")
try:
    for stage, scenario in plays.items():
        if WORDS and not any(word in stage for word in WORDS):
            continue
        start = time.monotonic()
        try:
            scenario()
        except Exception as error:  # the others shall still run
            place = error.__traceback__
            while place.tb_next:
                place = place.tb_next
            report(False, "the scenario broke off", f"{type(error).__name__} in line {place.tb_lineno}: {error}")
        finally:
            for container in list(all_containers):
                print("\n".join("      | " + line for line in container.log.splitlines()[-60:]), flush=True)
                container.finish()
        report(True, "took", f"{time.monotonic() - start:.0f} s")
finally:
    hub.end(), oss.end()
print(f"{f'{failures} failed' if failures else 'All went well'}, {Container.count} containers in {time.monotonic() - began:.0f} s")
sys.exit(1 if failures else 0)
