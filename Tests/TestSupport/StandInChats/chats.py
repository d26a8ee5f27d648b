"""A stand-in for the services that the plug-in "notify" knows, for tests.

    python3 chats.py FOLDER     writes to FOLDER/port where they answer over HTTP, and to FOLDER/smtp where mail is taken (STARTTLS and a password are wanted)

Each service refuses what its documentation says it refuses, with that answer; FOLDER/ca.pem is the authority of the mail server. Slack's is trusted because the official
client passes official_session.py, and the mail server is aiosmtpd. A test talks to it under /_stub/: GET log, POST down and POST up.
"""

import asyncio, base64, datetime, hashlib, hmac, http.server, ipaddress, json, os, ssl, sys, threading, urllib.parse

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FOLDER, SECRET = sys.argv[1], "chat-secret-of-tests"
log, lock, down = [], threading.Lock(), threading.Event()


def took(service, text, **more):
    with lock:
        log.append({"service": service, "text": text, **more})


def feishu(path, query, body):
    # https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    key = f"{body.get('timestamp')}\n{SECRET}".encode()
    if body.get("sign") != base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode():
        return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
    if body.get("msg_type") != "text" or not isinstance(body["content"]["text"], str):
        return 200, {"code": 9499, "msg": "Bad Request"}
    took("feishu", body["content"]["text"])
    return 200, {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


def dingtalk(path, query, body):
    # https://open.dingtalk.com/document/robots/customize-robot-security-settings
    stamp = query.get("timestamp", "")
    sign = base64.b64encode(hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()).decode()
    if query.get("access_token") != "ding-token" or query.get("sign") != sign:
        return 200, {"errcode": 310000, "errmsg": "sign not match"}
    if body.get("msgtype") != "text":
        return 200, {"errcode": 40035, "errmsg": "invalid parameter"}
    took("dingtalk", body["text"]["content"])
    return 200, {"errcode": 0, "errmsg": "ok"}


def wecom(path, query, body):
    # https://developer.work.weixin.qq.com/document/path/91770
    if query.get("key") != "wecom-token":
        return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
    if len(body["text"]["content"].encode()) > 2048:
        return 200, {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
    took("wecom", body["text"]["content"])
    return 200, {"errcode": 0, "errmsg": "ok"}


def bark(path, query, body):
    # https://github.com/Finb/bark-server/blob/master/docs/API_V2.md
    if body.get("device_key") != "bark-token":
        return 400, {"code": 400, "message": "failed to get device token"}
    took("bark", body["title"] + "\n" + body["body"])
    return 200, {"code": 200, "message": "success", "timestamp": 0}


def slack(path, query, body):
    # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    if not path.endswith("/slack-token"):
        return 404, "no_service"
    if not isinstance(body.get("text"), str):
        return 400, "no_text"
    took("slack", body["text"])
    return 200, "ok"


def telegram(path, query, body):
    # https://core.telegram.org/bots/api#sendmessage
    if "/bottelegram-token/sendMessage" not in path:
        return 404, {"ok": False, "error_code": 404, "description": "Not Found"}
    if str(body.get("chat_id")) != "4711":
        return 400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
    if len(body["text"].encode("utf-16-le")) // 2 > 4096:
        return 400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}
    took("telegram", body["text"])
    return 200, {"ok": True, "result": {"message_id": 1}}


def ping(path, query, body):
    # https://healthchecks.io/docs/http_api/
    if not path.startswith("/ping/ping-token"):
        return 200, "OK (not found)"
    took("ping", body, end=path.removeprefix("/ping/ping-token"))
    return 200, "OK"


def webhook(path, query, body):
    took("webhook", body["text"], body=body)
    return 204, None


def discord(path, query, body):
    # https://discord.com/developers/docs/resources/webhook#execute-webhook
    if len(body["content"]) > 2000 or body["allowed_mentions"] != {"parse": []}:
        return 400, {"message": "Invalid Form Body", "code": 50035}
    took("discord", body["content"])
    return 204, None


SERVICES = {f.__name__: f for f in (feishu, dingtalk, wecom, bark, slack, telegram, ping, webhook, discord)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body):
        data = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        with lock:
            self.reply(200, list(log))

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urllib.parse.urlsplit(self.path)
        if parts.path.startswith("/_stub/"):
            (down.set if parts.path.endswith("down") else down.clear)()
            return self.reply(200, {})
        # Bark's address has the key in its first part, and is asked at another one.
        service = "bark" if parts.path == "/push" else parts.path.split("/")[1]
        if down.is_set():
            took("refused", service)
            return self.reply(503, "")
        body = json.loads(data) if self.headers.get("Content-Type", "").startswith("application/json") else data.decode()
        self.reply(*SERVICES[service](parts.path, dict(urllib.parse.parse_qsl(parts.query)), body))


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        from email import message_from_bytes, policy

        mail = message_from_bytes(envelope.content, policy=policy.default)
        took("mail", f"{mail['subject']}\n{mail.get_content()}", to=envelope.rcpt_tos, sender=envelope.mail_from, encrypted=session.ssl is not None)
        return "250 taken"


def certificate():
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for file, data in (("ca.pem", pem), ("server.pem", secret + pem)):
        with open(os.path.join(FOLDER, file), "wb") as out:
            out.write(data)


def signed_in(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"me@example.com", b"mail-password"), handled=False)


certificate()
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(os.path.join(FOLDER, "server.pem"))
http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def serve_mail(ready):
    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(Mailbox(), tls_context=context, require_starttls=True, authenticator=signed_in, auth_required=True, loop=loop), "127.0.0.1", 0
        )
        ready.append(server.sockets[0].getsockname()[1])
        started.set()
        await server.serve_forever()

    asyncio.run(serve())


started, smtp_port = threading.Event(), []
threading.Thread(target=serve_mail, args=(smtp_port,), daemon=True).start()
started.wait()
with open(os.path.join(FOLDER, "smtp"), "w") as out:
    out.write(str(smtp_port[0]))
with open(os.path.join(FOLDER, "port.new"), "w") as out:
    out.write(str(http_server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
http_server.serve_forever()
