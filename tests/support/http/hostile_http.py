"""An HTTP server for tests that does what no server should. Each path is a behaviour, behind a name:
/BEHAVIOUR/anything. Every path answers the first request with a good list, so that there is
something to lose; /always/BEHAVIOUR/... misbehaves from the start. Bind port 0; loopback only."""
import gzip
import hashlib
import http.server
import socketserver
import ssl
import threading
import time

GOOD = b"".join(b"good%d.example\n" % number for number in range(100))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        server = self.server
        parts = self.path.strip("/").split("/")
        behaviour = parts[1] if parts[0] == "always" else parts[0]
        with server.lock:
            server.requests.append((self.path, dict(self.headers)))
            first = parts[0] != "always" and self.path not in server.seen
            server.seen.add(self.path)
        try:
            if first:
                return self.good(GOOD)
            getattr(self, "do_" + behaviour.replace("-", "_"))()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def good(self, body, **fields):
        tag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.send_header("ETag", tag)
            return self.end_headers()
        self.send_response(200)
        for name, value in {"Content-Type": "text/plain", "ETag": tag, "Content-Length": len(body), **fields}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def start(self, *fields):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def redirect(self, where, status=302):
        self.send_response(status)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_same(self):
        self.good(GOOD)

    def do_other(self):
        self.good(b"other.example\n")

    def do_hosts(self):
        self.good(b"# a hosts file\n127.0.0.1 localhost\n0.0.0.0 in-hosts.example ads.in-hosts.example\n")

    def do_csv(self):
        """As URLhaus publishes: comments, quoted fields, the URL in the third."""
        self.good(b'# id,dateadded,url,url_status\r\n"1","2026-11-24 12:00:00","http://in-csv.example/bad.exe?a=1","online"\r\n"2","2026-11-24 12:00:01","http://192.0.2.7:8080/i,or-not","offline"\r\n')

    def do_dead(self):
        self.server.stopped.wait(60)

    def do_slow(self):
        self.start(("Content-Length", "100000"))
        while not self.server.stopped.wait(0.1):
            self.wfile.write(b"a")

    def do_endless(self):
        self.start(("Transfer-Encoding", "chunked"))
        line = b"endless.example\n" * 1000
        while not self.server.stopped.is_set():
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def do_endless_header(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.stopped.is_set():
            self.wfile.write(b"X-Filler: " + b"x" * 900 + b"\r\n")

    def do_html(self):
        self.good(b"a.example\n", Content_Type="text/html; charset=utf-8")

    def do_page(self):
        self.good(b"  <!DOCTYPE html>\n<html><title>Sign in</title></html>\n")

    def do_truncated(self):
        self.start(("Content-Length", "1000"))
        self.wfile.write(b"half.example\n" * 5)

    def do_truncated_chunk(self):
        self.start(("Transfer-Encoding", "chunked"))
        self.wfile.write(b"d\r\nhalf.example\n\r\n")

    def do_no_length(self):
        self.start()
        self.wfile.write(b"half.example\n")

    def do_bomb(self):
        self.good(gzip.compress(b"bomb.example\n" * 1_000_000), Content_Encoding="gzip")

    def do_unmarked_bomb(self):
        self.good(gzip.compress(b"bomb.example\n" * 1_000_000))

    def do_big(self):
        self.good(b"big.example\n" * 200_000)

    def do_empty(self):
        self.good(b"")

    def do_comments(self):
        self.good(b"# nothing today\n")

    def do_garbage(self):
        self.good(b"a.example\n" * 50 + b"this is no domain\n" * 50)

    def do_error(self):
        self.send_error(500)

    def do_redirect_file(self):
        self.redirect("file:///etc/passwd")

    def do_redirect_ftp(self):
        self.redirect("ftp://127.0.0.1/list")

    def do_redirect_loop(self):
        self.redirect(self.path)

    def do_redirect_nowhere(self):
        self.send_response(302)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_redirect(self):
        self.redirect("/always/other/x")

    def do_redirect_far(self):
        self.redirect("http://localhost:%d/always/other/far" % self.server.server_port)

    def do_counter(self):
        """Lists that belong together: all entries of one answer have one number."""
        with self.server.lock:
            self.server.count += 1
            number = self.server.count
        self.good(b"".join(b"n%d-%d.example\n" % (number, i) for i in range(self.server.entries)))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    entries = 20000

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.requests = []
        self.seen = set()
        self.count = 0
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"

    def handle_error(self, request, address):
        pass  # a client that refuses us is what tests are about

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *what):
        self.stopped.set()
        self.shutdown()
        self.server_close()

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server_port}/{path}"

    def asked(self, path):
        with self.lock:
            return [fields for at, fields in self.requests if at == "/" + path]


def wait_until(what, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    return what()
