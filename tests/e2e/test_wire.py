"""What is decided before and around the message: a stranger's way through the checks, on the wire and in the log."""
import os
import re
import smtplib
import tempfile
import time
import urllib.request

import end_to_end
import postern_site
from outside import Client

# 127.0.0.2 and .3 are decent clients; .4 has no name; .5 is listed; the others are made up as they are needed.
ZONE = """
good.sender.example          A   127.0.0.2 127.0.0.3 127.0.0.20 127.0.0.21 127.0.0.22 127.0.0.23 127.0.0.24 127.0.0.25 127.0.0.26
2.0.0.127.in-addr.arpa       PTR good.sender.example
3.0.0.127.in-addr.arpa       PTR good.sender.example
20.0.0.127.in-addr.arpa      PTR good.sender.example
21.0.0.127.in-addr.arpa      PTR good.sender.example
22.0.0.127.in-addr.arpa      PTR good.sender.example
23.0.0.127.in-addr.arpa      PTR good.sender.example
24.0.0.127.in-addr.arpa      PTR good.sender.example
25.0.0.127.in-addr.arpa      PTR good.sender.example
26.0.0.127.in-addr.arpa      PTR good.sender.example
sender.example               MX  10 mx.sender.example
mx.sender.example            A   8.8.4.4
partner.example              MX  10 mx.sender.example
null.example                 MX  0 .
bogus.example                MX  10 mx.bogus.example
mx.bogus.example             A   10.1.2.3
slow.example                 drop
5.0.0.127.bl.example         A   127.0.0.2
2.0.0.127.bl.example         exists
"""

CHECKS = """
[checks.pregreet]
wait = "1s"
[checks.banned]
threshold = 8.0
early_talk = 4.0
unknown_recipient = 0
[checks.connection_rate]
address = 25
network = 0
[checks.message_rate]
address = 0
network = 0
[checks.recipient_rate]
address = 0
network = 0
[checks.harvest]
limit = 3
[checks.sender_domain]
mode = "enforce"
[checks.sender_tls]
domains = ["partner.example"]
[checks.client_lists]
mode = "enforce"
refuse_at = 3.0
[checks.greylist]
from = 1.4
to = 4.0
delay = "1s"
learn_after = 0
[lists]
deny = ["127.0.0.66", "spammer@sender.example"]
[[lists.dns]]
name = "bl"
zone = "bl.example"
authoritative = true
test_points = false
[[policy.rule]]
name = "held"
recipients = "held@dest.example"
tag = -1000
quarantine = -1000
"""


class Wire(end_to_end.EndToEnd):
    ZONE = ZONE
    MORE = CHECKS + '[dns]\nservers = ["DNS_SERVER"]\ntimeout = "1s"\n'

    @classmethod
    def setUpClass(cls):
        cls.recipients = tempfile.NamedTemporaryFile("w", suffix=".recipients", delete=False)
        cls.recipients.write("b@dest.example\nc@dest.example\nheld@dest.example\n")
        cls.recipients.close()
        os.chmod(cls.recipients.name, 0o644)
        cls.KEYS = {"smtp": "unlimited_clients = []", "domains": f'recipients = "{cls.recipients.name}"'}
        super().setUpClass()

    @classmethod
    def leave(cls):
        super().leave()
        os.unlink(cls.recipients.name)

    def client(self, source="127.0.0.2", helo="good.sender.example"):
        client = Client(self.site.ports["smtp"], source)
        self.addCleanup(client.close)
        if helo and client.banner.startswith("220"):
            self.assertTrue(client.say(f"EHLO {helo}").startswith("250"))
        return client

    def line(self, event, **wanted):
        """The log line of this event that has these members."""
        def found():
            return next((each for each in self.site.postern.log() if each["event"] == event and all(each.get(k) == v for k, v in wanted.items())), None)
        line = postern_site.wait_for(found, 20)
        self.assertIsNotNone(line, f"no {event} line with {wanted}")
        return line

    def test_who_talks_first_is_sent_away(self):
        client = Client(self.site.ports["smtp"], "127.0.0.10", early=b"EHLO x\r\n")
        self.addCleanup(client.close)
        self.assertRegex(client.banner, r"^521 5\.5\.1 .*\(\w{26}\)$")
        self.assertEqual(client.file.read(), b"")
        line = self.line("connection", client_ip="127.0.0.10")
        self.assertEqual((line["refused_by"], line["stage"], line["findings"]), ("pregreet", "connect", ["EARLY_TALKER"]))
        self.assertIn(line["id"], client.banner)

    def test_a_client_waits_once(self):
        begun = time.monotonic()
        self.client("127.0.0.20")
        self.assertGreater(time.monotonic() - begun, 0.9)

        def again():
            begun = time.monotonic()
            Client(self.site.ports["smtp"], "127.0.0.20").close()
            return time.monotonic() - begun < 0.9
        self.assertTrue(postern_site.wait_for(again, 20))

    def test_the_operators_own_list(self):
        self.assertRegex(self.client("127.0.0.66").banner, r"^554 5\.7\.1 ")
        self.assertEqual(self.line("connection", client_ip="127.0.0.66")["refused_by"], "client_denied")
        self.assertRegex(self.client().say("MAIL FROM:<spammer@sender.example>"), r"^550 5\.7\.1 ")

    def test_a_listed_client(self):
        self.assertRegex(self.client("127.0.0.5").banner, r"^554 5\.7\.1 ")
        self.assertEqual(self.line("connection", client_ip="127.0.0.5")["refused_by"], "client_lists")

    def test_helo(self):
        client = self.client(helo=None)
        self.assertRegex(client.say("EHLO gateway.dest.example"), r"^550 5\.7\.1 .*\(\w{26}\)$")
        self.assertRegex(client.say("EHLO dest.example"), r"^550 5\.7\.1 ")
        self.assertRegex(client.say("EHLO not_a..name"), r"^501 5\.5\.2 ")
        self.assertRegex(client.say("MAIL FROM:<a@sender.example>"), r"^503 ")
        self.assertTrue(client.say("EHLO good.sender.example").startswith("250"))

    def test_senders(self):
        for sender, reply in {"a@sender.example": r"^250 2\.1\.0", "a@gone.example": r"^550 5\.1\.8", "a@null.example": r"^550 5\.7\.27", "a@bogus.example": r"^550 5\.1\.8",
                              "a@localhost": r"^553 5\.1\.7", "": r"^250 2\.1\.0"}.items():
            with self.subTest(sender):
                self.assertRegex(self.client().say(f"MAIL FROM:<{sender}>"), reply)
        self.assertEqual(self.line("sender_refused", reverse_path="a@null.example")["check"], "sender_domain")

    def test_what_dns_does_not_say_is_no_pass_and_no_fail(self):
        client = self.client()
        begun = time.monotonic()
        self.assertEqual([each[:3] for each in client.envelope("a@slow.example", "b@dest.example")], ["250", "250"])
        self.assertRegex(client.message("undecided"), r"^250 ")
        self.assertLess(time.monotonic() - begun, 20)
        line = self.line("message", message_id="<undecided@x>")
        self.assertIn("CHECK_UNDECIDED", line["findings"])
        self.assertNotIn("SENDER_DOMAIN_UNKNOWN", line["findings"])

    def test_recipients(self):
        client = self.client("127.0.0.21")
        replies = client.envelope("a@sender.example", "b@other.example", "x1@dest.example", "b@dest.example")
        self.assertRegex(replies[1], r"^550 5\.7\.1 .*\(\w{26}\)$")
        self.assertRegex(replies[2], r"^550 5\.1\.1 ")
        self.assertRegex(replies[3], r"^250 ")
        line = self.line("recipient_refused", forward_path="x1@dest.example")
        self.assertEqual((line["check"], line["client_ip"]), ("recipient_known", "127.0.0.21"))

    def test_who_guesses_recipients_is_put_off(self):
        client = self.client("127.0.0.22")
        client.envelope("a@sender.example", "y1@dest.example", "y2@dest.example", "y3@dest.example")
        self.assertRegex(client.say("RCPT TO:<b@dest.example>"), r"^452 4\.5\.3 ")

    def test_partners_have_to_use_tls(self):
        client = self.client()
        self.assertRegex(client.say("MAIL FROM:<a@partner.example>"), r"^530 5\.7\.0 ")
        client.secure()
        client.say("EHLO good.sender.example")
        self.assertEqual([each[:3] for each in client.envelope("a@partner.example", "b@dest.example")], ["250", "250"])
        self.assertRegex(client.message("in-tls"), r"^250 ")
        text = self.delivered("hello in-tls").decode()
        self.assertRegex(text, r"Received: from good\.sender\.example \(good\.sender\.example \[127\.0\.0\.2\]\)\r\n\tby gateway\.dest\.example with ESMTPS id \w{26}\r\n\t\(using TLSv1\.3 with cipher \w+ \(\d+ bits\)\)")
        self.assertIn("Authentication-Results: gateway.dest.example", text)

    def test_too_many_connections(self):
        banners = []
        for _ in range(27):
            client = Client(self.site.ports["smtp"], "127.0.0.23")
            banners.append(client.banner)
            client.close()
        self.assertRegex(banners[-1], r"^421 4\.7\.0 ")
        self.assertRegex(banners[0], r"^220 ")

    def test_who_misbehaves_is_banned(self):
        for _ in range(2):
            Client(self.site.ports["smtp"], "127.0.0.12", early=b"x\r\n").close()
        self.assertTrue(postern_site.wait_for(lambda: self.client("127.0.0.12").banner.startswith("421 4.7.0"), 20))

    def test_strangers_in_the_grey_band_come_again(self):
        def attempt():
            client = self.client("127.0.0.4", helo="good.sender.example")
            client.envelope("a@sender.example", "b@dest.example")
            return client.message("grey")
        first = attempt()
        self.assertRegex(first, r"^451 4\.7\.1 .*\(\w{26}\)$")
        self.assertTrue(postern_site.wait_for(lambda: attempt().startswith("250"), 30, pause=0.5))
        line = self.line("message", message_id="<grey@x>", action="defer")
        self.assertEqual(line["refused_by"], "greylist")
        self.assertIn("GREYLISTED", line["findings"])
        self.delivered("hello grey")

    def test_one_is_delivered_and_one_is_held(self):
        client = self.client()
        client.envelope("a@sender.example", "b@dest.example", "held@dest.example")
        self.assertRegex(client.message("split"), r"^250 2\.0\.0 ")
        self.delivered("hello split")
        record = postern_site.wait_for(lambda: self.record_of("split@x"), 10)
        self.assertEqual([each["forward_path"] for each in record["recipients"]], ["held@dest.example"])

    def test_one_reply_for_each_recipient(self):
        client = self.client()
        client.envelope("a@sender.example", "b@dest.example", "c@dest.example", options=" PRDR")
        first = client.message("prdr")
        self.assertRegex(first, r"^353 ")
        self.assertEqual([client.reply()[:3] for _ in range(3)], ["250", "250", "250"])
        self.delivered("hello prdr")

    def test_every_message_has_its_line(self):
        client = self.client()
        client.envelope("a@sender.example", "b@dest.example")
        client.say("DATA")
        client.socket.sendall(b"Subject: bare\r\n\r\nbare\nline\r\n.\r\n")
        reply = client.reply()
        self.assertRegex(reply, r"^550 5\.5\.2 .*\(\w{26}\)$")
        line = self.line("message", id=re.search(r"\((\w{26})\)", reply).group(1))
        self.assertEqual((line["action"], line["defect"]), ("reject", "bare line end"))

    def test_checks_are_counted(self):
        self.client("127.0.0.24").say("MAIL FROM:<a@gone.example>")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports['metrics']}/metrics") as answer:
            text = answer.read().decode()
        self.assertRegex(text, r'postern_check_total\{check="sender_domain",outcome="refused"\} [1-9]')
        self.assertRegex(text, r'postern_dns_lookups_total\{result="\w+"\} [1-9]')


class Trusted(end_to_end.EndToEnd):
    """With the defaults our own machines wait for nothing, and nothing is asked about them."""

    KEYS = {}

    def test_no_wait_and_no_questions(self):
        begun = time.monotonic()
        with smtplib.SMTP("127.0.0.1", self.site.ports["smtp"]) as client:
            self.assertLess(time.monotonic() - begun, 3)
            client.ehlo("gateway.dest.example")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports['metrics']}/metrics") as answer:
            self.assertNotIn("postern_dns_lookups_total{", answer.read().decode())


if __name__ == "__main__":
    end_to_end.main()
