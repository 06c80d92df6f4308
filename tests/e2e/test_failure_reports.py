"""DMARC failure reports (RFC 9991): off by default; what is sent parses, verifies, and tells nobody's name."""
import email
import email.policy
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import end_to_end
import postern_site

try:
    import dkim
except ImportError:
    dkim = None

POSTERN = os.path.join(end_to_end.BIN, "postern")
WORK = tempfile.mkdtemp(prefix="postern-failures-")
os.chmod(WORK, 0o755)

ZONE = """asks.example TXT "v=spf1 ip4:192.0.2.1 ~all"
_dmarc.asks.example TXT "v=DMARC1; p=none; ruf=mailto:ruf@asks.example,mailto:agreed@else.test,mailto:unasked@other.test"
asks.example._report._dmarc.else.test TXT "v=DMARC1"
half.example TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.half.example TXT "v=DMARC1; p=none; fo=1; ruf=mailto:ruf@half.example"
silent.example TXT "v=spf1 ip4:192.0.2.1 ~all"
_dmarc.silent.example TXT "v=DMARC1; p=none; rua=mailto:rua@silent.example"
passes.example TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.passes.example TXT "v=DMARC1; p=none; ruf=mailto:ruf@passes.example"
strict.example TXT "v=spf1 ip4:192.0.2.1 ~all"
_dmarc.strict.example TXT "v=DMARC1; p=reject; ruf=mailto:ruf@strict.example"
"""


def mail(domain, needle, more=b""):
    return f"From: Alice <alice@{domain}>\r\nTo: Bob <bob@dest.example>\r\nSubject: {needle}\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\nMessage-ID: <{needle}@{domain}>\r\n".encode() + more + b"\r\nThe body of bob.\r\n"


class FailureReports(end_to_end.EndToEnd):
    TRUSTED = "[]"
    AUTH = ""

    @classmethod
    def setUpClass(cls):
        key = f"{WORK}/{cls.__name__}.pem"
        made = subprocess.run([POSTERN, "dkim", "keygen", "--domain", "sender.example", "--selector", "s", "--type", "rsa", "--out", key], check=True, stdout=subprocess.PIPE, text=True).stdout
        strings = re.search(r"IN TXT \((.*)\)", made).group(1)
        cls.record = "".join(re.findall(r'"([^"]*)"', strings))
        cls.ZONE = ZONE + f"s._domainkey.sender.example TXT {strings}\n"
        cls.MORE = f"""
[dns]
servers = ["DNS_SERVER"]
[checks.greylist]
mode = "off"
[policy]
tag = 40
quarantine = 50
reject = 60
[dkim]
sign = "reports"
[[dkim.key]]
domain = "sender.example"
selector = "s"
file = "{key}"
[auth]
report_from = "dmarc@sender.example"
report_org = "Example & Co"
{cls.AUTH}"""
        cls.KEYS = {"smtp": f"unlimited_clients = {cls.TRUSTED}"}
        super().setUpClass()

    def send(self, domain, needle, more=b"", sender=None):
        return self.site.send(mail(domain, needle, more), sender=f"alice@{domain}" if sender is None else sender)

    def reports(self, needle=""):
        """Each report about a message with `needle` in its header: (mailbox, raw, report, ARF fields, header fields)."""
        found = []
        for raw in self.site.sink.messages():
            report = email.message_from_bytes(raw, policy=email.policy.default)
            if report.get_param("report-type") != "feedback-report":
                continue
            _, fields, header = report.iter_parts()
            if needle in header.get_content():
                found.append((report["To"].addresses[0].addr_spec, raw, report, fields.get_payload(0), header.get_content()))
        return sorted(found, key=lambda each: each[0])

    def reported(self, needle, count=1):
        found = postern_site.wait_for(lambda: len(self.reports(needle)) >= count and self.reports(needle), 30)
        self.assertTrue(found, f"no {count} reports about {needle}: {self.site.postern.log()[-20:]}")
        return found

    def lines(self, **wanted):
        return [line for line in self.site.postern.log() if line["event"] == "dmarc_failure_report" and all(line[key] == value for key, value in wanted.items())]


class Sent(FailureReports):
    AUTH = "failure_reports = true\nfailure_reports_per_domain = 50\nfailure_report_header = \"1KiB\"\n"

    def test_a_report_goes_to_those_who_consent_and_says_what_happened(self):
        more = b"Received: from x by y\r\n for <bob@dest.example>; Fri, 02 Jan 2026 03:04:05 +0000\r\nDKIM-Signature: v=1; a=rsa-sha256; d=asks.example; s=gone; i=alice@asks.example; h=from; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=YWJj\r\n"
        self.assertEqual(self.send("asks.example", "told-all", more)[0], 250)
        found = self.reported("told-all", 2)
        self.assertEqual([each[0] for each in found], ["agreed@else.test", "ruf@asks.example"])
        refused = postern_site.wait_for(lambda: self.lines(domain="asks.example", result="refused"), 10)
        self.assertIn("unasked@other.test", refused[0]["detail"])
        _, raw, report, fields, header = found[1]
        self.assertEqual(report.get_param("report-type"), "feedback-report")
        self.assertEqual((report["From"].addresses[0].addr_spec, report["Auto-Submitted"]), ("dmarc@sender.example", "auto-generated"))
        self.assertEqual([part.get_content_type() for part in report.iter_parts()], ["text/plain", "message/feedback-report", "text/rfc822-headers"])
        told = {name: fields[name] for name in fields.keys() if name != "Authentication-Results"}
        self.assertRegex(told.pop("Arrival-Date"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$")
        self.assertEqual(told, {"Feedback-Type": "auth-failure", "User-Agent": "Postern", "Version": "1", "Original-Mail-From": "<alice@asks.example>", "Source-IP": "127.0.0.1",
                                "Reported-Domain": "asks.example", "Auth-Failure": "dmarc", "Identity-Alignment": "dkim, spf", "DKIM-Domain": "asks.example", "DKIM-Identity": "alice@asks.example",
                                "DKIM-Selector": "gone", "SPF-DNS": 'txt : asks.example : "v=spf1 ip4:192.0.2.1 ~all"', "Delivery-Result": "delivered"})
        self.assertRegex(fields["Authentication-Results"], r"(?s)^gateway\.dest\.example;.*spf=softfail.*dkim=fail header\.d=asks\.example.*dmarc=fail")
        fields = email.message_from_string(header, policy=email.policy.default)
        self.assertEqual(fields["From"].addresses[0].addr_spec, "alice@asks.example")
        self.assertRegex(str(fields["To"]), r"^[0-9a-f]{16}@dest\.example$")
        self.assertIn(f"for <{fields['To']}>;", header)
        self.assertNotIn(b"bob", raw.lower())
        self.assertNotIn(b"The body", raw)
        self.assertNotIn("Not all of its fields", next(report.iter_parts()).get_content())

    @unittest.skipIf(dkim is None, "no python3-dkim")
    def test_a_report_is_signed(self):
        self.assertEqual(self.send("asks.example", "told-signed")[0], 250)
        for each in self.reported("told-signed", 2):
            self.assertTrue(dkim.DKIM(each[1]).verify(dnsfunc=lambda name, timeout=5: self.record.encode()), each[0])

    def test_one_mechanism_that_fails_is_told_to_who_asks_for_it(self):
        self.assertEqual(self.send("half.example", "told-half")[0], 250)
        fields = self.reported("told-half")[0][3]
        self.assertEqual((fields["Identity-Alignment"], fields["DKIM-Domain"], fields["SPF-DNS"]), ("dkim", None, None))

    def test_a_message_that_was_refused_is_told_as_that(self):
        code, reply = self.send("strict.example", "told-refused")
        self.assertEqual(code, 550, reply)
        self.assertEqual(self.reported("told-refused")[0][3]["Delivery-Result"], "reject")

    def test_hostile_header_fields_stay_in_their_part(self):
        more = (b"X-Evil: a\r\n --report-0123456789abcdef--\r\n b\r\nX-\xc3\xa9: \xff\xfe\r\nX-Long: " + b"y" * 700 + b"\r\nX-Verp: <list-bob=dest.example@asks.example>\r\n"
                + b"X-Word: =?utf-8?q?bob=40dest.example?=\r\nX-Cut: " + b"z" * 900 + b"\r\n")
        self.assertEqual(self.send("asks.example", "told-evil", more)[0], 250)
        for _, raw, report, _, header in self.reported("told-evil", 2):
            self.assertEqual(len(list(report.iter_parts())), 3)
            self.assertEqual(report.defects, [])
            self.assertLessEqual(max(len(line) for line in raw.split(b"\n")), 999)
            self.assertTrue(raw.isascii())
            self.assertNotIn("bob", header)
            self.assertNotIn("X-Cut", header)
            self.assertIn("Not all of its fields", next(report.iter_parts()).get_content())

    def test_who_did_not_ask_and_machines_hear_nothing(self):
        quiet = {"pass": ("passes.example", b"", None), "no-ruf": ("silent.example", b"", None), "bounce": ("asks.example", b"", ""),
                 "auto": ("asks.example", b"Auto-Submitted: auto-replied\r\n", None),
                 "report": ("asks.example", b"MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b\r\n", None)}
        for name, (domain, more, sender) in quiet.items():
            self.assertEqual(self.send(domain, f"quiet-{name}", more, sender)[0], 250, name)
            self.delivered(f"quiet-{name}")
        self.assertEqual(self.send("asks.example", "told-after")[0], 250)  # one thread, in turn: what came before would be there
        self.reported("told-after", 2)
        self.assertEqual(self.reports("quiet-"), [])


class Off(FailureReports):
    def test_nothing_is_sent_unless_it_is_asked_for(self):
        self.assertEqual(self.send("asks.example", "off-first")[0], 250)
        self.delivered("off-first")
        self.assertEqual(self.send("asks.example", "off-second")[0], 250)
        self.delivered("off-second")
        self.assertEqual((self.reports(), self.lines()), ([], []))
        self.assertEqual(self.site.postern.ask("queue", "list"), [])


class OwnMachines(FailureReports):
    TRUSTED = '["127.0.0.0/8"]'
    AUTH = "failure_reports = true\ntrusted_clients = true\n"

    def test_mail_of_our_own_machines_is_not_reported(self):
        for needle in ("own-first", "own-second"):
            self.assertEqual(self.send("asks.example", needle)[0], 250)
            self.delivered(needle)
        self.assertEqual((self.reports(), self.lines()), ([], []))


class Bounded(FailureReports):
    AUTH = "failure_reports = true\nfailure_reports_per_domain = 1\n"

    def test_beyond_the_limit_of_an_hour_nothing_is_sent(self):
        self.assertEqual(self.send("half.example", "bounded-first")[0], 250)
        self.reported("bounded-first")
        for i in range(3):
            self.assertEqual(self.send("half.example", f"bounded-{i}")[0], 250)
        self.assertEqual(self.send("asks.example", "bounded-after")[0], 250)
        self.reported("bounded-after")
        self.assertEqual(len(self.reports("bounded-")), 2)
        dropped = postern_site.wait_for(lambda: [line for line in self.site.postern.log() if line["event"] == "dmarc_failure_reports_dropped"], 10)
        self.assertGreaterEqual(sum(line["reports"] for line in dropped), 3)


class Settings(unittest.TestCase):
    def test_a_sender_is_needed(self):
        config = f"{WORK}/a.toml"
        with open(config, "w") as file:
            file.write("[auth]\nfailure_reports = true\n")
        done = subprocess.run([POSTERN, "--config", config, "config", "check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 78, done)
        self.assertIn("a.toml:2: auth.failure_reports needs auth.report_from", done.stderr)


def tearDownModule():
    shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    end_to_end.main()
