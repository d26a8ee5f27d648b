"""Sends requests to a port whose length two servers might read differently, each with a second request inside: smuggle.py PORT TOKEN JOB.

Prints where the answers are not one refusal, or one answer and that to the request for the health check at the end. Prints "ok" at the end."""

import re
import socket
import sys

port, token, job = int(sys.argv[1]), sys.argv[2], sys.argv[3]
INNER = f"POST /-/api/jobs/{job}/start HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n".encode()
LAST = b"GET /-/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
END = b"0\r\n\r\n"
SIZE = len(INNER)


def ask(request):
    """The statuses of all answers to what was sent, until the server closes: after a refusal, or when it is asked to."""
    with socket.create_connection(("127.0.0.1", port), 300) as connection:
        connection.sendall(request + LAST)
        answers = b""
        try:
            while piece := connection.recv(65536):
                answers += piece
        except ConnectionError:
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answers)]


def cases(path):
    def send(headers, body, method="POST"):
        return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode() + headers + b"\r\n\r\n" + body

    yield "length and chunks", send(b"Content-Length: %d\r\nTransfer-Encoding: chunked" % (SIZE + 5), END + INNER)
    yield "chunks and length", send(b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"%x\r\n" % SIZE + INNER + b"\r\n" + END)
    yield "chunked, and another coding", send(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", END + INNER)
    yield "a list of codings", send(b"Transfer-Encoding: identity, chunked", END + INNER)
    yield "a space before the colon", send(b"Transfer-Encoding : chunked", END + INNER)
    yield "a tab before the value", send(b"Transfer-Encoding:\tchunked\r\nContent-Length: 5", END + INNER)
    yield "a vertical tab before the value", send(b"Transfer-Encoding: \x0bchunked", END + INNER)
    yield "a folded coding", send(b"X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: %d" % (SIZE + 5), END + INNER)
    yield "a folded length", send(b"Content-Length:\r\n %d" % SIZE, INNER)
    yield "two lengths", send(b"Content-Length: 0\r\nContent-Length: %d" % SIZE, INNER)
    yield "a list of lengths", send(b"Content-Length: 0, %d" % SIZE, INNER)
    yield "a length with a sign", send(b"Content-Length: +%d" % SIZE, INNER)
    yield "a negative length", send(b"Content-Length: -1", INNER)
    yield "a length above 64 bits", send(b"Content-Length: 18446744073709551616", INNER)
    yield "a chunk with a line feed in its extension", send(b"Transfer-Encoding: chunked", b"1;\nxx\r\nx\r\n" + END)
    yield "a chunk's size with 0x", send(b"Transfer-Encoding: chunked", b"0x0\r\n\r\n" + INNER)
    yield "a chunk above 64 bits", send(b"Transfer-Encoding: chunked", b"FFFFFFFFFFFFFFFFF\r\n" + INNER)
    yield "a chunk with an extension", send(b"Transfer-Encoding: chunked", b"%x;a=b\r\n" % SIZE + INNER + b"\r\n" + END)
    yield "a length in the trailer", send(b"Transfer-Encoding: chunked", b"%x\r\n" % SIZE + INNER + b"\r\n0\r\nContent-Length: 0\r\n\r\n")
    yield "a body of GET", send(b"Content-Length: %d" % SIZE, INNER, "GET")
    yield "a body of HEAD", send(b"Content-Length: %d" % SIZE, INNER, "HEAD")
    yield "a body of GET, named by Connection", send(b"Connection: Content-Length\r\nContent-Length: %d" % SIZE, INNER, "GET")
    yield "a length in a carriage return", f"GET {path} HTTP/1.1\r\nHost: x\r\nA: b\rContent-Length: {SIZE}\r\n\r\n".encode() + INNER
    yield "a zero byte", f"GET {path} HTTP/1.1\r\nHost: x\r\nA: b\0c\r\nContent-Length: {SIZE}\r\n\r\n".encode() + INNER
    yield "two hosts", f"GET {path} HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: {SIZE}\r\n\r\n".encode() + INNER
    yield "chunks in HTTP/1.0", f"POST {path} HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + END + INNER
    yield "a length with an underscore", send(b"Content_Length: 0\r\nContent-Length: %d" % SIZE, INNER)
    yield "an escaped line break in the path", f"GET {path}%0d%0aContent-Length:%200 HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n".encode() + INNER


for path in ("/-/login", "/-/api/status", "/-/healthz", "/-/nowhere", "/app"):
    for name, request in cases(path):
        answers = ask(request)
        if not (len(answers) == 2 and answers[1] == 200 or len(answers) == 1 and answers[0] in (400, 501)):
            print(f"{path}, {name}: {answers}")
print("ok")
