"""What an operator does beside the mail: bans by hand, a second look at held mail, figures and log of trouble, and what goes by itself."""
import json
import os
import socket
import sqlite3
import ssl
import time
import urllib.request

import end_to_end
import outside
import postern_site
import samples

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
DAY = 24 * 3600 * 1000


def encrypted(name, filler=None):
    """Nobody can read it; no two are alike."""
    filler = os.urandom(400) if filler is None else filler
    return samples.with_attachment("Salary list", name, "list.zip", samples.encrypted_zip("list.txt", b"figures" + filler, "secret"), "application/zip")


class Reviewer:
    """The review's API as a browser uses it."""

    def __init__(self, site):
        self.base = f"https://127.0.0.1:{site.ports['web']}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor())
        self.csrf = ""
        user, password = site.postern.login.split()
        self.csrf = self.ask("POST", "/login", {"user": user, "password": password})["csrf"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"{self.base}/api/v1{path}", method=method, data=None if body is None else json.dumps(body).encode())
        for name, value in (("Content-Type", "application/json"), ("Origin", self.base), ("X-CSRF-Token", self.csrf)):
            request.add_header(name, value)
        with self.opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())


class Rescan(end_to_end.EndToEnd):
    """Held as encrypted; then the signatures learn to know it."""

    def hold(self, name):
        message = encrypted(name)
        self.assertEqual(self.site.send(message)[0], 250)
        return self.record_of(f"<{name}@")["id"], message

    def learn(self, name, message):
        """A signature that only this message has; gone with the test."""
        path = os.path.join(self.site.signatures, f"{name}.ndb")
        with open(path, "w") as database:
            database.write(f"Test.{name}:0:*:" + message[-400:-380].hex() + "\n")
        self.addCleanup(os.remove, path)

    def show(self, identifier):
        return self.site.postern.ask("quarantine", "show", identifier)[0]

    def test_a_command_tells_the_new_report_beside_the_old_verdict_and_keeps_it(self):
        identifier, message = self.hold("again")
        before = self.show(identifier)
        self.assertNotIn("rescan", before)
        self.learn("again", message)
        ended = self.site.postern.run("--json", "quarantine", "rescan", identifier)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        told = json.loads(ended.stdout)
        self.assertEqual((told["before"]["class"], told["now"]["class"]), (before["class"], "malware"))
        self.assertTrue(any("Test.again" in each for each in told["new"]), told["new"])
        self.assertEqual(told["report"]["envelope"]["forward_paths"], ["bob@dest.example"])
        after = self.show(identifier)
        self.assertEqual(after["rescan"]["report"], told["report"])
        self.assertTrue(after["rescan"]["who"].startswith("cli"), after["rescan"]["who"])
        for member in ("class", "score", "reasons", "report", "status"):
            self.assertEqual(after[member], before[member], "the verdict under which it is held is history")
        self.assertNotIn(identifier, [owed["id"] for owed in self.site.postern.ask("queue", "list")])
        self.assertIsNone(self.site.sink.find("<again@"))

    def test_words_for_people_name_what_is_new(self):
        identifier, message = self.hold("words")
        self.learn("words", message)
        ended = self.site.postern.run("quarantine", "rescan", identifier, identifier)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        lines = ended.stdout.splitlines()
        self.assertEqual(sum(line.startswith(f"{identifier}: was ") and "; now malware, " in line for line in lines), 2)
        self.assertTrue(any(line.startswith("  new: AV_MATCH: ") for line in lines), lines)
        self.assertIn("scanned again", self.site.postern.run("quarantine", "show", identifier).stdout)

    def test_exit_codes_are_those_of_the_neighbours(self):
        identifier, _ = self.hold("codes")
        self.assertEqual(self.site.postern.run("quarantine", "rescan", UNKNOWN, identifier).returncode, 1)
        self.assertIn("rescan", self.show(identifier))
        self.site.postern.run("quarantine", "delete", identifier)
        self.assertIsNone(self.show(identifier)["report"])
        self.assertEqual(self.site.postern.run("quarantine", "rescan", identifier).returncode, 1)
        for words in (("rescan",), ("rescan", "x")):
            self.assertEqual(self.site.postern.run("quarantine", *words).returncode, 2, words)

    def test_a_reviewer_asks_for_it_and_sees_it(self):
        identifier, message = self.hold("button")
        self.learn("button", message)
        reloaded = self.site.postern.run("signatures", "reload")
        self.assertEqual(reloaded.returncode, 0, reloaded.stderr)
        reviewer = Reviewer(self.site)
        self.assertIsNone(reviewer.ask("GET", f"/messages/{identifier}/state")["rescan"])
        self.assertEqual(reviewer.ask("POST", f"/messages/{identifier}/rescan", {}), {"asked": True})
        found = postern_site.wait_for(lambda: reviewer.ask("GET", f"/messages/{identifier}/state")["rescan"], 60)
        self.assertTrue(found, "nobody looked")
        self.assertEqual((found["class"], found["who"]), ("malware", self.site.postern.login.split()[0]))
        shown = reviewer.ask("GET", f"/messages/{identifier}")
        self.assertIn("Test.button", json.dumps(shown["rescan"]["report"]["findings"]))
        self.assertNotIn("Test.button", json.dumps(shown["report"]["findings"]))
        self.assertEqual(shown["message"]["status"], "held")
        # The reviewer's word for a release covers what is new only when he gives it.
        self.site.postern.run("quarantine", "release", identifier)
        waits = postern_site.wait_for(lambda: self.show(identifier)["recipients"][0]["state"] == "needs-confirmation", 60)
        self.assertTrue(waits, self.show(identifier)["recipients"])


class Bans(outside.Outside):
    """The store of the running gateway, from beside it."""

    SOURCE = "127.0.0.77"
    ZONE = "77.0.0.127.in-addr.arpa PTR client.example\nclient.example A 127.0.0.77\n"
    MORE = '[dns]\nservers = ["DNS_SERVER"]\n[checks.pregreet]\nwait = "100ms"\n[state]\nurl = "sqlite://SITE_FOLDER/state/gate.db"\n'

    def greeting(self):
        client = outside.Client(self.site.ports["smtp"], self.SOURCE)
        try:
            return client.banner, client.say("EHLO client.example") if client.banner.startswith("220") else ""
        finally:
            client.close()

    def bans(self, *words):
        return self.site.postern.run("--json", "bans", *words)

    def test_a_banned_address_is_refused_at_connect_and_served_when_it_is_lifted(self):
        self.assertTrue(self.greeting()[0].startswith("220"))
        added = self.bans("add", self.SOURCE, "--for", "2h", "--reason", "sends nonsense")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertTrue(self.greeting()[0].startswith("421 4.7.0"), self.greeting())
        listed = [json.loads(line) for line in self.bans("list").stdout.splitlines()]
        self.assertEqual([(each["client"], each["reason"], each["times"]) for each in listed], [(f"{self.SOURCE}/32", "sends nonsense", 1)])
        self.assertEqual(listed[0]["until"] - listed[0]["since"], 7200)
        self.assertIn(self.SOURCE, self.site.postern.run("bans", "list").stdout)
        lifted = self.bans("lift", self.SOURCE)
        self.assertEqual((lifted.returncode, json.loads(lifted.stdout)["lifted"]), (0, True))
        banner, hello = self.greeting()
        self.assertTrue(banner.startswith("220") and hello.startswith("250"), (banner, hello))
        self.assertEqual(self.bans("list").stdout, "")
        self.assertEqual(self.bans("lift", self.SOURCE).returncode, 1, "there is none to lift")

    def test_what_is_no_address_or_no_time_is_refused(self):
        for words in ((), ("add",), ("add", "client.example"), ("add", "192.0.2.1", "--for", "soon"), ("add", "192.0.2.1", "--for", "0"), ("lift", "192.0.2.0/24"), ("list", "x")):
            with self.subTest(words):
                self.assertEqual(self.bans(*words).returncode, 2)
        self.assertEqual(self.bans("list").stdout, "")

    def test_memory_of_the_running_gateway_is_out_of_reach(self):
        path = f"{self.folder}/memory.toml"
        with open(path, "w") as file:
            file.write('[state]\nurl = "memory:"\n')
        for words in (("list",), ("add", "192.0.2.1"), ("lift", "192.0.2.1")):
            ended = self.site.postern.run("--config", path, "bans", *words)
            self.assertEqual(ended.returncode, 2, words)
            self.assertIn("running gateway", ended.stderr)

    def test_a_store_that_cannot_be_opened_is_an_error(self):
        path = f"{self.folder}/broken.toml"
        with open(path, "w") as file:
            file.write(f'[state]\nurl = "redis://127.0.0.1:{postern_site.free_port()}"\n')
        ended = self.site.postern.run("--config", path, "bans", "list")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("state store", ended.stderr)


class Figures(outside.Outside):
    """Each trouble is made, and shows."""

    ZONE = "\n".join(f"{n}.0.0.127.in-addr.arpa PTR c{n}.example\nc{n}.example A 127.0.0.{n}" for n in range(2, 60)) + "\n9.0.0.127.in-addr.arpa delay 3s\n"
    KEYS = {"smtp": 'unlimited_clients = ["127.0.0.1/32"]\nmax_connections = 20\nmax_connections_per_client = 2', "next_hop": "first_pause = \"200ms\"\nlongest_pause = \"400ms\""}
    MORE = '[dns]\nservers = ["DNS_SERVER"]\n[checks.pregreet]\nwait = "100ms"\n[smtp.proxy]\nfrom = ["127.0.0.90"]\n'

    def setUp(self):
        self.clients = []
        self.addCleanup(lambda: [client.close() for client in self.clients])

    def client(self, source):
        self.clients.append(outside.Client(self.site.ports["smtp"], source))
        return self.clients[-1]

    def becomes(self, series, wanted, patience=20):
        self.wait(lambda: wanted(self.figures().get(series, 0)), patience, f"{series} is {self.figures().get(series)}")

    def hop(self, name):
        return f'postern_next_hop_{name}{{route="default",hop="127.0.0.1:{self.site.ports["sink"]}"}}'

    def test_a_next_hop_that_goes_and_comes(self):
        self.assertEqual(self.site.send(samples.head("First", "first") + b"x\r\n")[0], 250)
        before = self.figures()
        self.assertEqual(before[self.hop("up")], 1)
        self.assertGreaterEqual(before[self.hop("connections_total")], 1)
        self.assertGreaterEqual(before[self.hop("messages_total")], 1)
        self.site.sink.stop()
        try:
            self.assertEqual(self.site.send(samples.head("Down", "down") + b"x\r\n")[0], 451)
            self.becomes(self.hop("up"), lambda value: value == 0)
            down = self.figures()
            self.assertGreater(down[self.hop("failures_total")], before[self.hop("failures_total")])
            self.assertLess(abs(down[self.hop("changed_timestamp_seconds")] - time.time()), 60)
            self.assertIn("127.0.0.1", self.logged("next_hop_down")["hop"])
        finally:
            type(self).site.sink = postern_site.Sink(self.site.binaries, self.folder, self.site.ports["sink"])
        self.becomes(self.hop("up"), lambda value: value == 1)
        self.logged("next_hop_up")
        self.assertGreaterEqual(self.figures()[self.hop("changed_timestamp_seconds")], down[self.hop("changed_timestamp_seconds")])

    def test_dns_questions_that_wait_and_those_the_cache_answers(self):
        for _ in range(2):
            client = self.client("127.0.0.5")
            self.assertTrue(client.banner.startswith("220"))
            client.close()
        figures = self.figures()
        for series in ("cache_hits_total", "cache_entries", "cache_bytes"):
            self.assertGreater(figures[f"postern_dns_{series}"], 0, series)
        slow = socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30, ("127.0.0.9", 0))
        self.clients.append(slow)
        self.becomes("postern_dns_waiting", lambda value: value >= 1)
        self.becomes("postern_dns_waiting", lambda value: value == 0)

    def test_clients_that_are_turned_away(self):
        before = self.figures().get('postern_smtp_refused_total{why="client"}', 0)
        for _ in range(2):
            self.assertTrue(self.client("127.0.0.6").banner.startswith("220"))
        self.assertTrue(self.client("127.0.0.6").banner.startswith("421"))
        self.assertEqual(self.figures()['postern_smtp_refused_total{why="client"}'], before + 1)
        silent = socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30, ("127.0.0.90", 0))
        self.clients.append(silent)
        silent.sendall(b"EHLO no.proxy.header\r\n")
        self.becomes('postern_smtp_refused_total{why="proxy"}', lambda value: value == 1)

    def test_a_handshake_that_fails(self):
        client = self.client("127.0.0.7")
        self.assertIn("STARTTLS", client.say("EHLO c7.example"))
        self.assertTrue(client.say("STARTTLS").startswith("220"))
        client.socket.sendall(b"GET / HTTP/1.0\r\n\r\n" * 5)
        self.becomes("postern_smtp_tls_failed_total", lambda value: value == 1)

    def test_overload_begins_and_ends(self):
        self.assertEqual(self.figures()["postern_smtp_overload"], 0)
        for n in range(30, 48):
            self.clients.append(socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30, (f"127.0.0.{n}", 0)))
        self.becomes("postern_smtp_overload", lambda value: value == 1)
        self.assertEqual(self.figures()["postern_smtp_overloads_total"], 1)
        self.wait(lambda: [line for line in self.site.postern.log() if line["event"] == "overload" and not line["over"]], 20, "no line about it")
        for client in self.clients:
            client.close()
        self.clients.clear()
        self.becomes("postern_smtp_overload", lambda value: value == 0)
        self.wait(lambda: [line for line in self.site.postern.log() if line["event"] == "overload" and line["over"]], 20, "no line about its end")

    def test_the_state_store(self):
        self.client("127.0.0.8")
        figures = self.figures()
        self.assertGreater(figures["postern_state_operations_total"], 0)
        self.assertEqual((figures["postern_state_errors_total"], figures["postern_state_degraded"]), (0, 0))

    def test_every_series_is_described(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports['metrics']}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        described = {line.split()[2] for line in lines if line.startswith("# HELP")}
        with open(os.path.join(end_to_end.HERE, "..", "..", "gateway", "observe", "README.md")) as file:
            readme = file.read()
        self.assertEqual([name for name in sorted(described) if f"`{name}" not in readme], [], "not in the table of gateway/observe/README.md")
        self.assertEqual({line.split()[2] for line in lines if line.startswith("# TYPE")}, described)


class Retention(end_to_end.EndToEnd):
    """Old mail, too much mail, and old lines of the audit log go by themselves while the service runs."""

    KEYS = {"quarantine": 'retention_interval = "1s"\nretention_days = 2\nforget_days = 4\naudit_days = 3\nmax_size = "1MiB"'}

    def database(self, sql, *values):
        with sqlite3.connect(f"{self.folder}/state/quarantine.db", timeout=30) as connection:
            return connection.execute(sql, values).fetchall()

    def hold(self, name, filler=None):
        self.assertEqual(self.site.send(encrypted(name, filler))[0], 250)
        return self.record_of(f"<{name}@")["id"]

    def make_older(self, identifier, days):
        self.database("UPDATE records SET received = received - ? WHERE id = ?", days * DAY, identifier)

    def status(self, identifier):
        shown = self.site.postern.run("--json", "quarantine", "show", identifier)
        return json.loads(shown.stdout)["status"] if shown.returncode == 0 else None

    def becomes(self, identifier, wanted):
        self.assertTrue(postern_site.wait_for(lambda: self.status(identifier) == wanted, 30), f"{self.status(identifier)} instead of {wanted}")

    def blobs(self):
        return {name for _, _, names in os.walk(f"{self.folder}/state/blobs") for name in names}

    def test_old_mail_loses_its_bytes_and_is_forgotten_later(self):
        old, young = self.hold("old"), self.hold("young")
        digests = {identifier: self.database("SELECT sha256 FROM records WHERE id = ?", identifier)[0][0] for identifier in (old, young)}
        self.make_older(young, 1)
        self.make_older(old, 3)
        self.becomes(old, "deleted")
        self.assertTrue(postern_site.wait_for(lambda: digests[old] not in self.blobs(), 10))
        self.assertIn(digests[young], self.blobs())
        self.assertEqual(self.status(young), "held")
        self.assertTrue(postern_site.wait_for(lambda: any(line["event"] == "retention" and line["removed"] >= 1 for line in self.site.postern.log()), 10))
        self.assertEqual(self.database("SELECT detail FROM audit WHERE id = ? AND who = 'retention'", old), [("age",)])
        self.make_older(old, 2)
        self.becomes(old, None)
        self.assertEqual(self.status(young), "held")

    def test_what_is_owed_stays_however_old_it_is(self):
        owed, marker = self.hold("owed"), self.hold("marker")
        self.site.sink.stop()
        try:
            self.assertEqual(self.site.postern.run("quarantine", "release", owed).returncode, 0)
            self.make_older(owed, 30)
            self.make_older(marker, 30)
            self.becomes(marker, None)  # retention has run
            self.assertEqual(self.status(owed), "releasing")
        finally:
            type(self).site.sink = postern_site.Sink(self.site.binaries, self.folder, self.site.ports["sink"])
        self.site.postern.run("queue", "flush")
        self.delivered("<owed@", 30)

    def test_too_much_mail_goes_oldest_first(self):
        first = self.hold("first", os.urandom(400_000))
        second = self.hold("second", os.urandom(400_000))
        self.becomes(first, "deleted")
        self.assertEqual(self.status(second), "held")

    def test_lines_of_the_audit_log_go_when_their_time_is_over(self):
        with self.assertRaises(sqlite3.Error):
            self.database("DELETE FROM audit WHERE n = (SELECT MAX(n) FROM audit)")
        self.database("INSERT INTO audit(time, who, remote, act, id, detail) VALUES (?, 'rita', '', 'view', NULL, 'yesterday')", int(time.time() * 1000) - DAY)
        self.database("INSERT INTO audit(time, who, remote, act, id, detail) VALUES (?, 'rita', '', 'view', NULL, 'long ago')", int(time.time() * 1000) - 4 * DAY)
        def details():
            return [row[0] for row in self.database("SELECT detail FROM audit WHERE who = 'rita'")]
        self.assertTrue(postern_site.wait_for(lambda: "long ago" not in details(), 30))
        self.assertEqual(details(), ["yesterday"])
        self.assertIn(("retention", "1 lines"), self.database("SELECT who, detail FROM audit WHERE act = 'prune-audit'"))


if __name__ == "__main__":
    end_to_end.main()
