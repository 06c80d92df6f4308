"""The DNS is slow, dead, lying, truncating, looping: every check of a whole gateway, one stranger for each trouble."""
import concurrent.futures
import re
import time

import end_to_end
from outside import Outside, Signer, mail

TIMEOUT, MESSAGE_TIMEOUT, PREGREET = 4, 8, 0.5
MARGIN = 3.0  # of a loaded machine, beside the budget
OTHER_TYPE = "body 1 c00c0063000100000005000403616263"  # one record of type 99 at the name that was asked for

# What can be told in spite of it, and what cannot. Of a server that takes 2.4 s each time there is time for three answers in a row: what can be asked at once has to be.
TOLD = ["none", "delay 400ms", "delay 2400ms", "truncate", "wrong-case", "extra evil.example A 192.0.2.66", "repeat 20"]
UNTOLD = ["delay 20s", "drop", "drop-udp", "rcode SERVFAIL", "rcode REFUSED", "rcode FORMERR", "rcode NOTIMP", "truncate-always", "tcp-hang", "wrong-id", "wrong-question", "other-name",
          "wrong-type", "no-question", "query-bit", "cut 5", "counts 40", "loop", "long-chain"]
EMPTY = [OTHER_TYPE]  # an answer without what was asked for says that it does not exist; it is no pass either
NOTHING = {"arc=none", "spf=none"}  # of a message without a chain, of a name in HELO without a record
TROUBLES = TOLD + UNTOLD + EMPTY

SETTINGS = f"""
[dns]
servers = ["DNS_SERVER"]
timeout = "{TIMEOUT}s"
message_timeout = "{MESSAGE_TIMEOUT}s"
[checks.pregreet]
wait = "{PREGREET * 1000:.0f}ms"
[checks.greylist]
mode = "off"
[[lists.dns]]
name = "bl"
zone = "bl.example"
test_points = false
[[lists.dns]]
name = "dbl"
zone = "dbl.example"
kind = "domain"
test_points = false
[policy]
tag = 100
quarantine = 200
reject = 300
[[policy.rule]]
name = "put off"
recipients = ["later@dest.example"]
undecided = "defer"
[[policy.rule]]
name = "look at it"
recipients = ["held@dest.example"]
undecided = "quarantine"
"""


def rows_of(name, record, trouble):
    """The record under this trouble."""
    if trouble == "none":
        return [f"{name} {record}"]
    if trouble == "loop":
        return [f"{name} CNAME loop.{name}", f"loop.{name} CNAME {name}"]
    if trouble == "long-chain":
        return [f"{name} CNAME c0.{name}"] + [f"c{i}.{name} CNAME c{i + 1}.{name}" for i in range(40)] + [f"c40.{name} {record}"]
    return [f"{name} {record}", f"{name} {trouble}"]


def zone_of(signer):
    """Every name about stranger n has trouble n. Without it all would pass, and address and link are listed."""
    rows = {}  # each row once, in their order
    for n, trouble in enumerate(TROUBLES):
        domain = f"s{n}.example"
        records = [(f"1.{n}.50.127.in-addr.arpa", f"PTR mail.{domain}"), (f"mail.{domain}", f"A 127.50.{n}.1"), (domain, f"MX 10 mx.{domain}"), (f"mx.{domain}", "A 8.8.4.4"),
                   (domain, 'TXT "v=spf1 ip4:127.0.0.0/8 -all"'), (f"_dmarc.{domain}", 'TXT "v=DMARC1; p=reject"'), (f"k._domainkey.{domain}", signer.record),
                   (f"1.{n}.50.127.bl.example", "A 127.0.0.2"), (f"l{n}.example.dbl.example", "A 127.0.0.2")]
        for name, record in records:
            rows |= dict.fromkeys(rows_of(name, record, trouble))
    # Signed by a key that cannot be looked up, and sent from where SPF forbids: DMARC must not say "fail".
    more = ['keyless.example TXT "v=spf1 -all"', '_dmarc.keyless.example TXT "v=DMARC1; p=reject"', f"k._domainkey.keyless.example {signer.record}", "k._domainkey.keyless.example rcode SERVFAIL"]
    # Each answer is in time, and all of them together are not.
    for i in range(5):
        more += [f'i{i}.chain.example TXT "v=spf1 include:i{i + 1}.chain.example -all"', f"i{i}.chain.example delay 2900ms"]
    return "\n".join([*rows, *more]) + "\n"


def results_in(text):
    """The words of Authentication-Results, by method; a method may stand there twice."""
    fields = re.findall(rb"(?mi)^Authentication-Results:(.*(?:\r?\n[ \t].*)*)", text)
    return set(re.findall(r"(?<![\w.])(?:spf|dkim|dmarc|arc|iprev)=[a-z]+", b" ".join(fields).decode()))


class Dns(Outside):
    MORE = SETTINGS

    @classmethod
    def setUpClass(cls):
        cls.signer = Signer()
        cls.addClassCleanup(cls.signer.stop)
        cls.ZONE = zone_of(cls.signer)
        super().setUpClass()

    def signed(self, mark, domain, link="http://nowhere.example/"):
        return self.signer.sign(mail(mark, f"alice@{domain}", f"See {link} please.\r\n"), domain)

    def send(self, n, recipient="bob@dest.example", mark="trouble"):
        """The reply, the line of the log, and how long the whole message took."""
        began = time.monotonic()
        mark = f"{mark}-{n}"
        said = self.attempt(f"127.50.{n}.1", f"alice@s{n}.example", recipient, self.signed(mark, f"s{n}.example", f"http://l{n}.example/page"), f"mail.s{n}.example")
        took = time.monotonic() - began
        return said, self.line(f"<{mark}@sender.example>"), took

    def check_times(self, line, took):
        self.assertLess(line["total_ms"] / 1000, MESSAGE_TIMEOUT + MARGIN)
        # The banner waits for nobody's answer; nor do HELO, MAIL and RCPT.
        self.assertLess(took - line["total_ms"] / 1000, PREGREET + MARGIN)

    def test_each_trouble(self):
        with concurrent.futures.ThreadPoolExecutor(9) as threads:
            outcomes = list(threads.map(self.send, range(len(TROUBLES))))
        for n, trouble in enumerate(TROUBLES):
            with self.subTest(trouble):
                said, line, took = outcomes[n]
                self.check_times(line, took)
                check = self.check_told if trouble in TOLD else self.check_untold if trouble in UNTOLD else self.check_empty
                check(said, line, self.delivered(f"<trouble-{n}@sender.example>") if said.startswith("250") else None)

    def check_told(self, said, line, text):
        self.assertRegex(said, r"^250 ")
        self.assertEqual(results_in(text) - NOTHING, {"iprev=pass", "spf=pass", "dkim=pass", "dmarc=pass"})
        self.assertEqual(line["undecided"], [])
        self.assertTrue({"LIST_CLIENT", "LIST_LINK"} <= set(line["findings"]), line["findings"])

    def check_untold(self, said, line, text):
        self.assertRegex(said, r"^250 ")
        self.assertEqual(results_in(text) - NOTHING, {"iprev=temperror", "spf=temperror", "dkim=temperror", "dmarc=temperror"})
        asked = {each.split(":", 1)[0] for each in line["undecided"]}
        self.assertTrue({"no_ptr", "fcrdns", "spf", "dkim", "dmarc", "bl", "dbl"} <= asked, line["undecided"])
        # It costs no points, and it is said in the header that the next hop gets.
        self.assertEqual((line["class"], line["score"]), ("clean", 0))
        self.assertTrue({"CHECK_UNDECIDED", "LIST_UNKNOWN"} <= set(line["reasons"]), line["reasons"])
        self.assertRegex(text, rb"(?s)X-Postern-Verdict: deliver; class=clean;.{0,99}codes=[A-Z_,\s]*CHECK_UNDECIDED")

    def check_empty(self, said, line, text):
        self.assertFalse([each for each in results_in(text or b"") if each.endswith("=pass")])
        self.assertNotEqual((line["spf"], line["dmarc"]), ("pass", "pass"))

    def test_policy_says_what_becomes_of_the_undecided(self):
        n = TROUBLES.index("rcode SERVFAIL")
        said, line, _ = self.send(n, "later@dest.example", "later")
        self.assertRegex(said, r"^451 4\.4\.3 .*\(\w{26}\)$")
        self.assertEqual(line["action"], "defer")
        said, line, _ = self.send(n, "held@dest.example", "held")
        self.assertRegex(said, r"^250 2\.0\.0 ")
        self.assertEqual(line["action"], "quarantine")
        findings = self.findings_of(f"held-{n}@sender.example")
        undecided = [each for each in findings if each["code"] in ("CHECK_UNDECIDED", "LIST_UNKNOWN")]
        self.assertTrue(all(each["score"] == 0 for each in undecided), undecided)
        self.assertTrue({"spf", "dkim", "dmarc", "bl", "dbl"} <= {each["detail"].split(":", 1)[0] for each in undecided})
        # What is undecided is deferred; what was told is not.
        said, line, _ = self.send(TROUBLES.index("truncate"), "later@dest.example", "later")
        self.assertRegex(said, r"^250 ")

    def test_a_key_that_cannot_be_looked_up_is_no_failure(self):
        said = self.attempt("127.51.0.1", "alice@keyless.example", "bob@dest.example", self.signed("keyless", "keyless.example"))
        self.assertRegex(said, r"^250 ", "p=reject although nobody could tell whether it is signed")
        results = results_in(self.delivered("<keyless@sender.example>"))
        self.assertTrue({"spf=fail", "dkim=temperror", "dmarc=temperror"} <= results, results)

    def test_the_budget_of_a_message_ends_a_chain_of_slow_answers(self):
        said = self.attempt("127.51.0.2", "alice@i0.chain.example", "bob@dest.example", mail("chain", "alice@i0.chain.example"))
        self.assertRegex(said, r"^250 ")
        line = self.line("<chain@sender.example>")
        self.assertEqual(line["spf"], "temperror")
        self.assertTrue(MESSAGE_TIMEOUT - 0.1 < line["total_ms"] / 1000 < MESSAGE_TIMEOUT + MARGIN, line["total_ms"])

    def test_scan_says_the_same(self):
        for trouble, codes in {"delay 2400ms": {"LIST_CLIENT", "LIST_LINK"}, "rcode SERVFAIL": {"CHECK_UNDECIDED", "LIST_UNKNOWN"}}.items():
            n = TROUBLES.index(trouble)
            path = f"{self.folder}/scanned.eml"
            with open(path, "wb") as file:
                file.write(self.signed(f"scan-{n}", f"s{n}.example", f"http://l{n}.example/page"))
            told = self.site.postern.ask("scan", "--ip", f"127.50.{n}.1", "--helo", f"mail.s{n}.example", "--from", f"alice@s{n}.example", "--to", "later@dest.example", path)[0]
            with self.subTest(trouble):
                self.assertTrue(codes <= {each["code"] for each in told["findings"]}, told["findings"])
                self.assertEqual(told["verdict"]["action"], "deliver" if trouble in TOLD else "defer")

    def test_checks_are_counted_as_undecided(self):
        self.send(TROUBLES.index("rcode REFUSED"), mark="counted")
        figures = self.figures()
        for check in ("spf", "dkim", "dmarc", "fcrdns", "client_lists", "content_lists"):
            self.assertGreater(figures.get(f'postern_check_total{{check="{check}",outcome="undecided"}}', 0), 0, check)


class ByCheck(Outside):
    """Each check may defer by itself."""

    ZONE = "lost.example rcode SERVFAIL\nlost.example MX 10 mx.lost.example\n_dmarc.nopolicy.example rcode SERVFAIL\n_dmarc.nopolicy.example exists\nnopolicy.example TXT \"v=spf1 ip4:127.0.0.0/8 -all\"\n" \
           "k._domainkey.nokey.example rcode SERVFAIL\nk._domainkey.nokey.example exists\n"
    MORE = """
[dns]
servers = ["DNS_SERVER"]
timeout = "1s"
[checks.pregreet]
mode = "off"
[checks.greylist]
mode = "off"
[checks.spf]
temperror = "defer"
[checks.dkim]
temperror = "defer"
[checks.dmarc]
temperror = "defer"
"""

    def try_from(self, mark, domain, sign=None):
        text = mail(mark, f"alice@{domain}")
        return self.attempt("127.0.0.2", f"alice@{domain}", "bob@dest.example", sign.sign(text, domain) if sign else text)

    def test_each_method_defers_with_its_own_code(self):
        signer = Signer()
        self.addCleanup(signer.stop)
        self.assertRegex(self.try_from("no-spf", "lost.example"), r"^451 4\.7\.24 ")
        self.assertRegex(self.try_from("no-policy", "nopolicy.example"), r"^451 4\.7\.26 ")
        self.assertRegex(self.try_from("no-key", "nokey.example", signer), r"^451 4\.7\.20 ")
        self.assertRegex(self.try_from("fine", "fine.example"), r"^250 ")


class Dead(Outside):
    """No server answers at all, and the checks of the envelope are told to wait for better times."""

    MORE = """
[dns]
servers = ["127.0.0.1:1"]
timeout = "1s"
[checks.pregreet]
mode = "off"
[checks.sender_domain]
mode = "enforce"
defer = true
[checks.greylist]
mode = "off"
"""

    def test_an_envelope_check_defers(self):
        self.assertRegex(self.attempt("127.0.0.2", "alice@sender.example", "bob@dest.example", b""), r"^450 4\.1\.8 ")

    def test_bounces_pass_and_say_what_was_not_told(self):
        self.assertRegex(self.attempt("127.0.0.2", "", "bob@dest.example", mail("bounce", "alice@sender.example")), r"^250 ")
        self.assertEqual(self.line("<bounce@sender.example>")["dmarc"], "temperror")
        self.assertNotIn("=pass", " ".join(results_in(self.delivered("<bounce@sender.example>"))))


if __name__ == "__main__":
    end_to_end.main()
