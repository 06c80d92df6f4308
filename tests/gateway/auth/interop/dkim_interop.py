#!/usr/bin/env python3
"""DKIM against other programs: what we sign verifies with dkimpy, OpenDKIM and Mail::DKIM; what
they and Exim sign verifies with us. Programs that are not there are named and left out; exit 77
(skipped) when there is none.
"""
import itertools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.append("/usr/lib/python3/dist-packages")
try:
    import dkim
except ImportError:
    dkim = None

TESTS = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ["POSTERN_BIN"])
ORACLE = BIN.parent / "tests" / "opendkim_oracle"
EXIM = os.environ.get("POSTERN_EXIM") or shutil.which("exim4")
DOMAIN = "example.org"
FORMS = ("relaxed", "simple")
MESSAGES = {
    "plain": b"From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\n"
             b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHello, world.\r\n",
    "folds and blanks": b"From: A\r\n <a@example.org>\r\nTo:\tb@example.net,\r\n\tc@example.net\r\n"
                        b"Subject:   two  blanks \r\nMIME-Version: 1.0\r\n"
                        b"Content-Type: text/plain;\r\n  charset=us-ascii\r\n\r\n"
                        b"flowed \r\ntext \t with  blanks\r\n\r\n\r\n-- \r\nx\r\n\r\n\r\n",
    "empty body": b"From: a@example.org\r\nSubject: nothing\r\n\r\n",
    "no line end at the end": b"From: a@example.org\r\nSubject: x\r\n\r\nlast line",
    "bytes above 127": "From: Ä <a@example.org>\r\nSubject: ünïcode\r\n\r\nGrüße\r\n".encode(),
    "dots": b"From: a@example.org\r\nSubject: dots\r\n\r\n.\r\n..\r\n.x\r\n",
    "long": b"From: a@example.org\r\nSubject: long\r\n\r\n" + b"a line of some text that goes on\r\n" * 3000,
}
MAIL_DKIM = """
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
my ($host, $port) = split /:/, $ARGV[0];
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => [$host], port => $port, recurse => 1));
my $v = Mail::DKIM::Verifier->new; binmode STDIN; local $/; $v->PRINT(<STDIN>); $v->CLOSE;
print $_->result, " ", $_->domain, "\\n" for $v->signatures;
"""


# libopendkim 2.11 does not end the last line of a relaxed body (RFC 6376 3.4.4), Mail::DKIM not that of a
# simple one (3.4.3); each does the other, dkimpy does both, as we do. Mail over SMTP always ends it.
KNOWN = {("OpenDKIM verifies ours", "relaxed", "no line end at the end"),
         ("Mail::DKIM verifies ours", "simple", "no line end at the end")}


class Checks:
    def __init__(self):
        self.done = {}
        self.wrong = 0

    def expect(self, who, what, good, detail):
        self.done[who] = self.done.get(who, 0) + 1
        if not good:
            self.wrong += 1
            print(f"WRONG {who}: {what}: {detail!r:.600}")


def run(words, text=b""):
    return subprocess.run([str(w) for w in words], input=text, capture_output=True, timeout=60, check=False)


class Site:
    """Keys, their DNS, and a configuration."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.records = {}
        self.keys = {}
        for selector, kind in (("r", "rsa"), ("e", "ed25519")):
            pem = self.folder / f"{selector}.pem"
            made = run([BIN / "postern", "--json", "dkim", "keygen", "--domain", DOMAIN, "--selector", selector,
                        "--type", kind, "--out", pem])
            assert made.returncode == 0, made.stderr
            told = json.loads(made.stdout)
            self.records[told["name"]] = told["record"]
            self.keys[selector] = (pem, kind)
        self.key_list = self.folder / "keys"
        self.key_list.write_text("".join(f"{n} {r}\n" for n, r in self.records.items()))
        zone = self.folder / "zone"
        zone.write_text("".join(f"{n} TXT " + " ".join(f'"{r[i:i + 255]}"' for i in range(0, len(r), 255)) + "\n"
                                for n, r in self.records.items()))
        self.dns = subprocess.Popen([sys.executable, str(TESTS / "support/dns/fake_dns.py"), str(zone), "--until-eof"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.dns_address = self.dns.stdout.readline().split()[1]

    def config(self, header, body):
        path = self.folder / f"{header}-{body}.toml"
        keys = "".join(f'[[dkim.key]]\ndomain = "{DOMAIN}"\nselector = "{s}"\nfile = "{pem}"\n'
                       for s, (pem, _) in self.keys.items())
        path.write_text(f'[dns]\nservers = ["{self.dns_address}"]\n[dkim]\nsign = "reports"\nheader = "{header}"\n'
                        f'body = "{body}"\n{keys}')
        return path

    def text_of(self, name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        return self.records.get(name.rstrip("."), "").encode()

    def verify(self, message):
        """What `postern auth` says about each signature, top to bottom."""
        path = self.folder / "message.eml"
        path.write_bytes(message)
        done = run([BIN / "postern", "--config", self.config("relaxed", "relaxed"), "auth", "--json", path])
        if done.returncode not in (0, 1):
            return [{"result": "none", "detail": done.stderr.decode()}]
        return json.loads(done.stdout)["auth"]["dkim"]

    def close(self):
        self.dns.kill()
        self.dns.wait()


def mail_dkim_there():
    return run(["perl", "-MMail::DKIM::Verifier", "-e", "1"]).returncode == 0


def ours_to_others(site, checks):
    verifiers = {}
    if dkim:
        verifiers["dkimpy verifies ours"] = lambda m: all(
            dkim.DKIM(m).verify(idx=i, dnsfunc=site.text_of) for i in range(2))
    if ORACLE.exists():
        verifiers["OpenDKIM verifies ours"] = lambda m: run([ORACLE, "verify", site.key_list], m).stdout.splitlines() \
            == [b"pass example.org"] * 2
    if mail_dkim_there():
        # Debian's has no Ed25519.
        verifiers["Mail::DKIM verifies ours"] = lambda m: run(["perl", "-e", MAIL_DKIM, site.dns_address], m) \
            .stdout.startswith(b"pass example.org\n")
    for header, body in itertools.product(FORMS, FORMS):
        config = site.config(header, body)
        for title, message in MESSAGES.items():
            made = run([BIN / "postern", "--config", config, "dkim", "sign", "-", "--domain", DOMAIN], message)
            assert made.returncode == 0, made.stderr
            ours = [s["result"] for s in site.verify(made.stdout)]
            checks.expect("we verify ours", f"{title}, {header}/{body}", ours == ["pass"] * 2, ours)
            for who, verifies in verifiers.items():
                if (who, body, title) in KNOWN:
                    continue
                good = verifies(made.stdout)
                checks.expect(who, f"{title}, {header}/{body}", good, made.stdout[:1500])


def others_to_ours(site, checks):
    def see(who, what, message):
        told = site.verify(message)
        good = len(told) == 1 and told[0]["result"] == "pass"
        checks.expect(who, what, good, (told, message[:1200]))

    for (selector, (pem, kind)), (title, message) in itertools.product(site.keys.items(), MESSAGES.items()):
        for form in FORMS:
            what = f"{title}, {kind}, {form}"
            if dkim:
                key = pem.read_bytes() if kind == "rsa" else raw_ed25519(pem)
                for body in FORMS:
                    field = dkim.sign(message, selector.encode(), DOMAIN.encode(), key,
                                      canonicalize=(form.encode(), body.encode()),
                                      signature_algorithm=f"{kind}-sha256".encode())
                    see("we verify dkimpy's", f"{what}/{body}", field + message)
            if ORACLE.exists():
                if (kind, form) == ("ed25519", "simple"):
                    continue  # neither OpenDKIM nor dkimpy verifies what libopendkim 2.11 signs so
                made = run([ORACLE, "sign", pem, selector, DOMAIN, form, kind], message)
                if made.returncode == 0:
                    see("we verify OpenDKIM's", what, made.stdout)


def raw_ed25519(pem):
    """The seed, as dkimpy wants it: the last 32 bytes of the PKCS#8."""
    import base64
    lines = [line for line in pem.read_text().splitlines() if "-----" not in line]
    return base64.b64encode(base64.b64decode("".join(lines))[-32:])


class Sink(threading.Thread):
    """Takes one SMTP message at a time and keeps its bytes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.messages = []
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rwb") as stream:
                def say(line):
                    stream.write(line + b"\r\n")
                    stream.flush()
                say(b"220 sink")
                for line in stream:
                    word = line[:4].upper()
                    if word == b"EHLO":
                        say(b"250-sink\r\n250 8BITMIME")
                    elif word == b"DATA":
                        say(b"354 go")
                        lines = []
                        for part in stream:
                            if part == b".\r\n":
                                break
                            lines.append(part[1:] if part.startswith(b".") else part)
                        self.messages.append(b"".join(lines))
                        say(b"250 taken")
                    elif word == b"QUIT":
                        say(b"221 bye")
                        break
                    else:
                        say(b"250 fine")


def exim_to_ours(site, checks):
    sink = Sink()
    spool = site.folder / "exim"
    spool.mkdir(mode=0o777)
    spool.chmod(0o777)
    site.folder.chmod(0o755)
    for selector, (pem, kind) in site.keys.items():
        for form in FORMS:
            readable = spool / f"{selector}.pem"
            shutil.copy(pem, readable)
            readable.chmod(0o644)
            config = spool / f"{selector}-{form}.conf"
            config.write_text(f"""
primary_hostname = mx.example.org
exim_path = {EXIM}
spool_directory = {spool}
log_file_path = {spool}/%slog
keep_environment =
begin routers
all:
  driver = manualroute
  transport = out
  route_list = * 127.0.0.1
  self = send
begin transports
out:
  driver = smtp
  port = {sink.port}
  hosts_avoid_tls = *
  dkim_domain = {DOMAIN}
  dkim_selector = {selector}
  dkim_private_key = {readable}
  dkim_canon = {form}
""")
            for title in ("plain", "folds and blanks", "dots", "long"):
                before = len(sink.messages)
                done = run([EXIM, "-C", config, "-odf", "-oi", "-f", "a@example.org", "b@example.net"],
                           MESSAGES[title].replace(b"\r\n", b"\n"))
                if len(sink.messages) == before:
                    print(f"Exim did not deliver: {done.stderr.decode()[:300]}")
                    return
                told = site.verify(sink.messages[-1])
                checks.expect("we verify Exim's", f"{title}, {kind}, {form}",
                              len(told) == 1 and told[0]["result"] == "pass", (told, sink.messages[-1][:1200]))


def main():
    missing = [name for name, there in (("dkimpy (python3-dkim)", dkim), ("libopendkim", ORACLE.exists()),
                                        ("Mail::DKIM", mail_dkim_there()), ("exim4 (POSTERN_EXIM)", EXIM)) if not there]
    if len(missing) == 4:
        print("skipped: none of dkimpy, libopendkim, Mail::DKIM, Exim is there")
        return 77
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        try:
            ours_to_others(site, checks)
            others_to_ours(site, checks)
            if EXIM:
                exim_to_ours(site, checks)
        finally:
            site.close()
    for who, count in checks.done.items():
        print(f"{who}: {count}")
    if missing:
        print("not there: " + ", ".join(missing))
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
