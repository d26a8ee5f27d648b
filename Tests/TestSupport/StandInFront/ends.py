"""Both ends behind a front: an app that tells what it was asked, on a port, and our pages, on a Unix socket.

  ends.py FOLDER PAGE_SOCKET    writes the app's port to FOLDER/port; "app" and "page" on standard input switch one off or on again
"""

import base64, hashlib, http.server, json, os, socket, socketserver, sys, threading

folder, page_socket = sys.argv[1:3]


class Teller(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    who = "app"

    def address_string(self):
        return "-"

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        digest, size, first = hashlib.sha256(), 0, None
        if self.headers.get("Transfer-Encoding") == "chunked":
            while True:
                count = int(self.rfile.readline(), 16)
                piece = self.rfile.read(count + 2)[:count]
                if not count:
                    break
                digest.update(piece)
                size += count
        while size < length:
            piece = self.rfile.read(min(65536, length - size))
            if not piece:
                return
            digest.update(piece)
            size += len(piece)
        told = {"who": self.who, "method": self.command, "path": self.path, "size": size, "digest": digest.hexdigest(), "headers": {}}
        for name, value in self.headers.items():
            told["headers"].setdefault(name.lower(), []).append(value)
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.who == "app" and self.path.startswith("/framed"):
            self.send_header("X-Frame-Options", "DENY")
            policy = {"/framed": "default-src 'self'; frame-ancestors 'none'; img-src *", "/framed-plain": "default-src 'self'"}.get(self.path)
            if policy:
                self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer


class App(Teller):
    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() != "websocket":
            return self.answer()
        key = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        self.send_response(101)
        for name, value in [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", key)]:
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        # An echo of frames, as they come: what a client masks stays masked, and it knows its own mask.
        while True:
            piece = self.connection.recv(65536)
            if not piece:
                return
            self.connection.sendall(piece)


class Page(Teller):
    who = "page"


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def process_request(self, request, client_address):
        self.__dict__.setdefault("connections", []).append(request)
        super().process_request(request, client_address)

    def server_close(self):
        super().server_close()
        for connection in self.__dict__.get("connections", []):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class PageServer(Server):
    address_family = socket.AF_UNIX

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "page", 0
        os.chmod(self.server_address, 0o666)

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("page", 0)


running = {}


def start(what):
    if what == "app":
        running[what] = Server(("127.0.0.1", running.get("port", 0)), App)
        running["port"] = running[what].server_address[1]
    else:
        if os.path.exists(page_socket):
            os.unlink(page_socket)
        running[what] = PageServer(page_socket, Page)
    threading.Thread(target=running[what].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


start("app")
start("page")
with open(folder + "/port.new", "w") as file:
    file.write(str(running["port"]))
os.rename(folder + "/port.new", folder + "/port")
for line in sys.stdin:
    what = line.strip()
    if what in running:
        running[what].shutdown()
        running.pop(what).server_close()
    else:
        start(what)
    with open(folder + "/done", "a") as file:
        file.write("x")
