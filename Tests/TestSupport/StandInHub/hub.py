"""A stand-in for the Hugging Face Hub, for tests: datasets, LFS, commits, and faults by request.

    python3 hub.py FOLDER     writes to FOLDER/port where the Hub answers; its CDN and object storage answer on a port of their own

It ends with whoever started it. Trusted only because the official client passes official_session.py against it. What it keeps is in FOLDER. A test talks to it
under /_stub/: POST config, POST faults, POST save, POST load, POST reset, POST damage, GET log, GET repos.
"""

import base64, copy, hashlib, http.server, json, os, random, re, socket, socketserver, struct, sys, threading, time, urllib.parse, uuid

FOLDER = sys.argv[1]
HUB = CDN = ""
OBJECTS = os.path.join(FOLDER, "objects")
os.makedirs(OBJECTS, exist_ok=True)
LFS_JSON = "application/vnd.git-lfs+json"
TOKENS = {
    "hf_write_token_for_tests": {"name": "alice", "role": "write"},
    "hf_S3cret+for/the=scan&only": {"name": "alice", "role": "write"},
    "hf_read_token_for_tests": {"name": "alice", "role": "read"},
    "hf_other_token_for_tests": {"name": "mallory", "role": "write"},
}
DEFAULTS = {
    "multipart_above": 20_000_000,  # bytes from which the multipart transfer is offered
    "chunk_size": 8_000_000,
    "page_size": 1000,
    "relative_redirect": False,  # regular files by way of a 307 to the resolve cache
    "delay": 0.0,  # seconds before every answer
    "body_seconds": 0.0,  # seconds that the body of an upload or a download takes beyond its own time
    "hang": 3.0,  # seconds until a hung connection is dropped
    "signature_seconds": 3600,
    "file_id_is_sha": True,  # whether lfs-files tells the content's digest as fileOid (else as oid)
    "commits_per_hour": 1_000_000,
}

lock = threading.RLock()
config, repos, faults, log, uploads, saved = dict(DEFAULTS), {}, [], [], {}, ({}, set())
counter = 0


def sha1_of_blob(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def object_path(oid):
    return os.path.join(OBJECTS, oid)


def new_id():
    return hashlib.sha1(uuid.uuid4().bytes).hexdigest()


class Refusal(Exception):
    def __init__(self, status, message, code=None, headers=()):
        self.status, self.message, self.code, self.headers = status, message, code, list(headers)


class Repo:
    def __init__(self, private):
        self.private = private
        self.branches = {}
        text = b"*.tar.gz filter=lfs diff=lfs merge=lfs -text\n"
        tree = {".gitattributes": {"size": len(text), "oid": sha1_of_blob(text), "content": base64.b64encode(text).decode()}}
        self.branches["main"] = [self.commit("initial commit", "", tree)]
        self.commit_times = []

    def commit(self, title, message, tree, parent=None):
        return {"id": new_id(), "title": title, "message": message, "date": time.time(), "tree": tree, "parent": parent}

    def find(self, revision):
        if revision in self.branches:
            return self.branches[revision][-1]
        for commits in self.branches.values():
            for commit in commits:
                if commit["id"] == revision:
                    return commit
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def referenced(self):
        return {f["lfs"] for commits in self.branches.values() for c in commits for f in c["tree"].values() if "lfs" in f}

    def lfs_objects(self):
        found = {}
        for commits in self.branches.values():
            for commit in commits:
                for path, file in commit["tree"].items():
                    if "lfs" in file and os.path.exists(object_path(file["lfs"])):
                        found.setdefault(file["lfs"], (path, file["size"], commit["date"]))
        return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *_):
        pass

    # ---- one request -------------------------------------------------------------------------------------------------

    def handle_any(self):
        global counter
        self.body_read = False
        self.fault = None
        self.sent_status = None
        path = urllib.parse.urlsplit(self.path)
        if path.path.startswith("/_stub/"):
            return self.stub(path.path[7:])
        with lock:
            counter += 1
            number = counter
            for fault in list(faults):
                if fault.get("at", number) == number and re.search(fault.get("match", ""), f"{self.command} {self.path}"):
                    self.fault = fault["kind"]
                    fault["left"] = fault.get("left", fault.get("times", 1)) - 1
                    if fault["left"] <= 0:
                        faults.remove(fault)
                    break
            entry = {"n": number, "host": "cdn" if self.server.is_cdn else "hub", "method": self.command, "path": self.path,
                     "auth": self.headers.get("Authorization"), "fault": self.fault, "range": self.headers.get("Range"),
                     "bytes": int(self.headers.get("Content-Length") or 0), "headers": dict(self.headers.items())}
            log.append(entry)
        if config["delay"]:
            time.sleep(config["delay"])
        try:
            self.before()
            self.server.route(self, path)
        except Refusal as refusal:
            self.refuse(refusal)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        finally:
            entry["status"] = self.sent_status

    def before(self):
        kind = self.fault
        if kind == "refuse":
            self.drop()
        if kind == "hang":
            time.sleep(config["hang"])
            self.drop()
        if kind == "cut_request":
            half = int(self.headers.get("Content-Length") or 0) // 2
            self.rfile.read(half)
            self.drop()
        plain = {"409": (409, "Another commit operation is in progress. Please retry."),
                 "412": (412, "The branch was updated since you opened this page. Please refresh and try again."),
                 "500": (500, "Internal Error - We're working hard to fix this as soon as possible!"), "503": (503, "Service Unavailable"),
                 "401": (401, "Invalid credentials in Authorization header"), "403": (403, "Forbidden: you don't have the right to do this"),
                 "413": (413, "Payload too large"), "404": (404, "Not found"), "404_entry": (404, "Entry not found", "EntryNotFound"),
                 "echo": (400, f"I got the header {self.headers.get('Authorization')}")}
        if kind in plain:
            self.body()
            raise Refusal(*plain[kind])
        if kind == "429_rate":
            self.body()
            raise Refusal(429, "Rate limit exceeded", headers=[("RateLimit", '"api";r=0;t=1')])
        if kind == "429_quota":
            self.body()
            raise Refusal(429, "You have exceeded the rate limit for repository commits (128 per hour). Retry in about 1 hour.")
        if kind == "429_after":
            self.body()
            raise Refusal(429, "Too many requests", headers=[("Retry-After", "1")])

    def drop(self):
        """Ends the connection with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionResetError

    def body(self):
        if not self.body_read:
            self.body_read = True
            self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self.content

    def json(self):
        try:
            return json.loads(self.body() or b"{}")
        except ValueError:
            raise Refusal(400, "Invalid JSON")

    def refuse(self, refusal):
        headers = list(refusal.headers)
        if refusal.code:
            headers.append(("X-Error-Code", refusal.code))
        headers.append(("X-Error-Message", refusal.message))
        self.body()
        self.send_bytes(refusal.status, json.dumps({"error": refusal.message}).encode(), headers)

    def send_json(self, value, status=200, headers=()):
        self.send_bytes(status, json.dumps(value).encode(), [("Content-Type", "application/json"), *headers])

    def send_bytes(self, status, data, headers=(), length=None, rest=None):
        """Answers; `rest` is an open file whose bytes follow `data`."""
        total = len(data) if length is None else length
        if status < 400 and self.fault in ("503_after", "500_after"):
            status, data, headers, rest = int(self.fault[:3]), b'{"error":"Service Unavailable"}', [], None
            total = len(data)
        if status < 400 and self.fault == "hang_after":
            time.sleep(config["hang"])
            self.drop()
        if status < 400 and self.fault == "corrupt":
            data = bytes(b ^ 0x55 for b in data[:64]) + data[64:] if data else data
        self.sent_status = status
        self.send_response(status)
        names = {name.lower() for name, _ in headers}
        if "ratelimit" not in names:
            self.send_header("RateLimit", '"api";r=489;t=189')
        self.send_header("RateLimit-Policy", '"fixed window";"api";q=1000;w=300')
        self.send_header("X-Request-Id", f"Root=1-{uuid.uuid4().hex[:8]}")
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(total))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.fault == "cut":
            half = total // 2
            self.wfile.write(data[:half])
            if rest and half > len(data):
                self.wfile.write(rest.read(half - len(data)))
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.close_connection = True
            return
        self.wfile.write(data)
        left = total - len(data)
        while rest and left > 0:
            piece = rest.read(min(1 << 20, left))
            if not piece:
                break
            if self.fault == "corrupt":
                piece = bytes([piece[0] ^ 0x55]) + piece[1:]
            self.wfile.write(piece)
            left -= len(piece)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any

    # ---- for tests ---------------------------------------------------------------------------------------------------

    def stub(self, what):
        global counter, saved
        self.fault = None
        with lock:
            if what == "save":
                self.body()
                saved = (copy.deepcopy(repos), set(os.listdir(OBJECTS)))
            elif what == "load":
                self.body()
                repos.clear(), repos.update(copy.deepcopy(saved[0])), uploads.clear(), faults.clear()
                for name in set(os.listdir(OBJECTS)) - saved[1]:
                    os.remove(object_path(name))
            elif what == "config":
                config.update(self.json())
            elif what == "faults":
                faults[:] = self.json()
                counter = 0
                log.clear()
            elif what == "reset":
                self.body()
                repos.clear(), faults.clear(), log.clear(), uploads.clear(), config.update(DEFAULTS)
                counter = 0
                for name in os.listdir(OBJECTS):
                    os.remove(object_path(name))
            elif what == "damage":
                wish = self.json()
                tree = repos[wish["repo"]].find("main")["tree"]
                with open(object_path(tree[wish["path"]]["lfs"]), "r+b") as file:
                    file.seek(wish.get("offset", 100))
                    byte = file.read(1)
                    file.seek(-1, 1)
                    file.write(bytes([byte[0] ^ 0xFF]))
            elif what == "log":
                return self.send_json(log)
            elif what == "repos":
                shown = {name: {b: [{k: v for k, v in c.items()} for c in commits] for b, commits in r.branches.items()} for name, r in repos.items()}
                return self.send_json(shown)
            else:
                raise Refusal(404, "no such thing")
        self.send_json({"ok": True})


# ---- the Hub -----------------------------------------------------------------------------------------------------------


def identity(handler):
    header = handler.headers.get("Authorization")
    if header is None:
        return None
    user = TOKENS.get(header.removeprefix("Bearer "))
    if user is None:
        raise Refusal(401, "Invalid credentials in Authorization header")
    return user


def repo_of(handler, name, write=False):
    user = identity(handler)
    repo = repos.get(name)
    if repo is None or (repo.private and user is None) or (repo.private and user["name"] != name.split("/")[0]):
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        raise Refusal(404, "Repository not found", "RepoNotFound")
    if write and (user is None or user["role"] != "write"):
        raise Refusal(403, "Forbidden: you must use a write token to do this. Cannot access content at this repository.")
    return repo


def file_item(path, file, expand=False):
    item = {"type": "file", "path": path, "size": file["size"], "oid": file["oid"]}
    if "lfs" in file:
        item["lfs"] = {"oid": file["lfs"], "size": file["size"], "pointerSize": 134}
    return item


def paged(handler, path, items):
    query = urllib.parse.parse_qs(path.query)
    start = int(query.get("cursor", ["0"])[0])
    limit = min(int(query.get("limit", [config["page_size"]])[0]), config["page_size"])
    headers = []
    if start + limit < len(items):
        rest = [(k, v) for k, vs in query.items() for v in vs if k != "cursor"] + [("cursor", str(start + limit))]
        headers.append(("Link", f'<{HUB}{path.path}?{urllib.parse.urlencode(rest)}>; rel="next"'))
    return items[start:start + limit], headers


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % int(seconds % 1 * 1000)


def info(name, repo, commit):
    lfs = repo.lfs_objects()
    return {"_id": "1", "id": name, "author": name.split("/")[0], "sha": commit["id"], "private": repo.private, "gated": False, "disabled": False,
            "lastModified": stamp(commit["date"]), "createdAt": stamp(commit["date"]), "tags": [], "downloads": 0, "likes": 0,
            "siblings": [{"rfilename": p} for p in sorted(commit["tree"])], "usedStorage": sum(size for _, size, _ in lfs.values())}


def hub(handler, path):
    method, where = handler.command, urllib.parse.unquote(path.path)
    query = urllib.parse.parse_qs(path.query)
    if where == "/api/whoami-v2":
        user = identity(handler)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        return handler.send_json({"type": "user", "id": "1", "name": user["name"], "fullname": user["name"], "isPro": False, "orgs": [],
                                  "auth": {"type": "access_token", "accessToken": {"displayName": "t", "role": user["role"]}}})
    if where == "/api/repos/create" and method == "POST":
        return create(handler)
    if where == "/api/repos/delete":
        wish = handler.json()
        repos.pop(f'{wish.get("organization") or identity(handler)["name"]}/{wish["name"]}', None)
        return handler.send_json({})
    if where.startswith("/api/resolve-cache/datasets/"):
        ns, name, commit, file = where.removeprefix("/api/resolve-cache/datasets/").split("/", 3)
        return resolve(handler, f"{ns}/{name}", commit, file, cached=True)
    if where.startswith("/api/complete_multipart"):
        return complete(handler, query)
    found = re.match(r"^/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/(batch|verify)$", where)
    if found:
        return (batch if found[2] == "batch" else verify)(handler, found[1])
    found = re.match(r"^/datasets/([^/]+/[^/]+)/resolve/(.+)$", where)
    if found:
        raw = re.match(r"^/datasets/[^/]+/[^/]+/resolve/([^/]+)/", path.path)
        revision = urllib.parse.unquote(raw[1])
        return resolve(handler, found[1], revision, found[2][len(revision) + 1:])
    found = re.match(r"^/api/datasets/([^/]+/[^/]+)(?:/(.*))?$", where)
    if found:
        return dataset(handler, path, found[1], found[2] or "", query)
    raise Refusal(404, "Not found")


def create(handler):
    wish, user = handler.json(), identity(handler)
    if user is None or user["role"] != "write":
        raise Refusal(403, "You don't have the rights to create a dataset under this namespace")
    name = f'{wish.get("organization") or user["name"]}/{wish["name"]}'
    if name.split("/")[0] != user["name"]:
        raise Refusal(403, f"You don't have the rights to create a dataset under the namespace \"{name.split('/')[0]}\"")
    if name in repos:
        return handler.send_json({"error": "You already created this dataset repo", "url": f"{HUB}/datasets/{name}", "name": name}, 409)
    repos[name] = Repo(wish.get("visibility") == "private" or wish.get("private") is True)
    handler.send_json({"url": f"{HUB}/datasets/{name}", "name": name, "id": "1"})


def dataset(handler, path, name, rest, query):
    method = handler.command
    word, _, tail = rest.partition("/")
    writing = word in ("preupload", "commit", "super-squash", "branch", "settings") or (word == "lfs-files" and tail == "batch")
    repo = repo_of(handler, name, write=writing)
    if word == "auth-check":
        if tail == "write":
            repo_of(handler, name, write=True)
        return handler.send_json({})
    if word in ("", "revision"):
        return handler.send_json(info(name, repo, repo.find(tail or "main")))
    if word == "settings":
        repo.private = handler.json().get("visibility") == "private"
        return handler.send_json({})
    if word == "preupload":
        return preupload(handler, repo, tail)
    if word == "commit":
        return commit(handler, name, repo, tail)
    if word == "tree":
        revision, _, folder = tail.partition("/")
        tree = repo.find(revision)["tree"]
        start = folder + "/" if folder else ""
        items, seen = [], set()
        for p, f in sorted(tree.items()):
            if not p.startswith(start):
                continue
            # The folders on the way come as items of their own; below them only who asks for all looks.
            names = p[len(start):].split("/")
            recursive = query.get("recursive", ["false"])[0].lower() in ("true", "1")
            for depth in range(1, len(names) if recursive else min(len(names), 2)):
                above = start + "/".join(names[:depth])
                if above not in seen:
                    seen.add(above)
                    items.append({"type": "directory", "path": above, "size": 0, "oid": hashlib.sha1(above.encode()).hexdigest()})
            if recursive or len(names) == 1:
                items.append(file_item(p, f))
        items, headers = paged(handler, path, items)
        return handler.send_json(items, headers=headers)
    if word == "paths-info":
        kind = handler.headers.get("Content-Type", "")
        wish = handler.json()["paths"] if "json" in kind else urllib.parse.parse_qs(handler.body().decode()).get("paths", [])
        tree = repo.find(tail)["tree"]
        return handler.send_json([file_item(p, tree[p]) for p in wish if p in tree])
    if word == "commits":
        repo.find(tail)
        commits = repo.branches.get(tail) or [repo.find(tail)]
        items = [{"id": c["id"], "title": c["title"], "message": c["message"], "authors": [{"user": name.split("/")[0]}], "date": stamp(c["date"])}
                 for c in reversed(commits)]
        total = len(items)
        items, headers = paged(handler, path, items)
        return handler.send_json(items, headers=[("X-Total-Count", str(total)), *headers])
    if word == "refs":
        return handler.send_json({"branches": [{"name": b, "ref": f"refs/heads/{b}", "targetCommit": c[-1]["id"]} for b, c in repo.branches.items()],
                                  "converts": [], "tags": []})
    if word == "branch" and method == "POST":
        if tail in repo.branches:
            raise Refusal(409, "Reference already exists")
        start = repo.find(handler.json().get("startingPoint", "main"))
        repo.branches[tail] = [copy.deepcopy(start)]
        return handler.send_json({})
    if word == "branch" and method == "DELETE":
        if tail not in repo.branches:
            raise Refusal(404, f"Invalid rev id: {tail}", "RevisionNotFound")
        handler.body()
        del repo.branches[tail]
        return handler.send_json({})
    if word == "super-squash":
        head = repo.find(tail)
        repo.branches[tail] = [repo.commit(handler.json().get("message", "squash"), "", copy.deepcopy(head["tree"]))]
        sweep()
        return handler.send_json({})
    if word == "lfs-files" and tail == "batch":
        return delete_objects(handler, repo)
    if word == "lfs-files":
        items = [{"fileOid": oid if config["file_id_is_sha"] else "f" + oid[1:], "filename": p, "oid": oid if not config["file_id_is_sha"] else "0" + oid[1:],
                  "pushedAt": stamp(date), "size": size} for oid, (p, size, date) in repo.lfs_objects().items()]
        items, headers = paged(handler, path, items)
        return handler.send_json(items, headers=headers)
    raise Refusal(404, "Not found")


def delete_objects(handler, repo):
    wish = handler.json()["deletions"]
    for oid in list(repo.lfs_objects()):
        file_id = oid if config["file_id_is_sha"] else "f" + oid[1:]
        if file_id in wish["sha"]:
            os.remove(object_path(oid))
    handler.send_json({})


def sweep():
    used = set().union(*[repo.referenced() for repo in repos.values()]) if repos else set()
    for name in os.listdir(OBJECTS):
        if name not in used:
            os.remove(object_path(name))


def mode(path, size):
    return "lfs" if size > 0 and (path.endswith((".gz", ".bin", ".zip", ".tar")) or size > 10_000_000) else "regular"


def preupload(handler, repo, revision):
    tree, answer = repo.find(revision)["tree"], []
    for wish in handler.json()["files"]:
        found = {"path": wish["path"], "uploadMode": mode(wish["path"], wish["size"]), "shouldIgnore": False}
        if wish["path"] in tree:
            found["oid"] = tree[wish["path"]].get("lfs", tree[wish["path"]]["oid"])
        answer.append(found)
    handler.send_json({"files": answer})


def batch(handler, name):
    repo_of(handler, name, write=True)
    wish, found, transfer = handler.json(), [], "basic"
    for item in wish["objects"]:
        oid, size = item["oid"], item["size"]
        answer = {"oid": oid, "size": size}
        if not os.path.exists(object_path(oid)):
            signature = f"X-Amz-Expires=900&X-Amz-Signature={uuid.uuid4().hex}"
            upload = {"href": f"{CDN}/s3/{oid}?{signature}", "header": {}}
            if size > config["multipart_above"] and "multipart" in wish["transfers"]:
                transfer, identifier = "multipart", uuid.uuid4().hex
                uploads[identifier] = {"oid": oid, "size": size, "parts": {}}
                parts = -(-size // config["chunk_size"])
                header = {f"{n:05d}": f"{CDN}/s3/part?uploadId={identifier}&partNumber={n}&{signature}" for n in range(parts, 0, -1)}
                upload = {"href": f"{HUB}/api/complete_multipart?uploadId={identifier}&key={oid}",
                          "header": {"chunk_size": str(config["chunk_size"]), **header}}
            answer["authenticated"] = True
            answer["actions"] = {"upload": upload, "verify": {"href": f"{HUB}/datasets/{name}.git/info/lfs/objects/verify", "header": {}}}
        found.append(answer)
    handler.send_bytes(200, json.dumps({"objects": found, "transfer": transfer}).encode(), [("Content-Type", LFS_JSON)])


def verify(handler, name):
    repo_of(handler, name, write=True)
    wish = handler.json()
    place = object_path(wish["oid"])
    if not os.path.exists(place) or os.path.getsize(place) != wish["size"]:
        raise Refusal(400, "The object is not there, or not of this size")
    digest = hashlib.sha256()
    with open(place, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != wish["oid"]:
        os.remove(place)
        raise Refusal(400, "The object's content is not what its oid says")
    handler.send_json({})


def complete(handler, query):
    wish = handler.json()
    upload = uploads.get(query["uploadId"][0])
    if upload is None or [p["partNumber"] for p in wish["parts"]] != sorted(upload["parts"]):
        raise Refusal(400, "The parts are not those that were uploaded")
    with open(object_path(upload["oid"]) + ".tmp", "wb") as file:
        for part in wish["parts"]:
            place, etag = upload["parts"][part["partNumber"]]
            if etag != part["etag"]:
                raise Refusal(400, "One or more of the specified parts could not be found")
            with open(place, "rb") as piece:
                file.write(piece.read())
    os.rename(object_path(upload["oid"]) + ".tmp", object_path(upload["oid"]))
    handler.send_json({})


def commit(handler, name, repo, branch):
    if handler.headers.get("Content-Type") != "application/x-ndjson":
        raise Refusal(400, "Content-Type must be application/x-ndjson")
    try:
        lines = [json.loads(line) for line in handler.body().split(b"\n") if line.strip()]
    except ValueError:
        raise Refusal(400, "Invalid NDJSON")
    if not lines or lines[0]["key"] != "header":
        raise Refusal(400, "The first line must be the header")
    if len(lines) < 2:
        raise Refusal(400, "At least one operation line is needed")
    head = repo.find(branch)
    with lock:
        recent = [t for t in repo.commit_times if t > time.time() - 3600]
        if len(recent) >= config["commits_per_hour"]:
            raise Refusal(429, f"You have exceeded the rate limit for repository commits ({config['commits_per_hour']} per hour).")
        parent = lines[0]["value"].get("parentCommit")
        head = repo.find(branch)
        if parent and parent != head["id"]:
            raise Refusal(412, "The branch was updated since you opened this page. Please refresh and try again.")
        tree = copy.deepcopy(head["tree"])
        for line in lines[1:]:
            apply(line["key"], line["value"], tree)
        made = repo.commit(lines[0]["value"]["summary"], lines[0]["value"].get("description", ""), tree, head["id"])
        repo.branches[branch].append(made)
        repo.commit_times.append(time.time())
    handler.send_json({"success": True, "commitOid": made["id"], "commitUrl": f"{HUB}/datasets/{name}/commit/{made['id']}", "hookOutput": "",
                       "pullRequestUrl": None})


def apply(key, value, tree):
    path = value["path"]
    if any(part in ("..", ".git", ".cache") for part in path.split("/")):
        raise Refusal(400, f"Forbidden path: {path}")
    if key == "lfsFile":
        if not os.path.exists(object_path(value["oid"])):
            raise Refusal(400, f"LFS pointer points to an object that is not there: {value['oid']}")
        size = os.path.getsize(object_path(value["oid"]))
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{value['oid']}\nsize {size}\n".encode()
        tree[path] = {"size": size, "oid": sha1_of_blob(pointer), "lfs": value["oid"]}
    elif key == "file":
        data = base64.b64decode(value["content"]) if value.get("encoding") == "base64" else value["content"].encode()
        if mode(path, len(data)) == "lfs":
            raise Refusal(400, "Your push was rejected because it contains binary files.")
        tree[path] = {"size": len(data), "oid": sha1_of_blob(data), "content": base64.b64encode(data).decode()}
    elif key == "deletedFile":
        if path not in tree:
            raise Refusal(404, f"File {path} does not exist", "EntryNotFound")
        del tree[path]
    elif key == "deletedFolder":
        for name in [n for n in tree if n.startswith(path.rstrip("/") + "/")]:
            del tree[name]
    else:
        raise Refusal(400, f"Unknown operation {key}")


def resolve(handler, name, revision, file, cached=False):
    repo = repo_of(handler, name)
    head = repo.find(revision)
    base = [("X-Repo-Commit", head["id"])]
    if file not in head["tree"]:
        raise Refusal(404, "Entry not found", "EntryNotFound", base)
    found = head["tree"][file]
    if "lfs" in found:
        if not os.path.exists(object_path(found["lfs"])):
            raise Refusal(404, "Entry not found", "EntryNotFound", base)
        until = int(time.time() + config["signature_seconds"])
        headers = base + [("X-Linked-Etag", f'"{found["lfs"]}"'), ("X-Linked-Size", str(found["size"])), ("Accept-Ranges", "bytes"),
                          ("Location", f"{CDN}/cdn/{found['lfs']}?Expires={until}&Signature=sig")]
        return handler.send_bytes(302, b"Found. Redirecting", headers)
    if config["relative_redirect"] and not cached:
        place = f"/api/resolve-cache/datasets/{name}/{head['id']}/{urllib.parse.quote(file)}"
        return handler.send_bytes(307, b"", base + [("Location", place), ("ETag", f'"{found["oid"]}"')])
    data = base64.b64decode(found["content"])
    handler.send_bytes(200, data, base + [("ETag", f'"{found["oid"]}"')])


# ---- the CDN and the object storage ------------------------------------------------------------------------------------


def cdn(handler, path):
    query = urllib.parse.parse_qs(path.query)
    if handler.headers.get("Authorization"):
        raise Refusal(400, "Only one auth mechanism allowed")
    if path.path.startswith("/s3/") and handler.command == "PUT":
        return store(handler, path.path[4:], query)
    if path.path.startswith("/cdn/"):
        return fetch(handler, path.path[5:], query)
    raise Refusal(404, "Not found")


def store(handler, key, query):
    if handler.headers.get("Transfer-Encoding"):
        raise Refusal(501, "A header you provided implies functionality that is not implemented")
    size = int(handler.headers["Content-Length"])
    number = int(query["partNumber"][0]) if key == "part" else None
    place = os.path.join(FOLDER, f"part-{query['uploadId'][0]}-{number}") if number else object_path(key) + f".{uuid.uuid4().hex}"
    digest, left = hashlib.md5(), size
    handler.body_read = True
    with open(place, "wb") as file:
        while left > 0:
            piece = handler.rfile.read(min(1 << 20, left))
            if not piece:
                os.remove(place)
                raise ConnectionResetError
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
            if config["body_seconds"]:
                time.sleep(config["body_seconds"] * len(piece) / size)
    etag = f'"{digest.hexdigest()}"'
    if number:
        uploads[query["uploadId"][0]]["parts"][number] = (place, etag)
    else:
        os.rename(place, object_path(key))
    handler.send_bytes(200, b"", [("ETag", etag)])


def fetch(handler, oid, query):
    if int(query["Expires"][0]) < time.time():
        raise Refusal(403, "Request has expired")
    if not os.path.exists(object_path(oid)):
        raise Refusal(404, "NoSuchKey")
    size = os.path.getsize(object_path(oid))
    # Of the same form as a digest of the content, and not that.
    headers = [("ETag", '"' + hashlib.sha256(oid.encode()).hexdigest() + '"'), ("Accept-Ranges", "bytes")]
    wanted = re.match(r"^bytes=(\d+)-(\d*)$", handler.headers.get("Range") or "")
    if config["body_seconds"]:
        time.sleep(config["body_seconds"])
    with open(object_path(oid), "rb") as file:
        if wanted and handler.fault != "norange":
            start = int(wanted[1])
            if start >= size:
                raise Refusal(416, "Requested Range Not Satisfiable")
            file.seek(start)
            end = min(size, int(wanted[2] or size - 1) + 1)
            headers.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
            if end < size:
                return handler.send_bytes(206, file.read(end - start), headers)
            return handler.send_bytes(206, b"", headers, length=size - start, rest=file)
        handler.send_bytes(200, b"", headers, length=size, rest=file)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = False

    def __init__(self, route, is_cdn):
        self.route, self.is_cdn = lambda handler, path: route(handler, path), is_cdn
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, *_):
        pass


def watch(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main():
    global HUB, CDN
    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
    servers = [Server(hub, False), Server(cdn, True)]
    HUB, CDN = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    threading.Thread(target=servers[1].serve_forever, daemon=True).start()
    with open(os.path.join(FOLDER, "port.new"), "w") as file:
        file.write(str(servers[0].server_address[1]))
    os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
    servers[0].serve_forever()


main()
