"""What the tests of a broken world share: a DNS server that can be changed, clients by hand, really signed mail, the log."""
import base64
import glob
import os
import re
import socket
import ssl
import subprocess
import tempfile
import urllib.request

import end_to_end
import postern_site


class Client:
    """A client by hand: lines out, replies in."""

    def __init__(self, port, source, early=b""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120, source_address=(source, 0))
        if early:
            self.socket.sendall(early)
        self.file = self.socket.makefile("rb")
        self.banner = self.reply()

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode()
            lines.append(line.rstrip("\r\n"))
            if len(line) < 4 or line[3] != "-":
                return "\n".join(lines)

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def secure(self):
        self.say("STARTTLS")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def envelope(self, sender="a@sender.example", *recipients, options=""):
        replies = [self.say(f"MAIL FROM:<{sender}>{options}")]
        return replies + [self.say(f"RCPT TO:<{each}>") for each in recipients]

    def send(self, text):
        """The whole message after an accepted envelope."""
        first = self.say("DATA")
        if not first.startswith("354"):
            return first
        self.socket.sendall(text + b".\r\n")
        return self.reply()

    def message(self, mark):
        return self.send(f"From: a@sender.example\r\nTo: b@dest.example\r\nSubject: {mark}\r\nMessage-ID: <{mark}@x>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n\r\nhello {mark}\r\n".encode())

    def close(self):
        self.file.close()
        self.socket.close()


def attempt(port, source, sender, recipient, text, helo="client.example"):
    """One try to deliver: the reply that ended it, whatever stage it came from; "" when the connection was lost."""
    try:
        client = Client(port, source)
    except OSError:
        return ""
    try:
        said = client.banner
        for line in (f"EHLO {helo}", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"):
            if not said.startswith("2"):
                return said
            said = client.say(line)
        return client.send(text) if said.startswith("2") else said
    except OSError:
        return ""
    finally:
        client.close()


class Signer:
    """DKIM (RFC 6376), rsa-sha256, simple/simple, with openssl as the only tool."""

    def __init__(self):
        handle, self.key = tempfile.mkstemp(suffix=".pem")
        os.close(handle)
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, stderr=subprocess.DEVNULL)
        public = self.openssl("rsa", "-in", self.key, "-pubout", "-outform", "DER")
        strings = re.findall(".{1,200}", "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode())
        self.record = "TXT " + " ".join(f'"{each}"' for each in strings)

    @staticmethod
    def openssl(*words, given=None):
        return subprocess.run(["openssl", *words], check=True, input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def sign(self, message, domain, selector="k"):
        """`message` has CRLF line ends and no empty lines at its end."""
        head, body = message.split(b"\r\n\r\n", 1)
        digest = base64.b64encode(self.openssl("dgst", "-sha256", "-binary", given=body)).decode()
        fields = {field.split(b":", 1)[0].decode().lower(): field for field in re.split(rb"\r\n(?![ \t])", head)}
        signed = [name for name in ("from", "to", "subject", "date", "message-id") if name in fields]
        own = f"DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d={domain}; s={selector}; h={':'.join(signed)}; bh={digest}; b="
        covered = b"".join(fields[name] + b"\r\n" for name in signed) + own.encode()
        return own.encode() + base64.b64encode(self.openssl("dgst", "-sha256", "-sign", self.key, given=covered)) + b"\r\n" + message

    def stop(self):
        os.unlink(self.key)


class Outside(end_to_end.EndToEnd):
    """A site whose clients are strangers."""

    ZONE = ""

    @classmethod
    def setUpClass(cls):
        cls.KEYS = {"smtp": "unlimited_clients = []", **cls.KEYS}
        super().setUpClass()

    def attempt(self, source, sender, recipient, text, helo="client.example"):
        return attempt(self.site.ports["smtp"], source, sender, recipient, text, helo)

    def wait(self, condition, patience, what):
        found = postern_site.wait_for(condition, patience)
        self.assertTrue(found, what)
        return found

    def line(self, message_id, patience=20):
        """The last log line of the message."""
        def found():
            return next((each for each in reversed(self.site.postern.log()) if each["event"] == "message" and each.get("message_id") == message_id), None)
        return self.wait(found, patience, f"no line about {message_id}")

    def logged(self, event, patience=30, **wanted):
        """A log line of this event whose members hold what is wanted."""
        def found():
            return next((each for each in self.site.postern.log() if each["event"] == event and all(value in each.get(key, "") for key, value in wanted.items())), None)
        return self.wait(found, patience, f"no line {event} with {wanted}")

    def findings_of(self, message_id):
        """The findings of a held message, as its record shows them."""
        record = self.wait(lambda: self.record_of(message_id), 20, f"{message_id} is not held")
        return self.site.postern.ask("quarantine", "show", record["id"])[0]["report"]["findings"]

    def figures(self):
        return figures(self.site)


def figures(site):
    """/metrics as a dictionary of series."""
    with urllib.request.urlopen(f"http://127.0.0.1:{site.ports['metrics']}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}


def mail(mark, sender, body="Hello.\r\n"):
    return (f"From: Alice <{sender}>\r\nTo: Bob <bob@dest.example>\r\nSubject: {mark}\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{mark}@sender.example>\r\n\r\n{body}").encode()


def process_of(site, program):
    """The pid of the site's process of this name, below the supervisor; None: there is none now."""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                before, after = file.read().rsplit(")", 1)
        except OSError:
            continue
        pid, name = before.split(" (", 1)
        if name == program and int(after.split()[1]) == site.postern.process.pid:
            return int(pid)
    return None
