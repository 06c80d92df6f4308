"""DMARC aggregate reports that others send about our domains: taken apart in the jail, kept, shown by `postern dmarc reports`."""
import base64
import gzip
import io
import zipfile

import end_to_end
import outside
import postern_site

NEW, OLD = "urn:ietf:params:xml:ns:dmarc-2.0", "http://dmarc.org/dmarc-xml/0.1"
ZONE = """receiver.example TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.receiver.example TXT "v=DMARC1; p=reject"
asks.example TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.asks.example TXT "v=DMARC1; p=none; rua=mailto:reports@asks.example"
"""
LAUGHS = "<!DOCTYPE a [<!ENTITY a0 \"ha\">" + "".join(f"<!ENTITY a{i} \"{f'&a{i - 1};' * 10}\">" for i in range(1, 20)) + "]>"
FILE = "<!DOCTYPE a [<!ENTITY a19 SYSTEM \"file:///etc/passwd\">]>"


def report(number, space="", before="", source="192.0.2.7", header_from="dest.example", behind="", count=5):
    attribute = f' xmlns="{space}"' if space else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{before}<feedback{attribute}><version>1.0</version>
<report_metadata><org_name>Receiver &amp; Sons</org_name><email>d@receiver.example</email><report_id>{number}</report_id>
<date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata>
<policy_published><domain>dest.example</domain><adkim>r</adkim><aspf>r</aspf><p>quarantine</p><pct>100</pct></policy_published>
<record><row><source_ip>{source}</source_ip><count>{count}</count>
<policy_evaluated><disposition>quarantine</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>{header_from}</header_from></identifiers>
<auth_results><spf><domain>spam.example</domain><result>softfail</result></spf></auth_results></record>{behind}</feedback>""".encode()


def zipped(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def mail(needle, packed, kind="gzip", author="d@receiver.example"):
    name = "receiver.example!dest.example!1767225600!1767311999." + {"gzip": "xml.gz", "zip": "zip", "xml": "xml"}[kind]
    return (f"From: Reports <{author}>\r\nTo: dmarc@dest.example\r\nSubject: Report Domain: dest.example {needle}\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
            f"Message-ID: <{needle}@receiver.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            f"--b\r\nContent-Type: text/plain\r\n\r\nThis is a report.\r\n--b\r\nContent-Type: application/{kind}; name=\"{name}\"\r\n"
            f"Content-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(packed).replace(b"\n", b"\r\n") + b"--b--\r\n"


class InboundReports(outside.Outside):
    ZONE = ZONE
    MORE = """
[dns]
servers = ["DNS_SERVER"]
[checks.greylist]
mode = "off"
[dmarc]
reports_to = ["DMARC@dest.example"]
[auth]
aggregate_reports = true
report_interval = "2s"
report_from = "d@receiver.example"
report_org = "Us & Co"
"""

    def deliver(self, needle, message, sender="d@receiver.example", recipient="dmarc@dest.example"):
        code, reply = self.site.send(message, sender=sender, recipients=(recipient,))
        self.assertEqual(code, 250, reply)
        return self.delivered(needle)

    def rows(self, *words):
        return self.site.postern.ask("dmarc", "reports", *words)

    def of(self, source, *words):
        return [row for row in self.rows(*words) if row["source_ip"] == source]

    def test_gzip_zip_and_plain_reports_are_kept_once_and_shown(self):
        shapes = [("gzip", gzip.compress(report("g", NEW, source="192.0.2.1")), "192.0.2.1"), ("zip", zipped("a.xml", report("z", OLD, source="2001:DB8::2")), "2001:db8::2"),
                  ("xml", report("x", source="192.0.2.3"), "192.0.2.3")]
        for kind, packed, source in shapes:
            with self.subTest(kind):
                for again in ("first", "again"):
                    text = self.deliver(f"shape-{kind}-{again}", mail(f"shape-{kind}-{again}", packed, kind))
                    self.assertTrue(text.endswith(mail(f"shape-{kind}-{again}", packed, kind)), "changed on the way")
                found = self.of(source)
                self.assertEqual(len(found), 1, found)
                self.assertEqual(found[0], {"domain": "dest.example", "source_ip": source, "count": 5, "aligned": {"spf": False, "dkim": False}, "disposition": "quarantine",
                                            "reason": "none", "header_from": "dest.example", "envelope_from": "", "spf": "softfail spam.example", "dkim": "",
                                            "reporter": "Receiver & Sons", "sender": "receiver.example", "authenticated": True, "begin": 1767225600, "end": 1767311999})
        self.assertEqual(len(self.of("192.0.2.1", "--domain", "DEST.example", "--since", "2026-01-01")), 1)
        self.assertEqual(self.rows("--domain", "other.example"), [])
        self.assertEqual(self.of("192.0.2.1", "--since", "1767312000"), [])
        for wrong in ("2026-02-30", "soon", ""):
            self.assertEqual(self.site.postern.run("dmarc", "reports", "--since", wrong).returncode, 2, wrong)
        shown = self.site.postern.run("dmarc", "reports").stdout
        self.assertIn("5  192.0.2.1  fail  quarantine  From dest.example  SPF softfail spam.example  DKIM none  about dest.example  by Receiver & Sons (receiver.example)  2026-01-01 to 2026-01-01\n", shown)

    def test_hostile_reports_are_delivered_and_leave_nothing(self):
        cases = {"laughs": mail("hostile-laughs", gzip.compress(report("l", before=LAUGHS, source="192.0.2.66", header_from="&a19;"))),
                 "file": mail("hostile-file", zipped("a.xml", report("f", before=FILE, source="192.0.2.66", header_from="&a19;")), "zip"),
                 "deep": mail("hostile-deep", gzip.compress(report("d", source="192.0.2.66", behind="<a>" * 100000))),
                 "cut": mail("hostile-cut", report("c", source="192.0.2.66")[:-40], "xml"),
                 "encoding": mail("hostile-encoding", report("e", source="192.0.2.66").replace(b"UTF-8", b"UTF-7").replace(b"<version>", b"<version\xff>"), "xml")}
        for name, message in cases.items():
            with self.subTest(name):
                text = self.deliver(f"hostile-{name}", message)
                self.assertIn(b"DMARC_REPORT_UNREADABLE", text.split(b"\r\n\r\n", 1)[0])
        bomb = mail("hostile-bomb", gzip.compress(report("b", source="192.0.2.66", behind=" " * (24 << 20))))
        self.assertEqual(self.site.send(bomb, sender="d@receiver.example", recipients=("dmarc@dest.example",))[0], 250)
        self.assertIsNotNone(postern_site.wait_for(lambda: self.record_of("hostile-bomb"), 20), "not held")
        self.assertEqual(self.of("192.0.2.66") + self.of("192.0.2.66", "--unauthenticated"), [])
        self.assertEqual([line for line in self.site.postern.log() if line["event"] in ("worker_ended", "jail_violation", "bug")], [])

    def test_rows_are_texts_whatever_they_hold(self):
        self.deliver("strange-texts", mail("strange-texts", gzip.compress(report("s", source="192.0.2.9", header_from="a&#x9b;31m&#x202e;'); DROP TABLE dmarc_rows;--"))))
        found = self.of("192.0.2.9")
        self.assertEqual(len(found), 1)
        self.assertNotIn("\x9b", found[0]["header_from"])
        self.assertNotIn("\u202e", found[0]["header_from"])

    def test_reports_for_others_are_mail_and_nothing_else(self):
        self.deliver("for-bob", mail("for-bob", gzip.compress(report("bob", source="192.0.2.10"))), recipient="bob@dest.example")
        self.assertEqual(self.of("192.0.2.10") + self.of("192.0.2.10", "--unauthenticated"), [])

    def test_reports_of_a_sender_that_nobody_proves_are_kept_apart(self):
        self.deliver("unproven", mail("unproven", gzip.compress(report("u", source="192.0.2.11")), author="d@nobody.example"), sender="d@nobody.example")
        self.assertEqual(self.of("192.0.2.11"), [])
        found = self.of("192.0.2.11", "--unauthenticated")
        self.assertEqual([(row["authenticated"], row["sender"]) for row in found], [(False, "")])
        self.deliver("proven-now", mail("proven-now", gzip.compress(report("u", source="192.0.2.11"))))
        self.assertEqual(len(self.of("192.0.2.11")), 1)
        self.assertEqual(self.of("192.0.2.11", "--unauthenticated"), [])

    def test_our_own_reports_come_back_as_they_were(self):
        for i in range(3):
            message = f"From: a@asks.example\r\nTo: bob@dest.example\r\nSubject: x\r\nMessage-ID: <own-{i}@asks.example>\r\n\r\nHello.\r\n".encode()
            self.assertEqual(self.site.send(message, sender="a@asks.example")[0], 250)
        sent = []

        def counted():
            for text in self.site.sink.messages():
                if b"To: <reports@asks.example>" in text and text not in sent:
                    sent.append(text)
                    self.assertEqual(self.site.send(text, sender="d@receiver.example", recipients=("dmarc@dest.example",))[0], 250)
            return sum(row["count"] for row in self.rows("--domain", "asks.example")) == 3

        self.assertTrue(postern_site.wait_for(counted, 25), self.rows())
        row = self.rows("--domain", "asks.example")[0]
        self.assertEqual((row["source_ip"], row["aligned"], row["disposition"], row["header_from"], row["spf"], row["reporter"], row["sender"]),
                         ("127.0.0.1", {"spf": True, "dkim": False}, "pass", "asks.example", "pass asks.example", "Us & Co", "receiver.example"), row)


if __name__ == "__main__":
    end_to_end.main()
