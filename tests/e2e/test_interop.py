"""Real mail programs on both sides of the gateway, with and without TLS: what they send arrives byte for byte below our fields."""
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
import tempfile
import unittest

import end_to_end
import postern_site

sys.path.insert(0, os.path.join(end_to_end.HERE, "..", "support", "interop"))
import servers  # noqa: E402

CLIENTS = ("swaks", "smtplib", "msmtp", "postfix", "exim", "haraka")
HOPS = ("postfix", "exim", "dovecot")
KINDS = ("plain", "tls")
HOP_NAME = "hop.test"
INSTALLED = os.environ.get("POSTERN_INTEROP", os.path.join(end_to_end.BIN, "..", "interop"))


def message(identifier):
    """Dots, 8-bit, blanks at line ends, an empty line at the end; lines short enough for everybody."""
    return (f"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nFrom: Alice <alice@sender.example>\r\nTo: Bob <bob@dest.example>\r\nMessage-ID: <{identifier}@sender.example>\r\n"
            "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nX-Folded: one\r\n\ttwo\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
            "\r\n.\r\n..\r\n.a dot\r\nGr\u00fc\u00dfe, \u4f60\u597d\r\nblanks  \t \r\n" + "x" * 900 + "\r\n\r\nFrom here\r\n\r\n").encode()


def missing(program):
    """Why a program cannot take part; None: it can."""
    if program in ("swaks", "msmtp") and shutil.which(program) is None:
        return f"package {program} is not installed"
    if program == "smtplib":
        return None
    if program in ("postfix", "exim", "dovecot") and os.geteuid() != 0:
        return f"{program} needs root to be started"
    if program in ("postfix", "dovecot") and not os.path.exists(f"/usr/sbin/{program}"):
        return f"package {'dovecot-lmtpd' if program == 'dovecot' else program} is not installed"
    if program == "exim" and not os.path.exists(f"{INSTALLED}/exim/usr/sbin/exim4"):
        return "Exim could not be unpacked (tests/support/interop/programs.sh)"
    if program == "haraka":
        if not os.path.exists(f"{INSTALLED}/haraka/node_modules/haraka"):
            return "Haraka could not be installed (tests/support/interop/programs.sh)"
        version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True).stdout
        if int(version.lstrip("v").split(".")[0]) < 20:
            return f"Haraka needs node 20, this is {version.strip()}"
    return None


def hop_domain(kind, hop):
    return f"{kind}.{hop}-hop.example"


def routes(ports, certificate):
    """Each server twice: in the clear (Postfix behind one that is down), and by TLS proven in one way or another."""
    digest = servers.key_digest(certificate)
    dead = postern_site.free_port()
    by_name = f'tls = "required"\ntls_trust = "{certificate}"\ntls_name = "{HOP_NAME}"\n'
    tls = {"postfix": by_name, "exim": f'tls = "pinned"\ntls_pins = ["{digest}"]\n', "dovecot": by_name}
    text = ""
    for hop, port in ports.items():
        general = 'protocol = "lmtp"\n' if hop == "dovecot" else ""
        where = f'hosts = ["127.0.0.1:{dead}", "127.0.0.1:{port}"]\n' if hop == "postfix" else f'host = "127.0.0.1"\nport = {port}\n'
        text += f'\n[[route]]\ndomains = "{hop_domain("plain", hop)}"\n{where}{general}tls = "none"\n'
        text += f'\n[[route]]\ndomains = ["{hop_domain("tls", hop)}"]\nhost = "127.0.0.1"\nport = {port}\n{general}{tls[hop]}'
    return text


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        script = os.path.join(end_to_end.HERE, "..", "support", "interop", "programs.sh")
        subprocess.run([script, INSTALLED], timeout=90)
        cls.missing = {program: missing(program) for program in (*CLIENTS, "dovecot")}
        cls.folder = tempfile.mkdtemp(prefix="postern-e2e-")
        os.chmod(cls.folder, 0o755)
        cls.running, cls.site = {}, None
        try:
            cls.start()
        except BaseException:
            cls.stop_all()
            raise

    @classmethod
    def start(cls):
        ports = {name: postern_site.free_port() for name in ("smtp", "sink", "web", "metrics")}
        files = servers.certificate(f"{cls.folder}/certificate", HOP_NAME)
        gateway = ports["smtp"]
        exim = os.path.abspath(f"{INSTALLED}/exim/usr/sbin/exim4")
        domains = {hop: [hop_domain(kind, hop) for kind in KINDS] for hop in HOPS}
        makers = {
            "postfix": lambda: servers.Postfix(cls.folder, files, domains["postfix"], gateway),
            "exim": lambda: servers.Exim(cls.folder, files, domains["exim"], gateway, exim),
            "dovecot": lambda: servers.Dovecot(cls.folder, files, ["bob"]),
            "haraka": lambda: servers.Haraka(cls.folder, os.path.abspath(f"{INSTALLED}/haraka"), gateway),
        }
        for name, make in makers.items():
            if cls.missing[name] is None:
                cls.running[name] = make()
        hops = {hop: cls.running[hop].port for hop in HOPS if hop in cls.running}
        accepted = [f"{kind}-{client}.example" for kind in KINDS for client in CLIENTS] + sum(domains.values(), [])
        cls.site = postern_site.Site(end_to_end.BIN, cls.folder, ports=ports, more=routes(hops, files[0]), domains=accepted)

    @classmethod
    def tearDownClass(cls):
        ended = cls.stop_all()
        if ended != 0:
            raise AssertionError(f"postern serve ended with {ended}")

    @classmethod
    def stop_all(cls):
        ended = cls.site.stop() if cls.site else 0
        for server in cls.running.values():
            server.stop()
        if os.environ.get("POSTERN_KEEP"):
            print(f"kept: {cls.folder}", file=sys.stderr)
        else:
            shutil.rmtree(cls.folder, ignore_errors=True)
        return ended

    def need(self, program):
        if self.missing[program]:
            print(f"skipped: {self.missing[program]}", file=sys.stderr)
            self.skipTest(self.missing[program])

    def run_program(self, words, text=b""):
        done = subprocess.run(words, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace"))

    def send_with(self, client, by_tls, recipient, text):
        """In the program's own way; an answer other than 250 is a failure."""
        gateway, sender = self.site.ports["smtp"], "alice@sender.example"
        if client == "swaks":
            path = f"{self.folder}/swaks.eml"
            with open(path, "wb") as file:
                file.write(text[:-2])  # it ends the last line by itself
            self.run_program(["swaks", "--server", f"127.0.0.1:{gateway}", "--helo", "client.sender.example", "--from", sender, "--to", recipient, "--data", f"@{path}", *(["--tls"] if by_tls else [])])
        elif client == "msmtp":
            tls = ["--tls=on", "--tls-starttls=on", "--tls-certcheck=off"] if by_tls else ["--tls=off"]
            self.run_program(["msmtp", "--file=/dev/null", "--host=127.0.0.1", f"--port={gateway}", f"--from={sender}", "--domain=client.sender.example", *tls, recipient], text.replace(b"\r\n", b"\n"))
        else:
            port = gateway if client == "smtplib" else self.running[client].port
            with smtplib.SMTP("127.0.0.1", port, "client.sender.example", timeout=60) as smtp:
                smtp.ehlo()
                if client == "smtplib" and by_tls:
                    smtp.starttls(context=ssl._create_unverified_context())
                    smtp.ehlo()
                smtp.sendmail(sender, [recipient], text, ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else [])

    def gateway_line(self, identifier):
        return next((line for line in self.site.postern.log() if line.get("event") == "message" and identifier in line.get("message_id", "")), None)

    def test_clients(self):
        for client in CLIENTS:
            for kind in KINDS:
                with self.subTest(f"{client}, {kind}"):
                    self.need(client)
                    identifier = f"{kind}-{client}"
                    text = message(identifier)
                    self.send_with(client, kind == "tls", f"bob@{identifier}.example", text)
                    arrived = postern_site.wait_for(lambda: self.site.sink.find(f"<{identifier}@"), 20)
                    self.assertIsNotNone(arrived, f"did not arrive; {self.running[client].log() if client in self.running else ''}")
                    self.assertTrue(arrived.endswith(text), f"changed on the way: {arrived}")
                    line = postern_site.wait_for(lambda: self.gateway_line(identifier), 5)
                    self.assertEqual(line["tls"] != "", kind == "tls", line)

    def assert_at_hop(self, hop, identifier, text, by_tls):
        server = self.running[hop]
        arrived = postern_site.wait_for(lambda: server.find(f"<{identifier}@"), 20)
        self.assertIsNotNone(arrived, f"did not arrive; {server.log()}")
        self.assertTrue(arrived.endswith(text), f"changed on the way: {arrived}")
        fields = arrived[:-len(text)]
        self.assertIn(b"X-Postern-Verdict: ", fields)
        marks = {"postfix": b"with ESMTPS", "exim": b"with esmtps", "dovecot": b"with LMTPS"}
        self.assertEqual(marks[hop] in fields, by_tls, fields)

    def test_next_hops(self):
        for hop in HOPS:
            for kind in KINDS:
                with self.subTest(f"{hop}, {kind}"):
                    self.need(hop)
                    identifier = f"hop-{kind}-{hop}"
                    text = message(identifier)
                    self.send_with("smtplib", False, f"bob@{hop_domain(kind, hop)}", text)
                    self.assert_at_hop(hop, identifier, text, kind == "tls")

    def test_one_message_for_all_of_them(self):
        hops = [hop for hop in HOPS if hop in self.running]
        if len(hops) < 2:
            self.skipTest("fewer than two next hops run here")
        text = message("all")
        code, reply = self.site.send(text, recipients=[f"bob@{hop_domain('plain', hop)}" for hop in hops])
        self.assertEqual(code, 250, reply)
        for hop in hops:
            with self.subTest(hop):
                self.assert_at_hop(hop, "all", text, False)

    def test_lmtp_answers_for_each_recipient(self):
        self.need("dovecot")
        domain = hop_domain("plain", "dovecot")
        text = message("each")
        with smtplib.SMTP("127.0.0.1", self.site.ports["smtp"], "client.sender.example", timeout=60) as smtp:
            refused = smtp.sendmail("alice@sender.example", [f"bob@{domain}", f"nobody@{domain}", f"full@{domain}"], text, ["BODY=8BITMIME"])
        self.assertEqual({path: answer[0] for path, answer in refused.items()}, {f"nobody@{domain}": 550})
        self.assert_at_hop("dovecot", "each", text, False)
        # full@ was refused behind the message, when the client could no longer hear of it: kept for a person.
        record = next((record for record in self.site.postern.held() if "<each@" in record["message_id"]), None)
        self.assertIsNotNone(record, "not in the quarantine")
        self.assertEqual([(row["forward_path"], row["state"]) for row in record["recipients"]], [(f"full@{domain}", "held")], record)


if __name__ == "__main__":
    end_to_end.main()
