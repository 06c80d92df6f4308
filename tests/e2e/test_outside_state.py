"""What gateways remember, while the store breaks: Redis goes away and comes back, gateways share one, a gateway is killed while it writes to SQLite."""
import os
import queue
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import end_to_end
import postern_site
from outside import Client, attempt, figures, mail, process_of

REDIS = shutil.which("redis-server")
# Every message is in the grey band; nobody waits for the banner but who speaks too early.
CHECKS = """
[dns]
servers = ["127.0.0.1:1"]
timeout = "500ms"
[checks.pregreet]
wait = "300ms"
remember = "1m"
[checks.banned]
threshold = 4.0
early_talk = 5.0
[checks.greylist]
from = -1000
to = 1000
delay = "1s"
learn_after = 0
[checks.connection_rate]
address = 0
network = 0
[checks.recipient_rate]
address = 0
network = 0
[checks.message_rate]
address = 6
network = 0
[policy]
tag = 900
quarantine = 901
reject = 902
"""
KEYS = {"smtp": "unlimited_clients = []"}


class Redis:
    """A real one on loopback that keeps nothing on disk."""

    def __init__(self):
        self.port = postern_site.free_port()
        self.folder = tempfile.mkdtemp(prefix="postern-redis-")
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen([REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL)
        if not postern_site.wait_for(lambda: postern_site.connects(self.port), 30):
            raise RuntimeError("redis-server does not listen")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder)


class Mailer(threading.Thread):
    """A stranger with many messages, who tries each until it is taken; keeps what was acknowledged."""

    def __init__(self, site, source, marks):
        super().__init__(daemon=True)
        self.site, self.source, self.todo, self.done, self.slowest = site, source, queue.Queue(), [], 0.0
        for mark in marks:
            self.todo.put(mark)
        self.replies = []

    def run(self):
        while not self.todo.empty():
            mark = self.todo.get()
            sender = f"{mark}@sender.example"  # each is new to the greylist
            began = time.monotonic()
            said = attempt(self.site.ports["smtp"], self.source, sender, "bob@dest.example", mail(mark, sender))
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.replies.append(said[:9])
            if said.startswith("250"):
                self.done.append(mark)
            else:
                self.todo.put(mark)
                time.sleep(0.1)


def site_with(test, url, checks=CHECKS):
    folder = tempfile.mkdtemp(prefix="postern-e2e-")
    os.chmod(folder, 0o755)
    site = None
    try:
        site = postern_site.Site(end_to_end.BIN, folder, more=checks + f'[state]\nurl = "{url.replace("FOLDER", folder)}"\n', keys=KEYS)
        return site
    finally:
        if site:
            test.addCleanup(site.stop)
        test.addCleanup(shutil.rmtree, folder, True)


def told(site, text):
    return any(line["event"] == "state" and text in line["detail"] for line in site.postern.log())


class State(unittest.TestCase):
    def wait(self, condition, patience, what, pause=0.05):
        found = postern_site.wait_for(condition, patience, pause)
        self.assertTrue(found, what)
        return found

    def deliver(self, site, mark, source):
        """The reply to one try."""
        return attempt(site.ports["smtp"], source, f"{mark}@sender.example", "bob@dest.example", mail(mark, f"{mark}@sender.example"))

    def assert_all_arrived(self, site, marks):
        arrived = b"".join(text[:4000] for text in site.sink.messages())
        self.assertEqual([mark for mark in marks if f"<{mark}@".encode() not in arrived], [])


@unittest.skipUnless(REDIS, "redis-server is not installed")
class OnRedis(State):
    def setUp(self):
        self.redis = Redis()
        self.addCleanup(self.redis.stop)

    def test_it_goes_away_and_comes_back_while_mail_flows(self):
        site = site_with(self, self.redis.url, CHECKS.replace("address = 6", "address = 100000"))
        names = [[f"m{source}-{i}" for i in range(12)] for source in range(3)]
        mailers = [Mailer(site, f"127.0.1.{number + 1}", marks) for number, marks in enumerate(names)]
        for each in mailers:
            each.start()
        self.wait(lambda: any(each.done for each in mailers), 60, "no mail flows")
        self.redis.kill()
        self.wait(lambda: told(site, "given up"), 60, "no alarm in the log")
        self.wait(lambda: figures(site)["postern_state_degraded"] == 1, 20, "no alarm in the metrics")
        done = sum(len(each.done) for each in mailers)
        self.wait(lambda: sum(len(each.done) for each in mailers) > done, 60, "mail does not flow without the store")
        self.redis.start()
        self.wait(lambda: told(site, "is back and in use"), 60, "it does not recover")
        for each in mailers:
            each.join(120)
        self.assertEqual([sorted(each.done) for each in mailers], [sorted(marks) for marks in names])
        self.assert_all_arrived(site, sum(names, []))
        self.wait(lambda: figures(site)["postern_state_degraded"] == 0, 20, "the alarm stands")
        self.assertGreaterEqual(figures(site)["postern_state_outages_total"], 1)
        # Every refusal is the greylist's: the store's failure is no reply.
        self.assertEqual({each for mailer in mailers for each in mailer.replies} - {"451 4.7.1", "250 2.0.0"}, set())
        self.assertLess(max(each.slowest for each in mailers), 15)
        # What was learned in the outage is in Redis now.
        keys = subprocess.run(["redis-cli", "-p", str(self.redis.port), "--scan", "--pattern", "postern:grey:*"], stdout=subprocess.PIPE, text=True).stdout.split() if shutil.which("redis-cli") else ["-"]
        self.assertTrue(keys, "nothing was carried over")

    def test_it_hangs(self):
        """Alive for the kernel, silent for everybody: worse than dead."""
        site = site_with(self, self.redis.url, CHECKS.replace("address = 6", "address = 100000"))
        self.redis.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.redis.process.send_signal, signal.SIGCONT)
        mailer = Mailer(site, "127.0.1.4", [f"hang-{i}" for i in range(5)])
        mailer.start()
        self.wait(lambda: told(site, "given up"), 60, "no alarm in the log")
        mailer.join(120)
        self.assertEqual(len(mailer.done), 5)
        self.assertLess(mailer.slowest, 15)
        self.redis.process.send_signal(signal.SIGCONT)
        self.wait(lambda: told(site, "is back and in use"), 60, "it does not recover")
        self.assert_all_arrived(site, mailer.done)

    def test_a_gateway_starts_without_it(self):
        self.redis.kill()
        site = site_with(self, self.redis.url)
        self.wait(lambda: told(site, "given up"), 20, "no alarm in the log")
        self.assertRegex(self.deliver(site, "early", "127.0.1.9"), r"^451 4\.7\.1 ")
        self.wait(lambda: self.deliver(site, "early", "127.0.1.9").startswith("250"), 30, "the stranger waits for ever", pause=0.6)
        self.redis.start()
        self.wait(lambda: told(site, "is back and in use"), 60, "it does not recover")

    def test_two_gateways_share_what_they_know(self):
        one, two = site_with(self, self.redis.url), site_with(self, self.redis.url)
        # The greylist: who was asked to wait by one is taken by the other.
        self.assertRegex(self.deliver(one, "shared", "127.0.1.20"), r"^451 4\.7\.1 ")
        self.wait(lambda: self.deliver(two, "shared", "127.0.1.20").startswith("250"), 30, "it waits at the other gateway", pause=0.6)
        # A ban.
        early = Client(one.ports["smtp"], "127.0.1.21", early=b"EHLO x\r\n")
        early.close()
        self.assertRegex(early.banner, r"^521 5\.5\.1 ")

        def banner():
            client = Client(two.ports["smtp"], "127.0.1.21")
            client.close()
            return client.banner
        self.wait(lambda: banner().startswith("421 4.7.0"), 20, "the other gateway lets it in")
        # A limit: six messages in a minute, wherever they come in.
        said = [self.client_mail(site) for site in (one, two, one, two, one, two, one, two)]
        self.assertEqual([each[:3] for each in said], ["250"] * 6 + ["450"] * 2)

    def client_mail(self, site):
        client = Client(site.ports["smtp"], "127.0.1.22")
        client.say("EHLO client.example")
        said = client.say("MAIL FROM:<a@sender.example>")
        client.close()
        return said


class OnSqlite(State):
    KILLS = 5

    def test_the_gateway_is_killed_while_it_writes(self):
        site = site_with(self, "sqlite:///FOLDER/state/memory.db", CHECKS.replace("address = 6", "address = 100000"))
        mailers = [Mailer(site, f"127.0.2.{number + 1}", [f"k{number}-{i}" for i in range(400)]) for number in range(3)]
        for each in mailers:
            each.start()
        for number in range(self.KILLS):
            before = sum(len(each.replies) for each in mailers)
            self.wait(lambda: sum(len(each.replies) for each in mailers) > before + 3, 60, "no mail flows")
            # What is known now has to be known afterwards.
            mark, source = f"known-{number}", f"127.0.2.{number + 100}"
            self.assertRegex(self.deliver(site, mark, source), r"^451 4\.7\.1 ")
            pid = self.wait(lambda: process_of(site, "gatewayd"), 30, "no gateway")
            os.kill(pid, signal.SIGKILL)
            self.wait(lambda: process_of(site, "gatewayd") not in (None, pid), 30, "the gateway was not started again")
            time.sleep(1.1)  # the greylist's delay: from here on a retry is in time, if the first try is still known
            said = self.wait(lambda: self.deliver(site, mark, source), 30, "no answer")
            self.assertRegex(said, r"^250 ", "the first try is forgotten")
        for each in mailers:
            each.todo = queue.Queue()
            each.join(60)
        self.assert_all_arrived(site, [mark for each in mailers for mark in each.done])
        self.assertFalse(told(site, "corrupt") or told(site, "given up"), "the state did not hold")
        site.postern.stop()
        files = os.listdir(f"{site.folder}/state")
        self.assertNotIn("memory.db.corrupt", files)
        with sqlite3.connect(f"{site.folder}/state/memory.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        site.postern.start()
        self.assertRegex(self.deliver(site, "known-0", "127.0.2.100"), r"^250 ", "the pass is forgotten after a restart")


if __name__ == "__main__":
    end_to_end.main()
