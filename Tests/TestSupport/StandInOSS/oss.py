"""A stand-in for Aliyun OSS, for tests: signatures checked by code of its own, objects, multipart, listings, and faults by request.

    python3 oss.py FOLDER     writes to FOLDER/port where it answers: path style, as for every server that is known by a number

It ends with whoever started it. Trusted only because the official clients, alibabacloud-oss-v2 and oss2, pass official_session.py
against it. Like the service it also speaks S3, to requests that are signed so: trusted because boto3 passes s3_session.py.
A request without a signature is a visitor's: it sees a website, as a public-read bucket with static pages shows it.
A test talks to it under /_stub/: POST config, POST faults, POST reset, GET log.
"""

import base64, calendar, hashlib, hmac, http.server, json, os, random, re, socket, socketserver, struct, sys, threading, time, urllib.parse, uuid, zlib
from email.utils import formatdate
from xml.sax.saxutils import escape, unescape
import xml.etree.ElementTree as tree

FOLDER = sys.argv[1]
KEYS = {"test-key-id": "test/Secret+0123456789", "sts-key-id": "stsSecret"}
TOKENS = {"sts-key-id": "CAIStest+token/=="}
DEFAULTS = {
    "region": "cn-wuhan-lr",
    "s3_region": "us-east-1",
    "clock_ahead": 0,  # seconds that its clock is ahead of the machine's
    "delay": 0.0,  # seconds before every answer
    "fail_share": 0.0,  # share of signed requests that fail with 500 before anything is done
    "force_download": False,  # to visitors, as on the default hosts
    "index": True,  # whether /dir/ shows dir/index.html
    "error_page": "404.html",
    "stale": False,  # visitors get what was there before the last change
}
lock = threading.RLock()
config, buckets, faults, log, uploads, websites = dict(DEFAULTS), {}, [], [], {}, {}
counter = 0
choice = random.Random(1)


def crc64(data, table=[]):
    if not table:
        for index in range(256):
            number = index
            for _ in range(8):
                number = number >> 1 ^ 0xC96C5795D7870F42 if number & 1 else number >> 1
            table.append(number)
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFFFFFFFFFF


class Refusal(Exception):
    def __init__(self, status, code, message="", detail="", extra=""):
        self.status, self.code, self.message, self.detail, self.extra = status, code, message or code, detail, extra


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *_):
        pass

    def handle_any(self):
        global counter
        self.content, self.fault, self.sent_status = None, None, None
        parts = urllib.parse.urlsplit(self.path)
        self.query = {}
        for item in filter(None, parts.query.split("&")):
            name, _, value = item.partition("=")
            self.query[urllib.parse.unquote(name)] = urllib.parse.unquote(value)
        self.is_s3 = False
        if parts.path.startswith("/_stub/"):
            return self.stub(parts.path[7:])
        path = urllib.parse.unquote(parts.path)
        bucket, _, key = path[1:].partition("/")
        self.raw_path = parts.path
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
        self.is_s3 = (self.headers.get("Authorization") or "").startswith("AWS4-") or "X-Amz-Signature" in self.query
        is_signed = "Authorization" in self.headers or "x-oss-signature" in self.query or self.is_s3
        entry = {"n": number, "method": self.command, "path": self.path, "key": key, "signed": is_signed,
                 "fault": self.fault, "begun": time.monotonic()}
        with lock:
            log.append(entry)
        if config["delay"]:
            time.sleep(config["delay"])
        try:
            self.before(entry["signed"])
            if entry["signed"]:
                (self.check_s3_signature if self.is_s3 else self.check_signature)(bucket, key)
                self.serve(bucket, key)
            else:
                self.visit(bucket, key)
        except Refusal as refusal:
            self.refuse(refusal)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        finally:
            entry["status"], entry["ended"] = self.sent_status, time.monotonic()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def before(self, is_signed):
        if self.fault == "refuse":
            self.drop()
        if self.fault == "hang":
            time.sleep(2)
            self.drop()
        if self.fault == "429":
            raise Refusal(429, "QpsLimitExceeded", "Your request rate is too high")
        if self.fault and self.fault.isdigit():
            raise Refusal(int(self.fault), {"500": "InternalError", "503": "ServiceUnavailable", "403": "AccessDenied"}.get(self.fault, "BadRequest"))
        if is_signed and config["fail_share"] and choice.random() < config["fail_share"]:
            raise Refusal(500, "InternalError")

    def drop(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionResetError

    def body(self):
        if self.content is None:
            self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self.content

    # ---- signatures, by the documented algorithm -------------------------------------------------------------------------

    def check_signature(self, bucket, key):
        query = dict(self.query)
        if "x-oss-signature" in query:
            given, stamp = query.pop("x-oss-signature"), query["x-oss-date"]
            credential, additional = query["x-oss-credential"], query.get("x-oss-additional-headers", "")
        else:
            text = self.headers["Authorization"]
            if text.startswith("OSS "):
                raise Refusal(403, "AccessDenied", "Signature version 1 is not allowed", "0002-00000080")
            if not text.startswith("OSS4-HMAC-SHA256 "):
                raise Refusal(400, "InvalidArgument", "Authorization header is invalid")
            fields = dict(part.strip().split("=", 1) for part in text[len("OSS4-HMAC-SHA256 "):].split(","))
            given, credential, additional = fields["Signature"], fields["Credential"], fields.get("AdditionalHeaders", "")
            stamp = self.headers.get("x-oss-date") or ""
            if self.headers.get("x-oss-content-sha256") != "UNSIGNED-PAYLOAD":
                raise Refusal(400, "InvalidArgument", "x-oss-content-sha256 must be UNSIGNED-PAYLOAD")
        identity, day, region, product, last = credential.split("/")
        if identity not in KEYS:
            raise Refusal(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902")
        if (region, product, last) != (config["region"], "oss", "aliyun_v4_request"):
            raise Refusal(400, "InvalidArgument", f"Invalid signing region in Authorization header, expected '{config['region']}', actual '{region}'.", "0002-00000229")
        moment = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        if abs(moment - time.time() - config["clock_ahead"]) > 900:
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "0002-00000504")
        token = self.headers.get("x-oss-security-token") or query.get("x-oss-security-token")
        if TOKENS.get(identity) != token:
            raise Refusal(403, "InvalidSecurityToken", "The security token you provided is invalid.")
        names = [name for name in additional.split(";") if name]
        lines = {}
        for name, value in self.headers.items():
            name = name.lower()
            if name.startswith("x-oss-") or name in ("content-type", "content-md5") or name in names:
                lines.setdefault(name, []).append(value.strip())
        canonical = "\n".join([
            self.command, quote(f"/{bucket}/{key}" if bucket else "/", "/"),
            "&".join(sorted(quote(n) + ("=" + quote(v) if v else "") for n, v in query.items())),
            "".join(f"{n}:{','.join(v)}\n" for n, v in sorted(lines.items())), ";".join(sorted(names)), "UNSIGNED-PAYLOAD"])
        scope = f"{day}/{region}/oss/aliyun_v4_request"
        text = f"OSS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        secret = ("aliyun_v4" + KEYS[identity]).encode()
        for part in (day, region, "oss", "aliyun_v4_request"):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), given):
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", "0002-00000201",
                          f"<StringToSign>{escape(text)}</StringToSign>")

    def check_s3_signature(self, bucket, key):
        query = dict(self.query)
        if "X-Amz-Signature" in query:
            given, credential, names, moment = query.pop("X-Amz-Signature"), query["X-Amz-Credential"], query["X-Amz-SignedHeaders"], query["X-Amz-Date"]
            payload = "UNSIGNED-PAYLOAD"
        else:
            fields = dict(part.strip().split("=", 1) for part in self.headers["Authorization"].split(" ", 1)[1].split(","))
            given, credential, names, moment = fields["Signature"], fields["Credential"], fields["SignedHeaders"], self.headers.get("x-amz-date") or ""
            payload = self.headers.get("x-amz-content-sha256") or ""
        identity, day, region, service, last = credential.split("/")
        if identity not in KEYS:
            raise Refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        if region != config["s3_region"]:
            raise Refusal(400, "AuthorizationHeaderMalformed", f"the region '{region}' is wrong; expecting '{config['s3_region']}'", extra=f"<Region>{config['s3_region']}</Region>")
        if abs(calendar.timegm(time.strptime(moment, "%Y%m%dT%H%M%SZ")) - time.time() - config["clock_ahead"]) > 900:
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
        if TOKENS.get(identity) != (self.headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token")):
            raise Refusal(403, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if payload.startswith("STREAMING-"):
            raise Refusal(400, "InvalidArgument", "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value.", "0017-00000804")
        if payload != "UNSIGNED-PAYLOAD" and payload != hashlib.sha256(self.body()).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch")
        names = names.split(";")
        must = {n.lower() for n in self.headers if n.lower().startswith("x-amz-")} | {"host"}
        if not must <= set(names) and "X-Amz-Algorithm" not in query:
            raise Refusal(403, "AccessDenied", f"There were headers present in the request which were not signed: {must - set(names)}")
        lines = "".join(f"{n}:{' '.join(','.join(self.headers.get_all(n, [])).split())}\n" for n in names)
        canonical = "\n".join([self.command, quote(urllib.parse.unquote(self.raw_path), "/"),
                               "&".join(sorted(quote(n) + "=" + quote(v) for n, v in query.items())), lines, ";".join(names), payload])
        scope = f"{day}/{region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        secret = ("AWS4" + KEYS[identity]).encode()
        for part in (day, region, "s3", "aws4_request"):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        if (service, last) != ("s3", "aws4_request") or not hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), given):
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")

    # ---- answers -----------------------------------------------------------------------------------------------------------

    def send(self, status, data=b"", headers=(), kind="application/xml"):
        self.sent_status = status
        if self.content is None and self.command in ("PUT", "POST"):
            self.body()
        if status < 400 and self.fault == "lost":
            self.drop()
        self.send_response(status)
        self.send_header("x-oss-request-id", uuid.uuid4().hex[:24].upper())
        self.send_header("x-oss-server-time", "1")
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value.lower() if name == "ETag" and self.is_s3 else value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(data)))
        if data and "content-type" not in names:
            self.send_header("Content-Type", kind)
        self.end_headers()
        if self.command != "HEAD":
            if self.fault == "cut":
                self.wfile.write(data[:len(data) // 3])
                self.wfile.flush()
                self.drop()
            self.wfile.write(data)

    def date_time_string(self, timestamp=None):
        return formatdate((timestamp or time.time()) + config["clock_ahead"], usegmt=True)

    def refuse(self, refusal):
        xml = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>{refusal.code}</Code>\n  <Message>{escape(refusal.message)}</Message>\n'
               f"  <RequestId>0</RequestId>\n  <HostId>127.0.0.1</HostId>\n  <EC>{refusal.detail}</EC>\n{refusal.extra}</Error>\n").encode()
        headers = [("x-oss-ec", refusal.detail)] if refusal.detail else []
        if self.command == "HEAD":
            headers += [] if self.is_s3 else [("x-oss-err", base64.b64encode(xml).decode())]
            xml = b""
        self.send(refusal.status, xml, headers)

    # ---- operations --------------------------------------------------------------------------------------------------------

    def serve(self, bucket, key):
        method, query = self.command, self.query
        if not bucket:
            names = "".join(f"<Bucket><Name>{n}</Name></Bucket>" for n in sorted(buckets))
            return self.send(200, f"<ListAllMyBucketsResult><Buckets>{names}</Buckets></ListAllMyBucketsResult>".encode())
        if not key and method == "HEAD" and bucket in buckets:
            return self.send(200)
        if not key and method == "PUT" and not query:
            self.body()
            buckets.setdefault(bucket, {})
            return self.send(200)
        if bucket not in buckets:
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101")
        objects = buckets[bucket]
        if not key:
            return self.bucket_call(bucket, objects)
        if "uploads" in query:
            identifier = uuid.uuid4().hex.upper()
            self.body()
            uploads[identifier] = {"bucket": bucket, "key": key, "headers": self.stored_headers(), "parts": {}}
            return self.send(200, f"<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{quote(key, '/')}</Key><UploadId>{identifier}</UploadId></InitiateMultipartUploadResult>".encode())
        if "uploadId" in query:
            return self.multipart(objects, key)
        brand = "x-amz-" if self.is_s3 else "x-oss-"
        if method == "PUT" and brand + "copy-source" in self.headers:
            source = urllib.parse.unquote(self.headers[brand + "copy-source"]).lstrip("/").split("/", 1)
            old = buckets[source[0]].get(source[1])
            if old is None:
                raise Refusal(404, "NoSuchKey")
            headers = self.stored_headers() if self.headers.get(brand + "metadata-directive") == "REPLACE" else old["headers"]
            with lock:
                objects[key] = {**old, "headers": headers, "date": time.time()}
            return self.send(200, f'<CopyObjectResult><ETag>"{old["etag"]}"</ETag><LastModified>{stamp(time.time())}</LastModified></CopyObjectResult>'.encode())
        if method == "PUT":
            data = self.body()
            self.check_digest(data)
            with lock:
                self.check_is_new(objects, key)
                made = self.keep(objects, key, data, self.stored_headers(), hashlib.md5(data).hexdigest().upper())
            return self.send(200, b"", [("ETag", f'"{made["etag"]}"'), ("x-oss-hash-crc64ecma", made["crc"]), ("Content-MD5", made["md5"])])
        if method == "DELETE":
            with lock:
                objects.pop(key, None)
            return self.send(204)
        if method in ("GET", "HEAD"):
            found = objects.get(key)
            if found is None:
                raise Refusal(404, "NoSuchKey", "The specified key does not exist.", "0026-00000001")
            return self.send_object(found)
        raise Refusal(405, "MethodNotAllowed")

    def stored_headers(self):
        kept = ("content-type", "cache-control", "content-encoding", "content-disposition", "expires")
        return {n: v for n, v in self.headers.items() if n.lower() in kept or n.lower().startswith(("x-oss-meta-", "x-amz-meta-"))}

    def check_is_new(self, objects, key):
        if key in objects and self.headers.get("x-oss-forbid-overwrite") == "true":
            raise Refusal(409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")
        if key in objects and self.headers.get("If-None-Match") == "*":
            raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")

    def check_digest(self, data):
        given = self.headers.get("Content-MD5")
        if given and given != base64.b64encode(hashlib.md5(data).digest()).decode():
            raise Refusal(400, "InvalidDigest", "The Content-MD5 you specified is not what we received.")

    def keep(self, objects, key, data, headers, etag, kind="Normal"):
        made = {"data": data, "headers": headers, "etag": etag, "kind": kind, "crc": str(crc64(data)), "date": time.time(),
                "md5": base64.b64encode(hashlib.md5(data).digest()).decode(), "before": objects.get(key, {}).get("data")}
        with lock:
            objects[key] = made
        return made

    def send_object(self, found, status=200, extra=()):
        data = found["before"] if config["stale"] and not self.headers.get("Authorization") and found["before"] is not None else found["data"]
        headers = [("ETag", f'"{found["etag"]}"'), ("x-oss-hash-crc64ecma", found["crc"]), ("Last-Modified", formatdate(found["date"], usegmt=True)),
                   ("x-oss-object-type", found["kind"]), *extra]
        if "objectMeta" not in self.query:
            headers += list(found["headers"].items())
            if found["kind"] == "Normal":
                headers.append(("Content-MD5", found["md5"]))
        wanted = re.match(r"^bytes=(\d+)-(\d*)$", self.headers.get("Range") or "")
        if wanted and status == 200 and self.command == "GET":
            start, end = int(wanted[1]), int(wanted[2] or len(data) - 1)
            headers.append(("Content-Range", f"bytes {start}-{end}/{len(data)}"))
            return self.send(206, data[start:end + 1], headers)
        if self.command == "HEAD":
            headers.append(("Content-Length", str(len(data))))
        self.send(status, data, headers, kind="application/octet-stream")

    def multipart(self, objects, key):
        upload = uploads.get(self.query["uploadId"])
        if upload is None:
            raise Refusal(404, "NoSuchUpload")
        if self.command == "DELETE":
            del uploads[self.query["uploadId"]]
            return self.send(204)
        if self.command == "PUT":
            data = self.body()
            self.check_digest(data)
            etag = hashlib.md5(data).hexdigest().upper()
            upload["parts"][int(self.query["partNumber"])] = (etag, data)
            return self.send(200, b"", [("ETag", f'"{etag}"'), ("x-oss-hash-crc64ecma", str(crc64(data)))])
        wanted = [(int(p.find("{*}PartNumber").text), p.find("{*}ETag").text.strip('"').upper()) for p in tree.fromstring(self.body()).findall("{*}Part")]
        if wanted != sorted(wanted) or any(upload["parts"].get(n, ("",))[0] != e for n, e in wanted):
            raise Refusal(400, "InvalidPart")
        data = b"".join(upload["parts"][n][1] for n, _ in wanted)
        etag = hashlib.md5(b"".join(bytes.fromhex(e) for _, e in wanted)).hexdigest().upper() + f"-{len(wanted)}"
        made = self.keep(objects, key, data, upload["headers"], etag, "Multipart")
        del uploads[self.query["uploadId"]]
        self.send(200, f'<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>{quote(key, "/")}</Key><ETag>"{etag}"</ETag></CompleteMultipartUploadResult>'.encode(),
                  [("x-oss-hash-crc64ecma", made["crc"])])

    def bucket_call(self, bucket, objects):
        query = self.query
        if "delete" in query:
            data = self.body()
            checked = self.headers.get("x-amz-checksum-crc32") == base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
            if "Content-MD5" not in self.headers and not checked:
                raise Refusal(400, "InvalidArgument", "Missing Some Required Arguments.", "0016-00000606")
            self.check_digest(data)
            root = tree.fromstring(data)
            keys = [item.find("{*}Key").text or "" for item in root.findall("{*}Object")]
            if not 0 < len(keys) <= 1000:
                raise Refusal(400, "MalformedXML")
            with lock:
                for key in keys:
                    objects.pop(key, None)
            quiet = (root.findtext("{*}Quiet") or "").lower() == "true"
            shown = "".join(f"<Deleted><Key>{quote(k, '/')}</Key></Deleted>" for k in keys)
            return self.send(200, b"" if quiet else f"<DeleteResult><EncodingType>url</EncodingType>{shown}</DeleteResult>".encode())
        if "website" in query:
            if self.command == "PUT":
                websites[bucket] = self.body()
                return self.send(200)
            if bucket not in websites:
                raise Refusal(404, "NoSuchWebsiteConfiguration")
            return self.send(200, websites[bucket])
        if self.command == "GET" and (query.get("list-type") == "2" or self.is_s3 and set(query) <= {"prefix", "delimiter", "marker", "max-keys", "encoding-type"}):
            return self.listing(bucket, objects)
        raise Refusal(400, "InvalidArgument", f"not known here: {self.path}")

    def listing(self, bucket, objects):
        query = self.query
        prefix, most, delimiter = query.get("prefix", ""), int(query.get("max-keys", "1000" if self.is_s3 else "100")), query.get("delimiter", "")
        is_second = query.get("list-type") == "2"
        after = base64.b64decode(query["continuation-token"]).decode() if "continuation-token" in query else query.get("start-after", query.get("marker", ""))
        code = (lambda text: quote(text, "/" if self.is_s3 else "")) if query.get("encoding-type") == "url" else escape
        with lock:
            found = {}
            for key in objects:
                if key.startswith(prefix):
                    rest = key[len(prefix):]
                    folder = prefix + rest.split(delimiter)[0] + delimiter if delimiter and delimiter in rest else None
                    if (folder or key).encode() > after.encode():
                        found[folder or key] = None if folder else objects[key]
        names = sorted(found, key=lambda k: k.encode())
        page, more = names[:most], len(names) > most
        show_tag = (lambda tag: tag.lower()) if self.is_s3 else (lambda tag: tag)
        items = "".join(
            f'<Contents><Key>{code(k)}</Key><LastModified>{stamp(found[k]["date"])}</LastModified><ETag>"{show_tag(found[k]["etag"])}"</ETag>'
            f'<Type>{found[k]["kind"]}</Type><Size>{len(found[k]["data"])}</Size><StorageClass>Standard</StorageClass></Contents>' for k in page if found[k])
        items += "".join(f"<CommonPrefixes><Prefix>{code(k)}</Prefix></CommonPrefixes>" for k in page if not found[k])
        mark = base64.b64encode(page[-1].encode()).decode() if more else ""
        token = (f"<NextContinuationToken>{mark if self.is_s3 else code(mark)}</NextContinuationToken>" if is_second else f"<NextMarker>{code(page[-1])}</NextMarker>") if more else ""
        kind = "<EncodingType>url</EncodingType>" if query.get("encoding-type") == "url" else ""
        space = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' if self.is_s3 else ""
        self.send(200, (f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult{space}><Name>{bucket}</Name><Prefix>{code(prefix)}</Prefix><MaxKeys>{most}</MaxKeys>{kind}'
                        f"<IsTruncated>{'true' if more else 'false'}</IsTruncated><KeyCount>{len(page)}</KeyCount>{token}{items}</ListBucketResult>").encode())

    # ---- visitors ----------------------------------------------------------------------------------------------------------

    def visit(self, bucket, key):
        objects = buckets.get(bucket)
        if objects is None:
            raise Refusal(404, "NoSuchBucket")
        extra = [("x-oss-force-download", "true"), ("Content-Disposition", "attachment")] if config["force_download"] else []
        if key == "" or key.endswith("/"):
            key = key + "index.html" if config["index"] or key == "" else "index.html"
        if key in objects:
            return self.send_object(objects[key], extra=extra)
        page = objects.get(config["error_page"])
        if page is None:
            raise Refusal(404, "NoSuchKey")
        self.send_object(page, 404, extra)

    # ---- for tests ---------------------------------------------------------------------------------------------------------

    def stub(self, what):
        global counter
        with lock:
            if what == "config":
                config.update(json.loads(self.body()))
            elif what == "faults":
                faults[:] = json.loads(self.body())
                counter = 0
                log.clear()
            elif what == "reset":
                self.body()
                buckets.clear(), faults.clear(), log.clear(), uploads.clear(), websites.clear(), config.update(DEFAULTS)
            elif what == "log":
                return self.send(200, json.dumps(log).encode(), kind="application/json")
            elif what == "uploads":
                return self.send(200, json.dumps(list(uploads)).encode(), kind="application/json")
        self.send(200, b"{}", kind="application/json")


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = False

    def handle_error(self, *_):
        pass


def watch(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(FOLDER, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
server.serve_forever()
