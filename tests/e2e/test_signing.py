"""What is passed on with [dkim].sign = "all" and [arc].seal verifies: with `postern auth`, and with dkimpy."""
import email
import email.policy
import gzip
import os
import re
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
import unittest
from xml.etree import ElementTree

import end_to_end
import postern_site

try:
    import dkim
except ImportError:
    dkim = None

NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
POSTERN = os.path.join(end_to_end.BIN, "postern")
WORK = tempfile.mkdtemp(prefix="postern-signing-")
os.chmod(WORK, 0o755)


def generate(domain, selector, kind):
    """A key in WORK; the line of its record for the zone, and its text."""
    file = f"{WORK}/{selector}.pem"
    if os.path.exists(file):
        os.unlink(file)
    made = subprocess.run([POSTERN, "dkim", "keygen", "--domain", domain, "--selector", selector, "--type", kind, "--out", file], check=True, stdout=subprocess.PIPE, text=True).stdout
    strings = re.search(r"IN TXT \((.*)\)", made).group(1)
    return f"{selector}._domainkey.{domain} TXT {strings}\n", "".join(re.findall(r'"([^"]*)"', strings))


def mail(sender, needle, body=b"Hello.\r\n"):
    return (f"From: Alice <{sender}>\r\nTo: bob@dest.example\r\nSubject: {needle}\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\nMessage-ID: <{needle}@sender.example>\r\n\r\n").encode() + body


class Signing(end_to_end.EndToEnd):
    TRUSTED = "[]"
    RECORDS = AUTH = ""

    @classmethod
    def setUpClass(cls):
        cls.records = {}
        zone = cls.RECORDS + "sender.example TXT \"v=spf1 ip4:127.0.0.1 -all\"\n_dmarc.sender.example TXT \"v=DMARC1; p=none\"\n"
        for domain, selector, kind in (("sender.example", "rsa", "rsa"), ("sender.example", "ed", "ed25519"), ("gateway.dest.example", "seal", "rsa")):
            line, text = generate(domain, selector, kind)
            cls.records[f"{selector}._domainkey.{domain}."] = text
            zone += line
        cls.ZONE = zone
        cls.MORE = f"""
[dns]
servers = ["DNS_SERVER"]
[checks.greylist]
mode = "off"
[dkim]
sign = "all"
[[dkim.key]]
domain = "sender.example"
selector = "rsa"
file = "{WORK}/rsa.pem"
[[dkim.key]]
domain = "sender.example"
selector = "ed"
file = "{WORK}/ed.pem"
[arc]
seal = true
domain = "gateway.dest.example"
selector = "seal"
file = "{WORK}/seal.pem"
{cls.AUTH}"""
        cls.KEYS = {"smtp": f"unlimited_clients = {cls.TRUSTED}"}
        super().setUpClass()

    def lookup(self, name, timeout=5):
        text = self.records.get(name.decode() if isinstance(name, bytes) else name)
        return text.encode() if text else None

    def authentication(self, text):
        path = f"{WORK}/delivered.eml"
        with open(path, "wb") as file:
            file.write(text)
        return self.site.postern.ask("auth", "--ip", "192.0.2.1", "--helo", "gateway.dest.example", "--from", "a@gateway.dest.example", path)[0]["auth"]

    def pass_on(self, message, needle):
        code, reply = self.site.send(message)
        self.assertEqual(code, 250, reply)
        return self.delivered(needle)


class StrangersMail(Signing):
    BODIES = {"short": b"Hello.\r\n", "empty": b"", "no-line-end": b"x  y\t \r\n\r\n\r\n", "dots": b".\r\n..\r\n", "long": b"0123456789 abcdef\r\n" * 200000}

    def test_signatures_and_seal_verify_here(self):
        for name, body in self.BODIES.items():
            with self.subTest(name):
                needle = f"stranger-{name}"
                text = self.pass_on(mail("alice@sender.example", needle, body), needle)
                self.assertTrue(text.startswith(b"ARC-Seal:"), text[:60])
                auth = self.authentication(text)
                self.assertEqual([(each["selector"], each["result"]) for each in auth["dkim"]], [("rsa", "pass"), ("ed", "pass")], auth)
                self.assertEqual((auth["arc"]["result"], auth["arc"]["instances"]), ("pass", 1), auth)
                self.assertIn(b"ARC-Authentication-Results: i=1; gateway.dest.example", text)

    @unittest.skipIf(dkim is None, "no python3-dkim")
    def test_signatures_and_seal_verify_with_dkimpy(self):
        text = self.pass_on(mail("alice@sender.example", "with-dkimpy"), "with-dkimpy")
        checked = dkim.DKIM(text)
        self.assertEqual([checked.verify(i, dnsfunc=self.lookup) for i in range(2)], [True, True])
        status, _, reason = dkim.arc_verify(text, dnsfunc=self.lookup)
        self.assertEqual(status, dkim.CV_Pass, reason)

    def test_a_second_gateway_adds_to_the_chain(self):
        text = self.pass_on(mail("alice@sender.example", "chained-once"), "chained-once")
        self.assertEqual(self.site.send(text)[0], 250)
        both = postern_site.wait_for(lambda: next((each for each in self.site.sink.messages() if each.startswith(b"ARC-Seal") and b"i=2" in each[:900]), None), 10)
        self.assertIsNotNone(both)
        auth = self.authentication(both)
        self.assertEqual((auth["arc"]["result"], auth["arc"]["instances"]), ("pass", 2), auth)

    def test_mail_of_other_domains_is_sealed_only(self):
        text = self.pass_on(mail("carol@other.example", "other-domain"), "other-domain")
        self.assertNotIn(b"DKIM-Signature", text)
        self.assertTrue(text.startswith(b"ARC-Seal:"))

    def test_a_change_on_the_way_is_seen(self):
        text = self.pass_on(mail("alice@sender.example", "changed-later"), "changed-later")
        auth = self.authentication(text.replace(b"Hello.", b"Hallo."))
        self.assertEqual([each["result"] for each in auth["dkim"]], ["fail", "fail"])
        self.assertEqual(auth["arc"]["result"], "fail")


class OwnMail(Signing):
    TRUSTED = '["127.0.0.0/8"]'

    def test_mail_of_our_own_machines_is_signed_and_not_sealed(self):
        text = self.pass_on(mail("alice@sender.example", "own-machine"), "own-machine")
        self.assertTrue(text.startswith(b"DKIM-Signature:"), text[:60])
        self.assertEqual([each["result"] for each in self.authentication(text)["dkim"]], ["pass", "pass"])


class ReleasedMail(Signing):
    def test_what_a_reviewer_releases_is_signed(self):
        import samples
        message = samples.with_attachment("Released", "released-signed", "eicar.com", samples.EICAR, "application/octet-stream")
        message = re.sub(rb"(?m)^From:.*\r\n", b"From: Alice <alice@sender.example>\r\n", message, count=1)
        self.assertEqual(self.site.send(message)[0], 250)
        record = postern_site.wait_for(lambda: self.record_of("released-signed"), 10)
        self.assertIsNotNone(record)
        done = self.site.postern.run("quarantine", "release", record["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        text = self.delivered("released-signed", 20)
        self.assertEqual([each["result"] for each in self.authentication(text)["dkim"]], ["pass", "pass"])


class DmarcReports(Signing):
    """Reports of a short interval arrive at the next hop, signed, and say what happened."""

    RECORDS = """asks.example TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.asks.example TXT "v=DMARC1; p=quarantine; sp=none; adkim=s; rua=mailto:reports@asks.example,mailto:agreed@else.test,mailto:unasked@other.test"
asks.example._report._dmarc.else.test TXT "v=DMARC1"
"""
    AUTH = """
[auth]
aggregate_reports = true
report_interval = "4s"
report_from = "dmarc@sender.example"
report_org = "Example <Org> & Co"
"""

    def reports(self):
        """To and report of each that arrived: ({mailbox}, XML root)."""
        found = []
        for text in self.site.sink.messages():
            message = email.message_from_bytes(text, policy=email.policy.default)
            if not message.get("Subject", "").startswith("Report Domain:"):
                continue
            attached = next(part for part in message.walk() if part.get_content_type() == "application/gzip")
            found.append((message, attached.get_filename(), ElementTree.fromstring(gzip.decompress(attached.get_content()))))
        return found

    def counted(self):
        """Messages in all reports, by mailbox."""
        sums = {}
        for message, _, root in self.reports():
            to = message["To"].addresses[0].addr_spec
            sums[to] = sums.get(to, 0) + sum(int(each.text) for each in root.iter(f"{NAMESPACE}count"))
        return sums

    def test_reports_survive_a_kill_arrive_and_are_right(self):
        for i in range(3):
            self.assertEqual(self.site.send(mail("alice@asks.example", f"reported-{i}"), sender="alice@asks.example")[0], 250)
        time.sleep(0.5)  # written by now; a kill takes at most what was not
        gateway = next(line["pid"] for line in reversed(self.site.postern.log()) if line["event"] == "service_started" and line["service"] == "gatewayd")
        os.kill(gateway, signal.SIGKILL)
        code = postern_site.wait_for(lambda: self.try_send("reported-after"), 30)
        self.assertEqual(code, 250)
        wanted = {"reports@asks.example": 4, "agreed@else.test": 4}
        self.assertEqual(postern_site.wait_for(lambda: self.counted() == wanted and wanted, 30), wanted, self.counted())
        message, name, root = self.reports()[0]
        self.assertRegex(name, r"^gateway\.dest\.example!asks\.example!\d+!\d+!\w+\.xml\.gz$")
        text = {tag: [each.text for each in root.iter(NAMESPACE + tag)] for tag in ("org_name", "email", "domain", "p", "sp", "adkim", "aspf", "source_ip", "disposition", "dkim", "spf", "header_from", "envelope_from", "begin", "end", "result")}
        self.assertEqual((text["org_name"], text["email"]), (["Example <Org> & Co"], ["dmarc@sender.example"]))
        self.assertEqual((text["p"], text["sp"], text["adkim"], text["aspf"]), (["quarantine"], ["none"], ["s"], ["r"]))
        self.assertEqual((text["domain"][0], text["source_ip"], text["header_from"], text["envelope_from"]), ("asks.example", ["127.0.0.1"], ["asks.example"], ["asks.example"]))
        evaluated = root.find(f".//{NAMESPACE}policy_evaluated")
        self.assertEqual({each.tag.replace(NAMESPACE, ""): each.text for each in evaluated}, {"disposition": "pass", "dkim": "fail", "spf": "pass"})
        self.assertLessEqual(int(text["begin"][0]), int(text["end"][0]))
        raw = next(each for each in self.site.sink.messages() if b"Report Domain:" in each)
        auth = self.authentication(raw)
        self.assertEqual([(each["domain"], each["result"]) for each in auth["dkim"]], [("sender.example", "pass")] * 2)
        self.assertEqual(message["From"].addresses[0].addr_spec, "dmarc@sender.example")

    def try_send(self, needle):
        try:
            code, _ = self.site.send(mail("alice@asks.example", needle), sender="alice@asks.example")
            return code if code == 250 else None
        except OSError:
            return None
        except smtplib.SMTPException:
            return None


class Keys(unittest.TestCase):
    def check(self, key, *words):
        config = f"{WORK}/keys.toml"
        with open(config, "w") as file:
            file.write(f'[dkim]\nsign = "all"\n[[dkim.key]]\ndomain = "a.example"\nselector = "s"\nfile = "{key}"\n')
        return subprocess.run([POSTERN, "--config", config, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_a_key_that_cannot_be_used_is_an_error_of_the_configuration(self):
        with open(f"{WORK}/open.pem", "w") as file, open(f"{WORK}/nonsense.pem", "w") as nonsense:
            os.fchmod(file.fileno(), 0o666)
            os.fchmod(nonsense.fileno(), 0o600)
            nonsense.write("no key\n")
        generate("a.example", "good", "ed25519")
        for words in (("serve", "--check"), ("config", "check")):
            for key in ("missing", "open", "nonsense"):
                with self.subTest(words=words, key=key):
                    done = self.check(f"{WORK}/{key}.pem", *words)
                    self.assertEqual(done.returncode, 78, done)
                    self.assertIn(f"{key}.pem", done.stderr)
            self.assertEqual(self.check(f"{WORK}/good.pem", *words).returncode, 0)


def tearDownModule():
    shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    end_to_end.main()
