#!/usr/bin/env python3
"""postern-lookup against servers that are slow, dead, endless, lying or gone, and against SIGKILL.
Usage: test_lookup.py BIN_FOLDER SOURCE_FOLDER"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BIN, SOURCE = map(pathlib.Path, sys.argv[1:3])
sys.path.insert(0, str(SOURCE / "tests/support/http"))
from hostile_http import GOOD, Server, wait_until  # noqa: E402

PLAIN, DOMAIN = 0, 2
# What each behaviour has to be refused with.
REFUSED = {
    "dead": "time", "slow": "time", "endless": "more than", "endless-header": "header",
    "html": "web page", "page": "web page", "truncated": "", "truncated-chunk": "", "no-length": "no length",
    "bomb": "encoded", "unmarked-bomb": "", "big": "", "empty": "no entry", "comments": "no entry",
    "garbage": "no entries", "error": "500", "redirect-file": "URL of file", "redirect-ftp": "URL of ftp",
    "redirect-loop": "redirects more than", "redirect-nowhere": "redirects nowhere",
}


class Lookup:
    """A running postern-lookup."""

    def __init__(self, folder, feeds, authorities="", dns="127.0.0.1:1"):
        self.folder = pathlib.Path(folder)
        standard = {"syntax": PLAIN, "kind": DOMAIN, "column": 1, "separator": ",", "header": False, "field": "",
                    "refresh_ms": 200, "timeout_ms": 1500, "max_size": 1 << 20, "max_entries": 1_000_000,
                    "max_bad": 1.0, "allow_private": True, "headers": []}
        document = {"control_fd": -1, "folder": str(folder), "authorities": str(authorities), "dns_servers": [dns],
                    "feeds": [{**standard, **each} for each in feeds]}
        settings = os.memfd_create("settings", 0)
        os.write(settings, json.dumps(document).encode())
        self.log = tempfile.TemporaryFile("w+")
        # Under a sanitizer, its leak check would need calls that are refused here.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "http_proxy": "http://127.0.0.1:1"}
        self.process = subprocess.Popen([BIN / "postern-lookup", "--settings-fd", str(settings)], stderr=self.log,
                                        pass_fds=[settings], env=environment)
        os.close(settings)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.log.close()

    def events(self, event, feed):
        self.log.flush()
        text = os.pread(self.log.fileno(), 1 << 24, 0).decode()
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event and line["feed"] == feed]

    def copy(self, name):
        path = self.folder / f"{name}.list"
        return path.read_bytes() if path.exists() else b""


def entries(copy):
    """Of a copy that has to be whole."""
    lines = copy.decode().splitlines()
    assert lines[0] == "# postern-feed 1" and copy.endswith(b"\n"), lines[:1]
    found = [line for line in lines if not line.startswith("#")]
    assert lines[-1] == f"# end {len(found)}", lines[-1]
    return found


class LookupTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="postern-lookup-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.feeds = self.folder / "feeds"
        self.feeds.mkdir()

    def test_what_is_no_whole_list_is_refused_and_the_good_copy_stays(self):
        with Server() as server:
            feeds = [{"name": name, "url": server.url(name + "/list")} for name in REFUSED]
            with Lookup(self.feeds, feeds) as lookup:
                for name, why in REFUSED.items():
                    with self.subTest(name):
                        self.assertTrue(wait_until(lambda: lookup.events("feed_failed", name)), "not refused")
                        self.assertIn(why, lookup.events("feed_failed", name)[0]["error"])
                        self.assertEqual(len(entries(lookup.copy(name))), 100)
                self.assertIsNone(lookup.process.poll())

    def test_nothing_of_a_bad_first_answer_is_put_in_force(self):
        with Server() as server:
            feeds = [{"name": name, "url": server.url(f"always/{name}/list")} for name in REFUSED]
            with Lookup(self.feeds, feeds) as lookup:
                for name in REFUSED:
                    with self.subTest(name):
                        self.assertTrue(wait_until(lambda: lookup.events("feed_failed", name)))
                        self.assertEqual(lookup.copy(name), b"")

    def test_asks_whether_there_is_something_new(self):
        with Server() as server, Lookup(self.feeds, [{"name": "a", "url": server.url("same/list")}]) as lookup:
            self.assertTrue(wait_until(lambda: len(server.asked("same/list")) >= 3))
            self.assertNotIn("If-None-Match", server.asked("same/list")[0])
            self.assertIn("If-None-Match", server.asked("same/list")[1])
            self.assertEqual(len(lookup.events("feed_fresh", "a")), 1)
            self.assertFalse(lookup.events("feed_failed", "a"))
            inode = os.stat(self.feeds / "a.list").st_ino
            checked = os.stat(self.feeds / "a.checked").st_mtime_ns
            self.assertTrue(wait_until(lambda: os.stat(self.feeds / "a.checked").st_mtime_ns > checked))
            self.assertEqual(os.stat(self.feeds / "a.list").st_ino, inode)

    def test_a_new_list_takes_the_place_of_the_old_one(self):
        with Server() as server, Lookup(self.feeds, [{"name": "a", "url": server.url("other/list")}]) as lookup:
            self.assertTrue(wait_until(lambda: entries(lookup.copy("a")) == ["other.example"] if lookup.copy("a") else False))

    def test_a_restart_keeps_the_last_good_copy_and_its_tag(self):
        with Server() as server:
            feed = {"name": "a", "url": server.url("same/list")}
            with Lookup(self.feeds, [feed]) as lookup:
                self.assertTrue(wait_until(lambda: lookup.copy("a")))
            with Lookup(self.feeds, [feed]) as lookup:
                before = len(server.asked("same/list"))
                self.assertTrue(wait_until(lambda: len(server.asked("same/list")) > before))
                self.assertIn("If-None-Match", server.asked("same/list")[-1])
        copy = (self.feeds / "a.list").read_bytes()
        with Lookup(self.feeds, [feed]) as lookup:  # now nobody listens there
            self.assertTrue(wait_until(lambda: lookup.events("feed_failed", "a")))
            self.assertEqual(lookup.copy("a"), copy)
            self.assertEqual(len(entries(copy)), 100)

    def test_a_broken_copy_is_fetched_anew(self):
        with Server() as server:
            feed = {"name": "a", "url": server.url("same/list")}
            with Lookup(self.feeds, [feed]) as lookup:
                self.assertTrue(wait_until(lambda: lookup.copy("a")))
            whole = (self.feeds / "a.list").read_bytes()
            (self.feeds / "a.list").write_bytes(whole[:-30])
            with Lookup(self.feeds, [feed]) as lookup:
                self.assertTrue(wait_until(lambda: lookup.copy("a") == whole))

    def test_killed_at_any_moment_it_leaves_a_whole_list(self):
        with Server() as server:
            feed = {"name": "a", "url": server.url("always/counter/list"), "refresh_ms": 1, "max_size": 8 << 20}
            seen = set()
            for step in range(40):
                with Lookup(self.feeds, [feed]) as lookup:
                    before = server.count
                    if not seen:
                        self.assertTrue(wait_until(lambda: lookup.copy("a")))
                    # Every fifth time it gets one list done, so that there is something to tell apart.
                    self.assertTrue(wait_until(lambda: server.count > before + (step % 5 == 0)))
                    time.sleep(0.004 * step)
                    lookup.process.send_signal(signal.SIGKILL)
                    lookup.process.wait()
                found = entries((self.feeds / "a.list").read_bytes())
                self.assertEqual(len(found), server.entries)
                self.assertEqual(len({entry.split("-")[0] for entry in found}), 1, "of one answer")
                seen.add(found[0].split("-")[0])
            self.assertGreater(len(seen), 5, "it was killed too early to tell")

    def test_private_targets_are_refused(self):
        with Server() as server:
            port = server.server_port
            hosts = {"loopback": "127.0.0.1", "name": "localhost", "six": "[::1]", "mapped": "[::ffff:127.0.0.1]",
                     "octal": "0177.0.0.1", "number": "2130706433", "short": "127.1", "any": "0.0.0.0",
                     "private": "10.0.0.1", "metadata": "169.254.169.254", "nat64": "[64:ff9b::7f00:1]"}
            feeds = [{"name": name, "url": f"https://{host}:{port}/same/list", "allow_private": False}
                     for name, host in hosts.items()]
            feeds.append({"name": "plain", "url": server.url("same/list"), "allow_private": False})
            with Lookup(self.feeds, feeds) as lookup:
                for name in hosts:
                    with self.subTest(name):
                        self.assertTrue(wait_until(lambda: lookup.events("feed_failed", name)))
                        self.assertIn("public address", lookup.events("feed_failed", name)[0]["error"])
                self.assertTrue(wait_until(lambda: lookup.events("feed_failed", "plain")))
                self.assertIn("URL of http", lookup.events("feed_failed", "plain")[0]["error"])
            self.assertEqual(server.requests, [])

    def test_names_are_asked_of_the_configured_servers(self):
        zone = self.folder / "zone"
        zone.write_text("feeds.example A 127.0.0.1\nprivate.example A 10.0.0.1\nprivate.example AAAA fd00::1\n")
        server_program = SOURCE / "tests/support/dns/fake_dns.py"
        with subprocess.Popen([sys.executable, server_program, zone, "--until-eof"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as dns:
            endpoint = dns.stdout.readline().split()[1]
            with Server() as server:
                feeds = [{"name": "a", "url": server.url("same/list", "feeds.example")},
                         {"name": "none", "url": server.url("same/list", "none.example")},
                         {"name": "private", "url": "https://private.example/", "allow_private": False}]
                with Lookup(self.feeds, feeds, dns=endpoint) as lookup:
                    self.assertTrue(wait_until(lambda: lookup.copy("a")))
                    self.assertTrue(wait_until(lambda: lookup.events("feed_failed", "none")))
                    self.assertIn("cannot be resolved", lookup.events("feed_failed", "none")[0]["error"])
                    self.assertTrue(wait_until(lambda: lookup.events("feed_failed", "private")))
                    self.assertIn("no public address", lookup.events("feed_failed", "private")[0]["error"])
            dns.stdin.close()

    def test_keys_do_not_follow_a_redirect_to_another_host(self):
        with Server() as server:
            feed = {"name": "a", "url": server.url("always/redirect-far/list"), "headers": ["Auth-Key: secret"]}
            with Lookup(self.feeds, [feed]) as lookup:
                self.assertTrue(wait_until(lambda: lookup.copy("a")))
                self.assertEqual(entries(lookup.copy("a")), ["other.example"])
            self.assertEqual(server.asked("always/redirect-far/list")[0]["Auth-Key"], "secret")
            self.assertNotIn("Auth-Key", server.asked("always/other/far")[0])

    def test_certificates_are_verified(self):
        certificate = self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=feed", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        certificate, "-out", self.folder / "chain.pem"], check=True, stderr=subprocess.DEVNULL)
        chain = (self.folder / "chain.pem").read_text()
        certificate.write_text(certificate.read_text() + chain)
        with Server(certificate) as server:
            with Lookup(self.feeds, [{"name": "a", "url": server.url("same/list")}]) as lookup:
                self.assertTrue(wait_until(lambda: lookup.events("feed_failed", "a")))
                self.assertIn("certificate", lookup.events("feed_failed", "a")[0]["error"].lower())
                self.assertEqual(lookup.copy("a"), b"")
            with Lookup(self.feeds, [{"name": "a", "url": server.url("same/list")}],
                        authorities=self.folder / "chain.pem") as lookup:
                self.assertTrue(wait_until(lambda: lookup.copy("a")))
                self.assertEqual(len(entries(lookup.copy("a"))), GOOD.count(b"\n"))
            with Lookup(self.feeds, [{"name": "b", "url": server.url("same/list", "localhost")}],
                        authorities=self.folder / "chain.pem") as lookup:
                self.assertTrue(wait_until(lambda: lookup.events("feed_failed", "b")), "another name than the certificate's")
                self.assertEqual(lookup.copy("b"), b"")

    def test_a_slow_feed_holds_up_no_other_and_not_the_end(self):
        with Server() as server:
            feeds = [{"name": f"dead{i}", "url": server.url(f"always/dead/{i}"), "timeout_ms": 60000} for i in range(8)]
            feeds.append({"name": "a", "url": server.url("same/list")})
            with Lookup(self.feeds, feeds) as lookup:
                self.assertTrue(wait_until(lambda: lookup.copy("a")))
                began = time.monotonic()
                lookup.process.terminate()
                self.assertEqual(lookup.process.wait(20), 0)
                self.assertLess(time.monotonic() - began, 10)

    def test_two_never_write_into_one_folder(self):
        with Server() as server:
            with Lookup(self.feeds, [{"name": "a", "url": server.url("same/first")}]) as first:
                self.assertTrue(wait_until(lambda: first.copy("a")))
                with Lookup(self.feeds, [{"name": "b", "url": server.url("same/second")}]) as second:
                    asked = len(server.asked("same/first"))
                    self.assertTrue(wait_until(lambda: len(server.asked("same/first")) > asked + 3))
                    self.assertEqual(server.asked("same/second"), [])
                    first.process.terminate()
                    self.assertTrue(wait_until(lambda: second.copy("b")))

    def test_it_cannot_write_elsewhere_nor_run_programs(self):
        with Server() as server, Lookup(self.feeds, [{"name": "a", "url": server.url("same/list")}]) as lookup:
            self.assertTrue(wait_until(lambda: lookup.copy("a")))
            status = dict(line.split(":\t", 1) for line in
                          pathlib.Path(f"/proc/{lookup.process.pid}/status").read_text().splitlines() if ":\t" in line)
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Seccomp"], "2")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
