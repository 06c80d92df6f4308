"""Sender authentication as an operator meets it: `postern auth`, `postern dkim`, `postern allow`, and a gateway, each with a real DNS server on loopback."""
import json
import os
import re
import subprocess
import tempfile
import time
import unittest

import end_to_end
import outside
import postern_site

POSTERN = os.path.join(end_to_end.BIN, "postern")
NOW = 1_790_000_000
NO_PAGE = {"web": "enabled = false"}
SOON = 120 if os.environ.get("POSTERN_SANITIZE") else 20  # seconds; what is not bounded takes minutes
MESSAGE = b"From: A <a@b.example>\r\nTo: c@dest.example\r\nSubject: hello\r\n\r\nHello, world.\r\n"
INCLUDES = "\n".join(f'i{n}.deep.example TXT "v=spf1 include:i{n + 1}.deep.example include:j{n}.deep.example -all"' for n in range(200))
ZONE = rf"""
b.example TXT "v=spf1 ip4:192.0.2.0/28 a:mail.b.example exp=why.b.example -all"
mail.b.example A 192.0.2.77
why.b.example TXT "%{{i}} is not for %{{d}}, says %{{h}}"
_dmarc.b.example TXT "v=DMARC1; p=reject"
helo.example TXT "v=spf1 ip4:192.0.2.1 -all"
1.2.0.192.in-addr.arpa PTR out.b.example
out.b.example A 192.0.2.1
{INCLUDES}
bomb.example TXT "v=spf1 exists:{"%{l}." * 40}bomb.example exists:{"%{l1r-}%{d}." * 20}x exists:%{{s}}%{{s}}%{{s}}%{{s}} -all"
loop.example CNAME other.loop.example
other.loop.example CNAME loop.example
k._domainkey.loop.example CNAME k2._domainkey.loop.example
k2._domainkey.loop.example CNAME k._domainkey.loop.example
_dmarc.loop.example CNAME _dmarc.loop.example
big._domainkey.b.example TXT fill:65000
"""


class Keys:
    """Two keys made by `postern dkim keygen`, and a configuration that signs with both."""

    def __init__(self, folder):
        self.folder, self.zone, self.config = folder, "", ""
        for selector, kind in (("r", "rsa"), ("e", "ed25519")):
            file = f"{folder}/{selector}.pem"
            made = subprocess.run([POSTERN, "--json", "dkim", "keygen", "--domain", "b.example", "--selector", selector, "--type", kind, "--out", file], check=True, stdout=subprocess.PIPE, text=True)
            record = json.loads(made.stdout)
            pieces = " ".join(f'"{record["record"][at:at + 255]}"' for at in range(0, len(record["record"]), 255))
            self.zone += f"{record['name']} TXT {pieces}\n"
            self.config += f'[[dkim.key]]\ndomain = "b.example"\nselector = "{selector}"\nfile = "{file}"\n'

    def sign(self, message, *words, more=""):
        config = f"{self.folder}/sign.toml"
        with open(config, "w") as file:
            file.write(f'[dkim]\nsign = "all"\n{more}\n{self.config}')
        return subprocess.run([POSTERN, "--config", config, "dkim", "sign", "-", "--domain", "b.example", *words], input=message, check=True, stdout=subprocess.PIPE).stdout


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="postern-auth-")
        cls.keys = Keys(cls.folder)
        cls.dns = end_to_end.FakeDns(ZONE + cls.keys.zone)
        cls.config = cls.configured(f'[dns]\nservers = ["{cls.dns.address}"]\n')

    @classmethod
    def tearDownClass(cls):
        cls.dns.stop()
        subprocess.run(["rm", "-r", cls.folder], check=True)

    @classmethod
    def configured(cls, text):
        path = f"{cls.folder}/{abs(hash(text))}.toml"
        with open(path, "w") as file:
            file.write(text)
        return path

    def auth(self, *words, message=None, config=None):
        done = subprocess.run([POSTERN, "--config", config or self.config, "--json", "auth", *words, *([] if message is None else ["-"])], input=message, stdout=subprocess.PIPE, timeout=120, check=False)
        self.assertIn(done.returncode, (0, 1))
        return json.loads(done.stdout)["auth"]

    def spf(self, address, sender, helo="helo.example", config=None):
        return self.auth("--spf-only", "--ip", address, "--helo", helo, "--from", sender, config=config)["spf"]

    def test_the_envelope_comes_from_options(self):
        self.assertEqual(self.spf("192.0.2.1", "a@b.example")["result"], "pass")
        self.assertEqual(self.spf("192.0.2.77", "<a@b.example>")["result"], "pass")
        failed = self.spf("198.51.100.1", "a@b.example")
        self.assertEqual((failed["result"], failed["identity"]), ("fail", "mailfrom"))
        self.assertEqual(failed["explanation"], "198.51.100.1 is not for b.example, says helo.example")
        null = self.spf("192.0.2.1", "")
        self.assertEqual((null["result"], null["identity"], null["domain"]), ("pass", "helo", "helo.example"))
        whole = self.auth("--ip", "192.0.2.1", "--helo", "helo.example", "--from", "a@b.example", message=MESSAGE)
        self.assertEqual((whole["iprev"]["result"], whole["iprev"]["name"], whole["spf_helo"]["result"]), ("pass", "out.b.example", "pass"))
        self.assertEqual((whole["dmarc"]["result"], whole["dmarc"]["policy"], whole["dmarc"]["aligned"]), ("pass", "reject", {"spf": True, "dkim": False}))
        self.assertEqual((whole["dkim"], whole["arc"]["result"]), ([], "none"))

    def test_only_the_configured_servers_are_asked(self):
        nobody = self.configured('[dns]\nservers = ["127.0.0.1:9"]\ntimeout = "300ms"\n')
        before = self.dns.questions()
        self.assertEqual(self.spf("192.0.2.1", "a@b.example", config=nobody)["result"], "temperror")
        self.assertEqual(self.dns.questions(), before)
        self.spf("192.0.2.1", "a@b.example")
        self.assertGreater(self.dns.questions(), before)

    def test_every_selector_signs_more_than_is_there_and_time_is_honoured(self):
        signed = self.keys.sign(MESSAGE, "--time", str(NOW), more='lifetime = "1h"')
        self.assertEqual(signed.count(b"DKIM-Signature:"), 2)
        for names in re.findall(rb"[ ;]h=([^;]*);", signed):
            self.assertEqual(re.sub(rb"\s", b"", names).lower().split(b":").count(b"from"), 2)
        for time_, result in ((NOW, "pass"), (NOW + 3500, "pass"), (NOW + 3700, "permerror")):
            with self.subTest(time_ - NOW):
                auth = self.auth("--time", str(time_), message=signed)
                self.assertEqual([(each["selector"], each["result"]) for each in auth["dkim"]], [("r", result), ("e", result)], auth)
                self.assertEqual(auth["dmarc"]["result"], "pass" if result == "pass" else "fail")
        added = self.auth("--time", str(NOW), message=b"Subject: other\r\n" + signed)
        self.assertEqual({each["result"] for each in added["dkim"]}, {"fail"})

    def test_what_is_appended_behind_a_length_is_told_and_no_dmarc_pass(self):
        try:
            import dkim
        except ImportError:
            self.skipTest("no python3-dkim")
        with open(f"{self.folder}/r.pem", "rb") as file:
            key = file.read()
        signed = dkim.sign(MESSAGE, b"r", b"b.example", key, length=True) + MESSAGE
        whole, longer = self.auth(message=signed), self.auth(message=signed + b"Pay me.\r\n")
        self.assertEqual((whole["dkim"][0]["result"], whole["dkim"][0]["counts"], whole["dmarc"]["result"]), ("pass", True, "pass"))
        self.assertEqual((longer["dkim"][0]["result"], longer["dkim"][0]["counts"], longer["dmarc"]["result"]), ("pass", False, "fail"))
        self.assertRegex(longer["dkim"][0]["detail"], r"only 15 of 24 bytes are signed")
        accepting = self.configured(f'[dns]\nservers = ["{self.dns.address}"]\n[auth]\naccept_partial_body = true\n')
        self.assertEqual(self.auth(message=signed + b"Pay me.\r\n", config=accepting)["dmarc"]["result"], "pass")

    def bounded(self, questions, *words, message=None):
        before, begun = self.dns.questions(), time.monotonic()
        auth = self.auth(*words, message=message)
        self.assertLess(time.monotonic() - begun, SOON)
        self.assertLessEqual(self.dns.questions() - before, questions)
        return auth

    def test_what_is_made_to_cost_stays_bounded(self):
        one = self.keys.sign(MESSAGE)[:-len(MESSAGE)]
        many = b"".join(one.replace(b"d=b.example", b"d=d%d.example" % n) for n in range(500)) + MESSAGE
        auth = self.bounded(60, message=many)
        self.assertFalse([each for each in auth["dkim"] if each["result"] == "pass"])
        header = MESSAGE[:MESSAGE.index(b"\r\n\r\n") + 2]
        for line, result in ((b"X: " + b"y" * 900 + b"\r\n", "pass"), (b"a:\r\n", "permerror")):  # long, and more fields than are kept
            long = one + line * (10_000_000 // len(line)) + MESSAGE
            self.assertEqual({each["result"] for each in self.bounded(60, "--ip", "192.0.2.1", message=long)["dkim"]}, {result})
        self.bounded(60, message=header[:6] + b" " * 10_000_000 + header[6:] + b"\r\nx\r\n")
        self.assertEqual(self.bounded(60, "--spf-only", "--ip", "192.0.2.1", "--from", "a@i0.deep.example")["spf"]["result"], "permerror")
        local = "x." * 30 + "y"
        self.assertIn(self.bounded(60, "--spf-only", "--ip", "192.0.2.1", "--from", f"{local}@bomb.example")["spf"]["result"], ("fail", "permerror"))
        aliased = one.replace(b"d=b.example", b"d=loop.example").replace(b"s=r", b"s=k")
        looped = self.bounded(60, "--ip", "192.0.2.1", "--from", "a@loop.example", message=aliased + MESSAGE.replace(b"@b.example", b"@loop.example"))
        self.assertNotEqual(looped["spf"]["result"], "pass")
        self.assertIn(looped["dmarc"]["result"], ("temperror", "none"))
        self.assertEqual({each["result"] for each in looped["dkim"]} & {"pass"}, set())
        big = self.bounded(60, message=self.keys.sign(MESSAGE).replace(b"s=r;", b"s=big;"))
        self.assertIn(big["dkim"][0]["result"], ("permerror", "temperror", "fail"))


class Gateway(outside.Outside):
    """A stranger on loopback."""

    KEYS = NO_PAGE
    ZONE = '''
good.example TXT "v=spf1 ip4:127.0.0.0/8 -all"
_dmarc.good.example TXT "v=DMARC1; p=reject"
bad.example TXT "v=spf1 -all"
late.example TXT "v=spf1 ip4:127.0.0.0/8 -all"
_dmarc.late.example rcode SERVFAIL
1.0.0.127.in-addr.arpa PTR client.good.example
client.good.example A 127.0.0.1
'''
    MORE = '''
[dns]
servers = ["DNS_SERVER"]
[auth]
received_spf = true
[lists]
allow = ["good.example until 2999-12-31", "bad.example", "over.example until 2020-01-01"]
[state]
url = "sqlite://SITE_FOLDER/state/gate.db"
[checks.greylist]
mode = "off"
[checks.pregreet]
mode = "off"
[checks.spf]
fail = "reject"
[checks.dmarc]
temperror = "defer"
'''

    def send(self, domain, needle, header=b"", body=b"Hello.\r\n"):
        message = f"From: A <a@{domain}>\r\nTo: b@dest.example\r\nSubject: {needle}\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\nMessage-ID: <{needle}@{domain}>\r\n".encode()
        return self.site.send(message + header + b"\r\n" + body, sender=f"a@{domain}")

    def entries(self):
        return {each["entry"]: each for each in self.site.postern.ask("allow", "list")}

    def test_results_are_written_on_top(self):
        code, reply = self.send("good.example", "written")
        self.assertEqual(code, 250, reply)
        text = self.delivered("written").decode()
        self.assertRegex(text, r"(?s)Authentication-Results: gateway\.dest\.example;\s+iprev=pass.*spf=pass smtp\.mailfrom=a@good\.example;.*dmarc=pass header\.from=good\.example")
        self.assertRegex(text, r"(?s)Received-SPF: pass \(.*\)\s+receiver=gateway\.dest\.example;\s+identity=mailfrom;\s+client-ip=127\.0\.0\.1;")

    def test_results_take_the_course_that_was_chosen(self):
        for domain, code, words in (("bad.example", 550, "5.7.23"), ("late.example", 451, "4.7.26")):
            got, reply = self.send(domain, f"course-{code}")
            self.assertEqual(got, code, reply)
            self.assertIn(words, str(reply))

    def test_an_allowed_sender_counts_when_proven_and_its_last_use_is_shown(self):
        begun = int(time.time())
        self.send("bad.example", "allowed-unproven")
        code, reply = self.send("good.example", "allowed-proven")
        self.assertEqual(code, 250, reply)
        self.assertIn("score=-", self.delivered("allowed-proven").decode())
        line = postern_site.wait_for(lambda: next((each for each in self.site.postern.log() if each["event"] == "message" and each["message_id"].startswith("<allowed-proven@")), None), 20)
        self.assertIn("SENDER_ALLOWED", line["findings"])
        entries = self.entries()
        self.assertGreaterEqual(entries["good.example"]["last_use"], begun)
        self.assertIsNone(entries["bad.example"]["last_use"])
        self.assertEqual([entries[name]["expired"] for name in ("good.example", "bad.example", "over.example")], [False, False, True])
        self.assertRegex(self.site.postern.run("allow", "list").stdout, r"good\.example  until \S.*  last use: \d{4}-")

    def test_what_is_made_to_cost_is_answered_soon(self):
        signature = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d%d.example; s=k; h=from;\r\n\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n"
        before, begun = self.dns.questions(), time.monotonic()
        code, reply = self.send("good.example", "thousand", b"".join(signature % n for n in range(1000)))
        self.assertLess(time.monotonic() - begun, SOON)
        self.assertIn(code, (250, 550, 552, 554), reply)
        self.assertLess(self.dns.questions() - before, 150)
        begun = time.monotonic()
        code, reply = self.send("good.example", "ten-megabytes", b"X-Long: y\r\n" * 900_000)
        self.assertLess(time.monotonic() - begun, 2 * SOON)
        self.assertIn(code // 100, (2, 5), reply)


class Trusted(end_to_end.EndToEnd):
    """Our own machines are not asked who they are, and the field on top says that nobody has looked."""

    KEYS = NO_PAGE

    def test_the_field_says_that_nobody_has_looked(self):
        code, reply = self.site.send(MESSAGE, sender="a@b.example")
        self.assertEqual(code, 250, reply)
        text = self.delivered("Subject: hello").decode()
        self.assertRegex(text, r"Authentication-Results: gateway\.dest\.example;\s+none\r\n")
        self.assertNotRegex(text, r"\b(spf|dkim|dmarc|iprev)=")


class TrustedAndLookedAt(end_to_end.EndToEnd):
    """[auth].trusted_clients: their mail is authenticated, and refused for nothing that comes of it."""

    KEYS = NO_PAGE

    ZONE = 'b.example TXT "v=spf1 -all"\n_dmarc.b.example TXT "v=DMARC1; p=reject"\n'
    MORE = '[dns]\nservers = ["DNS_SERVER"]\n[auth]\ntrusted_clients = true\n'

    def test_results_are_written_and_count_for_nothing(self):
        code, reply = self.site.send(MESSAGE, sender="a@b.example")
        self.assertEqual(code, 250, reply)
        text = self.delivered("Subject: hello").decode()
        self.assertRegex(text, r"(?s)spf=fail smtp\.mailfrom=a@b\.example;.*dmarc=fail header\.from=b\.example policy\.dmarc=reject")
        self.assertNotIn("DMARC_REJECT", text)


if __name__ == "__main__":
    end_to_end.main()
